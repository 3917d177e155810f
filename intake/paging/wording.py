"""What a page says: level, kind, time and links, from fixed words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_FILE: Final = Path(__file__).with_name("words.yaml")
LEVELS: Final[Mapping[str, str]] = {"danger_now": "danger now", "urgent": "urgent", "attention": "needs a look"}


@dataclass(frozen=True, slots=True)
class Notice:
    """One page's content. No field of it can hold what a client said."""

    alert: str
    level: str
    kinds: tuple[str, ...]
    at: datetime
    firm: str
    page: str
    take_up: str
    round: int
    step: int
    rounds: int

    @property
    def subject(self) -> str:
        """The mail's subject: a locked screen may show it."""
        return str(words()["subject"].format(level=LEVELS[self.level]))

    @property
    def text(self) -> str:
        """The mail's text."""
        return str(
            words()["email"].format(
                firm=self.firm,
                level=LEVELS[self.level],
                kinds=", ".join(kind.replace("_", " ") for kind in self.kinds),
                at=stamp(self.at),
                page=self.page,
                take_up=self.take_up,
                round=self.round + 1,
                step=self.step + 1,
                rounds=self.rounds,
            )
        )

    def as_json(self) -> dict[str, Any]:
        """What a webhook gets."""
        return {
            "type": "safety_alert",
            "alert": self.alert,
            "level": self.level,
            "kinds": list(self.kinds),
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "round": self.round + 1,
            "step": self.step + 1,
            "page": self.page,
            "take_up": self.take_up,
        }


def stamp(at: datetime) -> str:
    """A time as a page shows it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@cache
def words() -> Mapping[str, str]:
    """The fixed words."""
    found: dict[str, str] = yaml.safe_load(_FILE.read_text("utf-8"))
    return found
