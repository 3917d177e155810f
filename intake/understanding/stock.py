"""What an answer says about itself: not known, not told, a wish ("a person, please", "say that again")."""

from __future__ import annotations

from functools import cache
from typing import Final, cast

from rapidfuzz import fuzz

from intake.understanding.facts import Ask
from intake.understanding.heard import Heard
from intake.understanding.words import phrases, table, word_set

#: Longer turns are stories: a stock phrase in one is no answer to what was asked.
_SHORT: Final = 40
_FUZZY_WORDS: Final = 9
_FUZZY_FLOOR: Final = 88.0


@cache
def _joined(key: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase) for phrase in phrases("stock", key))


def find_phrase(heard: Heard, key: str) -> tuple[int, int] | None:
    """The words of the longest stock phrase of this list; one misheard word is forgiven in a short answer."""
    if not heard.tokens:
        return None
    said = f" {' '.join(heard.norms)} "
    for phrase in _joined(key):
        if f" {phrase} " in said:
            at = heard.find(phrase.split())
            return at, at + len(phrase.split())
    if len(heard) <= _FUZZY_WORDS:
        short = said.strip()
        for phrase in _joined(key):
            if len(phrase) >= 9 and len(short) >= len(phrase) - 2:
                match = fuzz.partial_ratio_alignment(phrase, short, score_cutoff=_FUZZY_FLOOR)
                if match is not None and match.dest_end - match.dest_start >= len(phrase) - 2:
                    first = short[: match.dest_start].count(" ")
                    return min(first, len(heard) - 1), min(len(heard), first + len(phrase.split()))
    return None


def unknown(heard: Heard) -> tuple[int, int] | None:
    """Where it is said that the answer is not known."""
    return find_phrase(heard, "unknown") if len(heard) <= _SHORT else None


def refused(heard: Heard) -> tuple[int, int] | None:
    """Where it is said that the answer is not to be told."""
    if len(heard) > _SHORT:
        return None
    words = without_fillers(heard)
    if len(words) == 1 and words[0] in word_set("stock", "refused_alone"):
        return 0, len(heard)
    return find_phrase(heard, "refused")


def without_fillers(heard: Heard) -> list[str]:
    """The words of an utterance that are no fillers."""
    fillers = word_set("stock", "fillers")
    return [word for word in heard.norms if word not in fillers]


def asks(heard: Heard) -> frozenset[Ask]:
    """What the person wants of the conversation itself."""
    said = f" {' '.join(heard.norms[:400])} "
    read = table("stock")
    found = {ask for ask, list_ in read["asks"].items() if any(f" {phrase} " in said for phrase in list_)}
    words = without_fillers(heard)
    if len(words) == 1:
        found |= {ask for ask, list_ in read["asks_alone"].items() if words[0] in list_}
    if len(heard) > 12:
        found -= {"done", "repeat"} if not said.strip().endswith(tuple(read["asks"]["done"])) else {"repeat"}
    return frozenset(cast("set[Ask]", found))
