"""Ways back: codes that can be read out, link tokens, PINs, and the wait that failed tries cost."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from intake.contact.codes import NOBODY
from intake.errors import PinTooEasy, ResumeLocked
from intake.models import ResumeLock, ResumePass
from intake.references import ALPHABET
from tenants.crypto import blind_index
from tenants.tokens import hash_secret

if TYPE_CHECKING:
    from uuid import UUID

_BODY: Final = 8
_GROUP: Final = 3
TOKEN_BYTES: Final = 32
#: So many failed tries are free; then the wait doubles, from a minute to six hours.
FREE_FAILURES: Final = 4
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
#: Locks are forgotten so long after the last try: longer than any way back is open.
LOCK_KEPT: Final = timedelta(days=61)
_PIN: Final = re.compile(r"[0-9]{6}")
_RISING: Final = "01234567890123456789"


def new_code() -> str:
    """A code such as 7KQ-2X9-RDH. 5 * 10^10 are possible; its last character checks the others."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_BODY))
    whole = body + check_character(body)
    return "-".join(whole[at : at + _GROUP] for at in range(0, len(whole), _GROUP))


def normal_code(typed: str) -> str | None:
    """A code as it is compared, from how somebody wrote it; None: mistyped, which tells nothing about any code."""
    code = "".join(letter for letter in typed.upper() if letter.isascii() and letter.isalnum())
    if len(code) != _BODY + 1 or not set(code) <= set(ALPHABET) or check_character(code[:-1]) != code[-1]:
        return None
    return code


def check_character(body: str) -> str:
    """Luhn's check character over our letters: it finds every single wrong one and nearly every two exchanged."""
    size, total = len(ALPHABET), 0
    for place, letter in enumerate(reversed(body)):
        value = ALPHABET.index(letter) * (1 if place % 2 else 2)
        total += value // size + value % size
    return ALPHABET[-total % size]


def code_hash(code: str) -> bytes:
    """How a code is kept."""
    return blind_index(code, purpose="resume.code")


def token_hash(token: str) -> bytes:
    """How a link's token is kept; it has 256 random bits."""
    return hash_secret(token.encode("utf-8", "replace"))


def open_one(by_code: bytes, by_token: bytes) -> ResumePass | None:
    """The pass of a code or a link, while it is open."""
    found = ResumePass.objects.select_related("intake").filter(Q(code_hash=by_code) | Q(token_hash=by_token))
    return found.filter(closed_at__isnull=True, expires_at__gt=timezone.now()).first()


# -- PINs


def check_pin_is_good(pin: str) -> None:
    """Raises PinTooEasy for what is no six digits, or is guessed first."""
    rows = pin in _RISING or pin in _RISING[::-1]
    if not _PIN.fullmatch(pin) or rows or len(set(pin)) <= 1 or pin[:3] == pin[3:] or pin[:2] * 3 == pin:
        raise PinTooEasy


def hash_pin(pass_id: UUID, pin: str) -> str:
    """Slow, and with the firm's key in it: six digits alone would be guessed by whoever has the database."""
    return make_password(_peppered(pass_id, pin))


def pin_is_right(found: ResumePass | None, pin: str) -> bool:
    """Compare, in the same time whether there is a pass, and whether it has a PIN."""
    stored = found.pin_hash if found is not None else ""
    right = check_password(_peppered(found.id if found else NOBODY, pin), stored or _nobodys_hash())
    return right and bool(stored)


@cache
def _nobodys_hash() -> str:
    return make_password(secrets.token_urlsafe(TOKEN_BYTES))


def _peppered(pass_id: UUID, pin: str) -> str:
    return blind_index(f"{pass_id}:{pin}", purpose="resume.pin").hex()


# -- locks


def begin_try(key: bytes) -> None:
    """Count a try as failed before it is made, so that many at once count too. Raises ResumeLocked."""
    now = timezone.now()
    with transaction.atomic():
        ResumeLock.objects.bulk_create([ResumeLock(key_hash=key)], ignore_conflicts=True)
        lock = ResumeLock.objects.select_for_update().get(key_hash=key)
        if lock.locked_until is not None and lock.locked_until > now:
            raise ResumeLocked(retry_after=max(1, round((lock.locked_until - now).total_seconds())))
        lock.failures += 1
        lock.at, lock.locked_until = now, _until(lock.failures, now)
        lock.save(update_fields=["failures", "at", "locked_until"])


def forgive(key: bytes) -> None:
    """The try was right: none before it counts."""
    ResumeLock.objects.filter(key_hash=key).delete()


def lock_key(what: bytes) -> bytes:
    """Under what tries are counted: a pass, or what was typed where there is none."""
    return blind_index(what.hex(), purpose="resume.lock")


def _until(failures: int, now: datetime) -> datetime | None:
    over = failures - FREE_FAILURES
    return now + min(FIRST_WAIT * 2 ** min(over - 1, 20), LONGEST_WAIT) if over > 0 else None


def tidy() -> int:
    """Forget locks that nobody came back to. Returns how many."""
    return ResumeLock.objects.filter(at__lt=timezone.now() - LOCK_KEPT).delete()[0]
