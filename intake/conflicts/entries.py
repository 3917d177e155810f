"""What the conflict index keeps of a party: its names sealed, and keyed hashes under which they are found."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from intake.conflicts.blocking import RULES, kept
from intake.conflicts.comparing import Name
from intake.models import ConflictEntry, Party
from tenants.crypto import blind_index, seal, unseal
from tenants.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

_KEY_BYTES: Final = 8
_BATCH: Final = 500
#: What the sides of an intake are to the firm before it has taken anybody on.
_ROLE_OF_SIDE: Final = {"client": ConflictEntry.Role.PROSPECT, "other_side": ConflictEntry.Role.ADVERSE}


def role_of_side(side: str) -> str:
    """The role of an intake's party; those who are on no side are only related."""
    return _ROLE_OF_SIDE.get(side, ConflictEntry.Role.RELATED).value


def hashed(keys: Iterable[str], *, secret: bytes = b"") -> list[int]:
    """Keyed hashes of blocking keys, as signed 64-bit numbers: equal for equal keys of one firm, and nothing else.

    BLAKE2b under a key of the firm's own for this purpose: thousands are made for a search or an import.
    """
    secret = secret or blocking_secret()
    return sorted(
        int.from_bytes(hashlib.blake2b(key.encode(), digest_size=_KEY_BYTES, key=secret).digest(), "big", signed=True)
        for key in keys
    )


def blocking_secret() -> bytes:
    """The current firm's key for `hashed`."""
    return blind_index("", purpose="conflict.blocking")


def record_of(name: Name, reference: str = "") -> dict[str, Any]:
    """What is sealed. Empty fields are left out."""
    record: dict[str, Any] = {
        "name": name.name, "kind": name.kind, "aliases": list(name.aliases), "birth_year": name.birth_year,
        "city": name.city, "reference": reference,
    }  # fmt: skip
    return {key: value for key, value in record.items() if value}


def sealed_record(entry: UUID, record: dict[str, Any]) -> bytes:
    """What `ConflictEntry.record` of this row would write, without making a row."""
    plain = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    return seal(plain, table=ConflictEntry._meta.db_table, column="record_ct", row_id=entry)


def opened_record(entry: UUID, sealed: bytes) -> dict[str, Any]:
    """What `ConflictEntry.record` of this row would read; empty for an erased one."""
    if not sealed:
        return {}
    plain = unseal(bytes(sealed), table=ConflictEntry._meta.db_table, column="record_ct", row_id=entry)
    found: dict[str, Any] = json.loads(plain)
    return found


def name_in(record: dict[str, Any]) -> Name:
    """The name that `record_of` wrote."""
    return Name(
        record.get("name", ""), record.get("kind", "unknown"), tuple(record.get("aliases", ())),
        record.get("birth_year"), record.get("city", ""),
    )  # fmt: skip


def new_entry(name: Name, role: str, *, reference: str = "", imported_as: bytes | None = None) -> ConflictEntry:
    """An entry, unsaved."""
    entry = ConflictEntry(id=new_id(), role=role, imported_as=imported_as, rules=RULES)
    entry.keys = hashed(kept(name))
    entry.record = record_of(name, reference)
    return entry


def index_party(party: Party, details: Name | None = None) -> ConflictEntry | None:
    """Put an intake's party into the index, or put it anew. None for one whose name was erased."""
    if not party.name:
        return None
    entry = ConflictEntry.objects.filter(party=party).first()
    before = entry.record or {} if entry else {}
    # What was asked further stays, whatever makes the entry anew.
    name = details or Name(party.name, "unknown", (), before.get("birth_year"), before.get("city", ""))
    made = new_entry(name, entry.role if entry else role_of_side(party.role))
    if entry is None:
        made.party = party
        made.save(force_insert=True)
        return made
    entry.keys, entry.rules = made.keys, made.rules
    entry.record = record_of(name)
    entry.save(update_fields=["keys", "rules", "record_ct"])
    return entry


def missing_parties() -> Iterable[Party]:
    """Parties of intakes that no entry of these rules stands for, oldest first."""
    return Party.objects.exclude(conflict_entry__rules=RULES).order_by("id")


def reindex() -> int:
    """Index what is missing and make anew what older rules made. May be cut off and run again. Returns how many."""
    done = sum(index_party(party) is not None for party in missing_parties().iterator(_BATCH))  # type: ignore[attr-defined]
    for entry in ConflictEntry.objects.filter(party=None).exclude(rules=RULES).iterator(_BATCH):
        entry.keys, entry.rules = hashed(kept(name_in(entry.record))), RULES
        entry.save(update_fields=["keys", "rules"])
        done += 1
    return done
