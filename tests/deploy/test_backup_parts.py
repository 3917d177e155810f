"""What of the backup can be tested without a server: targets, sealing, retention, the metric, the scripts."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from legal_intake_backup import base, census, config, files, restore, state, target, wal
from legal_intake_backup.errors import BackupError, Differs, NotUsable, ToolFailed
from legal_intake_backup.vault import Vault

from tenants import keys

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "deploy" / "backup"
needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed")
needs_zstd = pytest.mark.skipif(shutil.which("zstd") is None, reason="zstd is not installed")


def make_config(tmp_path: Path, **values: str) -> config.Config:
    folder = tmp_path / "secrets"
    folder.mkdir(exist_ok=True)
    if shutil.which("age-keygen") and not (folder / "backup_age_identity").exists():
        made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
        (folder / "backup_age_identity").write_text(made)
        recipient = next(word for word in made.split() if word.startswith("age1"))
        (folder / "backup_age_recipients").write_text(recipient + "\n")
    (tmp_path / "state").mkdir(exist_ok=True)
    return config.load(
        {
            "BACKUP_TARGET": str(tmp_path / "target"),
            "BACKUP_STATE": str(tmp_path / "state"),
            "SECRETS": str(folder),
            "MEDIA_ROOT": str(tmp_path / "media"),
            "EXPORTS_DIR": str(tmp_path / "exports"),
            "DELETIONS_LOG": str(tmp_path / "deletions" / "log.jsonl"),
            **values,
        }
    )


@pytest.fixture
def conf(tmp_path: Path) -> config.Config:
    return make_config(tmp_path)


@pytest.fixture
def vault(conf: config.Config) -> Vault:
    return Vault(conf)


@pytest.mark.parametrize(
    "values", [{"BACKUP_RETENTION_DAYS": "soon"}, {"BACKUP_HOURS": "0"}, {"BACKUP_HOURS": "-1"}, {"METRICS_PORT": "x"}]
)
def test_a_malformed_value_is_named(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(BackupError, match=next(iter(values))):
        make_config(tmp_path, **values)


def test_a_target_is_a_folder_from_the_root_or_a_bucket() -> None:
    with pytest.raises(BackupError, match="BACKUP_TARGET"):
        target.open_target("backups")
    assert isinstance(target.open_target("s3://bucket/folder"), target.Bucket)


def test_an_object_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = target.Folder(tmp_path)

    def breaks() -> Any:
        yield b"half"
        raise ToolFailed("it broke")

    with pytest.raises(ToolFailed):
        folder.put("a/b", breaks())
    assert folder.names("a") == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    folder.put("a/b", iter([b"who", b"le"]))
    with folder.get("a/b") as file:
        assert file.read() == b"whole"
    with pytest.raises(NotUsable), folder.get("a/c"):
        pass
    folder.remove("a/b")
    folder.remove("a/b")


@pytest.mark.skipif(shutil.which("rclone") is None, reason="rclone is not installed")
def test_a_bucket_by_rclone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCLONE_TARGET", f":local:{tmp_path}/")
    bucket = target.open_target("s3://bucket/folder")
    assert bucket.names("wal") == []
    bucket.put("wal/a", iter([b"x" * 3_000_000, b"y"]))
    assert bucket.names("wal") == ["wal/a"]
    with bucket.get("wal/a") as file:
        assert len(file.read()) == 3_000_001
    with pytest.raises(NotUsable), bucket.get("wal/b") as file:
        file.read()
    bucket.remove("wal/a")
    bucket.remove("wal/a")
    assert bucket.names("wal") == []


@needs_age
@needs_zstd
def test_what_is_sealed_opens_with_the_identity_alone(conf: config.Config, vault: Vault, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"words of a client " * 10_000)
    with source.open("rb") as file:
        about = vault.put("x.zst.age", commands=[["zstd", "-qc"]], source=file)
    stored = (tmp_path / "target" / "x.zst.age").read_bytes()
    assert b"words" not in stored
    assert (about["size"], len(stored)) == (len(stored), about["size"])
    vault.check(about)
    with vault.get("x.zst.age", [["zstd", "-dc"]]) as file:
        assert file.read() == source.read_bytes()
    conf.identity.rename(tmp_path / "elsewhere")
    with pytest.raises(NotUsable, match="identity"), vault.get("x.zst.age"):
        pass
    other = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    conf.identity.write_text(other)
    with pytest.raises(NotUsable, match="another identity"), vault.get("x.zst.age") as file:
        file.read()


@needs_age
@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_object_is_noticed(vault: Vault, tmp_path: Path, damage: str) -> None:
    about = vault.put_bytes("x.age", os.urandom(300_000))
    path = tmp_path / "target" / "x.age"
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[150_000] ^= 1
    path.write_bytes(b"" if damage == "empty" else bytes(content[:-10] if damage == "cut" else content))
    with pytest.raises(NotUsable, match="damaged"):
        vault.check(about)
    with pytest.raises(NotUsable), vault.get("x.age") as file:
        file.read()


@needs_age
def test_a_program_that_fails_leaves_no_object(vault: Vault) -> None:
    with pytest.raises(ToolFailed, match="false failed"):
        vault.put("x.age", commands=[["false"]])
    with pytest.raises(ToolFailed, match="not installed"):
        vault.put("x.age", commands=[["no-such-program"]])
    assert vault.target.names("") == []


def test_without_recipients_nothing_is_written(tmp_path: Path) -> None:
    conf = make_config(tmp_path)
    conf.recipients.write_text("\n")
    with pytest.raises(BackupError, match="age-keygen"):
        Vault(conf).put_bytes("x.age", b"x")


@needs_age
def test_files_incrementally_and_back(conf: config.Config, vault: Vault, tmp_path: Path) -> None:
    memory = state.State(conf.state)
    for name in ("firms/a/one.flac", "firms/b/two.flac", "firms/.aside/three", ".restoring/x"):
        (conf.media / name).parent.mkdir(parents=True, exist_ok=True)
        (conf.media / name).write_bytes(name.encode() * 50)
    first = files.back_up_media(conf, vault, memory)
    assert sorted(first["files"]) == ["firms/a/one.flac", "firms/b/two.flac"]
    (conf.media / "firms/a/one.flac").write_bytes(b"changed")
    (conf.media / "firms/b/two.flac").unlink()
    (conf.media / "firms/b/new.flac").write_bytes(b"new")
    time.sleep(1.1)  # ids are seconds
    second = files.back_up_media(conf, vault, memory)
    assert sorted(second["files"]) == ["firms/a/one.flac", "firms/b/new.flac"]
    assert {entry["archive"] for entry in second["files"].values()} == {f"media/{second['id']}.tar.age"}
    time.sleep(1.1)
    third = files.back_up_media(conf, vault, memory)
    assert third["files"] == second["files"], "nothing changed, so nothing was packed"
    assert files.unpack_media(vault, files.media_index(vault, base.when(first["id"])), None) == 2
    shutil.rmtree(conf.media)
    assert restore.restore_files(conf, vault) == 2
    assert (conf.media / "firms/a/one.flac").read_bytes() == b"changed"
    with pytest.raises(BackupError, match="--force"):
        restore.restore_files(conf, vault)
    (conf.media / "firms/a/later.flac").write_bytes(b"later")
    restore.restore_files(conf, vault, force=True)
    assert not (conf.media / "firms/a/later.flac").exists()
    assert list(conf.media.glob(".before-*/firms/a/later.flac"))


@needs_age
def test_archives_of_firms_are_carried_off_once(conf: config.Config, vault: Vault) -> None:
    conf.exports.mkdir()
    (conf.exports / "f1.20260101T000000Z.firm").write_bytes(b"old")
    (conf.exports / "f1.20261101T000000Z.firm").write_bytes(b"new")
    (conf.exports / "f2.20260101T000000Z.firm").write_bytes(b"gone since")
    assert files.back_up_exports(conf, vault, state.State(conf.state), ask=False) == 3
    assert not list(conf.exports.glob("*.firm"))
    conf.deletions.parent.mkdir()
    conf.deletions.write_text(json.dumps({"kind": "firm", "act": "deleted", "firm": "f2"}) + "\n")
    files.prune_exports(conf, vault)
    assert vault.target.names("exports") == ["exports/f1.20261101T000000Z.firm.age"]


@needs_age
def test_a_scheduler_that_does_not_answer_is_said(
    conf: config.Config, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ANSWER_SECONDS", 0.1)
    memory = state.State(conf.state)
    with pytest.raises(ToolFailed, match="scheduler"):
        files.back_up_exports(conf, vault, memory)
    assert memory.age("export") == float("inf")


@needs_age
def test_the_log_of_deletions_only_ever_grows(conf: config.Config, vault: Vault) -> None:
    memory = state.State(conf.state)
    assert not files.back_up_deletions(conf, vault, memory)
    conf.deletions.parent.mkdir()
    conf.deletions.write_text("1\n")
    assert files.back_up_deletions(conf, vault, memory)
    assert not files.back_up_deletions(conf, vault, memory)
    conf.deletions.write_text("1\n2\n")  # here it is longer: it stays
    assert "as it is here" in files.restore_deletions(conf, vault)
    files.back_up_deletions(conf, vault, memory)
    conf.deletions.unlink()
    assert "from the backup" in files.restore_deletions(conf, vault)
    assert conf.deletions.read_text() == "1\n2\n"
    conf.deletions.write_text("another\n")
    with pytest.raises(NotUsable, match="two different"):
        files.restore_deletions(conf, vault)


def test_base_backups_past_their_time_go_with_their_wal_and_the_newest_stays(tmp_path: Path) -> None:
    conf = make_config(tmp_path, BACKUP_RETENTION_DAYS="10")
    vault, memory = Vault(conf), state.State(conf.state)
    old, older, new = "20260101T000000Z", "20250101T000000Z", base.stamp()
    bases = {older: "00000001000000000000000A", old: "000000010000000000000010", new: "000000010000000000000020"}
    for identity in bases:
        vault.target.put(f"base/{identity}/manifest.json.age", iter([b"x"]))
        vault.target.put(f"base/{identity}/base.tar.zst.age", iter([b"x"]))
    segments = ("00000001000000000000000B", "00000001000000000000001F", "000000010000000000000020")
    for segment in segments:
        vault.target.put(f"wal/{segment}.zst.age", iter([b"x"]))
    vault.target.put("wal/00000002.history.zst.age", iter([b"x"]))
    with memory.change() as values:
        values["bases"] = bases
    assert base.prune(conf, vault, memory) == [older, old]
    assert base.ids(vault) == [new]
    assert vault.target.names("wal") == [f"wal/{segments[2]}.zst.age", "wal/00000002.history.zst.age"]
    assert base.prune(conf, vault, memory) == []
    # The service forgot where a backup begins: no WAL goes.
    vault.target.put("wal/00000001000000000000001E.zst.age", iter([b"x"]))
    vault.target.put("base/20991231T000000Z/manifest.json.age", iter([b"x"]))
    base.prune(conf, vault, memory)
    assert "wal/00000001000000000000001E.zst.age" in vault.target.names("wal")
    # Alone and old, it stays: a bad backup is better than none.
    shutil.rmtree(tmp_path / "target")
    vault.target.put(f"base/{old}/manifest.json.age", iter([b"x"]))
    assert base.prune(conf, vault, memory) == []


def test_an_unfinished_base_backup_is_none(vault: Vault) -> None:
    vault.target.put("base/20260101T000000Z/base.tar.zst.age", iter([b"x"]))
    assert base.ids(vault) == []
    with pytest.raises(NotUsable, match="no finished"):
        restore.choose(vault, identity="", moment=None)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "12:00"])
def test_a_time_that_is_none(text: str) -> None:
    with pytest.raises(BackupError, match="is no time"):
        restore.parse_time(text)


def test_a_restore_names_the_master_key_that_it_needs() -> None:
    manifest = {"census": {"master_key_ids": ["aaaa", "bbbb"]}}
    with pytest.raises(NotUsable, match="aaaa, bbbb"):
        restore.check_master_key(manifest, "")
    with pytest.raises(NotUsable, match="needs master key bbbb, and aaaa, cccc is here"):
        restore.check_master_key(manifest, "aaaa,cccc")
    restore.check_master_key(manifest, "bbbb aaaa")


def test_a_difference_is_named() -> None:
    said = {"firms": {"f": {"schema": "t_a"}}, "tables": {"t_a": {"x": ["3", "1", "2"], "y": ["1", "1", "1"]}}}
    census.compare(said, said)
    found = {"firms": {}, "tables": {"t_a": {"x": ["2", "1", "2"], "y": ["1", "1", "9"]}}}
    with pytest.raises(Differs, match=r"firm f; t_a\.x: 2 rows instead of 3; t_a\.y: other rows"):
        census.compare(said, found)


def test_the_metric(conf: config.Config) -> None:
    memory = state.State(conf.state)
    assert "{kind" not in state.exposition(memory.read())
    memory.succeeded("base", 123)
    memory.failed("drill")
    text = state.exposition(memory.read())
    assert 'legal_intake_backup_last_success_timestamp_seconds{kind="base"} ' in text
    assert 'legal_intake_backup_last_failure_timestamp_seconds{kind="drill"} ' in text
    assert 'legal_intake_backup_last_size_bytes{kind="base"} 123' in text
    assert memory.age("base") < 5


def test_one_backup_of_a_kind_at_a_time(conf: config.Config) -> None:
    memory = state.State(conf.state)
    with memory.alone("base"), pytest.raises(BackupError, match="runs already"), memory.alone("base"):
        pass


def test_wal_names_that_postgresql_may_ask_for(vault: Vault, tmp_path: Path) -> None:
    assert not wal.fetch(vault, "../../etc/passwd", tmp_path / "x")
    assert not wal.fetch(vault, "00000002.history", tmp_path / "x")


@needs_age
def test_a_file_outside_is_not_written(vault: Vault, tmp_path: Path) -> None:
    import hashlib
    import tarfile

    name = "../outside"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    vault.put_bytes("media/a.tar.age", packed.getvalue())
    index = {"files": {name: {"archive": "media/a.tar.age", "sha256": hashlib.sha256(b"x").hexdigest()}}}
    (tmp_path / "into").mkdir()
    with pytest.raises(NotUsable, match="elsewhere"):
        files.unpack_media(vault, index, tmp_path / "into")
    assert not (tmp_path / "outside").exists()


def test_the_scripts_id_of_a_master_key_is_the_applications(tmp_path: Path) -> None:
    master = os.urandom(32)
    file = tmp_path / "master_key"
    file.write_text(base64.b64encode(master).decode() + "\n")
    script = str(SCRIPTS / "master-key-id.sh")
    done = subprocess.run([script, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == keys.master_key_id(master)
    file.write_text("too short")
    assert subprocess.run([script, str(file)], capture_output=True, check=False).returncode == 1
    assert subprocess.run([script], capture_output=True, check=False).returncode == 2


def test_the_scripts_are_well_formed() -> None:
    for script in SCRIPTS.glob("*.sh"):
        text = script.read_text()
        if script.name != "identity.sh":  # sourced by the others
            assert "set -eEuo pipefail" in text
            assert os.access(script, os.X_OK), f"{script.name} is not executable"
        assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    shown = subprocess.run([str(SCRIPTS / "restore.sh")], capture_output=True, text=True, check=False)
    assert shown.returncode == 2
    assert "restore.sh database" in shown.stdout


def test_an_identity_on_standard_input_is_looked_at() -> None:
    for script in ("restore.sh", "drill.sh"):
        command = [str(SCRIPTS / script), "--identity", "-", "list"]
        done = subprocess.run(command, input="no key", capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "AGE-SECRET-KEY" in done.stderr


def test_the_image_has_no_application_and_no_key() -> None:
    text = (ROOT / "deploy/images/backup/Dockerfile").read_text()
    copied = [line.split()[1:] for line in text.splitlines() if line.startswith("COPY")]
    ours = [words[0] for words in copied if not words[0].startswith("--")]
    others = [words for words in copied if words[0].startswith("--")]
    assert ours == ["deploy/images/http-ok", "deploy/backup/"]
    assert others == [["--from=rclone", "/usr/bin/rclone", "/usr/bin/"]]
    compose = (ROOT / "docker-compose.yml").read_text()
    service = compose[compose.index("\n  backup:\n") :]
    service = service[: service.index("\n  # --")]
    assert "master_key" not in service
    assert "USER 10001:10001" in text
