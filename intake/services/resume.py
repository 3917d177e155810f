"""Stop now and come back later: a way back is offered, and taken.

Who comes back proves it by the PIN that they chose, or by a code to an address that they marked safe. Until then
nobody learns anything, not even whether there is such a conversation: whatever is wrong gets one answer, by one way
through the code. The browser that had the conversation before has it no more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from intake import audit
from intake.contact import codes, limits, passes, ways
from intake.contact.actors import send_resume_code
from intake.errors import CodeMistyped, ResumeRefused, SecondFactorNeeded, StageClosed, WayNotSafe
from intake.interview.events import Resumed
from intake.interview.guided import returning
from intake.interview.guided.talk import Talk
from intake.interview.guided.verifying import masked
from intake.interview.stages import Stage
from intake.models import ContactMessage, ResumePass
from intake.selectors import client_stage
from intake.services.conversation import SECRET_BYTES
from intake.services.steps import open_step
from tenants.tokens import hash_secret

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from intake.interview.events import Way
    from intake.models import Intake

#: No hash of anything: stands for the code or the link that was not given.
_NONE: Final = bytes(32)
#: How a link carries its token: behind the #, which no browser sends to any server.
FRAGMENT: Final = "#resume="


@dataclass(frozen=True, slots=True)
class Later:
    """What a client may choose from to come back: safe ways with what is shown of them, and for how many days."""

    ways: dict[Way, str]
    days: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A way back. The code is shown once and kept nowhere."""

    code: str
    expires_at: datetime
    has_pin: bool
    link: Way | None


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody came back. `secret` is None for what was sent: then only its reference is told."""

    intake: Intake
    secret: str | None


@dataclass(frozen=True, slots=True)
class WayBack:
    """What somebody who wants to come back has: the code that they noted, or the token of their link."""

    code: str = ""
    token: str = ""

    def hashes(self) -> tuple[bytes, bytes]:
        """Of code and token. Raises CodeMistyped."""
        if self.token:
            return _NONE, passes.token_hash(self.token)
        code = passes.normal_code(self.code)
        if code is None:
            raise CodeMistyped
        return passes.code_hash(code), _NONE


def later(intake: Intake) -> Later:
    """What can be offered to whoever wants to go on later."""
    found = {way: masked(way, ways.address_of(intake, way)) for way in ways.safe_ways(intake)}
    return Later(found, ways.firm_settings().resume_days)


@transaction.atomic
def offer(*, intake_id: UUID, pin: str = "", link: Way | None = None, page: str = "") -> Offer:
    """Make a way back; the one from before is closed. `link`: also send a link to `page` by this way.

    Raises NoIntake, StageClosed, PinTooEasy, SecondFactorNeeded, WayNotSafe, TooManyTries.
    """
    step = open_step(intake_id)
    if not isinstance(step.state, Talk) or not returning.may_come_back(step.state):
        raise StageClosed(stage=client_stage(step.state.stage))
    if pin:
        passes.check_pin_is_good(pin)
    safe = ways.safe_ways(step.intake)
    if not pin and not safe:
        raise SecondFactorNeeded
    if link is not None and link not in safe:
        raise WayNotSafe
    limits.allow((limits.LATER_INTAKE, intake_id.bytes))
    now = timezone.now()
    ResumePass.objects.filter(intake=step.intake, closed_at__isnull=True).update(closed_at=now)
    code = passes.new_code()
    row = ResumePass(
        intake=step.intake,
        code_hash=passes.code_hash(code.replace("-", "")),
        at=now,
        expires_at=now + timedelta(days=ways.firm_settings().resume_days),
    )
    if pin:
        row.pin_hash = passes.hash_pin(row.id, pin)
    if link is not None:
        _send_link(row, link, page)
    row.save(force_insert=True)
    audit.record(
        action="resume.offered", chain=step.intake.id, target_type="intake", target_id=step.intake.id,
        actor=audit.CLIENT, data={"pin": bool(pin), "link": link or ""},
    )  # fmt: skip
    return Offer(code, row.expires_at, bool(pin), link)


def ask_for_code(*, back: WayBack, way: Way, device: str) -> None:
    """Have a code sent, if this is a way back and `way` was marked safe. Nobody is told whether. `device`: the address
    that asks.

    Raises CodeMistyped, TooManyTries, WayNotSafe: this firm sends nothing by `way`, to nobody.
    """
    by_code, by_token = back.hashes()
    if way not in ways.configured():
        raise WayNotSafe
    limits.allow((limits.CODE_DEVICE, ways.device_hash(device)), (limits.RESUME_FIRM, b""))
    send_resume_code.send(by_code.hex(), by_token.hex(), way)


def come_back(*, back: WayBack, pin: str = "", one_time_code: str = "", device: str) -> Return:
    """Let somebody in who has a way back and its second factor. Not one transaction: a failed try is to count.

    Raises CodeMistyped, TooManyTries, ResumeLocked, ResumeRefused.
    """
    by_code, by_token = back.hashes()
    limits.allow((limits.RESUME_DEVICE, ways.device_hash(device)), (limits.RESUME_FIRM, b""))
    found = passes.open_one(by_code, by_token)
    key = passes.lock_key(found.id.bytes if found is not None else by_code + by_token)
    passes.begin_try(key)
    if pin:
        right = passes.pin_is_right(found, pin)
    else:
        place = found.intake_id if found is not None else codes.NOBODY
        right = codes.check(place, "resume", one_time_code) == "right"
    if found is None or not right:
        raise ResumeRefused
    returned = _let_in(found, "pin" if pin else "code")
    passes.forgive(key)
    return returned


@transaction.atomic
def _let_in(found: ResumePass, factor: str) -> Return:
    step = open_step(found.intake_id)
    ResumePass.objects.filter(pk=found.pk).update(used_at=step.at)
    data = {"factor": factor}
    if step.intake.stage == Stage.SENT:
        audit.record(
            action="resume.seen", chain=step.intake.id, target_type="intake", target_id=step.intake.id,
            actor=audit.CLIENT, data=data,
        )  # fmt: skip
        return Return(step.intake, None)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    step.intake.secret_hash = hash_secret(secret.encode())
    step.intake.save(update_fields=["secret_hash"])
    if isinstance(step.state, Talk):
        step.advance(Resumed(**step.context))
    step.close(action="resume.passed", actor=audit.CLIENT, data=data)
    return Return(step.intake, secret)


def _send_link(row: ResumePass, way: Way, page: str) -> None:
    """Raises TooManyTries: one address gets so many messages, whoever asks."""
    token = secrets.token_urlsafe(passes.TOKEN_BYTES)
    address = ways.address_of(row.intake, way)
    hashed = ways.address_hash(way, address)
    limits.allow((limits.CODE_ADDRESS, hashed), (limits.CODE_FIRM, b""))
    row.token_hash = passes.token_hash(token)
    message = ContactMessage(
        intake=row.intake, purpose=ContactMessage.Purpose.LINK, way=way, address_hash=hashed,
        at=row.at, expires_at=row.expires_at,
    )  # fmt: skip
    message.address, message.secret = address, f"{page}{FRAGMENT}{token}"
    message.save(force_insert=True)
    codes.send_later(message)
