"""The whole backup on a real PostgreSQL: made while it is written to, restored to a moment, compared, refused."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tenants import keys
from tests.deploy.backup_house import House
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed"),
    pytest.mark.skipif(shutil.which("zstd") is None, reason="zstd is not installed"),
]
INTAKE = (
    "INSERT INTO {}.intake_intake "
    "(id, secret_hash, stage, playbook, state, locale, last_turn, created_at, updated_at) "
    "VALUES (gen_random_uuid(), %s, 'notice', %s, '{{}}', 'en', 0, now(), now())"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two firms, the service running, one backup of everything made while rows were written."""
    house = House(tmp_path_factory.mktemp("backup") / "house")
    house.start_service()
    try:
        house.manage("firms", "migrate")
        for name in ("One", "Two"):
            house.manage("firm", "create", name, f"{name.lower()}.localhost", "--admin", "ann@one.example")
            house.give(f"media/firms/{house.schema_of(name)}/a.flac", name * 1000)
        with house.scheduler(), Writing(house):
            done = house.tool("backup")
            assert done.stdout.split("\n")[:3] == ["media: done", "export: done", "base: done"]
        yield house
    finally:
        house.stop()


class Writing:
    """Rows into firm One, all the time."""

    def __init__(self, house: House) -> None:
        self._house, self._stop = house, threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.count = 0

    def _write(self) -> None:
        statement = INTAKE.format(self._house.schema_of("One")).encode()
        with psycopg.connect(self._house.server.url, autocommit=True) as connection:
            while not self._stop.wait(0.01):
                connection.execute(statement, [f"w{self.count}".encode(), "written"])
                self.count += 1

    def __enter__(self) -> Writing:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        assert self.count > 10


def master_key_id(house: House) -> str:
    return keys.master_key_id(base64.b64decode(house.master_key))


def add(house: House, firm: str, mark: str) -> None:
    house.sql(INTAKE.format(house.schema_of(firm)), mark.encode(), mark)


def count(house: House, firm: str, mark: str, server: Any) -> int:
    schema = house.schema_of(firm)
    return int(house.sql(f"SELECT count(*) FROM {schema}.intake_intake WHERE playbook = %s", mark, server=server)[0][0])


def restore(house: House, name: str, *words: str, check: bool = True) -> Any:
    """Into `<name>/cluster`, with the master key at hand."""
    house.give(f"{name}/.keep", "").unlink()
    place = str(house.folder / name / "cluster")
    done = house.tool("database", "--pgdata", place, "--master-key-ids", master_key_id(house), *words, check=check)
    # The service goes on with the old server, which was not replaced.
    (house.folder / "state" / "restored").unlink(missing_ok=not check)
    return done


def shipped(house: House) -> None:
    """Everything written until now is in the target."""
    segment = house.sql("SELECT pg_walfile_name(pg_current_wal_lsn()), pg_switch_wal()")[0][0]
    wait_for(
        (house.folder / "target" / "wal" / f"{segment}.zst.age").exists, log=house.folder / "state" / "service.log"
    )


def test_a_drill_finds_exactly_what_the_manifest_counted(house: House) -> None:
    report = json.loads(house.tool("drill").stdout)
    assert report["firms"] == 2
    assert report["files"] == 2
    assert report["archives"] == 2
    assert report["rows"] > 50
    assert report["master_key_ids"] == [master_key_id(house)]
    assert not list((house.folder / "state").glob("drill-*")), "the drill left its folder"
    metrics = house.metrics()
    for kind in ("base", "wal", "media", "export", "drill"):
        assert f'legal_intake_backup_last_success_timestamp_seconds{{kind="{kind}"}}' in metrics, kind


def test_the_master_key_is_nowhere_in_a_backup_and_nothing_lies_open(house: House) -> None:
    stored = b"".join(path.read_bytes() for path in (house.folder / "target").rglob("*") if path.is_file())
    opened = house.everything_opened()
    raw = base64.b64decode(house.master_key)
    assert len(opened) > 1_000_000
    for secret in (raw, house.master_key.encode(), raw.hex().encode()):
        assert secret not in stored
        assert secret not in opened
    assert b"one.localhost" in opened
    assert b"one.localhost" not in stored
    assert all(path.suffix == ".age" for path in (house.folder / "target").rglob("*") if path.is_file())


def test_back_to_a_moment_and_what_was_deleted_since_is_deleted_again(house: House) -> None:
    add(house, "One", "before")
    schema = house.schema_of("One")
    house.manage("firm", "create", "Gone", "gone.localhost", "--admin", "ann@one.example")
    time.sleep(0.2)
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.2)
    house.manage("firm", "delete", "Gone", "--yes-delete", "Gone")
    house.sql(f"DROP TABLE {schema}.audio_recording CASCADE")  # the damage
    add(house, "One", "after")
    shipped(house)

    restore(house, "moment", "--to", moment)
    server = house.restored_server("moment")
    try:
        assert count(house, "One", "before", server) == 1
        assert count(house, "One", "after", server) == 0
        assert house.sql(f"SELECT count(*) FROM {schema}.audio_recording", server=server) == [(0,)]
        assert names(house, server) == ["Gone", "One", "Two"]
        said = house.manage("firms", "replay-deletions", server=server)
        assert "schema" in said
        assert names(house, server) == ["One", "Two"]
        assert "Nothing to do" in house.manage("firms", "replay-deletions", server=server)
    finally:
        server.stop()


def names(house: House, server: Any) -> list[str]:
    return [name for (name,) in house.sql("SELECT name FROM public.tenants_firm ORDER BY name", server=server)]


def test_the_last_minute_is_there_though_its_segment_is_not_full(house: House) -> None:
    add(house, "Two", "the last minute")
    time.sleep(5)  # BACKUP_PARTIAL_SECONDS is 1
    restore(house, "partial")
    server = house.restored_server("partial")
    try:
        assert count(house, "Two", "the last minute", server) == 1
    finally:
        server.stop()


def test_a_service_that_was_killed_loses_nothing(house: House) -> None:
    house.service.kill()
    house.service.wait()
    add(house, "Two", "while it was away")
    house.start_service()
    shipped(house)
    restore(house, "killed")
    server = house.restored_server("killed")
    try:
        assert count(house, "Two", "while it was away", server) == 1
    finally:
        server.stop()


def test_a_restore_is_refused_over_a_database_and_put_in_its_place_with_force(house: House) -> None:
    place = house.give("over/cluster/PG_VERSION", "18\n").parent
    done = restore(house, "over", check=False)
    assert done.returncode == 1
    assert "[would_overwrite]" in done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["PG_VERSION"]
    restore(house, "over", "--force")
    assert (place / "base").is_dir()
    (aside,) = place.parent.glob("cluster.before-*")
    assert [path.name for path in aside.iterdir()] == ["PG_VERSION"]


def test_a_restore_onto_a_running_server_is_refused_even_with_force(house: House) -> None:
    place = str(house.folder / "postgres" / "cluster")
    done = house.tool("database", "--pgdata", place, "--force", "--master-key-ids", master_key_id(house), check=False)
    assert "a PostgreSQL server runs" in done.stderr
    house.give("elsewhere/cluster/postmaster.pid", "1\n")  # of another container, as far as we can see
    place = str(house.folder / "elsewhere" / "cluster")
    done = house.tool("database", "--pgdata", place, "--force", "--master-key-ids", master_key_id(house), check=False)
    assert "a PostgreSQL server runs" in done.stderr


def test_a_restore_without_its_master_key_or_identity_is_refused(house: House) -> None:
    place = str(house.folder / "nokey" / "cluster")
    done = house.tool("database", "--pgdata", place, check=False)
    assert f"needs master key {master_key_id(house)}" in done.stderr
    assert house.tool("needs").stdout.split() == [master_key_id(house)]
    done = house.tool("list", BACKUP_AGE_IDENTITY_FILE="/nowhere")
    assert len(done.stdout.split()) == 1
    done = house.tool("drill", check=False, BACKUP_AGE_IDENTITY_FILE="/nowhere")
    assert "age identity" in done.stderr


def test_a_gap_in_the_wal_is_no_end(house: House) -> None:
    copy = house.folder / "target-gap"
    shutil.copytree(house.folder / "target", copy)
    for number in range(2):
        add(house, "Two", f"segment {number}")
        shipped(house)
    shutil.rmtree(copy)
    shutil.copytree(house.folder / "target", copy)
    segments = sorted(path for path in (copy / "wal").glob("*.zst.age") if ".partial" not in path.name)
    segments[-2].unlink()
    own(house, copy)
    done = restore_from(house, copy, "latest")
    assert "WAL segments after the base backup are missing" in done.stderr
    shutil.rmtree(copy)


def own(house: House, folder: Path) -> None:
    if house.account is not None:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, house.account.pw_uid, house.account.pw_gid)


def restore_from(house: House, target: Path, to: str) -> Any:
    """A restore that is refused, and leaves nothing."""
    house.give("damaged/.keep", "").unlink()
    place = house.folder / "damaged" / "cluster"
    done = house.tool(
        "database", "--pgdata", str(place), "--to", to, "--master-key-ids", master_key_id(house),
        check=False, BACKUP_TARGET=str(target),
    )  # fmt: skip
    assert done.returncode == 1
    assert "[backup_not_usable]" in done.stderr
    assert not list(place.parent.iterdir())
    return done


@pytest.mark.parametrize("damage", ["cut", "flip", "wal", "a segment", "manifest", "newer", "gone"])
def test_a_damaged_backup_is_refused_and_nothing_is_left(house: House, damage: str) -> None:
    copy = house.folder / "target-damaged"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(house.folder / "target", copy)
    spoil(copy, damage)
    own(house, copy)
    restore_from(house, copy, "latest" if damage == "wal" else "manifest")
    shutil.rmtree(copy)


def spoil(target: Path, damage: str) -> None:
    (archive,) = target.glob("base/*/base.tar.zst.age")
    (manifest,) = target.glob("base/*/manifest.json.age")
    if damage == "cut":
        archive.write_bytes(archive.read_bytes()[:-1000])
    elif damage == "flip":
        content = bytearray(archive.read_bytes())
        content[len(content) // 2] ^= 1
        archive.write_bytes(bytes(content))
    elif damage == "wal":
        shutil.rmtree(target / "wal")
    elif damage == "a segment":
        for segment in (target / "wal").glob("*.zst.age"):
            segment.write_bytes(segment.read_bytes()[:-50])
    elif damage == "manifest":
        manifest.write_bytes(manifest.read_bytes()[:-5])
    elif damage == "newer":
        manifest.write_bytes(b"age-encryption.org/v9\n" + manifest.read_bytes())
    else:
        archive.unlink()


def test_a_drill_that_finds_another_row_fails_and_says_where(house: House) -> None:
    """Its manifest says one row more than there is."""
    from legal_intake_backup.config import load
    from legal_intake_backup.vault import Vault

    vault = Vault(load({**house.environment(), "BACKUP_TARGET": str(house.folder / "target-other")}))
    shutil.copytree(house.folder / "target", house.folder / "target-other")
    (name,) = [name for name in vault.target.names("base") if "manifest" in name]
    manifest = vault.get_json(name)
    table = manifest["census"]["tables"][house.schema_of("Two")]["accounts_user"]
    table[0] = str(int(table[0]) + 1)
    vault.put_bytes(name, json.dumps(manifest).encode())
    own(house, house.folder / "target-other")
    done = house.tool("drill", check=False, BACKUP_TARGET=str(house.folder / "target-other"))
    assert "[backup_differs]" in done.stderr
    assert "accounts_user" in done.stderr
    assert "drill" in json.loads((house.folder / "state" / "state.json").read_text())["failure"]


def test_one_firm_out_of_the_backup_into_the_running_system(house: House) -> None:
    (firm,) = house.sql("SELECT id FROM public.tenants_firm WHERE name = 'Two'")[0]
    file = house.folder / "state" / "two.firm"
    house.tool("export", str(firm), str(file))
    house.manage("firm", "restore", "Two", str(file), "--force")
    assert "no archive of firm" in house.tool("export", "nobody", str(file), check=False).stderr
