# ruff: noqa: E501 - sentences are asked for as they are said
"""`deploy.sh backup`, `restore` and `drill`: what they ask, in which order, and that a backup which cannot be used leaves
all as it was. A fake `docker` answers; that backups really come back is proved with PostgreSQL in the backups' own tests.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.deploy_house import ENV, ROOT, House, Ran, deployed_house

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = deployed_house(tmp_path)
    made.change(volumes=["legal-intake_postgres"], answers=[
        {"match": "restore.sh needs", "text": key_id(made)},
        {"match": "restore.sh list", "text": "20261124T020000Z\n20261125T020000Z"},
        {"match": "restore.sh database", "text": "unpacking\ndatabase restored: 2 firms"},
        {"match": "restore.sh files", "text": "7 files restored"},
        {"match": "replay-deletions", "text": "1 firm deleted again"},
    ])  # fmt: skip
    return made


def key_id(house: House) -> str:
    program = ROOT / "deploy" / "backup" / "master-key-id.sh"
    return subprocess.check_output(
        ["bash", program, house.root / "deploy" / "secrets" / "master_key"], text=True
    ).strip()


def with_standby(house: House, primary: str) -> None:
    """The house with the profile `ha`, in which `primary` is written to."""
    house.env(f"{ENV}COMPOSE_PROFILES=ha\nPOSTGRES_PRIMARY={primary}\n")
    house.change(volumes=["legal-intake_postgres", "legal-intake_postgres-standby"])
    house.deployed()
    assert house.running("postgres-standby")


def as_it_was(house: House, *arguments: str) -> Ran:
    before, kept = house.state["containers"], house.kept()
    ran = house.run(*arguments)
    assert ran.status == 3, (ran.status, ran.err)
    assert sorted(c["id"] for c in house.state["containers"] if c["state"] == "running") == sorted(
        c["id"] for c in before
    )
    assert house.kept() == kept
    return ran


def test_backup_asks_the_running_service(house: House) -> None:
    ran = house.run("backup")
    assert ran.status == 0, ran.err
    assert any(call.endswith("exec --no-TTY backup backup.sh") for call in ran.calls)


def test_a_backup_that_fails_is_an_error(house: House) -> None:
    house.change(rules=[{"match": "exec .* backup.sh", "do": "fail", "text": "media: no space left [tool_failed]"}])
    ran = as_it_was(house, "backup")
    assert "media: no space left" in ran.err
    assert ran.errors[0].startswith("the backup was not made, or not all of it")


def test_restore_stops_restores_replays_and_starts(house: House) -> None:
    before = {c["id"] for c in house.state["containers"]}
    ran = house.run("restore", "--force", "--to", "2026-11-25T13:30:00Z")
    assert ran.status == 0, ran.err
    order = [next(i for i, call in enumerate(ran.calls) if re.search(p, call)) for p in (
        "restore.sh needs --to 2026-11-25T13:30:00Z", "^stop", "restore.sh database .*--force --to 2026-11-25T13:30:00Z",
        "restore.sh files --force --to 2026-11-25T13:30:00Z", "up .* postgres", "run .* migrate$", "replay-deletions", "^start")]  # fmt: skip
    assert order == sorted(order)
    database = next(call for call in ran.calls if "restore.sh database" in call)
    assert "--user 999:10001" in database
    assert f"--master-key-ids {key_id(house)}" in database
    assert {c["id"] for c in house.state["containers"] if c["state"] == "running"} >= before - {
        c["id"] for c in house.state["containers"] if c["service"] == "postgres"
    }
    assert re.search(r"restored: a gap of \d+ s", ran.out)
    assert not (house.root / "deploy" / "maintenance" / "on").exists()


@pytest.mark.parametrize(("primary", "standby"), [("postgres", "postgres-standby"), ("postgres-standby", "postgres")])
def test_after_a_restore_the_standby_begins_anew(house: House, primary: str, standby: str) -> None:
    with_standby(house, primary)
    ran = house.run("restore", "--force")
    assert ran.status == 0, ran.err
    database = next(call for call in ran.calls if "restore.sh database" in call)
    assert f"--volume legal-intake_{primary}:/var/lib/postgresql" in database
    order = [next(i for i, call in enumerate(ran.calls) if re.search(p, call)) for p in (
        "replay-deletions", "^start", "^rm --force", f"^volume rm legal-intake_{standby}$", f"up .* {standby}$")]  # fmt: skip
    assert order == sorted(order)
    assert f"{standby} made anew from what was restored" in ran.out


def test_a_standby_that_cannot_be_made_anew_is_said_and_takes_nothing_back(house: House) -> None:
    with_standby(house, "postgres")
    house.change(rules=[{"match": "^volume rm", "do": "fail", "text": "volume is in use"}])
    ran = house.run("restore", "--force")
    assert ran.status == 0, ran.err
    assert "postgres-standby was not made anew: volume is in use. By hand: docker compose rm -sf" in ran.err
    assert not [call for call in ran.calls if "not-restored" in call]


def test_restore_over_live_data_wants_force(house: House) -> None:
    ran = as_it_was(house, "restore")
    assert ran.errors[0].startswith(
        "there is a database here (volume legal-intake_postgres). With --force it is put aside"
    )
    assert not [call for call in ran.calls if "restore.sh" in call]


def test_restore_without_the_key_of_the_backups(house: House) -> None:
    (house.root / "deploy" / "secrets" / "backup_age_identity").unlink()
    ran = as_it_was(house, "restore", "--force")
    assert ran.errors[0].startswith("the key that opens backups is not at ")


def test_restore_without_its_master_key(house: House) -> None:
    house.change(answers=[{"match": "restore.sh needs", "text": "0123456789abcdef"}])
    ran = as_it_was(house, "restore", "--force")
    assert ran.errors[0].startswith(
        f"the backup needs master key 0123456789abcdef, and deploy/secrets/master_key is {key_id(house)}."
    )
    assert not [call for call in ran.calls if call.startswith("stop") or "database" in call]


@pytest.mark.parametrize("said", ["backup 20261125T020000Z has format 0; this release reads 1: restore with its own",
                                  "there is no backup 7: `restore.sh list` names them"])  # fmt: skip
def test_a_backup_that_cannot_be_used_is_refused_before_anything_stops(house: House, said: str) -> None:
    house.change(rules=[{"match": "restore.sh needs", "do": "fail", "text": said}])
    ran = as_it_was(house, "restore", "--force")
    assert ran.errors[0] == f"this backup cannot be used: {said}. Nothing was touched."
    assert not [call for call in ran.calls if call.startswith("stop")]


def test_a_broken_archive_brings_back_what_was_here(house: House) -> None:
    house.change(
        rules=[
            {"match": "restore.sh database", "do": "fail", "text": "the base backup cannot be unpacked: it is damaged"}
        ]
    )
    ran = as_it_was(house, "restore", "--force")
    assert ran.errors[0] == (
        "the backup cannot be restored: the base backup cannot be unpacked: it is damaged. What was here comes back."
    )
    assert not [call for call in ran.calls if "before-" in call], "the database had not changed places yet"


@pytest.mark.parametrize("match", ["restore.sh files", "run .* migrate$", "replay-deletions"])
def test_a_later_failure_puts_the_database_back(house: House, match: str) -> None:
    house.change(rules=[{"match": match, "do": "fail", "text": "no"}])
    ran = as_it_was(house, "restore", "--force")
    assert [call for call in ran.calls if "not-restored" in call]


@pytest.mark.parametrize("match", ["^stop", "restore.sh database", "restore.sh files", "replay-deletions"])
def test_ctrl_c_in_a_restore(house: House, match: str) -> None:
    house.change(rules=[{"match": match, "do": "interrupt"}])
    before, kept = house.state["containers"], house.kept()
    ran = house.run("restore", "--force")
    assert ran.status == 130
    assert "by SIGINT." in ran.err
    assert sorted(c["id"] for c in house.state["containers"] if c["state"] == "running") == sorted(
        c["id"] for c in before
    )
    assert house.kept() == kept


def test_list_and_drill(house: House) -> None:
    assert "20261124T020000Z\n20261125T020000Z" in house.run("restore", "list").out
    ran = house.run("drill")
    assert ran.status == 0, ran.err
    house.change(rules=[{"match": "drill.sh", "do": "fail", "text": "firm 3: 4 turns, the manifest says 5"}])
    ran = as_it_was(house, "drill")
    assert "firm 3: 4 turns" in ran.err
    assert ran.errors[-1].startswith("the drill failed: the last backup cannot be trusted.")


def test_the_lent_key_is_not_left_behind(house: House, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert house.run("drill", TMPDIR=str(scratch)).status == 0
    assert list(scratch.iterdir()) == []
