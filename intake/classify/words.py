"""Words as the classifier compares them: folded, without endings, and with slips of one letter put right."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from intake.classify.areas import read_yaml
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Shorter words are too near to others for a slip to be told from another word.
_MIN_SLIP: Final = 6
#: Letters that must stay: shorter stems are words of the other language (`herida`, `her`). A plural may leave three.
_MIN_STEM: Final = 4


@lru_cache(maxsize=1)
def _endings() -> tuple[str, ...]:
    return tuple(str(read_yaml("words.yaml")["endings"]).split())


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Words that say nothing about the area."""
    return frozenset(words_of(read_yaml("words.yaml")["stop"]))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A folded word without its ending: `evicting`, `evicted` and `evict` are one. At least four letters stay."""
    if len(word) < _MIN_STEM:
        return word
    for ending in _endings():
        if len(word) - len(ending) >= _MIN_STEM - (ending == "s") and word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _MIN_STEM and word[-1] == word[-2] else word


class Spelling:
    """Puts right one wrong, missing, doubled or swapped letter in words that nobody here has seen.

    `right`: words that a slip may be of; `known`: words that are never touched. Both folded.
    Method: two words one slip apart share a form with one letter left out (as SymSpell does); no dictionary is walked.
    """

    def __init__(self, right: Iterable[str], known: Iterable[str]) -> None:
        words = sorted({word for word in right if len(word) >= _MIN_SLIP})
        self._known = frozenset(known) | frozenset(words)
        self._shorter: dict[str, str] = {}
        for word in words:
            for form in (word, *_without_one(word)):
                self._shorter.setdefault(form, word)

    def put_right(self, word: str) -> str:
        """The word meant, or `word` itself. The first letter is taken to be right, as it nearly always is."""
        if len(word) < _MIN_SLIP - 1 or len(word) > 24 or word in self._known:
            return word
        for form in (word, *_without_one(word)):
            meant = self._shorter.get(form)
            if meant and meant[0] == word[0] and _one_slip(word, meant):
                return meant
        return word


def _one_slip(word: str, meant: str) -> bool:
    """Whether one letter more, less or other, or two neighbours swapped, makes one of the other."""
    same = 0
    while same < min(len(word), len(meant)) and word[same] == meant[same]:
        same += 1
    rest, other = word[same:], meant[same:]
    swapped = rest[:2] == other[1::-1] and len(other) > 1 and rest[2:] == other[2:]
    return rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or swapped


def _without_one(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(1, len(word))]
