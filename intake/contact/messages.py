"""What a message says: a code or a link, neutral words, and the firm's own signature where it wants one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from intake.contact.ways import firm_settings
from intake.interview.guided.saying import shown_date
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES
from intake.models import ContactMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS: Final = Path(__file__).with_name("words")


@dataclass(frozen=True, slots=True)
class Composed:
    """Ready to be sent."""

    to: str
    sender: str
    subject: str
    text: str


@cache
def words(locale: str) -> Mapping[str, str]:
    """The wordings in one of our languages; English for any other."""
    found: dict[str, str] = yaml.safe_load(
        (_WORDS / f"{locale if locale in LOCALES else DEFAULT_LOCALE}.yaml").read_text("utf-8")
    )
    return found


def compose(message: ContactMessage) -> Composed:
    """The words of a message that was not sent yet."""
    locale = message.intake.locale
    said = words(locale)
    sender = firm_settings().sender.strip() or said["sender"]
    secret = message.secret or ""
    if message.purpose == ContactMessage.Purpose.LINK:
        text = f"{said['link.text'].format(date=shown_date(message.expires_at.date(), locale))}\n\n{secret}"
        subject, ignore = said["link.subject"], said["link.ignore"]
    else:
        text, subject, ignore = said["code.text"].format(code=secret), said["code.subject"], said["code.ignore"]
    parts = [text, ignore, sender] if message.way == ContactMessage.Way.EMAIL else [text, ignore]
    return Composed(message.address or "", sender, subject, "\n\n".join(parts))
