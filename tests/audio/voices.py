"""Voice sessions for tests that need no HTTP: made by the services, in a live firm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from audio import services
from audio.sockets import PROTOCOL
from intake import services as intake_services
from intake.models import Intake
from tenants import directory
from tenants.aio import run_db
from tenants.context import FirmRef, firm_scope
from tests.intake.talk import answer_basics


@dataclass(frozen=True)
class Voice:
    """A session that has come to the story, with what its client knows."""

    firm: FirmRef
    host: str
    intake_id: UUID
    session_id: UUID
    cookie: str
    protocols: list[str]
    resume_token: str
    last_turn: int


def make_voice(
    firm: FirmRef,
    *,
    keep_audio: bool = True,
    client: str = "Ann Example",
    other: str = "Bob Sample",
    early: bool = False,
) -> Voice:
    """Blocking. `early`: it opens before the conflict check."""
    host = directory.resolve_firm(firm.id).hosts[0]
    with firm_scope(firm):
        consents: Any = {"service": True, "transcription": True, "keep_audio": keep_audio}
        intake, secret = intake_services.start_intake(consents=consents)
        for text in (client, other):
            intake_services.add_turn(intake_id=intake.id, text=text, modality="typed", client_ref=uuid4())
        opened = _open(firm, host, intake, f"__Host-intake={secret}") if early else None
        answer_basics(intake)
        return opened or _open(firm, host, Intake.objects.get(pk=intake.id), f"__Host-intake={secret}")


def another_session(voice: Voice) -> Voice:
    """A second microphone of the same conversation. Blocking."""
    with firm_scope(voice.firm):
        return _open(voice.firm, voice.host, Intake.objects.get(pk=voice.intake_id), voice.cookie)


def _open(firm: FirmRef, host: str, intake: Intake, cookie: str) -> Voice:
    opened = services.open_session(intake=intake)
    return Voice(
        firm, host, intake.id, opened.session_id, cookie, [PROTOCOL, f"ticket.{opened.ticket}"],
        opened.resume_token, intake.last_turn,
    )  # fmt: skip


def fresh_protocols(voice: Voice) -> list[str]:
    """For one more socket. Blocking."""
    with firm_scope(voice.firm):
        ticket = services.ticket_for(session_id=voice.session_id, intake_id=voice.intake_id)
    return [PROTOCOL, f"ticket.{ticket}"]


async def in_firm(firm: FirmRef, fn: Any, *args: Any, **kwargs: Any) -> Any:
    """Run blocking `fn` in the firm, off the loop."""
    with firm_scope(firm):
        return await run_db(fn, *args, **kwargs)
