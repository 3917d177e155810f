"""A firm's playbooks as staff see them: what is asked of clients now, what is in the making, what was before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from intake.errors import NoPlaybook
from intake.firm_playbooks import read_version
from intake.models import PlaybookVersion
from intake.playbooks.comparing import diff
from intake.playbooks.problems import PlaybookError
from intake.playbooks.reading import shipped
from intake.playbooks.telling import change_words

if TYPE_CHECKING:
    from intake.playbooks.model import Playbook

#: Names for what is no number: what ships, the draft, and what clients are asked now.
SHIPPED: Final = "shipped"
DRAFT: Final = "draft"
IN_USE: Final = "now"


@dataclass(frozen=True, slots=True)
class Kept:
    """One playbook of the firm. `current`: the firm's published version, also one that switches it off."""

    key: str
    title: str
    ships: Playbook | None
    current: PlaybookVersion | None
    draft: PlaybookVersion | None
    rows: tuple[PlaybookVersion, ...]

    @property
    def asked(self) -> str:
        """What new clients are asked, in words."""
        if self.current is not None and self.current.switched_off:
            return "Nothing: switched off"
        if self.current is not None:
            return f"Your version {self.current.version}"
        if self.ships is not None:
            return f"As it ships (version {self.ships.version})"
        return "Nothing: not published"

    @property
    def is_off(self) -> bool:
        """Whether the firm switched it off."""
        return self.current is not None and self.current.switched_off

    @property
    def is_asked(self) -> bool:
        """Whether new clients may meet it."""
        return not self.is_off and (self.current is not None or self.ships is not None)

    @property
    def history(self) -> tuple[PlaybookVersion, ...]:
        """Everything that was published, newest first."""
        return tuple(row for row in self.rows if row.status != PlaybookVersion.Status.DRAFT)


def all_kept() -> list[Kept]:
    """Every playbook that ships or that the firm has, by key. One query."""
    rows = PlaybookVersion.objects.select_related("made_by", "changed_by", "published_by").order_by("key", "-version")
    by_key: dict[str, list[PlaybookVersion]] = {key: [] for key in shipped()}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    return [_kept(key, tuple(found)) for key, found in sorted(by_key.items())]


def kept(key: str) -> Kept:
    """One of them. Raises NoPlaybook."""
    rows = tuple(
        PlaybookVersion.objects.filter(key=key)
        .select_related("made_by", "changed_by", "published_by")
        .order_by("-version")
    )
    if not rows and key not in shipped():
        raise NoPlaybook
    return _kept(key, rows)


def playbook_at(found: Kept, which: str) -> Playbook:
    """The playbook under a number, or under one of the names above, with what is switched off in it.

    Raises NoPlaybook; PlaybookError: a draft that is not good.
    """
    if which == SHIPPED or (which == IN_USE and found.current is None):
        if found.ships is None:
            raise NoPlaybook
        return found.ships
    row: PlaybookVersion | None
    if which == DRAFT:
        row = found.draft
    elif which == IN_USE:
        row = found.current
    else:
        row = next((one for one in found.rows if str(one.version) == which), None)
    if row is None or row.switched_off:
        raise NoPlaybook
    return read_version(row)


def differences(found: Kept, old: str, new: str) -> list[tuple[str, str, str, str]]:
    """What differs between two of them: what, where, before, after. Raises as `playbook_at`."""
    before, after = playbook_at(found, old), playbook_at(found, new)
    return [change_words(change, before, after) for change in diff(before, after)]


def choices_of(found: Kept) -> list[tuple[str, str]]:
    """What can be looked at: (its name here, in words), newest first."""
    named = [(DRAFT, "The draft")] if found.draft is not None else []
    named += [
        (str(row.version), f"Version {row.version}{' (in use)' if row == found.current else ''}")
        for row in found.history
        if not row.switched_off
    ]
    if found.ships is not None:
        named.append((SHIPPED, f"As it ships (version {found.ships.version})"))
    return named


def _kept(key: str, rows: tuple[PlaybookVersion, ...]) -> Kept:
    status = PlaybookVersion.Status
    current = next((row for row in rows if row.status == status.PUBLISHED), None)
    draft = next((row for row in rows if row.status == status.DRAFT), None)
    ships = shipped().get(key)
    return Kept(key, _title(key, ships, current, draft), ships, current, draft, rows)


def _title(key: str, ships: Playbook | None, current: PlaybookVersion | None, draft: PlaybookVersion | None) -> str:
    for row in (current, draft):
        if row is not None and row.source:
            try:
                return read_version(row).titles.get("en", key)
            except PlaybookError:
                continue
    return ships.titles["en"] if ships is not None else key
