"""One registry in which each app says what it holds for a firm, so that nothing is forgotten at its end.

An app registers in `AppConfig.ready()`. `delete` is called outside any scope with the firm's ref, once
the firm is closed to everybody, and again when a first attempt was cut off: it must not mind finding
nothing. What lies in the firm's schema needs no holder: the schema goes, is exported and is restored as a
whole, except for the rows of the tables that a holder names as `transient`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import BinaryIO

    from django.db.models import Model

    from tenants.archive.snapshot import Snapshot
    from tenants.context import FirmRef


@dataclass(frozen=True)
class FirmHolder:
    """What an app keeps for a firm.

    Args:
        name: shown by `firm delete`, such as "files".
        delete: removes it all and says so in one line, such as "12 files".
        sealed_models: models with ciphertexts besides those found by their `SealedText` and
            `SealedJSON` columns.
        reseal: for ciphertexts outside rows (files): re-encrypt what is not under the firm's current
            key, inside the firm's scope, in steps that may be cut off; returns how many it changed.
        verify: inside the firm's scope, check what was kept against tampering; returns what is wrong,
            one line each.
        export: inside the firm's scope, what lies outside its schema and is spoken of in the snapshot's
            rows: names with open files, or with None for one that is missing.
        restore: inside the firm's scope, after its rows are back: put away what `export` gave, and say so
            in one line.
        transient: tables whose rows no archive holds, such as logins.
    """

    name: str
    delete: Callable[[FirmRef], str] | None = None
    sealed_models: Sequence[type[Model]] = ()
    reseal: Callable[[FirmRef], int] | None = None
    verify: Callable[[FirmRef], list[str]] | None = None
    export: Callable[[Snapshot], Iterable[tuple[str, BinaryIO | None]]] | None = None
    restore: Callable[[FirmRef, Iterable[tuple[str, BinaryIO]]], str] | None = None
    transient: Sequence[str] = ()


_holders: dict[str, FirmHolder] = {}


def register_holder(holder: FirmHolder) -> None:
    """Add a holder. A second one of the same name takes its place (a module loaded twice)."""
    _holders[holder.name] = holder


def holders() -> list[FirmHolder]:
    """All holders, in the order in which they registered."""
    return list(_holders.values())
