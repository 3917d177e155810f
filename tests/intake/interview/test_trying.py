"""A trial says what the services would say, and is the same each time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from intake.interview.stages import Stage
from intake.interview.trying import MOST_INPUTS, Input, Trial, first_steps, try_out
from intake.models import Turn
from intake.playbooks.reading import shipped
from tests.intake.talk import choose, say, start

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def tried(key: str, *more: Input, locale: str = "en", hit: bool = False) -> Trial:
    inputs = [*first_steps(shipped()[key], locale), *more]
    return try_out(shipped()[key], shipped()["general"], inputs, locale=locale, at=AT, hit=hit)


@pytest.mark.parametrize("locale", ["en", "es"])
def test_it_says_what_a_client_would_be_told(locale: str) -> None:
    more = [Input("say", "Texas"), Input("choose", "no"), Input("say", "si" if locale == "es" else "yes I am 40")]
    trial = tried("housing", *more, locale=locale)
    intake = start(locale=locale)
    for given in (*first_steps(shipped()["housing"], locale), *more):
        if given.act == "say":
            say(intake, given.value)
        else:
            choose(intake, given.value)
    told = [turn.text for turn in Turn.objects.filter(intake=intake, role="assistant").order_by("number")]
    assert [line.text for line in trial.lines if line.who == "assistant"] == told


@pytest.mark.parametrize("key", sorted(shipped()))
@pytest.mark.parametrize("locale", ["en", "es"])
def test_each_playbook_can_be_tried_to_the_review(key: str, locale: str) -> None:
    inputs = list(first_steps(shipped()[key], locale))
    opening = shipped()["general"]
    for _ in range(80):
        trial = try_out(shipped()[key], opening, inputs, locale=locale, at=AT)
        if trial.talk.stage is Stage.REVIEW:
            break
        if trial.can.done:
            inputs.append(Input("done"))
        elif trial.talk.stage is Stage.STORY:
            inputs.append(Input("say", "They will not answer me." if locale == "en" else "No me contestan."))
        else:
            codes = {option.code for option in trial.options}
            wanted = {"has_lawyer": "no", "in_custody": "no", "is_adult": "yes"}.get(trial.talk.asking, "@unknown")
            inputs.append(Input("choose", wanted if wanted in codes else "@skip"))
    assert trial.talk.stage is Stage.REVIEW
    assert trial.current.key == key
    assert try_out(shipped()[key], opening, inputs, locale=locale, at=AT).talk == trial.talk


def test_a_hit_stops_it_and_an_area_of_another_playbook_is_noted() -> None:
    general = first_steps(shipped()["general"], "en")
    assert general[-1] == Input("choose", "@none")
    steps = [*first_steps(shipped()["housing"], "en")[:-1], Input("choose", "FA-00-00-00-00")]
    trial = try_out(shipped()["housing"], shipped()["general"], steps, locale="en", at=AT)
    assert "not among this playbook's areas" in next(line.text for line in trial.lines if line.who == "note")
    assert trial.talk.playbook == "housing@1"


def test_what_is_not_possible_is_noted_and_changes_nothing() -> None:
    before = tried("housing")
    after = tried("housing", Input("choose", "nonsense"), Input("done"))
    assert after.talk == before.talk
    assert [line.text for line in after.lines[-2:]] == ["This is not possible at this point."] * 2


def test_a_trial_is_bounded() -> None:
    trial = tried("housing", *[Input("say", "what? " * 2000)] * (2 * MOST_INPUTS))
    said = [line for line in trial.lines if line.who == "client"]
    assert len(said) <= MOST_INPUTS
    assert max(len(line.text) for line in said) <= 2000
