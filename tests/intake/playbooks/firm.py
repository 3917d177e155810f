"""Short ways to work on a firm's playbooks in tests."""

from __future__ import annotations

from typing import Any

from intake.models import PlaybookVersion
from intake.playbooks.exporting import export
from intake.playbooks.reading import shipped
from intake.services import playbooks

#: A wording of the housing playbook, and what a firm makes of it.
OLD = "Can you get into your home today?"
NEW = "Can you get inside your home today?"


def text_of(key: str = "housing", old: str = OLD, new: str = NEW) -> str:
    """What ships under `key`, with one thing changed."""
    text = export(shipped()[key])
    assert old in text
    return text.replace(old, new)


def publish(key: str = "housing", source: str | None = None, **more: Any) -> PlaybookVersion:
    """A published version of the firm."""
    playbooks.start_draft(key=key, user=None)
    playbooks.save_draft(key=key, source=source or text_of(key), user=None)
    return playbooks.publish(key=key, user=None, **more)
