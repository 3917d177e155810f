"""The conversation, through its services."""

from __future__ import annotations

from uuid import uuid4

from intake import selectors, services
from intake.models import Intake, Turn


def start(**consents: bool) -> Intake:
    intake, _secret = services.start_intake(consents={"service": True, "keep_audio": False, **consents})
    return intake


def say(intake: Intake, text: str, **more: object) -> services.TurnResult:
    return services.add_turn(intake_id=intake.id, text=text, modality="typed", client_ref=uuid4(), **more)  # type: ignore[arg-type]


def stage(intake: Intake) -> str:
    return Intake.objects.get(pk=intake.pk).stage


def test_the_whole_conversation_ends_with_a_reference() -> None:
    intake = start()
    assert stage(intake) == "name"
    first = say(intake, "My name is Maria Silva")
    assert [turn.role for turn in first.turns] == ["client", "assistant"]
    assert first.snapshot_changed
    say(intake, "Globex Corp.")
    assert stage(intake) == "story"
    say(intake, "They kept my deposit.")
    say(intake, "They never answered.")
    services.finish_story(intake_id=intake.id)
    review = selectors.snapshot(intake.id)["review"]
    assert review["name"] == "Maria Silva"
    assert review["other_side"] == "Globex Corp"
    assert [part["text"] for part in review["story"]] == ["They kept my deposit.", "They never answered."]
    sent = services.send_intake(intake_id=intake.id)
    assert sent.reference
    assert stage(intake) == "sent"
    numbers = list(Turn.objects.filter(intake=intake).values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
