"""What `manage.py doctor` asks: each app registers the checks it knows how to mend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report. `remedy` says what to do, in a sentence; empty when all is well."""

    subject: str
    level: Level
    message: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return {"subject": self.subject, "level": self.level, "message": self.message, "remedy": self.remedy}


_checks: dict[str, Callable[[], list[Finding]]] = {}


def register_check(subject: str, check: Callable[[], list[Finding]]) -> None:
    """Add a check, run in public scope. It returns findings, or raises when it cannot tell."""
    _checks[subject] = check


def examine() -> list[Finding]:
    """Run every check. One that raises is itself a finding, never the end of the others."""
    found: list[Finding] = []
    for subject, check in _checks.items():
        try:
            found.extend(check())
        except Exception as error:  # noqa: BLE001 - the doctor reports what nobody foresaw
            found.append(Finding(subject, "error", f"{type(error).__name__}: {error}".strip(), "See the message."))
    return found
