"""The people of rehearsals, as data: what is true of them, and how they say it. Pure.

A persona answers what is *asked*, found by the question's key and type, so the order of questions does not matter.
`people/` are for everybody; `people/held/` are scored by `make eval` alone and never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = Path(__file__).with_name("people")
#: What anybody answers who says nothing else about it.
ORDINARY: Final = {
    "safe_now": "yes", "safe_to_call": "yes", "safe_to_leave_voicemail": "yes", "safe_to_text": "yes",
    "safe_to_email": "yes", "has_lawyer": "no", "is_adult": "yes", "in_custody": "no",
}  # fmt: skip
WORDS: Final = {
    "en": {"yes": ("yes",), "no": ("no",), "dunno": ("I don't know", "no idea", "I'm not sure")},
    "es": {"yes": ("sí",), "no": ("no",), "dunno": ("no sé", "no estoy segura", "ni idea")},
}
_FIELDS: Final = frozenset({
    "about", "locale", "zone", "ends", "facts", "says", "story", "yes", "no", "dunno", "done", "asides", "corrections",
    "back", "nags", "safe", "index", "presses", "unusable",
})  # fmt: skip


class PersonaError(Exception):
    """A persona's file cannot be used; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Said instead of an answer, once, when `at` is asked; or, for a correction, when something else is asked after
    it was answered."""

    at: str
    say: str


@dataclass(frozen=True, slots=True)
class Persona:
    """One person.

    `facts`: question key -> what is true (`expected.py` says in which forms). `says`: key -> how they say it, first,
    second, ... `ends`: the stage where the conversation has to end. `index`: parties the firm is to know before.
    `unusable`: keys whose first line is no answer. `nags`: asides for any question, so many times. `held`: see above.
    """

    key: str
    about: str
    locale: str
    zone: str
    ends: str
    facts: Mapping[str, Any]
    says: Mapping[str, tuple[str, ...]]
    story: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    done: str = ""
    asides: tuple[Aside, ...] = ()
    corrections: tuple[Aside, ...] = ()
    back: tuple[str, ...] = ()
    nags: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    index: tuple[Mapping[str, str], ...] = ()
    presses: bool = False
    unusable: frozenset[str] = frozenset()
    never_usable: bool = False
    held: bool = field(default=False, compare=False)

    @property
    def area(self) -> tuple[str, ...]:
        """Beginnings of the codes of their area, the closest first; empty for one that is in no list."""
        found = self.facts.get("area", ())
        return tuple(found) if isinstance(found, (list, tuple)) else (str(found),)


@cache
def personas() -> Mapping[str, Persona]:
    """Everybody who may be looked at, by key. Raises PersonaError."""
    return {path.stem: read(path) for path in sorted(FOLDER.glob("*.yaml"))}


@cache
def held_back() -> Mapping[str, Persona]:
    """Those who are scored by `make eval` alone. Raises PersonaError."""
    return {path.stem: read(path, held=True) for path in sorted((FOLDER / "held").glob("*.yaml"))}


def read(path: Path, *, held: bool = False) -> Persona:
    """The persona in a file. Raises PersonaError."""
    try:
        data = _plain(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PersonaError(f"{path.name}: {error}") from None
    if not isinstance(data, dict):
        raise PersonaError(f"{path.name}: holds no persona; see the files beside it")
    unknown, missing = data.keys() - _FIELDS, {"about", "locale", "zone", "ends", "says"} - data.keys()
    if unknown or missing:
        parts = (*(f"`{key}` is not known" for key in sorted(unknown)), *(f"`{key}` is missing" for key in missing))
        raise PersonaError(f"{path.name}: {'; '.join(parts)}")
    if data["locale"] not in WORDS:
        raise PersonaError(f"{path.name}: locale {data['locale']!r}: {' or '.join(WORDS)} is allowed")
    return _made(path.stem, data, held=held)


def _made(key: str, data: dict[str, Any], *, held: bool) -> Persona:
    unusable = data.get("unusable", [])
    nags = data.get("nags", {})
    lines = nags.get("lines", ())
    return Persona(
        key=key,
        about=data["about"],
        locale=data["locale"],
        zone=data["zone"],
        ends=data["ends"],
        facts=data.get("facts", {}),
        says={name: _lines(said) for name, said in data["says"].items()},
        story=tuple(_written(line) for line in data.get("story", ())),
        words={name: _lines(data[name]) if name in data else ours for name, ours in WORDS[data["locale"]].items()},
        done=data.get("done", ""),
        asides=tuple(Aside(one["at"], one["say"]) for one in data.get("asides", ())),
        corrections=tuple(Aside(one["after"], one["say"]) for one in data.get("corrections", ())),
        back=tuple(one["after"] for one in data.get("back", ())),
        nags=tuple(lines[number % len(lines)] for number in range(nags.get("most", 0))),
        safe=_lines(data.get("safe", [])),
        index=tuple(data.get("index", ())),
        presses=data.get("presses") == "yes",
        unusable=frozenset(unusable) if isinstance(unusable, list) else frozenset(),
        never_usable=unusable == "yes",
        held=held,
    )


def _plain(value: Any) -> Any:
    """YAML's `yes` and `no` are words here, and its dates are texts."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _lines(said: Any) -> tuple[str, ...]:
    return tuple(str(line) for line in said) if isinstance(said, list) else (str(said),)


def _written(line: Any) -> str:
    """A line, or `{paste: characters, of: words}`: the words again and again."""
    if isinstance(line, dict):
        words: str = line["of"]
        return (words * (int(line["paste"]) // len(words) + 1))[: int(line["paste"])]
    return str(line)
