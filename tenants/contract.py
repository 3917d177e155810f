"""Which migrations of this release are contract steps, as data: read without Django, changed with each release.

A release first only expands: new columns and tables that the release before ignores. What takes away (a column
that only the release before reads) is a contract step. `contract.json` numbers the release and lists its
contract steps ("app.name"); `firms migrate` leaves those out, so that code can go back one release without
touching a schema. They run with `firms contract`, once no older code runs, or at the start of the next
release, where they are no longer listed and so are migrations like any other.

Nothing that expands may depend on a contract step of the same release: tests/tenants/test_contract.py holds that.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTRACT_FILE: Final = Path(__file__).with_name("contract.json")


def release_number() -> int:
    """This release's number: each release that changes a schema has the next one."""
    return int(_contract()["release"])


def deferred() -> frozenset[str]:
    """This release's contract steps, as "app.name"."""
    return frozenset(_contract()["deferred"])


def expanding(names: Iterable[str]) -> frozenset[str]:
    """These migrations without this release's contract steps."""
    return frozenset(names).difference(deferred())


@cache
def _contract() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CONTRACT_FILE.read_text())
    return found
