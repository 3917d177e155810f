"""A firm's list of parties, read from CSV and put into the index. Good rows are kept, bad ones are told by their line.

Columns, by their names in the first line and in any order: name (required), kind, role, aliases (divided by `;` or
`|`), birth_year, city, reference. UTF-8, with or without a mark, or Latin-1. The same row twice is one entry.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db import connection, transaction
from django.utils import timezone

from intake.conflicts.blocking import RULES, kept
from intake.conflicts.comparing import KINDS, Kind, Name, kind_of
from intake.conflicts.entries import blocking_secret, hashed, record_of, sealed_record
from intake.conflicts.lines import COLUMNS, MAX_ALIASES
from intake.models import ConflictEntry
from intake.names import normalise
from tenants.crypto import blind_index
from tenants.errors import InvalidInput
from tenants.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

#: Rows of a batch, each in a transaction of its own: what was imported before a cut stays.
BATCH: Final = 2_000
#: Lines over which a quoted field may go.
_MAX_LINES: Final = 4
_NEW_LINE: Final = re.compile(r"\r\n|\n|\r")
MAX_FIELD: Final = 400
#: Bad rows that are told; the others are counted.
MAX_TOLD: Final = 1_000
_INDEX: Final = "intake_conflict_keys"
# Keys are random: put into the index in few large sorted heaps, not in many small ones. For this transaction.
_IN_BULK: Final = """
    SELECT set_config('gin_pending_list_limit', '32MB', true), set_config('work_mem', '64MB', true),
           set_config('maintenance_work_mem', '128MB', true)
"""
_TABLE: Final = ConflictEntry._meta.db_table
_ROLES: Final[Mapping[str, str]] = {
    "": "related", "client": "client", "current client": "client", "current": "client",
    "former client": "former_client",
    "former": "former_client", "past client": "former_client", "ex client": "former_client", "prospect": "prospect",
    "prospective": "prospect", "prospective client": "prospect", "lead": "prospect", "declined": "prospect",
    "adverse": "adverse", "adverse party": "adverse", "opposing": "adverse", "opposing party": "adverse",
    "opponent": "adverse", "other side": "adverse", "defendant": "adverse", "contrary": "adverse", "related": "related",
    "related party": "related", "witness": "related", "other": "related", "institution": "institution",
    "cliente": "client", "contraparte": "adverse",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BadRow:
    """What is wrong with the row that ends on line `line`, the heading being line 1."""

    line: int
    why: str


@dataclass(slots=True)
class Imported:
    """What an import did: rows added, rows that were there already, and bad rows."""

    added: int = 0
    known: int = 0
    bad: int = 0
    told: list[BadRow] = field(default_factory=list)

    def is_bad(self, line: int, why: str) -> None:
        self.bad += 1
        if len(self.told) < MAX_TOLD:
            self.told.append(BadRow(line, why))


@dataclass(frozen=True, slots=True)
class Row:
    """A good row."""

    name: Name
    role: str
    reference: str


class _WrongRow(ValueError):
    """`args[0]` says what is wrong."""


def import_file(path: Path, *, progress: Callable[[int, int], None] = lambda done, total: None) -> Imported:
    """Import into the current firm. `progress` gets bytes read and bytes in all.

    Raises InvalidInput: the file cannot be read, or its first line has no column `name`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}") from None
    text = decoded(data)
    done = Imported()
    batch: dict[bytes, Row] = {}
    for line, place, values in _lines(text):
        try:
            row = _read(values)
        except _WrongRow as wrong:
            done.is_bad(line, str(wrong))
            continue
        key = _identity(row)
        if key in batch:
            done.known += 1
        batch[key] = row
        if len(batch) >= BATCH:
            _keep(batch, done)
            batch = {}
            progress(place, len(text))
    _keep(batch, done)
    _analyse()
    progress(len(text), len(text))
    return done


def decoded(data: bytes) -> str:
    """UTF-8, or Latin-1 (in the way of Windows, which names more characters) where it is none."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _lines(text: str) -> Iterator[tuple[int, int, dict[str, str] | None]]:
    """(line, characters read about, the row by column; None for one that is no row)."""
    lines = _NEW_LINE.split(text)
    delimiter = _delimiter(lines[0])
    heads = [head.strip().lower().replace(" ", "_") for head in _fields(lines[0], delimiter) or []]
    if "name" not in heads:
        raise InvalidInput(f"the first line must name the columns; known: {', '.join(COLUMNS)}")
    at, place = 1, len(lines[0])
    while at < len(lines):
        values, used = _row(lines, at, delimiter)
        at += used
        place += sum(len(line) + 1 for line in lines[at - used : at])
        if values is None or any(value.strip() for value in values):
            fits = values is not None and not any(value.strip() for value in values[len(heads) :])
            yield at, place, dict(zip(heads, values or (), strict=False)) if fits else None


def _row(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    """The fields that begin on line `at`, and how many lines they take. A quote that never ends spoils its own
    line alone: (None, 1)."""
    joined = lines[at]
    for more in range(1, _MAX_LINES + 1):
        values = _fields(joined, delimiter)
        if values is not None:
            return values, more
        if '"' not in joined or at + more >= len(lines):
            break
        joined = f"{joined} {lines[at + more]}"
    return None, 1


def _fields(line: str, delimiter: str) -> list[str] | None:
    """None: no fields, or not to be read."""
    try:
        return next(csv.reader((line,), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _delimiter(first: str) -> str:
    return max(",;\t", key=first.count)


def _read(values: Mapping[str, str] | None) -> Row:
    if values is None:
        raise _WrongRow("more fields than columns, or a quote that does not end")
    field = {column: (values.get(column) or "").strip() for column in COLUMNS}
    for column, value in field.items():
        if len(value) > (MAX_FIELD * MAX_ALIASES if column == "aliases" else MAX_FIELD):
            raise _WrongRow(
                f"{column} is too long: a quote may be missing" if "\n" in value else f"{column} is too long"
            )
        if "\x00" in value or "\ufffd" in value:
            raise _WrongRow(f"{column} has characters that are no text")
    if not any(c.isalpha() or c.isdigit() for c in field["name"]):
        raise _WrongRow("the name is missing" if not field["name"] else "the name has no letter")
    role = _ROLES.get(" ".join(field["role"].lower().replace("_", " ").replace("-", " ").split()))
    if role is None:
        raise _WrongRow(f"role is none of {', '.join(ConflictEntry.Role.values)}")
    kind: Kind = kind_of(field["kind"])
    if field["kind"] and kind == "unknown" and field["kind"].lower() != "unknown":
        raise _WrongRow(f"kind is none of {', '.join(KINDS)}")
    aliases = [one.strip() for one in field["aliases"].replace("|", ";").split(";")]
    name = Name(
        " ".join(field["name"].split()), kind, tuple(one for one in aliases if one)[:MAX_ALIASES],
        _year(field["birth_year"]), field["city"],
    )  # fmt: skip
    return Row(name, role, field["reference"])


def _year(text: str) -> int | None:
    if not text:
        return None
    year = text[:4] if len(text) == 10 and text[4] == "-" else text
    if not (year.isdecimal() and year.isascii() and 1800 <= int(year) <= 2200):
        raise _WrongRow("birth_year is no year")
    return int(year)


def _identity(row: Row) -> bytes:
    """Equal for rows that say the same: running an import again adds nothing."""
    name = row.name
    parts = (
        normalise(name.name) or name.name, name.kind, row.role, *sorted(normalise(one) or one for one in name.aliases),
        str(name.birth_year or ""), name.city.casefold(), row.reference,
    )  # fmt: skip
    return blind_index("\x1f".join(parts), purpose="conflict.import")


def _keep(batch: Mapping[bytes, Row], done: Imported) -> None:
    if not batch:
        return
    lock = int.from_bytes(blind_index("", purpose="conflict.importing")[:8], "big", signed=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two imports at once would both add what neither finds.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
            cursor.execute(_IN_BULK)
        present = ConflictEntry.objects.filter(imported_as__in=list(batch)).values_list("imported_as", flat=True)
        known = {bytes(one) for one in present if one}
        done.known += len(known)
        done.added += _copy({key: row for key, row in batch.items() if key not in known})


def _copy(rows: Mapping[bytes, Row]) -> int:
    secret, now = blocking_secret(), timezone.now().isoformat()
    # Made before the cursor: a key ring that is read anew takes the connection to another schema, and would wait
    # for a COPY that is under way. Nothing in a line needs an escape: ids, roles, numbers and hexadecimal.
    made = []
    for key, row in rows.items():
        entry = new_id()
        record = sealed_record(entry, record_of(row.name, row.reference)).hex()
        keys = ",".join(map(str, hashed(kept(row.name), secret=secret)))
        made.append(f"{entry}\t{row.role}\t\\\\x{record}\t{{{keys}}}\t{RULES}\t\\\\x{key.hex()}\t{now}\n")
    columns = "id, role, record_ct, keys, rules, imported_as, at"
    with connection.cursor() as cursor, cursor.copy(f"COPY {_TABLE} ({columns}) FROM STDIN") as copy:
        copy.write("".join(made))
    return len(made)


def _analyse() -> None:
    """So that searches read an index in order, and the planner and `size_of_index` know of the new rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_IN_BULK)
        cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [_INDEX])
        cursor.execute(f"ANALYZE {_TABLE}")
