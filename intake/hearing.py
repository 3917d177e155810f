"""Which languages can be heard. The app that listens registers what its recogniser has; without one, none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_heard: list[Callable[[], frozenset[str]]] = []


def register_hearing(languages: Callable[[], frozenset[str]]) -> None:
    """Say which languages (`en`) a recogniser here has. Call from `AppConfig.ready()`."""
    _heard[:] = [languages]


def languages_heard() -> frozenset[str]:
    """The languages in which somebody may speak here."""
    return _heard[0]() if _heard else frozenset()


def is_heard(locale: str) -> bool:
    """Whether the microphone may be offered in this language."""
    return locale.partition("-")[0].lower() in languages_heard()
