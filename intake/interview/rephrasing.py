"""Whether a model's words may stand for one of ours that only carry the tone. Pure, and the only gate that they pass.

The guard judges every sentence. Beyond it, words that only thank and encourage need very little: what asks, counts,
names, links, speaks of law or outcomes, or says the client's words back to them is not needed, so it does not pass.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from intake.guard import judge
from intake.interview.assistant import may_rephrase
from intake.interview.events import Saying
from intake.interview.guided.reading import third_language
from intake.interview.guided.saying import language_of
from intake.interview.wordings import lists, word_list
from intake.language.guess import guess_language
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.interview.assistant import Context
    from intake.language.guess import Language

Reason = Literal["", "empty", "refused", "unfit", "guarded"]
MOST_LETTERS: Final = 240
_MOST_SENTENCES: Final = 3
#: So many words in a row that the client said are parroting.
_PARROTED: Final = 4
#: The button that some wordings point to; other words for them point to it too.
_BUTTONS: Final = {"en": "Done", "es": "Listo"}
_QUOTES: Final = "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb`"
_ENDS: Final = re.compile(r"[.!\u2026]+(?:\s+|$)")
_ODD: Final = re.compile(r"[^\w\s.,;:!'\u2019\u2026\u2014\u2013()\u00a1-]|_|://|\bwww\b")


@dataclass(frozen=True, slots=True)
class Judged:
    """`reason`: empty where `text` may be said; else why not."""

    text: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Worded:
    """An assistant whose words were found before: they stand for `asked` alone, wherever that is still what is said."""

    asked: Saying
    text: str
    heard: str = ""

    def phrase(self, said: Sequence[Saying], context: Context) -> Sequence[Saying]:
        """The same sayings; the one that was asked about in its new words, if they may be said."""
        if not context.may_process or not judged(self.text, self.asked, context.locale, self.heard).text:
            return said
        return [Saying(one.key, self.text) if one == self.asked else one for one in said]


def to_rephrase(said: Sequence[Saying]) -> Saying | None:
    """What a model may find other words for in this turn: the first that only carries the tone. Nothing in a turn
    that has fixed words for somebody in trouble, or ends the conversation."""
    keys = {saying.key.partition(".")[0] for saying in said}
    if keys & _ALONE:
        return None
    return next((saying for saying in said if may_rephrase(saying)), None)


_ALONE: Final = frozenset({
    "safety", "stopped", "withdrawn", "declined", "sent", "custody", "reply", "third_language", "offer_language",
    "long",
})  # fmt: skip


def judged(raw: str, asked: Saying, locale: str, heard: str = "") -> Judged:
    """`raw`, cleaned, if it may be said for `asked` to a client who had said `heard`."""
    language = cast("Language", language_of(locale))
    text = _cleaned(raw)
    words = words_of(text)
    if not words:
        return Judged("", "empty")
    said = f" {' '.join(words)} "
    if any(f" {phrase} " in said for phrase in lists()["refusals"]):
        return Judged("", "refused")
    if not may_rephrase(asked) or not _fits(text, words, asked, language, heard):
        return Judged("", "unfit")
    if not judge(text, language=language).allow:
        return Judged("", "guarded")
    return Judged(text, "")


def _cleaned(raw: str) -> str:
    """One line, without the quotation marks that models like to put around it."""
    text = " ".join(unicodedata.normalize("NFC", raw[: 4 * MOST_LETTERS]).split())
    while len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = text[1:-1].strip()
    return text


def _fits(text: str, words: list[str], asked: Saying, language: Language, heard: str) -> bool:
    button = _BUTTONS[language]
    return (
        len(text) <= MOST_LETTERS
        and len(_ENDS.findall(text)) <= _MOST_SENTENCES
        and _ODD.search(text) is None
        and not any(character.isdigit() for character in text)
        and word_list("not_tone").isdisjoint(_without_idioms(words))
        and (button not in asked.text or button in text)
        and _names_nobody(text, asked.text, button)
        and guess_language(text, language) == language
        and not third_language(text)
        and not _parrots(words, heard)
    )


def _without_idioms(words: list[str]) -> list[str]:
    """ "All right" says nothing of who is."""
    return [word for at, word in enumerate(words) if not (word == "right" and at and words[at - 1] in {"all"})]


def _names_nobody(text: str, ours: str, button: str) -> bool:
    """No capital inside a sentence but those of our own words: a name is for the engine to read back."""
    own = set(ours.split()) | {"I", "I'm", "I\u2019m", "I've", "I\u2019ve", "I'll", "I\u2019ll", button}
    return all(
        word.strip("\u00a1(") == ""
        or not word.strip("\u00a1(")[0].isupper()
        or word.strip(".,;:!\u2026()\u00a1") in own
        for sentence in _ENDS.split(text)
        for word in sentence.split()[1:]
    )


def _parrots(words: list[str], heard: str) -> bool:
    theirs = words_of(heard)
    runs = {tuple(theirs[at : at + _PARROTED]) for at in range(len(theirs) - _PARROTED + 1)}
    return any(tuple(words[at : at + _PARROTED]) in runs for at in range(len(words) - _PARROTED + 1))
