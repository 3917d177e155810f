"""Taking back: "no wait, 1985", "sorry, I mean Tuesday", "perdón, digo el martes"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from intake.understanding.heard import Heard
from intake.understanding.words import phrases

_NOT: Final = frozenset(
    {
        "not",
        "no",
        "isnt",
        "wasnt",
        "never",
        "nunca",
        "nada",
        "neither",
        "nothing",
        "ni",
        "arent",
        "werent",
        "without",
        "sin",
        "didnt",
        "dont",
        "havent",
    }
)
_SMALL: Final = frozenset(
    {
        "the",
        "a",
        "an",
        "el",
        "la",
        "en",
        "in",
        "on",
        "at",
        "from",
        "de",
        "my",
        "un",
        "una",
        "really",
        "been",
        "have",
        "he",
        "me",
        "has",
        "por",
        "get",
        "got",
        "any",
        "was",
        "were",
        "is",
        "estoy",
        "soy",
        "it",
        "be",
    }
)


@cache
def _marks() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The phrases that take something back, by their first word, the longest first."""
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases("stock", "repair"):
        by_first.setdefault(phrase[0], []).append(phrase)
    return {first: tuple(group) for first, group in by_first.items()}


def marks(heard: Heard) -> list[tuple[int, int]]:
    """Where something is taken back: the words from start to before end, in order, none overlapping."""
    known, found, index = _marks(), [], 0
    while index < len(heard):
        size = next((len(p) for p in known.get(heard.norm(index), ()) if heard.starts(index, p)), 0)
        if size and heard.norm(index) == "no" and heard.norm(index - 1) == "y" and heard.language == "es":
            size = 0  # "soy Alan Brito, y no es broma": it goes on
        if not size and heard.norm(index) == "no" and _between_pauses(heard, index):
            size = 1
        if size:
            found.append((index, index + size))
        index += size or 1
    return found


def _between_pauses(heard: Heard, index: int) -> bool:
    """ "eleven oh four, no, eleven forty": a "no" with a pause on either side, and something said before it."""
    pause = ",\u2013\u2014\u2026"
    before = heard.gap(index)
    stopped = any(c in before for c in pause) or "..." in before or "-" in before.strip()
    return index > 0 and stopped and any(c in heard.gap(index + 1) for c in f".{pause}")


def pieces(heard: Heard) -> list[Heard]:
    """The text cut where something is taken back; a single piece when nothing is."""
    cuts, start = [], 0
    for left, right in marks(heard):
        cuts.append(heard.part(start, left))
        start = right
    cuts.append(heard.part(start))
    return [piece for piece in cuts if len(piece)] or [heard]


def is_correction(heard: Heard) -> bool:
    """Whether the whole utterance corrects something said before it: "no, Smith with a y"."""
    found = marks(heard)
    if not found:
        return heard.norm(0) == "no" and len(heard) > 1
    return found[0][0] == 0 or any(start > 0 for start, _ in found)


def denied(heard: Heard, index: int) -> bool:
    """Whether the word at `index` is only named to be denied: "not five", "no el lunes"."""
    at = index - 1
    while index - at <= 3 and heard.norm(at) in _SMALL and "," not in heard.gap(at + 1):
        at -= 1
    if heard.norm(at) == "no" and heard.language == "en" and index - at > 1 and at == 0:
        return False  # "no the first one": the English "no" does not deny what has an article
    return heard.norm(at) in _NOT and not any(mark in heard.gap(at + 1) for mark in ",.;")


def standing(heard: Heard, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Which of the findings at these words (start, end) stand: not denied, not taken back by a "no" before the next.

    All of them, when none would stand.
    """
    kept: list[int] = []
    for place, (start, end) in enumerate(spans):
        following = spans[place + 1][0] if place + 1 < len(spans) else None
        between = heard.norms[end:following] if following is not None else ()
        if (
            following is not None
            and len(between) <= 3
            and "no" in between
            and "," not in (heard.gap(start) if start else "")
        ):
            continue
        if not denied(heard, start) or (
            place and denied(heard, start) and "no" in heard.norms[spans[place - 1][1] : start]
        ):
            kept.append(place)
    return kept or list(range(len(spans)))
