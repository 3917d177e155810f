"""The playbooks of the firm that is being served: which are in use, and each of them read once a process.

A version is found by a query in the caller's own transaction; only reading its text is spared. What is kept is filed
under the firm's schema, the row and the time of its publishing: no two texts ever share those.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from intake.models import PlaybookVersion
from intake.playbook_versions import FIRST_OWN
from intake.playbooks.problems import PlaybookError
from intake.playbooks.reading import read_playbook
from intake.playbooks.using import in_use
from tenants.context import current_firm

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from intake.playbooks.model import Playbook

logger = logging.getLogger(__name__)

#: Playbooks that a process keeps read; some 50 kB each.
MOST_KEPT: Final = 256

Place = tuple[str, "UUID", "datetime"]
_kept: OrderedDict[Place, Playbook | None] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class InUse:
    """The firm's published version of a key. `playbook`: None when it says that the key is switched off."""

    key: str
    version: int
    switched_off: bool
    playbook: Playbook | None


def published() -> dict[str, InUse]:
    """The firm's published versions by key, in the order of their keys. One query, and one for each not read yet."""
    rows = PlaybookVersion.objects.filter(status=PlaybookVersion.Status.PUBLISHED).order_by("key")
    return {
        key: InUse(key, number, off, None if off or at is None else _playbook(row_id, at))
        for key, number, off, row_id, at in rows.values_list("key", "version", "switched_off", "id", "published_at")
    }


def in_use_of(key: str) -> InUse | None:
    """The firm's published version of `key`. None: it has none, so what ships is in use."""
    rows = PlaybookVersion.objects.filter(status=PlaybookVersion.Status.PUBLISHED, key=key)
    found = rows.values_list("version", "switched_off", "id", "published_at").first()
    if found is None:
        return None
    number, off, row_id, at = found
    return InUse(key, number, off, None if off or at is None else _playbook(row_id, at))


def named(name: str) -> Playbook | None:
    """The firm's own version `key@version`, once published, whether or not it still is. None: that is none of it."""
    key, _, number = name.partition("@")
    if not number.isdecimal() or int(number) < FIRST_OWN:
        return None
    rows = PlaybookVersion.objects.filter(key=key, version=int(number), published_at__isnull=False)
    found = rows.values_list("id", "published_at").first()
    return _playbook(found[0], found[1]) if found is not None and found[1] is not None else None


def read_version(row: PlaybookVersion) -> Playbook:
    """What stands in `row`, all of it. PlaybookError: all that is wrong with it."""
    return read_playbook(row.source, row.name)


def forget() -> None:
    """Read everything anew."""
    with _lock:
        _kept.clear()


def _playbook(row_id: UUID, published_at: datetime) -> Playbook | None:
    """The playbook as it is asked. None: this release cannot read it, which the log says once."""
    place = (current_firm().schema, row_id, published_at)
    with _lock:
        if place in _kept:
            _kept.move_to_end(place)
            return _kept[place]
    row = PlaybookVersion.objects.filter(pk=row_id).first()
    playbook = _asked(row) if row is not None and row.source else None
    with _lock:
        _kept[place] = playbook
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return playbook


def _asked(row: PlaybookVersion) -> Playbook | None:
    try:
        return in_use(read_version(row))
    except PlaybookError:
        # A client is waiting: what ships is asked, and whoever runs this is told.
        logger.exception("playbook %s cannot be read by this release", row.name)
        return None
