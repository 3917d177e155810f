"""What a client agrees to: notices and consents, a file a version.

A version that was in use stays as it was, so that the exact words that somebody agreed to can be read for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import yaml

from intake.interview.events import ConsentKind
from intake.interview.wordings import DEFAULT_LOCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The version that clients are shown now.
CURRENT: Final = "2026-2"
CONSENT_KINDS: Final[tuple[ConsentKind, ...]] = get_args(ConsentKind)
_FILES: Final = Path(__file__).with_name("consents")


@dataclass(frozen=True, slots=True)
class Wording:
    """One consent in one language: what is agreed to, what that means, and what taking it back does."""

    ask: str
    more: str
    back: str = ""


@dataclass(frozen=True, slots=True)
class Agreements:
    """One version: the paragraphs before any input, and each consent, by language."""

    version: str
    notice: Mapping[str, tuple[str, ...]]
    consents: Mapping[str, Mapping[str, Wording]]

    def paragraphs(self, locale: str) -> tuple[str, ...]:
        """The notice in `locale`, or in English where that is not one of ours."""
        return self.notice.get(locale) or self.notice[DEFAULT_LOCALE]

    def wording(self, kind: str, locale: str) -> Wording | None:
        """A consent's words in `locale`, or in English; None: this version has no such consent."""
        words = self.consents.get(kind)
        return None if words is None else words.get(locale) or words[DEFAULT_LOCALE]


@cache
def versions() -> Mapping[str, Agreements]:
    """Every version that was ever in use, by name."""
    found = (_read(path) for path in sorted(_FILES.glob("*.yaml")))
    return {agreements.version: agreements for agreements in found}


def current() -> Agreements:
    """The version that clients are shown now."""
    return versions()[CURRENT]


def _read(path: Path) -> Agreements:
    raw: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return Agreements(
        version=raw["version"],
        notice={locale: tuple(paragraphs) for locale, paragraphs in raw["notice"].items()},
        consents={
            kind: {locale: Wording(**words) for locale, words in by_locale.items()}
            for kind, by_locale in raw["consents"].items()
        },
    )
