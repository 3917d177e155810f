"""One firm into a file and back, with everything in between that can be wrong."""

from __future__ import annotations

import base64
import json
import os
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from intake.models import Intake, Turn
from tenants import deletions, keys, rotation, services, storage
from tenants.archive.errors import (
    ArchiveBroken,
    ArchiveNewer,
    ArchiveOlder,
    ExportDisturbed,
    FirmDeleted,
    FirmLives,
    RestoreFailed,
)  # fmt: skip
from tenants.archive.export import export_firm
from tenants.archive.restore import restore_firm
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.errors import HostTaken, InvalidInput, WrongMasterKey
from tenants.holders import FirmHolder, register_holder
from tenants.models import Firm, FirmKey
from tests.support.guard import held_by
from tests.tenants.archives import WORDS, fill, firm_of, hosts_of, own_log, sealed_again, spoil, texts
from tests.tenants.many import execute, release


@pytest.fixture(autouse=True)
def _log(settings: Any, tmp_path: Path) -> Any:
    with own_log(settings, tmp_path) as path:
        yield path


@pytest.fixture
def filled(live_firms: tuple[FirmRef, FirmRef]) -> FirmRef:
    fill(live_firms[0])
    fill(live_firms[1])
    return live_firms[0]


@pytest.fixture
def archive(filled: FirmRef, tmp_path: Path) -> Path:
    path = tmp_path / "one.firm"
    export_firm(firm=firm_of(filled), path=path, actor="test")
    return path


def restore(path: Path, ref: FirmRef, **options: Any) -> list[str]:
    return list(restore_firm(path=path, expected=str(ref.id), actor="test", **options))


def delete(ref: FirmRef) -> None:
    firm = firm_of(ref)
    list(services.delete_firm(firm=firm, confirm=firm.name, actor="test"))


def without_logins(held: dict[str, Any]) -> dict[str, Any]:
    # `updated_at` of the firm's row and the times of a wave differ; so does when a file was written.
    odd = ("public.", "rows of django_session", "rows of public.")
    return {
        name: value[0] if name.startswith("file ") else value
        for name, value in held.items()
        if not name.startswith("rows of public.") and name not in odd
    }


def test_deleted_and_restored_it_is_what_it_was(
    filled: FirmRef, archive: Path, live_firms: tuple[FirmRef, FirmRef]
) -> None:
    before, other = without_logins(held_by(filled)), held_by(live_firms[1])
    hosts = hosts_of(filled)
    delete(filled)
    assert not firm_exists(filled)
    lines = restore(archive, filled, undelete="deleted by mistake")
    assert "verified: recordings open, audit chains hold" in lines
    assert without_logins(held_by(filled)) == before
    assert texts(filled) == WORDS
    assert hosts_of(filled) == hosts
    assert firm_of(filled).status == Firm.Status.READY
    assert any(line == "recordings: 1 files" for line in lines)
    assert held_by(live_firms[1]) == other, "the other firm was touched"
    with firm_scope(filled):  # it goes on: sequences and triggers are there
        intake = Intake.objects.get()
        turn = Turn(intake=intake, number=4, role="client")
        turn.text = "after"
        turn.save(force_insert=True)


def firm_exists(ref: FirmRef) -> bool:
    with public_scope():
        return bool(Firm.objects.filter(pk=ref.id).exists())


def test_sequences_go_on_where_they_were(filled: FirmRef, archive: Path) -> None:
    last = execute(filled.schema, "SELECT last_value FROM {s}.django_content_type_id_seq")
    restore(archive, filled, force=True)
    assert execute(filled.schema, "SELECT last_value FROM {s}.django_content_type_id_seq") == last


def test_the_export_is_one_moment_though_rows_are_written_meanwhile(filled: FirmRef, tmp_path: Path) -> None:
    written: list[int] = []

    def write(_snapshot: Any) -> Any:
        from tests.support.firms import elsewhere

        elsewhere(lambda: fill(filled))
        written.append(1)
        return iter(())

    register_holder(FirmHolder("a writer", export=write))
    try:
        done = export_firm(firm=firm_of(filled), path=tmp_path / "x.firm", actor="test")
    finally:
        register_holder(FirmHolder("a writer"))
    assert written
    assert done.manifest["tables"]["intake_turn"]["lines"] == len(WORDS)
    assert len(done.manifest["parts"]["recordings"]) == 1
    assert len(texts(filled)) == 2 * len(WORDS)


def test_keys_that_change_meanwhile_disturb_the_export(filled: FirmRef, tmp_path: Path) -> None:
    def rotate(_snapshot: Any) -> Any:
        from tests.support.firms import elsewhere

        elsewhere(lambda: keys.start_rotation(filled.id))
        return iter(())

    register_holder(FirmHolder("a rotation", export=rotate))
    try:
        with pytest.raises(ExportDisturbed):
            export_firm(firm=firm_of(filled), path=tmp_path / "x.firm", actor="test")
    finally:
        register_holder(FirmHolder("a rotation"))
    assert not list(tmp_path.glob("*.firm")), "a broken export left a file"
    assert not list(tmp_path.glob(".*part*"))


def test_after_a_rotation_half_way_both_keys_come_back(filled: FirmRef, tmp_path: Path) -> None:
    rotation.rotate(ref=filled)
    path = tmp_path / "x.firm"
    export_firm(firm=firm_of(filled), path=path, actor="test")
    delete(filled)
    restore(path, filled, undelete="test")
    assert texts(filled) == WORDS
    with public_scope():
        assert FirmKey.objects.filter(firm_id=filled.id).count() == 3


def test_no_word_and_no_master_key_is_in_the_file(archive: Path, settings: Any) -> None:
    with zipfile.ZipFile(archive) as file:
        everything = b"".join(file.read(name) for name in file.namelist())
    master = base64.b64decode(settings.MASTER_KEY)
    for secret in (master, settings.MASTER_KEY.encode(), master.hex().encode(), b"brakes", b"Ann Oak", b"spoken"):
        assert secret not in everything
        assert secret not in archive.read_bytes()
    assert keys.master_key_id(master).encode() in everything
    assert archive.stat().st_mode & 0o077 == 0


def test_without_its_master_key_it_is_refused_and_the_key_is_named(
    filled: FirmRef, archive: Path, settings: Any
) -> None:
    needed = keys.master_key_id(base64.b64decode(settings.MASTER_KEY))
    settings.MASTER_KEY = base64.b64encode(os.urandom(32)).decode()
    with pytest.raises(WrongMasterKey, match=needed):
        restore(archive, filled, force=True)


def test_the_master_key_before_opens_it(filled: FirmRef, archive: Path, settings: Any) -> None:
    delete(filled)
    settings.MASTER_KEY_PREVIOUS, settings.MASTER_KEY = settings.MASTER_KEY, base64.b64encode(os.urandom(32)).decode()
    restore(archive, filled, undelete="test")
    assert texts(filled) == WORDS


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused_and_nothing_changes(filled: FirmRef, archive: Path, keep: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * keep) if keep < 1 else int(keep)])
    before = held_by(filled)
    with pytest.raises(ArchiveBroken):
        restore(archive, filled, force=True)
    assert held_by(filled) == before


def test_any_changed_member_is_refused_and_nothing_changes(filled: FirmRef, archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if file.getinfo(name).file_size]
    before = held_by(filled)
    for name in names:

        def change(members: dict[str, bytes], name: str = name) -> None:
            members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])

        with pytest.raises(ArchiveBroken):
            restore(spoil(archive, change), filled, force=True)
        with pytest.raises(ArchiveBroken):
            restore(spoil(archive, lambda members, name=name: members.pop(name)), filled, force=True)  # type: ignore[misc]
    assert held_by(filled) == before


def test_a_flipped_byte_anywhere_is_refused(filled: FirmRef, archive: Path) -> None:
    content = archive.read_bytes()
    with zipfile.ZipFile(archive) as file:
        recording = max(file.infolist(), key=lambda member: member.compress_size)
    spoilt = bytearray(content)
    spoilt[recording.header_offset + 200] ^= 0xFF
    archive.write_bytes(bytes(spoilt))
    with pytest.raises(ArchiveBroken):
        restore(archive, filled, force=True)


def test_a_manifest_with_another_user_in_it_is_refused(filled: FirmRef, archive: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        manifest["firm"]["name"] = "Someone Else"
        members["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()

    with pytest.raises(ArchiveBroken, match="altered"):
        restore(spoil(archive, change), filled, force=True)


def test_other_files_are_no_archives(filled: FirmRef, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("hello")
    with pytest.raises(ArchiveBroken):
        restore(text, filled)
    with zipfile.ZipFile(tmp_path / "zip", "w") as file:
        file.writestr("a", "b")
    with pytest.raises(ArchiveBroken):
        restore(tmp_path / "zip", filled)
    with pytest.raises(InvalidInput):
        restore(tmp_path / "nothing", filled)
    with pytest.raises(InvalidInput):
        restore(tmp_path, filled)


def test_a_newer_format_and_an_older_one(filled: FirmRef, archive: Path) -> None:
    with pytest.raises(ArchiveNewer):
        restore(sealed_again(archive, lambda manifest: manifest.update(format_version=2)), filled, force=True)
    with pytest.raises(ArchiveOlder):
        restore(sealed_again(archive, lambda manifest: manifest.update(format_version=0)), filled, force=True)


def test_migrations_that_this_release_does_not_know_are_newer(filled: FirmRef, archive: Path) -> None:
    newer = sealed_again(archive, lambda manifest: manifest["migrations"].append("intake.9999_later"))
    with pytest.raises(ArchiveNewer, match=r"intake\.9999_later"):
        restore(newer, filled, force=True)


def test_migrations_with_a_gap_are_older(filled: FirmRef, archive: Path) -> None:
    older = sealed_again(archive, lambda manifest: manifest["migrations"].remove("intake.0001_initial"))
    with pytest.raises(ArchiveOlder, match=r"intake\.0001_initial"):
        restore(older, filled, force=True)


def test_tables_that_are_not_those_of_the_migrations_are_refused(filled: FirmRef, archive: Path) -> None:
    def forget_a_column(manifest: dict[str, Any]) -> None:
        manifest["tables"]["intake_turn"]["columns"].remove("role")

    before = held_by(filled)
    with pytest.raises(ArchiveOlder, match="intake_turn"):
        restore(sealed_again(archive, forget_a_column), filled, force=True)
    assert without_logins(held_by(filled)) == without_logins(before)


@pytest.mark.slow
def test_an_archive_of_the_release_before_is_brought_forward(filled: FirmRef, archive: Path) -> None:
    delete(filled)
    with release("sql"):
        restore(archive, filled, undelete="test")
        assert execute(filled.schema, "SELECT count(*) FROM {s}.sessions_mark") == [(0,)]
        assert texts(filled) == WORDS
        assert execute(filled.schema, f"SELECT state FROM tenants_schemastate WHERE firm_id = '{filled.id}'") == [
            ("ok",)
        ]
        path = archive.with_name("newer.firm")
        export_firm(firm=firm_of(filled), path=path, actor="test")
    with pytest.raises(ArchiveNewer, match=r"sessions\.0002_additive"):
        restore(path, filled, force=True)


def test_over_a_living_firm_only_with_force(filled: FirmRef, archive: Path) -> None:
    fill(filled)
    before = held_by(filled)
    with pytest.raises(FirmLives, match="--force"):
        restore(archive, filled)
    assert held_by(filled) == before
    restore(archive, filled, force=True)
    assert texts(filled) == WORDS
    assert sum(1 for name in held_by(filled) if name.startswith("file ")) == 1
    folder = storage.firm_folder(filled)
    assert not list(folder.parent.glob(".*aside*"))


def test_an_archive_of_another_firm_is_not_taken_for_this_one(archive: Path, live_firms: Any) -> None:
    with pytest.raises(InvalidInput, match="not of"):
        restore(archive, live_firms[1], force=True)


def test_what_fails_half_way_leaves_the_firm_as_it_was(filled: FirmRef, archive: Path) -> None:
    def fail(_ref: FirmRef) -> list[str]:
        raise RestoreFailed("something is wrong")

    fill(filled)
    before, status = held_by(filled), firm_of(filled).status
    register_holder(FirmHolder("a doubter", verify=fail))
    try:
        with pytest.raises(RestoreFailed, match="something is wrong"):
            restore(archive, filled, force=True)
    finally:
        register_holder(FirmHolder("a doubter"))
    assert without_logins(held_by(filled)) == without_logins(before)
    assert firm_of(filled).status == status
    assert len(texts(filled)) == 2 * len(WORDS)


def test_a_host_that_another_firm_took_needs_another_one(filled: FirmRef, archive: Path, live_firms: Any) -> None:
    (host,) = hosts_of(filled)
    delete(filled)
    services.add_domain(firm=firm_of(live_firms[1]), host=host, actor="test")
    with pytest.raises(HostTaken, match="--as"):
        restore(archive, filled, undelete="test")
    with pytest.raises(HostTaken):
        restore(archive, filled, undelete="test", hosts=["admin.localhost"])
    restore(archive, filled, undelete="test", hosts=["Elsewhere.localhost"])
    assert hosts_of(filled) == ["elsewhere.localhost"]


def test_a_firm_that_was_deleted_since_stays_deleted(filled: FirmRef, archive: Path) -> None:
    delete(filled)
    with pytest.raises(FirmDeleted, match="--undelete"):
        restore(archive, filled)
    assert not firm_exists(filled)
    restore(archive, filled, undelete="the client asked")
    assert [entry.act for entry in deletions.entries()] == ["deleted", "restored"]
    assert list(deletions.replay()) == [], "what was brought back on purpose stays"
    assert firm_exists(filled)


def test_logins_do_not_come_back(filled: FirmRef, tmp_path: Path) -> None:
    execute(
        filled.schema,
        "INSERT INTO {s}.django_session (session_key, session_data, expire_date) VALUES ('k', 'd', now())",
    )
    path = tmp_path / "x.firm"
    export_firm(firm=firm_of(filled), path=path, actor="test")
    restore(path, filled, force=True)
    assert execute(filled.schema, "SELECT count(*) FROM {s}.django_session") == [(0,)]


def test_a_missing_recording_is_said_and_the_rest_exported(filled: FirmRef, tmp_path: Path) -> None:
    (path,) = [file for file in storage.firm_folder(filled).rglob("*") if file.is_file()]
    path.unlink()
    done = export_firm(firm=firm_of(filled), path=tmp_path / "x.firm", actor="test")
    assert len(done.missing) == 1
    assert done.files == 0


def test_the_commands(filled: FirmRef, tmp_path: Path) -> None:
    (host,) = hosts_of(filled)
    path = tmp_path / "by-command.firm"
    out = StringIO()
    call_command("firm", "export", host, str(path), stdout=out)
    assert "rows and 1 files" in out.getvalue()
    assert "It opens only with master key" in out.getvalue()
    from tests.tenants.archives import refused

    assert "[invalid_input]" in refused("firm", "export", host, str(path))
    assert "[firm_lives]" in refused("firm", "restore", host, str(path))
    assert "[invalid_input]" in refused("firm", "restore", "Somebody", str(path), "--force")
    out = StringIO()
    call_command("firm", "restore", host, str(path), "--force", stdout=out)
    assert "Restored." in out.getvalue()
    path.write_bytes(path.read_bytes()[:-100])
    assert "[archive_broken]" in refused("firm", "restore", host, str(path), "--force")
