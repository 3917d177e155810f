"""Matters from a state that the firm takes none from: left to a person, and nothing shows that it is not a conflict."""

from __future__ import annotations

from typing import Any

import pytest

from intake import recording, selectors, services
from intake.conflicts.comparing import Name
from intake.conflicts.index import search
from intake.interviews import talk_of
from intake.models import AuditEvent, ConflictCheck, ConflictRules, Declination, Intake, InterviewEvent, Party, Turn
from intake.services.conflict_rules import current_rules
from tenants.context import firm_scope
from tests.intake.talk import answer_basics, begin, fresh, say, stage, start, to_review
from tests.intake.test_admin import account, page, staff

RULES = "/admin/intake/conflictrules/"
GOOD = {"alert_hours": "24", "institutions": ""}
EARLY = "my landlord globex kept all of my things after the marmalade incident and he has my dog too and the spare keys"


def take(*states: str) -> None:
    ConflictRules.objects.update_or_create(pk=1, defaults={"states": list(states)})


def outside(locale: str = "en", other: str = "Rosalinde Achterberg") -> Intake:
    """A client with a matter in Texas, who told too much at once."""
    intake = start(locale=locale)
    say(intake, "Theodosia Quackenbush")
    say(intake, other)
    say(intake, EARLY)
    answer_basics(intake)
    return fresh(intake)


@pytest.mark.parametrize("locale", ["en", "es"])
def test_a_state_that_the_firm_does_not_take_waits_for_a_person_and_looks_like_a_conflict(locale: str) -> None:
    begin("Globex", "Somebody")
    take("NM", "OK")
    conflict, area = outside(locale, "Globex"), outside(locale)
    assert (stage(conflict), stage(area)) == ("conflict_hold", "person_decides")
    seen = [selectors.snapshot(one.id) for one in (conflict, area)]
    for key in ("stage", "question", "can"):
        assert seen[0][key] == seen[1][key]
    assert seen[0]["turns"][-1]["text"] == seen[1]["turns"][-1]["text"]
    assert ConflictCheck.objects.get(intake=area).result == "clear", "the names are matched all the same"
    assert search(Name("Theodosia Quackenbush"), "other_side").hits, "and kept"
    assert recording.replay(area.id) == talk_of(area)


def test_staff_read_why_and_nothing_that_was_told_too_early_and_let_them_go_on() -> None:
    take("NM", "OK")
    intake = outside()
    client = staff("attorney")
    html = page(client, intake).content.decode()
    assert "Out of area: TX; the firm takes NM, OK" in html
    assert "marmalade" not in html
    user = account("attorney", email="eve@harbor.test")
    services.decide_person(intake_id=intake.id, decision="continue", reason="We know Texas.", user=user)
    assert stage(intake) == "story"
    to_review(intake)
    assert stage(intake) == "review", "once let through is enough"
    assert recording.replay(intake.id) == talk_of(fresh(intake))
    turn = Turn.objects.get(intake=intake, role="client", question="state")
    say(intake, "Nevada", supersedes=turn.number)
    assert stage(intake) == "person_decides", "another state is another question"


def test_a_decline_purges_and_keeps_the_names() -> None:
    take("NM")
    intake = outside()
    user = account("attorney", email="eve@harbor.test")
    services.decide_person(intake_id=intake.id, decision="decline", reason="Not ours.", user=user)
    assert (stage(intake), Declination.objects.get(intake=intake).status) == ("declined", "no_channel")
    assert Turn.objects.get(intake=intake, question="topic", role="client").text is None
    assert {one.name for one in Party.objects.filter(intake=intake)} == {
        "Theodosia Quackenbush",
        "Rosalinde Achterberg",
    }


@pytest.mark.parametrize(("states", "said"), [((), "Texas"), (("TX",), "Texas"), (("NM",), "=@unknown")])
def test_nobody_else_is_stopped(states: tuple[str, ...], said: str) -> None:
    """No rule, a state that is taken, and one that the client does not know."""
    take(*states)
    intake = start()
    say(intake, "Theodosia Quackenbush")
    say(intake, "Rosalinde Achterberg")
    answer_basics(intake, state=said)
    assert stage(intake) == "story"
    assert recording.replay(intake.id) == talk_of(fresh(intake))


def test_a_conflict_is_decided_first_and_the_area_after_it() -> None:
    begin("Globex", "Somebody")
    take("NM")
    intake = outside(other="Globex")
    user = account("attorney", email="eve@harbor.test")
    check = ConflictCheck.objects.get(intake=intake, result="hit")
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another.", user=user)
    assert stage(intake) == "person_decides"
    services.decide_person(intake_id=intake.id, decision="continue", reason="Fine.", user=user)
    assert stage(intake) == "story"


def test_what_was_recorded_before_there_was_a_rule_replays() -> None:
    intake = begin("Theodosia Quackenbush", "Rosalinde Achterberg")
    row = InterviewEvent.objects.get(intake=intake, kind="started")
    row.data = {key: value for key, value in row.data.items() if key != "states"}
    row.save(update_fields=["data_ct"])
    talk = talk_of(fresh(intake))
    assert talk is not None
    assert recording.replay(intake.id).as_json() == talk.as_json()
    assert "states" not in talk.as_json()


def test_administrators_set_the_states_and_others_read_them(other_firm: Any) -> None:
    client = staff("administrator")
    assert client.post(RULES, {**GOOD, "states": "tx, New Mexico; N.M."}).status_code == 302
    assert ConflictRules.objects.get().states == ["NM", "TX"]
    assert AuditEvent.objects.get(action="conflict_rules.changed").data["states"] == ["NM", "TX"]
    assert 'value="NM, TX"' in client.get(RULES).content.decode()
    answer = client.post(RULES, {**GOOD, "states": "Texas, Bavaria"})
    assert answer.status_code == 400
    assert "This is no state of the United States: Bavaria" in answer.content.decode()
    assert ConflictRules.objects.get().states == ["NM", "TX"]
    with firm_scope(other_firm):
        assert current_rules().states == [], "a rule is the firm's own"
    assert stage(begin("Theodosia Quackenbush", "Rosalinde Achterberg")) == "story", "Texas is taken"
