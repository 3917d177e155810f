"""A stop does the work of a pass: the same statements in the same order, and nothing of it is left."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake import recording, selectors
from intake.conflicts.comparing import Name
from intake.conflicts.entries import new_entry
from intake.interviews import talk_of
from intake.models import ConflictEntry, ConflictRules, Fact, Intake
from tests.intake.talk import BASICS, choose, fresh, say, stage, start

#: Tells a date and a sum: facts of questions that come after the gate.
EARLY = (
    "I got a notice on May 3 2026 that I owe 1200 dollars in rent and my landlord wants me out of the apartment soon"
)
_NAME = re.compile(r'^(\w+)(?: TO)?(?: SAVEPOINT)?|(?:FROM|INTO|UPDATE) "(\w+)"')


def shape(sql: str) -> str:
    """What is done to which table; names of savepoints differ."""
    return " ".join(part for found in _NAME.findall(sql) for part in found if part)


def statements(intake: Intake) -> list[str]:
    """Those of the answer that the gate follows."""
    for _ in range(40):
        question = selectors.question_of(fresh(intake))
        assert question is not None
        answer = BASICS.get(question["key"], "=yes" if question["kind"] == "yes_no" else "=@skip")
        codes = [option["code"] for option in question["choices"]]
        wanted = answer.removeprefix("=")
        act: Any = choose if answer.startswith("=") else say
        with CaptureQueriesContext(connection) as captured:
            act(intake, "@list" if answer.startswith("=") and wanted not in codes and "@list" in codes else wanted)
        if stage(intake) not in {"topic", "basics"}:
            return [shape(one["sql"]) for one in captured]
    raise AssertionError("still asked")


def conversation(other: str) -> Intake:
    intake = start()
    say(intake, "Theodosia Quackenbush")
    say(intake, other)
    say(intake, EARLY)
    return intake


@pytest.mark.parametrize("why", ["conflict", "out of area"])
def test_a_stop_and_a_pass_ask_the_database_the_same(why: str) -> None:
    statements(conversation("Wilhelmina Oosterhuis"))  # fills what a process remembers
    passing = conversation("Rosalinde Achterberg")
    if why == "conflict":
        new_entry(Name("Zbigniew Szczepanik", "person"), ConflictEntry.Role.CLIENT).save(force_insert=True)
    else:
        ConflictRules.objects.create(states=["NM"])
    stopping = conversation("Zbigniew Szczepanik")
    passed, stopped = statements(passing), statements(stopping)
    assert (stage(passing), stage(stopping)) == (
        "story", "conflict_hold" if why == "conflict" else "person_decides",
    )  # fmt: skip
    told = set(Fact.objects.filter(intake=passing).values_list("key", flat=True))
    left = set(Fact.objects.filter(intake=stopping).values_list("key", flat=True))
    assert {"money", "date"} & set(
        Fact.objects.filter(intake=passing, key__in=told - left).values_list("kind", flat=True)
    ), "the words told more than the first questions asked"
    assert left < told
    assert recording.replay(stopping.id) == talk_of(fresh(stopping))
    assert _without_savepoints(passed) == _without_savepoints(stopped)
    assert len(stopped) - len(passed) == 1, "a savepoint that is rolled back is released by a statement of its own"


def _without_savepoints(found: list[str]) -> list[str]:
    return [one for one in found if not one.startswith(("SAVEPOINT", "ROLLBACK", "RELEASE"))]
