"""A file's plain values, looked at without trust: good parts of a bad file are still checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from intake.playbooks.sources import Path, Source

RULES: Final = ("scoring", "red_flags", "documents")
OPERATORS: Final = ("is", "in", "at_least", "at_most", "known")


@dataclass(frozen=True, slots=True)
class Part:
    """A mapping and its place. `own`: stands in this file, not in a block that it includes."""

    raw: Mapping[str, Any]
    path: Path
    own: bool = True

    @property
    def key(self) -> str:
        """Its key; empty when it has none that is a word."""
        return word(self.raw.get("key"))


@dataclass(slots=True)
class Draft:
    """What the checks look at: the questions in order, with those of included blocks, and the rules on them."""

    source: Source
    languages: tuple[str, ...]
    questions: list[Part] = field(default_factory=list)
    rules: dict[str, list[Part]] = field(default_factory=dict)
    sections: frozenset[str] = frozenset()

    def by_key(self) -> dict[str, Part]:
        """The first question of each key."""
        found: dict[str, Part] = {}
        for part in self.questions:
            if part.key:
                found.setdefault(part.key, part)
        return found


@dataclass(frozen=True, slots=True)
class RawTest:
    """A test as it stands in the file."""

    question: str
    operator: str
    value: Any
    path: Path


def word(value: Any) -> str:
    """`value` when it is a string, else empty."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(raw: Mapping[str, Any], name: str, path: Path) -> list[tuple[Any, Path]]:
    """The list under `name` with the place of each item; empty when there is no list."""
    found = raw.get(name)
    return [(item, (*path, name, i)) for i, item in enumerate(found)] if isinstance(found, list) else []


def parts(raw: Mapping[str, Any], name: str, path: Path = (), *, own: bool = True) -> list[Part]:
    """The mappings in the list under `name`."""
    return [Part(item, place, own) for item, place in items(raw, name, path) if isinstance(item, dict)]


def raw_tests(raw: Any, path: Path, question: str = "") -> Iterator[RawTest]:
    """Every test in a condition. `question`: whose answer a follow-up looks at."""
    if not isinstance(raw, dict):
        return
    asked = question or word(raw.get("question"))
    for operator in OPERATORS:
        if operator in raw and asked:
            yield RawTest(asked, operator, raw[operator], (*path, operator))
    for name in ("all", "any"):
        for item, place in items(raw, name, path):
            yield from raw_tests(item, place)
    yield from raw_tests(raw.get("not"), (*path, "not"))


def follow_ups(part: Part) -> Iterator[tuple[Part, list[tuple[str, Path]]]]:
    """Each follow-up of a question with the keys that it asks."""
    for follow_up in parts(part.raw, "follow_ups", part.path, own=part.own):
        yield follow_up, [(word(key), place) for key, place in items(follow_up.raw, "ask", follow_up.path)]


def ask_order(questions: list[Part]) -> list[str]:
    """The keys in the order they would be asked if all applied. Ends also where follow-ups go in a circle."""
    calls = {part.key: [key for _, keys in follow_ups(part) for key, _ in keys] for part in reversed(questions)}
    called = {key for keys in calls.values() for key in keys}
    waiting = [part.key for part in reversed(questions) if part.key not in called]
    order: dict[str, None] = {}
    while waiting:
        key = waiting.pop()
        if key in calls and key not in order:
            order[key] = None
            waiting.extend(reversed(calls[key]))
    return list(order)
