"""Room on an intake's page for other apps: they add what they know; this app does not know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from intake.models import Intake


@dataclass(frozen=True)
class Panel:
    """A part of an intake's page.

    Args:
        name: unique; a second panel of the same name takes the first one's place.
        render: the panel's HTML, or None to show nothing. Called after the reading was audited.
        scripts: static paths of script files, loaded with `defer`; nothing inline runs.
        styles: static paths of style sheets.
    """

    name: str
    render: Callable[[HttpRequest, Intake], SafeString | None]
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    """Add a panel to every intake's page. Call from `AppConfig.ready()`."""
    _panels[panel.name] = panel


def panels() -> tuple[Panel, ...]:
    """All panels, in the order in which they were registered."""
    return tuple(_panels.values())
