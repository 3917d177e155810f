"""A firm with a language model on a server of ours, and a conversation whose client agreed to it."""

from __future__ import annotations

from typing import Any, cast

from prometheus_client import REGISTRY

from intake import services
from intake.assistant import asking, firm
from intake.models import AssistantSettings, Intake, Turn
from tests.intake.talk import begin
from tests.support.model_server import ModelServer

KEY = "sk-very-secret-1234567890"
STORY = "Globex kept my whole deposit after I moved out of the old flat."
MORE = "I wrote three letters to them and nobody answered any of those."


def switch_on(server: ModelServer, **fields: Any) -> AssistantSettings:
    row = AssistantSettings(**{
        "enabled": True, "base_url": server.url, "weights": [["small", 1.0]], "key": KEY, "timeout_ms": 2_000,
        "no_train_note": "Ours.", "proposes": False, **fields,
    })  # fmt: skip
    row.save(force_insert=True)
    firm.forget()
    asking.forget()
    return row


def agree(intake: Intake, *, granted: bool = True) -> None:
    services.give_consent(intake_id=intake.id, kind=cast("Any", "ai_processing"), granted=granted)


def at_story(name: str = "Maria Silva", other: str = "Globex", *, agreed: bool = True) -> Intake:
    intake = begin(name, other)
    if agreed:
        agree(intake)
    return intake


def last_reply(intake: Intake) -> str:
    turn = Turn.objects.filter(intake=intake, role="assistant").latest("number")
    return turn.text or ""


def counted(task: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("legal_intake_assistant_calls_total", {"task": task, "outcome": outcome}) or 0.0
