"""Urgency: plain rules, each point with its reason, and the day on which it changes."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from intake.limits.reckoning import Period, Status, reckon
from intake.playbooks.evaluating import red_flags, score
from intake.playbooks.reading import shipped
from intake.safety.loading import KINDS
from intake.urgency.judging import Urgency, bounds, judge, label_of, level_of

TODAY = date(2026, 6, 15)


def urgency(today: date = TODAY, limits: Status | None = None, seen: Any = (), **answers: Any) -> Urgency:
    book = shipped()["housing"]
    return judge(
        answers=answers,
        seen=seen,
        scored=score(book, answers).points,
        flags=red_flags(book, answers),
        limits=limits or Status(missing="row"),
        today=today,
    )


def test_nothing_said_is_the_usual_and_never_changes() -> None:
    found = urgency()
    assert (found.total, found.level, found.points, found.due) == (0, "usual", (), None)


def test_danger_is_at_once_and_says_of_what_kind() -> None:
    found = urgency(seen=("danger_now:self_harm:plan", "urgent:self_harm:ideas", "hard", "human", "custody"))
    assert found.level == "at_once"
    assert [point.reason for point in found.points] == ["Danger now was heard: self harm"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_is_heard_has_points(kind: str) -> None:
    assert urgency(seen=(f"urgent:{kind}:x",)).total > 0


@pytest.mark.parametrize(("days", "points"), [(0, 70), (2, 70), (3, 50), (7, 50), (8, 30), (30, 15), (31, 0)])
def test_a_court_day_counts_by_its_nearness(days: int, points: int) -> None:
    found = urgency(court_date=(TODAY + timedelta(days=days)).isoformat())
    assert sum(point.points for point in found.points) == points


def test_points_change_on_the_day_they_say_and_on_no_day_before() -> None:
    answers: Any = {"court_date": "2026-08-01", "notice_date": "2026-06-10"}
    today = TODAY
    for _ in range(60):
        now = urgency(today, **answers)
        if now.due is None:
            break
        day = today
        while day < now.due:
            assert urgency(day, **answers).total == now.total
            day += timedelta(days=1)
        today = now.due
    assert urgency(today, **answers).due is None


def test_a_time_limit_counts_once_and_its_worst() -> None:
    row = Period("1", "TX", "HO-00-00-00-00", "c", 1, "years", "x", "notice_date")
    limits = reckon([row], state="TX", area="HO-00-00-00-00", answers={"notice_date": ["2025-07-01"]}, today=TODAY)
    found = urgency(limits=limits)
    assert found.points[0].reason == "A time limit may end within 90 days (verify)"
    assert found.due == date(2026, 7, 2)


def test_points_and_reasons_of_the_playbook_are_taken_as_they_are() -> None:
    found = urgency(can_enter="no")
    reasons = {point.reason: point.points for point in found.points}
    assert reasons["Cannot get into the home"] == 50
    assert found.total == sum(reasons.values())


def test_levels_are_ranges_without_a_gap() -> None:
    found = bounds()
    assert found[-1][1] == 0
    for (_, first, _below), (lower, _, below) in pairwise(found):
        assert below == first
        assert level_of(first - 1) == lower
    assert {label_of(level) for level, _first, _below in found} == {"at once", "high", "raised", "usual"}


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31", "9999-12-31/9999-12-31", "nonsense", None, 3])
def test_no_date_is_too_far(value: Any) -> None:
    assert urgency(court_date=value, papers_date=value).total == 0
