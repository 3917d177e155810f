"""Short ways to hold a conversation through the services."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from intake import selectors, services
from intake.interview.playbook import FIRST_FORM
from intake.models import Intake

#: What everybody here answers to the first questions, by their keys; a button begins with =.
BASICS: Final = {
    "topic": "=@list", "area": "=HO-00-00-00-00", "state": "Texas", "phone": "512 555 0147", "email": "=@skip",
    "has_lawyer": "=no", "is_adult": "=yes", "in_custody": "=no",
}  # fmt: skip


def start(*, keep_audio: bool = False, heard: bool = False, first_form: bool = False, **more: Any) -> Intake:
    playbook = FIRST_FORM.name if first_form else None
    consents: Any = {"service": True, "keep_audio": keep_audio, "transcription": heard}
    intake, _secret = services.start_intake(consents=consents, playbook=playbook, **more)
    return intake


def say(intake: Intake, text: str, **more: Any) -> services.TurnResult:
    given = {"modality": "typed", "client_ref": uuid4(), **more}
    return services.add_turn(intake_id=intake.id, text=text, **given)


def choose(intake: Intake, code: str, question: str | None = None) -> services.TurnResult:
    asked = question or str((selectors.question_of(fresh(intake)) or {}).get("key", ""))
    return services.choose(intake_id=intake.id, question=asked, code=code, client_ref=uuid4())


def fresh(intake: Intake) -> Intake:
    return Intake.objects.get(pk=intake.pk)


def answer_basics(intake: Intake, **answers: str) -> None:
    """Answer what comes between the names and the story."""
    given = {**BASICS, **answers}
    for _ in range(40):
        question = selectors.question_of(fresh(intake))
        if question is None or stage(intake) not in {"topic", "basics"}:
            return
        answer = given.get(question["key"], "=yes" if question["kind"] == "yes_no" else "=@skip")
        if answer == "=STOP":
            return
        if answer.startswith("="):
            codes = [option["code"] for option in question["choices"]]
            wanted = answer[1:]
            choose(intake, "@list" if wanted not in codes and "@list" in codes else wanted)
        else:
            say(intake, answer)
    raise AssertionError(f"still asked: {question}")


def begin(name: str, other_side: str, *story: str, first_form: bool = False, heard: bool = False) -> Intake:
    """As far as it goes: to the story and through it, or to where the conversation was stopped.

    `heard`: the client agrees to be heard, so what is spoken may become turns.
    """
    intake = start(first_form=first_form, heard=heard)
    say(intake, name)
    say(intake, other_side)
    if stage(intake) == "other_side":
        say(intake, other_side)  # their own name: it was asked whether that is meant
    answer_basics(intake)
    for text in story:
        say(intake, text)
    intake.refresh_from_db()
    return intake


def to_review(intake: Intake) -> Intake:
    """Done with the story, and with every question that is left."""
    services.finish_story(intake_id=intake.id)
    for _ in range(60):
        question = selectors.question_of(fresh(intake))
        if question is None:
            return fresh(intake)
        choose(intake, "@unknown")
    raise AssertionError(f"still asked: {question}")


def stage(intake: Intake) -> str:
    return Intake.objects.get(pk=intake.pk).stage
