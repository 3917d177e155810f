"""Reading an answer: whose name is in it, whether they do not know, whether they are done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

MAX_NAME: Final = 200
_LONGEST_PHRASE: Final = 80

# Speech arrives in lower case and without punctuation; typed text with both.
_APOSTROPHE = "['\u2019]"
_LEAD_IN = re.compile(
    rf"\s*(?:(?:hello|hi|well|so|um|uh|yes)[\s,.!]+)*"
    rf"(?:my\s+(?:full\s+)?name\s+is|the\s+name\s+is|name\s*:|i{_APOSTROPHE}m|i\s+am|this\s+is"
    rf"|the\s+other\s+(?:side|party|person)\s+is|it{_APOSTROPHE}s|it\s+is)?\b\s*(?:called\s+|against\s+)?",
    re.IGNORECASE,
)
# A sentence ends after a word of four letters or more, so that "Mrs." and "J." do not end one.
_SENTENCE_END = re.compile(r"(?<=\w{4})[.!?;](?=\s|$)|\n")
_UNKNOWN: Final = frozenset({
    "i do not know", "i dont know", "dont know", "do not know", "unknown", "no idea", "not sure", "i am not sure",
    "im not sure", "nobody", "no one", "none", "there is no one", "there is nobody", "i dont know yet", "no other side",
})  # fmt: skip
_REFUSED: Final = frozenset({
    "id rather not say", "i would rather not say", "i prefer not to say", "prefer not to say", "rather not say",
    "i dont want to say", "i do not want to say",
})  # fmt: skip
_DONE: Final = frozenset({
    "done", "im done", "i am done", "thats all", "that is all", "thats it", "that is it", "thats everything",
    "that is everything", "finished", "im finished", "i am finished", "nothing else", "nothing more",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """A name with its place in the text, or the reason why there is none."""

    value: str | None
    state: Literal["stated", "unknown", "refused"]
    start: int
    end: int


def read_name(text: str) -> NameAnswer | None:
    """The name in an answer to "what is the name?". None: nothing usable."""
    plain = _plain(text)
    whole = (len(text) - len(text.lstrip()), len(text.rstrip()))
    if plain in _UNKNOWN:
        return NameAnswer(None, "unknown", *whole)
    if plain in _REFUSED:
        return NameAnswer(None, "refused", *whole)
    lead = _LEAD_IN.match(text)
    start = lead.end() if lead else 0
    if not any(map(str.isalnum, text[start:])):
        start = 0  # the lead-in was all there is: perhaps it is the name ("Thi Sis")
    ending = _SENTENCE_END.search(text, start)
    end = min(ending.start() if ending else len(text), start + MAX_NAME)
    value = text[start:end]
    stripped = value.strip(' \t\n,;:!?"')
    if not any(map(str.isalnum, stripped)):
        return None
    start += value.index(stripped)
    return NameAnswer(stripped, "stated", start, start + len(stripped))


def says_done(text: str) -> bool:
    """Whether the whole utterance is only a way to say that the story is complete."""
    return _plain(text) in _DONE


def _plain(text: str) -> str:
    """Lower case, letters and single spaces: what speech and typing have in common."""
    text = text.strip()
    if len(text) > _LONGEST_PHRASE:
        return ""
    kept = "".join(c for c in text.lower() if c.isalnum() or c.isspace())
    return " ".join(kept.split())
