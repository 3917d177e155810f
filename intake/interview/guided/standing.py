"""Whether somebody has a lawyer, is of age, or is held: answers in odd words, and what is said of it unasked.

Pure, and only patterns from `words/standing.yaml`; what none of them knows is left to the readers of words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from intake.language.tokens import Token, tokenise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HAS_LAWYER: Final = "has_lawyer"
LAWYER_REASON: Final = "lawyer_reason"
IS_ADULT: Final = "is_adult"
IN_CUSTODY: Final = "in_custody"
KEYS: Final = frozenset({HAS_LAWYER, LAWYER_REASON, IS_ADULT, IN_CUSTODY})
#: The answer speaks of somebody else: ask once more.
AGAIN: Final = "again"
_REASONS: Final = frozenset({"change", "second_opinion", "other_matter"})
_FILE: Final = Path(__file__).parents[1] / "words" / "standing.yaml"
#: Words of an answer that are looked at; a longer text is a story, and only what is sure counts there.
_LONGEST: Final = 60
_NAMED: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Standing:
    """What was said: a question's answer, and where it stands in the text."""

    key: str
    value: str
    start: int
    end: int


def answered(key: str, text: str) -> Standing | None:
    """`text` as the answer to the question `key`; None: nothing of it is known here."""
    if key not in KEYS:
        return None
    tokens = tokenise(text[:2_000])[:_LONGEST]
    found = _first(_patterns()[key], tokens)
    if found is None:
        return None
    value, start, end = found
    if key == HAS_LAWYER and value in _REASONS:
        value = "yes"
    return Standing(key, value, start, end)


def reason_beside(text: str) -> Standing | None:
    """Why somebody with a lawyer asks us, said with the answer that they have one."""
    found = _first(_patterns()[HAS_LAWYER], tokenise(text[:2_000])[:_LONGEST])
    return Standing(LAWYER_REASON, *found) if found is not None and found[0] in _REASONS else None


def volunteered(text: str) -> Iterator[Standing]:
    """What somebody says for sure of themselves, whatever was asked."""
    tokens = tokenise(text)
    for key, patterns in _patterns("volunteered").items():
        found = _first(patterns, tokens)
        if found is not None:
            yield Standing(key, *found)


def _first(lists: Mapping[str, tuple[re.Pattern[str], ...]], tokens: list[Token]) -> tuple[str, int, int] | None:
    said = " ".join(token.norm for token in tokens)
    for value, patterns in lists.items():
        for pattern in patterns:
            found = pattern.search(said)
            if found is not None and found.group().strip():
                first = said[: found.start()].count(" ")
                last = min(first + found.group().strip().count(" "), len(tokens) - 1)
                return value, tokens[first].start, tokens[last].end
    return None


@cache
def _patterns(part: str = "") -> Mapping[str, Mapping[str, tuple[re.Pattern[str], ...]]]:
    raw: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    words: dict[str, str] = raw["words"]
    lists: dict[str, Any] = raw[part] if part else {key: raw[key] for key in KEYS}
    return {
        key: {
            value: tuple(re.compile(_NAMED.sub(lambda name: words.get(name[1], name[0]), one)) for one in patterns)
            for value, patterns in values.items()
        }
        for key, values in lists.items()
    }
