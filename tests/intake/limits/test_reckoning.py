"""When a limitation period may end: careful in one direction, and never blank."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.limits.reckoning import NOT_CHECKED, SHORTER, Period, Status, covers, end_of, reckon

TODAY = date(2026, 6, 15)
ROW = Period("1", "TX", "TO-00-00-00-00", "Personal injury", 2, "years", "Tex. 16.003", "injury_date")


def status(rows: list[Period] | None = None, **more: Any) -> Status:
    given = {"state": "TX", "area": "TO-01-00-00-00", "answers": {"injury_date": ["2024-07-01/2024-07-31"]}, **more}
    return reckon([ROW] if rows is None else rows, today=TODAY, **given)


def test_of_an_interval_the_earliest_end_counts() -> None:
    (flag,) = status().flags
    assert flag.begins == date(2024, 7, 1)
    assert flag.ends == date(2026, 7, 1)
    assert flag.nearness == "near"
    assert status().lines[-1] == SHORTER
    assert "government" in SHORTER
    assert "Possible, verify" in status().lines[0]


def test_of_what_was_said_twice_the_earlier_counts() -> None:
    said = {"injury_date": ["2025-01-01/2025-01-01", "2024-05-05"]}
    assert status(answers=said).flags[0].ends == date(2026, 5, 5)
    assert status(answers=said).flags[0].nearness == "passed"


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"area": ""}, "area"),
        ({"state": ""}, "state"),
        ({"rows": []}, "row"),
        ({"state": "CA"}, "row"),
        ({"area": "FA-00-00-00-00"}, "row"),
        ({"answers": {}}, "date"),
        ({"answers": {"injury_date": [None]}}, "date"),
        ({"answers": {"injury_date": ["last year"]}}, "date"),
        ({"answers": {"court_date": ["2026-07-01"]}}, "date"),
    ],
)
def test_what_cannot_be_reckoned_is_not_checked_with_the_reason(more: dict[str, Any], missing: str) -> None:
    found = status(**more)
    assert found.missing == missing
    assert found.flags == ()
    assert found.lines == (NOT_CHECKED[missing],)
    assert found.lines[0].startswith("not checked")


def test_a_row_without_a_date_is_told_beside_one_with() -> None:
    other = Period("2", "TX", "TO-00-00-00-00", "Wrongful death", 2, "years", "Tex. 16.003(b)", "death_date")
    lines = status([ROW, other]).lines
    assert len(lines) == 3
    assert lines[1].startswith("not checked: Wrongful death")


def test_a_row_without_a_start_takes_what_happened_before_a_mere_beginning() -> None:
    row = Period("3", "TX", "WO-00-00-00-00", "Wages", 6, "months", "x")
    found = status([row], area="WO-02-00-00-00", answers={"start_date": ["2019-01-01"], "last_day": ["2026-03-31"]})
    assert found.flags[0].ends == date(2026, 9, 30)
    only = status([row], area="WO-02-00-00-00", answers={"start_date": ["2026-01-01"]})
    assert only.flags[0].key == "start_date"


def test_several_rows_are_each_told_the_earliest_end_first() -> None:
    short = Period("4", "TX", "TO-01-00-00-00", "Notice to a city", 180, "days", "x", "injury_date")
    assert [flag.period.id for flag in status([ROW, short]).flags] == ["4", "1"]


@pytest.mark.parametrize(
    ("begins", "amount", "unit", "ends"),
    [
        (date(2024, 2, 29), 1, "years", date(2025, 2, 28)),
        (date(2024, 8, 31), 6, "months", date(2025, 2, 28)),
        (date(2024, 12, 31), 1, "months", date(2025, 1, 31)),
        (date(2024, 1, 1), 365, "days", date(2024, 12, 31)),
    ],
)
def test_the_last_day(begins: date, amount: int, unit: Any, ends: date) -> None:
    assert end_of(begins, amount, unit) == ends


def test_a_top_code_counts_for_all_beneath_it_and_no_other() -> None:
    assert covers("TO-00-00-00-00", "TO-04-01-00-00")
    assert covers("TO-01-00-00-00", "TO-01-00-00-00")
    assert not covers("TO-01-00-00-00", "TO-00-00-00-00")
    assert not covers("TO-00-00-00-00", "TR-01-00-00-00")


@given(st.dates(), st.integers(1, 30), st.dates(), st.sampled_from(["days", "months", "years"]))
def test_any_date_gives_a_status_that_says_something(day: date, amount: int, today: date, unit: Any) -> None:
    row = Period("5", "TX", "TO-00-00-00-00", "c", amount, unit, "x", "injury_date")
    found = reckon([row], state="TX", area="TO-00-00-00-00", answers={"injury_date": [day.isoformat()]}, today=today)
    assert found.lines
    assert all(found.lines)
    assert bool(found.flags) != bool(found.missing)
