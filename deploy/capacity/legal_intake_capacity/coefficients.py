"""Numbers with where they come from. A number without that is refused, here and in a test."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from legal_intake_capacity.errors import CapacityError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("measured", "assumed", "fixed", "yours")
FIELDS = {"value", "low", "high", "unit", "what", "kind", "why", "command", "machine", "date", "source", "seen"}
#: What each kind has to say besides value, unit, what and date.
NEEDED = {
    "measured": ("command", "machine", "source", "seen"),
    "assumed": ("low", "high", "why"),
    "fixed": ("source", "seen"),
}


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One number. `low` and `high` are what it may well be: intervals come from them."""

    name: str
    value: float
    unit: str
    what: str
    kind: str
    date: str
    low: float
    high: float
    why: str = ""
    command: str = ""
    machine: str = ""
    source: str = ""
    #: The words in `source` that the number was read from.
    seen: str = ""


def read(path: Path) -> dict[str, Coefficient]:
    """Coefficients of a file of ours. Raises CapacityError for one that does not say where it comes from."""
    found = {}
    for name, fields in _mapping(path).items():
        found[name] = _coefficient(name, fields, path.name)
    return found


def _mapping(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CapacityError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f", line {line + 1}"
        raise CapacityError(f"{path}{where}: this is no YAML") from error
    if not isinstance(loaded, dict):
        raise CapacityError(f"{path}: a mapping of names to values is needed")
    return loaded


def _coefficient(name: str, fields: Any, where: str) -> Coefficient:
    if not isinstance(fields, dict):
        raise CapacityError(f"{where}: {name} needs its fields: value, unit, what, kind, date …")
    if unknown := sorted(fields.keys() - FIELDS):
        raise CapacityError(f"{where}: {name} has an unknown field {unknown[0]}")
    kind = fields.get("kind")
    if kind not in NEEDED:
        raise CapacityError(f"{where}: {name} says neither measured, assumed nor fixed in kind")
    for field in ("value", "unit", "what", "date", *NEEDED[kind]):
        if fields.get(field) in (None, ""):
            raise CapacityError(f"{where}: {name} is {kind} and has no {field}")
    value = number(fields["value"], f"{where}: {name}")
    low = number(fields.get("low", value), f"{where}: {name}.low")
    high = number(fields.get("high", value), f"{where}: {name}.high")
    if kind == "assumed" and low >= high:
        raise CapacityError(f"{where}: {name} is assumed and has no range: low must be below high")
    texts = {key: str(fields[key]) for key in FIELDS - {"value", "low", "high"} if key in fields}
    if not isinstance(fields["date"], dt.date):
        raise CapacityError(f"{where}: the date of {name} must be such as 2026-11-25, not {fields['date']}")
    return checked(Coefficient(name=name, value=value, low=low, high=high, **texts), where)


def number(given: Any, where: str) -> float:
    """A finite number, not negative."""
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given or given in (float("inf"),):
        raise CapacityError(f"{where} must be a number, not {given!r}")
    if given < 0:
        raise CapacityError(f"{where} is negative: {given:g}")
    return float(given)


def checked(one: Coefficient, where: str) -> Coefficient:
    """The same, when its range holds its value and a share is one."""
    if not one.low <= one.value <= one.high:
        raise CapacityError(f"{where}: {one.name} is {one.value:g}, outside its range {one.low:g} to {one.high:g}")
    if one.unit == "share" and one.high > 1:
        raise CapacityError(f"{where}: {one.name} is a share, 0 to 1, not {one.high:g}")
    return one


def given(path: Path) -> tuple[dict[str, Any], tuple[int, ...]]:
    """What somebody gives: values by name, and the numbers of users that they want to see."""
    fields = _mapping(path)
    users = fields.pop("users", [])
    if not isinstance(users, list):
        raise CapacityError(f"{path}: users must be a list, such as [1000, 20000]")
    counts = [number(one, f"{path}: users") for one in users]
    if any(one < 1 or one != int(one) for one in counts):
        raise CapacityError(f"{path}: users must be whole numbers from 1 on")
    return fields, tuple(int(one) for one in counts)


def put_in(known: dict[str, Coefficient], fields: dict[str, Any], where: str) -> dict[str, Coefficient]:
    """`known` with your values instead. A bare number has no range: you know it."""
    merged = dict(known)
    for name, field in fields.items():
        if name not in known:
            close = ", ".join(_alike(name, known)) or "docs/capacity.md lists them"
            raise CapacityError(f"{where}: there is no coefficient {name} (near: {close})")
        merged[name] = _yours(known[name], field, where)
    return merged


def _yours(old: Coefficient, field: Any, where: str) -> Coefficient:
    fields = field if isinstance(field, dict) else {"value": field}
    if unknown := sorted(fields.keys() - {"value", "low", "high", "unit", "why", "date"}):
        raise CapacityError(f"{where}: {old.name} has an unknown field {unknown[0]}")
    if "value" not in fields:
        raise CapacityError(f"{where}: {old.name} has no value")
    if "unit" in fields and fields["unit"] != old.unit:
        raise CapacityError(f"{where}: {old.name} is in {old.unit}, not in {fields['unit']}")
    value = number(fields["value"], f"{where}: {old.name}")
    low = number(fields.get("low", value), f"{where}: {old.name}.low")
    high = number(fields.get("high", value), f"{where}: {old.name}.high")
    if not value and old.low:
        raise CapacityError(f"{where}: {old.name} is 0; the model divides by it or means nothing without it")
    why, date = str(fields.get("why", "")), str(fields.get("date", "not dated"))
    new = replace(old, value=value, low=low, high=high, kind="yours", source=where, why=why, date=date)
    return checked(replace(new, command="", machine="", seen=""), where)


def _alike(name: str, known: dict[str, Coefficient]) -> Iterator[str]:
    words = set(name.split("_"))
    return (one for one in known if words & set(one.split("_")))
