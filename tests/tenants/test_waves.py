"""Waves: everybody gets the next release, whoever fails is quarantined and named, a second run resumes."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from tenants import fingerprints, migrating, waves
from tenants.context import public_scope
from tenants.migration_lock import MigrationRunning, migration_lock
from tenants.models import DirectoryVersion, Firm, SchemaState
from tests.tenants.catalogue import describe
from tests.tenants.many import break_firm, execute, make_firms, mend_firm, release


def run(firms: list[Firm], **options: Any) -> waves.Report:
    return waves.run_waves(standings=waves.survey(firms), **options)


def states(firms: list[Firm]) -> dict[str, str]:
    with public_scope():
        return {
            state.firm.name: state.state for state in SchemaState.objects.select_related("firm").filter(firm__in=firms)
        }


@pytest.mark.slow
def test_sixty_firms_one_fails_the_rest_are_done_and_a_second_run_resumes() -> None:
    firms = make_firms(60)
    broken = firms[31]
    break_firm(broken)
    lines: list[str] = []
    with release("sql"):
        report = run(firms, say=lines.append)
        assert len(report.migrated) == 59
        assert [firm.name for firm, _ in report.failed] == ["Firm 31"]
        assert 'column "note" of relation "django_session" already exists' in report.failed[0][1]
        assert [line for line in lines if line.startswith("FAILED Firm 31")]
        expected = fingerprints.fingerprint(fingerprints.expected_in_firm())
        behind = {s for s, v in fingerprints.read_fingerprints([f.schema_name for f in firms]).items() if v != expected}
        assert behind == {broken.schema_name}
        assert states(firms)["Firm 31"] == "quarantined"
        assert set(states(firms).values()) == {"ok", "quarantined"}
        # What it had is as it was: its transaction was rolled back.
        assert execute(
            broken.schema_name, "SELECT count(*) FROM {s}.django_migrations WHERE name = '0002_additive'"
        ) == [(0,)]

        left_alone = run(firms)
        assert (left_alone.current, left_alone.migrated) == (59, [])
        assert [firm.name for firm, _ in left_alone.quarantined] == ["Firm 31"]

        mend_firm(broken)
        again = run(firms, retry=True)
        assert [firm.name for firm in again.migrated] == ["Firm 31"]
        assert set(states(firms).values()) == {"ok"}


def test_a_run_that_was_cut_off_goes_on_where_it_was() -> None:
    firms = make_firms(6)
    done: list[str] = []

    def cut(line: str) -> None:
        done.append(line)
        if len(done) == 3:
            raise KeyboardInterrupt

    with release("sql"):
        with pytest.raises(KeyboardInterrupt):
            run(firms, say=cut)
        report = run(firms)
    assert (report.current, len(report.migrated)) == (3, 3)


def test_replayed_firms_equal_migrated_ones() -> None:
    firms = make_firms(3)
    lines: list[str] = []
    with release("sql"):
        run(firms, say=lines.append)
    assert ["applied" in lines[0], "replayed" in lines[1], "replayed" in lines[2]] == [True, True, True]
    assert describe(firms[1].schema_name) == describe(firms[0].schema_name) == describe(firms[2].schema_name)
    assert "mark_once" in repr(describe(firms[2].schema_name)["constraints"])


def test_firms_that_differ_each_get_their_own_plan() -> None:
    firms = make_firms(4)
    with release("sql"):
        run(firms[2:])
    lines: list[str] = []
    with release("python"):
        report = run(firms, say=lines.append)
    assert len(report.migrated) == 4
    assert all("applied" in line for line in lines)  # Python in the plan: nothing is replayed
    for firm in firms:
        assert execute(firm.schema_name, "SELECT label, weight FROM {s}.sessions_mark") == [(firm.schema_name, 1)]


def test_callable_defaults_are_asked_anew_in_each_firm() -> None:
    from django.db import migrations, models

    from tenants.ids import new_id

    assert not migrating._pure_sql(migrations.AddField("session", "key", models.UUIDField(default=new_id)))
    assert migrating._pure_sql(migrations.AddField("session", "n", models.IntegerField(default=3)))
    assert not migrating._pure_sql(migrations.RunPython(migrations.RunPython.noop))
    inner = migrations.SeparateDatabaseAndState([migrations.RunPython(migrations.RunPython.noop)])
    assert not migrating._pure_sql(inner)


def test_too_many_failures_stop_the_run() -> None:
    firms = make_firms(8)
    for firm in firms[:6]:
        break_firm(firm)
    with release("sql"), pytest.raises(waves.TooManyFailures) as caught:
        run(firms, max_failures=2)
    report = caught.value.args[1]
    assert (len(report.failed), report.migrated) == (3, [])


def test_a_failed_canary_stops_before_anybody_else() -> None:
    firms = make_firms(4)
    with public_scope():
        SchemaState.objects.filter(firm=firms[3]).update(wave=0)
    break_firm(firms[3])
    with release("sql"):
        for _ in range(2):  # while it is quarantined, it still stands in the way
            with pytest.raises(waves.CanaryFailed, match="Firm 03"):
                run(firms)
        assert states(firms)["Firm 00"] == "behind"
        assert len(run(firms, wave=1).migrated) == 3  # an operator may go past it, by name


def test_waves_go_in_order_and_one_alone_can_be_run() -> None:
    firms = make_firms(4)
    with public_scope():
        SchemaState.objects.filter(firm=firms[0]).update(wave=2)
        SchemaState.objects.filter(firm=firms[2]).update(wave=0)
    with release("sql"):
        assert [firm.name for firm in run(firms, wave=0).migrated] == ["Firm 02"]
        assert [firm.name for firm in run(firms).migrated] == ["Firm 01", "Firm 03", "Firm 00"]


def test_a_lock_that_passes_is_waited_for_and_one_that_stays_quarantines(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[int] = []

    def busy(**_: Any) -> list[str]:
        attempts.append(1)
        error = OperationalError("canceling statement due to lock timeout")
        error.__cause__ = psycopg.errors.LockNotAvailable("lock timeout")
        raise error

    naps: list[float] = []
    monkeypatch.setattr("tenants.waves.time.sleep", naps.append)
    real = migrating.migrate_schema
    firms = make_firms(1)
    with release("sql"):
        monkeypatch.setattr(migrating, "migrate_schema", busy)
        assert "55P03" in run(firms).failed[0][1]
        assert len(attempts) == waves.ATTEMPTS
        assert naps == sorted(naps)

        monkeypatch.setattr(migrating, "migrate_schema", lambda **o: busy(**o) if len(attempts) < 7 else real(**o))
        assert len(run(firms, retry=True).migrated) == 1


@pytest.mark.slow
def test_a_real_lock_is_given_up_in_time(live_firms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction of the firm holds its table: our ALTER waits 0.1 s, not for ever."""
    monkeypatch.setattr(waves, "LOCK_TIMEOUT_MS", 100)
    monkeypatch.setattr(waves, "ATTEMPTS", 2)
    with public_scope():
        firms = list(Firm.objects.filter(pk__in=[ref.id for ref in live_firms]).order_by("name"))
        params = connection.get_connection_params()
    own = {key: params[key] for key in ("host", "port", "user", "password", "dbname")}
    with release("sql"), psycopg.connect(**own) as blocker:
        blocker.execute(f"LOCK TABLE {firms[0].schema_name}.django_session IN ACCESS SHARE MODE")
        report = run(firms)
        assert [firm.name for firm, _ in report.failed] == ["Live One"]
        assert [firm.name for firm in report.migrated] == ["Live Two"]
        blocker.rollback()
        assert [firm.name for firm in run(firms, retry=True).migrated] == ["Live One"]


def test_an_error_is_told_without_what_a_row_held() -> None:
    firms = make_firms(1)
    execute(firms[0].schema_name, "CREATE TABLE {s}.sessions_mark (secret text)")
    with release("sql"):
        (_, reason) = run(firms).failed[0]
    assert reason == 'ProgrammingError 42P07: relation "sessions_mark" already exists'


def test_looking_writes_nothing_when_nothing_changed_and_costs_the_same_for_any_number() -> None:
    firms = make_firms(8)
    with public_scope():
        version = DirectoryVersion.objects.get().version
    with CaptureQueriesContext(connection) as few:
        waves.survey(firms[:2])
    with CaptureQueriesContext(connection) as many:
        waves.survey(firms)
    assert len(many) == len(few)
    assert not [q for q in many.captured_queries if q["sql"].lstrip().startswith(("INSERT", "UPDATE"))]
    with public_scope():
        assert DirectoryVersion.objects.get().version == version


def test_a_schema_ahead_is_known_as_such_and_left_alone() -> None:
    (firm,) = make_firms(1)
    execute(
        firm.schema_name, "INSERT INTO {s}.django_migrations (app, name, applied) VALUES ('intake', '9999_x', now())"
    )
    report = run([firm])
    assert (report.current, report.migrated) == (1, [])
    assert states([firm]) == {"Firm 00": "ahead"}


def test_one_run_at_a_time() -> None:
    said: list[str] = []
    entered = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with migration_lock(wait=0, say=said.append):
            entered.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(10)
    try:
        with pytest.raises(MigrationRunning), migration_lock(wait=0, say=said.append):
            pass
    finally:
        leave.set()
        holder.join()
    with migration_lock(wait=5, say=said.append):
        pass
