"""`manage.py conflicts try`: JSON lines in, a JSON object for each out (schemas/conflicts.try.v1.json)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from intake.conflicts.comparing import Name, compare, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Search = Callable[[Name, str], Mapping[str, Any]]
    """`(name, the side of the new party) -> the answer without `id``; may raise BadLine."""

MAX_ALIASES: Final = 32
#: Of a list of parties (intake.conflicts.importing).
COLUMNS: Final = ("name", "kind", "role", "aliases", "birth_year", "city", "reference")
_MAX_LINE: Final = 1_000_000


class BadLine(ValueError):
    """A line that cannot be answered. `code` for programs, the message for people."""

    def __init__(self, message: str, code: str = "bad_line") -> None:
        super().__init__(message)
        self.code = code


def answered(lines: Iterable[str], search: Search) -> Iterator[dict[str, Any]]:
    """One object for each line that is not empty, in order, errors included.

    A line with `a` and `b` is compared and touches no database; one with `a` alone, or with plain text, is given to
    `search`, which may raise BadLine.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        identity: Any = number
        try:
            read = _read(line)
            identity = read.get("id", number)
            yield {"id": identity, **_answer(read, search)}
        except BadLine as error:
            yield {
                "id": identity, "hit": False, "score": 0.0, "reasons": [], "matches": [],
                "error": {"code": error.code, "message": str(error)},
            }  # fmt: skip


def _answer(read: Mapping[str, Any], search: Search) -> Mapping[str, Any]:
    a = name_of(read.get("a"), "a")
    if "b" not in read:
        side = read.get("side", "unknown")
        return search(a, side if isinstance(side, str) else "")
    found = compare(a, name_of(read["b"], "b"))
    return {"hit": found.hit, "score": found.score, "reasons": list(found.reasons), "matches": []}


def name_of(value: Any, what: str) -> Name:
    """A name from an object, or from a string. Raises BadLine."""
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, dict):
        raise BadLine(f'"{what}" is missing, or neither an object nor a string')
    name, aliases = value.get("name"), value.get("aliases") or ()
    if not isinstance(name, str) or not name.strip():
        raise BadLine(f'"{what}.name" is missing, empty or no string')
    if isinstance(aliases, str):
        aliases = [aliases]
    if not isinstance(aliases, list | tuple) or not all(isinstance(alias, str) for alias in aliases):
        raise BadLine(f'"{what}.aliases" is no list of strings')
    city = value.get("city") or ""
    if not isinstance(city, str):
        raise BadLine(f'"{what}.city" is no string')
    return Name(name, kind_of(value.get("kind")), tuple(aliases[:MAX_ALIASES]), _year(value, what), city)


def _year(value: Mapping[str, Any], what: str) -> int | None:
    year = value.get("birth_year")
    if year is None or year == "":
        return None
    if isinstance(year, bool) or not str(year).strip().isdecimal() or not 1800 <= int(str(year)) <= 2200:
        raise BadLine(f'"{what}.birth_year" is no year')
    return int(str(year))


def _read(line: str) -> Mapping[str, Any]:
    line = line.rstrip("\r\n").removeprefix("\ufeff")
    if len(line) > _MAX_LINE:
        raise BadLine(f"longer than {_MAX_LINE} characters")
    if not line.lstrip().startswith("{"):
        return {"a": line.strip()}
    try:
        read = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from None
    if not isinstance(read, dict):
        raise BadLine("not a JSON object")
    return read
