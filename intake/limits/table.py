"""A firm's table of limitation periods as a CSV file: good rows, and bad ones by their line. Pure.

Columns, by their names in the first line and in any order: state, area, claim, amount, unit, cite; begins, note,
source, checked, status. UTF-8, with or without a mark, or Latin-1. `status` "example, not verified" marks a row that
never counts.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from intake.classify.areas import areas
from intake.understanding.states import state_codes

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS: Final = (
    "state", "area", "claim", "amount", "unit", "begins", "cite", "note", "source", "checked", "status",
)  # fmt: skip
NEEDED: Final = ("state", "area", "claim", "amount", "unit", "cite")
EXAMPLE: Final = "example, not verified"
EXAMPLES: Final = Path(__file__).with_name("examples.csv")
MAX_BYTES: Final = 1_000_000
MAX_ROWS: Final = 5_000
#: Longest text of a column, and the most of each unit (thirty years).
_LONGEST: Final[Mapping[str, int]] = {"claim": 120, "cite": 200, "note": 400, "source": 300, "begins": 60}
_MOST: Final[Mapping[str, int]] = {"days": 10_950, "months": 360, "years": 30}
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")


class WrongTable(ValueError):
    """The file is no such table. `args[0]` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """A good row."""

    state: str
    area: str
    claim: str
    amount: int
    unit: str
    cite: str
    begins: str = ""
    note: str = ""
    source: str = ""
    checked: date | None = None
    example: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What one table has once."""
        return self.state, self.area, self.claim


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: rows with their line, and what is wrong with the others."""

    rows: tuple[tuple[int, Row], ...]
    bad: tuple[tuple[int, str], ...]


def read_table(data: bytes) -> Read:
    """Read a file. Raises WrongTable where it is none at all."""
    if len(data) > MAX_BYTES:
        raise WrongTable(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    reader = csv.reader(io.StringIO(_decoded(data), newline=""), strict=True)
    rows: list[tuple[int, Row]] = []
    bad: list[tuple[int, str]] = []
    seen: dict[tuple[str, str, str], int] = {}
    heads: list[str] | None = None
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            bad.append((reader.line_num, f"no row of a CSV file: {error}"))
            continue
        if fields is None:
            break
        if heads is None:
            heads = _heads(fields)
            continue
        if not any(field.strip() for field in fields):
            continue
        if len(rows) + len(bad) >= MAX_ROWS:
            raise WrongTable(f"The file has more than {MAX_ROWS} rows.")
        _take(reader.line_num, heads, fields, rows, bad, seen)
    if heads is None:
        raise WrongTable("The file is empty.")
    return Read(tuple(rows), tuple(bad))


def _take(
    line: int,
    heads: list[str],
    fields: list[str],
    rows: list[tuple[int, Row]],
    bad: list[tuple[int, str]],
    seen: dict[tuple[str, str, str], int],
) -> None:
    try:
        if len(fields) != len(heads):
            raise WrongTable(f"{len(fields)} columns, where the first line has {len(heads)}")  # noqa: TRY301
        row = _row({head: field.strip() for head, field in zip(heads, fields, strict=True)})
    except WrongTable as wrong:
        bad.append((line, str(wrong)))
        return
    if row.key in seen:
        bad.append((line, f"the same state, area and claim as line {seen[row.key]}"))
        return
    seen[row.key] = line
    rows.append((line, row))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _heads(fields: list[str]) -> list[str]:
    heads = [field.strip().lower().replace(" ", "_") for field in fields]
    missing = [name for name in NEEDED if name not in heads]
    if missing:
        raise WrongTable(f"The first line lacks the column {', '.join(missing)}. Columns are: {', '.join(COLUMNS)}.")
    return heads


def _row(given: Mapping[str, str]) -> Row:
    state, unit = given["state"].upper(), given["unit"].lower()
    unit = unit if unit.endswith("s") else f"{unit}s"
    if state not in state_codes():
        raise WrongTable(f"state {given['state']!r} is none: two letters, such as TX")
    if given["area"] not in areas():
        raise WrongTable(f"area {given['area']!r} is no LIST code, such as TO-00-00-00-00")
    if unit not in _MOST:
        raise WrongTable(f"unit {given['unit']!r}: days, months or years")
    amount = given["amount"]
    if not amount.isascii() or not amount.isdigit() or not 1 <= int(amount[:9]) <= _MOST[unit]:
        raise WrongTable(f"amount {amount!r}: a whole number from 1 to {_MOST[unit]} {unit}")
    for column, longest in _LONGEST.items():
        if len(given.get(column, "")) > longest:
            raise WrongTable(f"{column} has more than {longest} characters")
    for column in ("claim", "cite"):
        if not given[column]:
            raise WrongTable(f"{column} is empty")
    begins = given.get("begins", "")
    if begins and not _KEY.fullmatch(begins):
        raise WrongTable(f"begins {begins!r}: the key of a question, such as injury_date, or empty")
    status = given.get("status", "").lower()
    if status not in {"", EXAMPLE}:
        raise WrongTable(f"status {given['status']!r}: empty, or {EXAMPLE!r}")
    return Row(
        state=state,
        area=given["area"],
        claim=given["claim"],
        amount=int(amount),
        unit=unit,
        cite=given["cite"],
        begins=begins,
        note=given.get("note", ""),
        source=given.get("source", ""),
        checked=_checked(given.get("checked", "")),
        example=status == EXAMPLE,
    )


def _checked(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongTable(f"checked {text!r}: a day such as 2026-05-31, or empty") from None
