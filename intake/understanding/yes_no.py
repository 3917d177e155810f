"""Yes or no: hedged, doubled ("it's not that I don't"), echoed ("I did", "we haven't"), in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from intake.language.tokens import words_of
from intake.understanding.events import read_event, read_outcome
from intake.understanding.facts import Found
from intake.understanding.heard import Heard
from intake.understanding.words import phrases, table, word_set

_KINDS: Final = ("yes", "no", "hedged_yes", "hedged_no", "open")

_DRAWN_OUT: Final = re.compile(r"([a-z])\1{2,}")
#: Words before an answer that is no story yet: "well I guess".
_OPENING: Final = 2
_SHORT: Final = 8
#: Words after "I did", "it was" that make a sentence of their own.
_TELLING: Final = 3


@dataclass(frozen=True, slots=True)
class _Cue:
    kind: str
    start: int
    end: int
    phrase: str


@cache
def _cues() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Every cue by its first word, the longest first."""
    by_first: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for kind in _KINDS:
        for phrase in phrases("yes_no", kind):
            by_first.setdefault(phrase[0], []).append((kind, phrase))
    return {word: tuple(sorted(group, key=lambda g: -len(g[1]))) for word, group in by_first.items()}


def read_yes_no(heard: Heard, question: str = "") -> Found | None:
    """ "yes" or "no"; value None and state unknown for "maybe" and the like. None: the answer says neither."""
    closing = _closing(heard)
    if closing is not None:
        return closing
    heard = _without_stress(_in_english(_not_drawn_out(heard)))
    if _asks_back(heard):
        return None
    doubled = _doubled(heard)
    if doubled is not None:
        return doubled
    cues = _all_cues(heard)
    cues = [cue for cue in cues if cue.phrase not in word_set("yes_no", "alone") or len(heard) <= _OPENING]
    decided = _decide(heard, cues)
    if decided is None:
        return (
            read_event(heard, question)
            or _by_another(heard)
            or _echoed(heard, question)
            or _by_polarity(heard)
            or read_outcome(heard, question)
        )
    decided = _last_word(heard, cues, decided)
    if _in_passing(heard, decided[1]) or _begins_a_sentence(heard, decided[1]):
        told = read_event(heard, question) or read_outcome(heard, question)
        if told is not None:
            return told
        if _tells_else(heard, decided[1], question):
            return None
    kind, cue = decided
    start, end = heard.span(cue.start, cue.end)
    if kind == "open":
        return Found(None, start, end, f'"{cue.phrase}" leaves it open', "unknown")
    value = "yes" if kind.endswith("yes") else "no"
    return Found(value, start, end, f'"{cue.phrase}" means {value}', "inferred" if "hedged" in kind else "stated")


#: Why, where the last word decided.
CLOSING: Final = "what it comes to at the end"
_PLAIN: Final = {"yes": "yes", "yeah": "yes", "yep": "yes", "si": "yes", "no": "no", "nope": "no", "nah": "no"}


def _closing(heard: Heard) -> Found | None:
    """ "If I had one, would I be here? No.", "… she retired, so no": the last word decides, a sentence of its own."""
    last = len(heard) - 1
    value = _PLAIN.get(heard.norm(last))
    if last < _SHORT // 2 or value is None:
        return None
    if not (heard.ends_sentence(last) or heard.norm(last - 1) in {"so", "entonces"}):
        return None
    start, end = heard.span(last, last + 1)
    return Found(value, start, end, CLOSING, "stated")


def _not_drawn_out(heard: Heard) -> Heard:
    """ "noooo" as "no", "yesss" as "yes"."""
    if not any(_DRAWN_OUT.search(word) for word in heard.norms):
        return heard
    kept = tuple(replace(token, norm=_DRAWN_OUT.sub(r"\1", token.norm)) for token in heard.tokens)
    return Heard(heard.text, kept, heard.language)


def _in_english(heard: Heard) -> Heard:
    """ "ya im at work", "but ya its fine": in English that is a yes; in Spanish "already"."""
    if heard.language != "en" or "ya" not in heard.norms:
        return heard
    opens = word_set("yes_no", "opens_clause")
    kept = tuple(
        replace(token, norm="yeah") if token.norm == "ya" and (i == 0 or heard.norm(i - 1) in opens) else token
        for i, token in enumerate(heard.tokens)
    )
    return Heard(heard.text, kept, heard.language)


def _without_stress(heard: Heard) -> Heard:
    """Without the "sure" of "they sure haven't", which is no yes."""
    pronouns, stress = word_set("yes_no", "pronouns"), word_set("yes_no", "stress")
    kept = tuple(
        token for i, token in enumerate(heard.tokens) if not (token.norm in stress and heard.norm(i - 1) in pronouns)
    )
    return Heard(heard.text, kept, heard.language)


def _asks_back(heard: Heard) -> bool:
    """A question is no answer: "is that against the law, what they did?", though "that" may be so or not."""
    first = next((i for i, word in enumerate(heard.norms) if word not in word_set("stock", "fillers")), 0)
    opens = any(heard.starts(first, phrase) for phrase in phrases("yes_no", "asks_back"))
    begins = range(first, first + _OPENING)
    cue = any(heard.starts(at, phrase) for at in begins for _kind, phrase in _cues().get(heard.norm(at), ()))
    return not cue and len(heard) > _OPENING and (opens or heard.text.rstrip().endswith("?"))


def _doubled(heard: Heard) -> Found | None:
    """ "it's not that I don't want to", "no es que no quiera": one denial denies the other."""
    negatives = word_set("yes_no", "negatives")
    for index, word in enumerate(heard.norms[:12]):
        opener = word in {"not", "isnt"} and heard.norm(index + 1) in {"that", "like", "as", "because"}
        opener = opener or (word == "no" and heard.norm(index + 1) == "es" and heard.norm(index + 2) == "que")
        opener = opener or (
            word in {"cant", "cannot", "couldnt", "wouldnt", "wont"}
            and heard.norm(index + 1) in {"say", "deny", "tell"}
        )
        opener = opener or (word == "no" and heard.norm(index + 2) in {"decir", "negar"})
        if opener:
            second = next((i for i in range(index + 2, min(len(heard), index + 7)) if heard.norm(i) in negatives), None)
            if second is not None:
                start, end = heard.span(index, second + 1)
                return Found("yes", start, end, "a denial denied", "inferred")
    return None


def _all_cues(heard: Heard) -> list[_Cue]:
    known, found, index = _cues(), [], 0
    while index < len(heard):
        match = next(((k, p) for k, p in known.get(heard.norm(index), ()) if heard.starts(index, p)), None)
        if match is not None:
            found.append(_Cue(match[0], index, index + len(match[1]), " ".join(match[1])))
        index += len(match[1]) if match is not None else 1
    return found


def _decide(heard: Heard, cues: list[_Cue]) -> tuple[str, _Cue] | None:
    """The cue that counts: one after a correction; a hedge right after a bare word; else the first strong one."""
    if not cues:
        return None
    first = cues[0]
    if first.kind == "yes" and heard.norms[first.end : first.end + 2] == ("que", "no"):
        return "no", _Cue("no", first.start, first.end + 2, f"{first.phrase} que no")
    if first.kind == "yes" and heard.norm(first.end) == "not" and first.phrase not in {"yes", "yeah", "i did"}:
        return "no", _Cue("no", first.start, first.end + 1, f"{first.phrase} not")
    marks = word_set("yes_no", "turns")
    for cue in reversed(cues[1:]):
        before = heard.norms[max(first.end, cue.start - 3) : cue.start]
        if any(word in marks for word in before) and cue.kind != "open":
            return cue.kind, cue
    if len(cues) > 1:
        second = cues[1]
        if (
            first.phrase in word_set("yes_no", "light")
            and second.start - first.end <= 1
            and heard.norm(first.end) not in {"pero", "but"}
            and not _goes_on(heard, first, second)
        ):
            # "yeah no", "no yeah", "well yes": of two bare words the last one is meant
            return _decide(heard, cues[1:])
        if first.kind == "open" and second.kind != "open":
            return second.kind.replace("hedged_", "") and f"hedged_{second.kind.removeprefix('hedged_')}", second
        if first.phrase in {"yes", "si"} and second.phrase == "no" and heard.norm(first.end) in {"and", "y"}:
            return "open", first
    return first.kind, first


def _goes_on(heard: Heard, first: _Cue, second: _Cue) -> bool:
    """ "No, it is an old phone", "no, we always paid": after a no comes a clause, not a second answer."""
    bare = second.phrase in word_set("yes_no", "light") | word_set("yes_no", "yes_alone")
    return first.kind == "no" and second.kind == "yes" and not bare and second.end < len(heard)


def _by_another(heard: Heard) -> Found | None:
    """ "I think my husband did": an auxiliary at the end says the question's verb of somebody."""
    negatives = word_set("yes_no", "negatives")
    if len(heard) < 2 or len(heard) > _SHORT or heard.norms[-1] not in {"did", "does", "has", "do", "have"}:
        return None
    if any(word in negatives for word in heard.norms):
        return None
    start, end = heard.span(len(heard) - 2, len(heard))
    return Found("yes", start, end, "the verb of the question said of somebody", "inferred")


def _in_passing(heard: Heard, cue: _Cue) -> bool:
    """Whether a cue may be a part of a story: "… so we are …" answers nothing by itself."""
    return cue.start > _OPENING and cue.end < len(heard) and cue.phrase.split()[0] not in {"yes", "no", "si", "yeah"}


def _begins_a_sentence(heard: Heard, cue: _Cue) -> bool:
    """Whether "I was", "there is" begins a sentence ("I was too scared to say"): then it is no answer yet."""
    words = cue.phrase.split()
    if len(words) != 2 or words[0] not in word_set("yes_no", "subjects"):
        return False
    following = heard.norm(cue.end)
    ended = not following or any(mark in heard.gap(cue.end) for mark in ",.;!?")
    return not ended and following not in word_set("yes_no", "after_echo")


def _tells_else(heard: Heard, cue: _Cue, question: str) -> bool:
    """ "I did everything for this family" to "are there children?": a sentence of its own, that has no word of the
    question. To a question with a number ("18 or older?") a number in it may answer."""
    if (
        not question
        or any(map(str.isdigit, question))
        or not _begins_a_sentence(heard, cue)
        or len(heard) - cue.end < _TELLING
    ):
        return False
    asking = words_of(question[:300])
    if cue.phrase.split()[-1] in asking[:4] or not set(heard.norms[: cue.start]).isdisjoint(_PLAIN):
        return False  # "we have flour" to "do you have food?"; "yes, I am by the stove"
    asked = {word for word in asking if len(word) > 3} - word_set("yes_no", "small")
    return not any(_shares(word, asked) for word in heard.norms[cue.end :])


def _shares(word: str, asked: set[str]) -> bool:
    return any(word[:4] == other[:4] for other in asked) if len(word) > 3 else False


def _last_word(heard: Heard, cues: list[_Cue], decided: tuple[str, _Cue]) -> tuple[str, _Cue]:
    """A bare yes or no at the very end counts more than a cue inside a story."""
    last = cues[-1]
    bare = last.phrase in {"no", "nope", "yes", "yeah", "yep"} and last.end == len(heard)
    if bare and _in_passing(heard, decided[1]) and heard.norm(last.start - 1) not in {"or", "o", "y", "and", "you"}:
        return last.kind, last
    return decided


def _by_polarity(heard: Heard) -> Found | None:
    """Without a cue: a double negative, or a bare verb with or without "not"."""
    negatives = word_set("yes_no", "negatives")
    places = [i for i, word in enumerate(heard.norms[:30]) if word in negatives]
    if not places:
        return None
    start, end = heard.span(places[0], places[-1] + 1)
    if len(places) >= 2 and heard.language == "en" and places[1] - places[0] <= 5:
        return Found("yes", start, end, "two negatives in one clause", "inferred")
    return Found("no", start, end, f'"{heard.norm(places[0])}" denies it', "inferred")


def _echoed(heard: Heard, question: str) -> Found | None:
    """The question's own verb said back: "we signed it" to "did you sign a lease?"."""
    small = word_set("yes_no", "small")
    stems = {_stem(word) for word in words_of(question[:500]) if word not in small and len(word) > 3}
    if not stems:
        return None
    negatives = word_set("yes_no", "negatives")
    for index, word in enumerate(heard.norms[:40]):
        if len(word) > 3 and word not in small and _stem(word) in stems:
            denied = [i for i in range(max(0, index - 4), index) if heard.norm(i) in negatives]
            start, end = heard.span(min([index, *denied]), index + 1)
            gone = not word_set("yes_no", "gone").isdisjoint(heard.norms[index + 1 : index + 5])
            value = "no" if (len(denied) + gone) % 2 else "yes"
            return Found(value, start, end, f'the question\'s "{word}" said back', "inferred")
    return None


def _stem(word: str) -> str:
    irregular: dict[str, str] = table("yes_no")["irregular"]
    word = irregular.get(word, word)
    return word[: max(4, len(word) - 3)] if len(word) > 5 else word[:4]
