"""One leader runs the periodic work; a failure of one task is not the end of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.utils.module_loading import autodiscover_modules

from legal_intake.scheduler import RUNS, Scheduler
from tenants import periodic
from tenants.periodic import PeriodicTask
from tenants.plain_connection import parameters


@pytest.fixture
def make() -> Iterator[object]:
    made: list[Scheduler] = []
    where = parameters()

    def scheduler(*tasks: PeriodicTask) -> Scheduler:
        made.append(Scheduler(tasks, where))
        return made[-1]

    yield scheduler
    for each in made:
        each.close()


def step_until(scheduler: Scheduler, condition: object, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(min(0.05, scheduler.step()))


def test_one_leads_and_another_takes_over(make) -> None:  # type: ignore[no-untyped-def]
    first, second = make(), make()
    first.step()
    second.step()
    assert (first.leads, second.leads) == (True, False)
    first.close()
    second.step()
    assert second.leads


def test_a_region_away_from_home_has_a_leader_of_its_own_for_what_lies_there(make) -> None:  # type: ignore[no-untyped-def]
    home = make()
    away, second = Scheduler((), parameters(), "oceania"), Scheduler((), parameters(), "oceania")
    for each in (home, away, second):
        each.step()
    assert (home.leads, away.leads, second.leads) == (True, True, False)
    away.close()
    second.close()


def test_what_a_region_away_from_home_does_is_about_its_own_redis() -> None:
    autodiscover_modules("periodic")
    here = {task.name for task in periodic.registered("oceania")}
    assert here == {"voice-reaper", "queue-look"}
    assert here < {task.name for task in periodic.registered()}


def test_a_leader_that_lost_its_connection_lost_the_lead(make) -> None:  # type: ignore[no-untyped-def]
    leader = make()
    leader.step()
    with psycopg.connect(autocommit=True, **parameters()) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    leader.step()
    assert not leader.leads
    leader.step()
    assert leader.leads


def test_tasks_run_when_due_and_a_failure_is_counted(make) -> None:  # type: ignore[no-untyped-def]
    ran: list[float] = []

    def fail() -> None:
        raise RuntimeError("on purpose")

    before = RUNS.labels("fails", "failed")._value.get()
    scheduler = make(PeriodicTask("fails", 0.2, fail), PeriodicTask("works", 0.2, lambda: ran.append(time.monotonic())))
    step_until(scheduler, lambda: len(ran) >= 3)
    assert ran[2] - ran[0] >= 0.35
    assert RUNS.labels("fails", "failed")._value.get() >= before + 2


def test_a_slow_task_never_runs_twice_at_a_time_nor_holds_up_others(make) -> None:  # type: ignore[no-untyped-def]
    release, started, others = threading.Event(), [], []

    def slow() -> None:
        started.append(1)
        release.wait(10)

    scheduler = make(PeriodicTask("slow", 0.1, slow), PeriodicTask("other", 0.1, lambda: others.append(1)))
    step_until(scheduler, lambda: len(others) >= 4)
    assert len(started) == 1
    release.set()


def test_a_name_is_registered_once_and_no_busy_loop() -> None:
    with pytest.raises(ValueError, match="busy loop"):
        periodic.register("test-busy", 0.0, lambda: None)
    assert "test-busy" not in {task.name for task in periodic.registered()}
