"""Whether a client can be reached, and what was sent to them, for the firm's staff. No address, no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from intake.contact import ways
from intake.interview.guided import verifying
from intake.interviews import talk_of
from intake.models import ContactMessage, ResumePass

if TYPE_CHECKING:
    from datetime import datetime

    from intake.models import Intake

#: So many messages are listed at most, the newest first.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """`words`: one sentence; `warns`: staff should not rely on it. `back_until`: when the way back closes."""

    words: str
    warns: bool
    messages: list[ContactMessage]
    back_until: datetime | None


def standing(intake: Intake) -> Standing | None:
    """None where nothing was asked, sent or offered."""
    talk = talk_of(intake)
    if talk is None:
        return None
    messages = list(ContactMessage.objects.filter(intake=intake).order_by("-at", "-id")[:_SHOWN])
    way_back = ResumePass.objects.filter(intake=intake, closed_at__isnull=True).order_by("-id").first()
    if not talk.contact and not messages and way_back is None:
        return None
    until = way_back.expires_at if way_back is not None else None
    verified = ContactMessage.objects.filter(intake=intake, purpose="verify", used_at__isnull=False).order_by(
        "-used_at"
    )
    proof = verified.first()
    if talk.contact == verifying.VERIFIED and proof is not None:
        what = proof.get_way_display()
        if bytes(proof.address_hash) in ways.hashes_among(talk.answers):
            return Standing(f"Verified: a code that went by {what} came back right.", False, messages, until)
        words = f"Not verified: the address that was verified by {what} was changed since."
        return Standing(words, True, messages, until)
    if talk.contact == verifying.UNVERIFIED:
        words = "Not verified: no safe way to send a code, or the client got none. They were let go on."
        return Standing(words, True, messages, until)
    return Standing("Not verified: nobody was asked for a code.", bool(talk.verify), messages, until)
