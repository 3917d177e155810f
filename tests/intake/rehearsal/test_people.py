"""Everybody who may be looked at goes through the whole interview; what they need to be understood must not go back."""

from __future__ import annotations

import pytest

from intake.rehearsal.holding import MOST_ACTS, Rehearsal, hold
from intake.rehearsal.personas import held_back, personas
from intake.rehearsal.scoring import scored, totals

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def everybody() -> list[Rehearsal]:
    return [hold(persona) for persona in personas().values()]


def test_everybody_is_understood_and_ends_where_they_should(everybody: list[Rehearsal]) -> None:
    found = totals(everybody)
    ended = {one.persona.key: one.stage for one in everybody if one.stage != one.persona.ends}
    assert not ended
    assert not [text for one in everybody for text in scored(one).forbidden]
    assert not {one.persona.key: one.asked_again for one in everybody if one.asked_again}
    assert found["facts_right"] >= 0.95, [(one.persona.key, wrong) for one in everybody for wrong in scored(one).wrong]
    assert found["danger_without_pause"] == 0
    assert not {one.persona.key: scored(one).made_up for one in everybody if scored(one).made_up}
    assert max(one.acts for one in everybody) < MOST_ACTS


def test_there_are_people_of_every_kind() -> None:
    seen = [*personas().values(), *held_back().values()]
    assert len(seen) >= 25
    assert len(held_back()) * 3 >= len(seen), "a third is held back"
    assert {"sent", "person_decides", "conflict_hold"} <= {one.ends for one in seen}
    assert {one.locale for one in personas().values()} == {"en", "es"} == {one.locale for one in held_back().values()}
