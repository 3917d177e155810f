"""What a client agrees to, and takes back: recorded with the words that were shown, and obeyed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from intake import audit, signalling
from intake.errors import NoSuchWording
from intake.interview.agreeing import CURRENT, versions
from intake.interview.events import Consented, Withdrew
from intake.models import Consent
from intake.services.erasing import ask_for_erasures
from intake.services.steps import open_step

if TYPE_CHECKING:
    from uuid import UUID

    from intake.interview.events import ConsentKind
    from intake.models import Intake


@transaction.atomic
def give_consent(
    *,
    intake_id: UUID,
    kind: ConsentKind,
    granted: bool,
    channel: str = "web",
    place: str = "",
    wording: str | None = None,
) -> Intake:
    """Record a consent given or withdrawn.

    Withdrawing stops at once what it allowed: `service` ends the conversation, `transcription` the listening; what
    it leaves behind is deleted by a job that no crash loses. `wording`: the version that was shown; without it the
    newest. Raises NoIntake, StageClosed, NoSuchWording.
    """
    version = checked_wording(kind, wording)
    step = open_step(intake_id)
    had_agreed = kind in step.state.consents
    step.advance((Consented if granted else Withdrew)(kind=kind, **step.context))
    consent = consent_row(step.intake, kind, granted=granted, channel=channel, place=place, wording=version)
    consent.save(force_insert=True)
    action = "consent.given" if granted else "consent.withdrawn"
    data = {"kind": kind, "wording": version, **({"place": place} if place else {})}
    step.close(action=action, actor=audit.CLIENT, data=data)
    if had_agreed and not granted:
        ask_for_erasures(step.intake, consent)
    signalling.consents_changed(step.intake.id)
    return step.intake


def consent_row(
    intake: Intake, kind: str, *, granted: bool, channel: str, place: str, wording: str = CURRENT
) -> Consent:
    """The row, not saved yet."""
    return Consent(
        intake=intake, kind=kind, granted=granted, wording_version=wording, locale=intake.locale,
        channel=channel, place=place,
    )  # fmt: skip


def checked_wording(kind: str, version: str | None) -> str:
    """The version that was shown. Raises NoSuchWording."""
    if version is None:
        return CURRENT
    known = versions().get(version)
    if known is None or kind not in known.consents:
        raise NoSuchWording
    return version
