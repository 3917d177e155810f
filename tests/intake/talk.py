"""Short ways to hold a conversation through the services."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from intake import services
from intake.models import Intake


def start(*, keep_audio: bool = False) -> Intake:
    intake, _secret = services.start_intake(consents={"service": True, "keep_audio": keep_audio})
    return intake


def say(intake: Intake, text: str, **more: Any) -> services.TurnResult:
    given = {"modality": "typed", "client_ref": uuid4(), **more}
    return services.add_turn(intake_id=intake.id, text=text, **given)


def begin(name: str, other_side: str, *story: str) -> Intake:
    intake = start()
    for text in (name, other_side, *story):
        say(intake, text)
    intake.refresh_from_db()
    return intake


def stage(intake: Intake) -> str:
    return Intake.objects.get(pk=intake.pk).stage
