"""`manage.py playbook import` and `export`: a firm's playbooks, in and out as files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from intake import interviews
from intake.models import AuditEvent, PlaybookVersion
from intake.playbooks.exporting import export, to_data
from intake.playbooks.reading import read_playbook, shipped
from intake.services import playbooks
from tenants.context import firm_scope
from tests.intake.playbooks.firm import NEW, publish, text_of

FIRM = "harbor.localhost"


def run(*args: Any) -> str:
    out = io.StringIO()
    call_command("playbook", *map(str, args), stdout=out)
    return out.getvalue()


def refused(*args: Any) -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(*args)
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "housing.yaml"
    path.write_text("# Ours.\n" + text_of(), "utf-8")
    return path


def test_a_file_becomes_a_draft_or_is_published(file: Path) -> None:
    assert run("import", FIRM, file) == "housing@1001 is a draft at Harbor Law.\n"
    assert interviews.playbook_for("HO-00-00-00-00").name == "housing@1"
    assert 'There is a draft of "housing" already' in str(refused("import", FIRM, file))
    playbooks.discard_draft(key="housing", user=None)
    assert run("import", FIRM, file, "--publish", "--note", "Plainer") == "housing@1001 is published at Harbor Law.\n"
    assert interviews.playbook_for("HO-00-00-00-00").question("can_enter").wording["en"] == NEW
    assert PlaybookVersion.objects.get().note == "Plainer"
    assert AuditEvent.objects.filter(action="playbook.published", actor="system").exists()
    assert run("import", FIRM, file, "--publish") == "Harbor Law uses this very playbook already. Nothing changed.\n"


def test_export_and_import_make_the_same_in_another_firm(file: Path, tmp_path: Path, other_firm: Any) -> None:
    run("import", FIRM, file, "--publish")
    text = run("export", FIRM, "housing")
    assert text == file.read_text("utf-8").replace("version: 1\n", "version: 1001\n"), "comments stay"
    again = tmp_path / "again.yaml"
    assert run("export", FIRM, "housing@1001", "--output", again) == f"housing@1001 is written to {again}.\n"
    assert again.read_text("utf-8") == text
    publish(source=text_of(new="Is your home open to you?"))
    assert run("import", FIRM, again, "--publish") == "housing@1003 is published at Harbor Law.\n"
    assert run("export", FIRM, "housing") == text.replace("version: 1001\n", "version: 1003\n")
    with firm_scope(other_firm):
        assert not PlaybookVersion.objects.exists()


def test_what_ships_can_be_taken_out_and_json_in(tmp_path: Path) -> None:
    assert run("export", FIRM, "family") == export(shipped()["family"])
    path = tmp_path / "family.json"
    data = to_data(shipped()["family"])
    data["titles"]["en"] = "Your family"
    path.write_text(json.dumps(data), "utf-8")
    run("import", FIRM, path, "--publish")
    assert read_playbook(run("export", FIRM, "family"), "x.yaml").titles["en"] == "Your family"


def test_bad_files_are_told_by_line_and_leave_nothing(tmp_path: Path) -> None:
    cases = {
        "type.yaml": (text_of(old="type: yes_no", new="type: yesno"), ".type: "),
        "bomb.yaml": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "no aliases"),
        "spanish.yaml": (_without_spanish(), '"es" is missing'),
        "large.yaml": ("# x\n" * 80_000, "at most 262,144 bytes"),
        "binary.yaml": ("\x00\x01", "a character that no text has"),
    }
    for name, (text, told) in cases.items():
        path = tmp_path / name
        path.write_text(text, "utf-8")
        error = refused("import", FIRM, path, "--publish")
        assert told in str(error), name
        assert f"{path}" in str(error)
        assert "Nothing was imported." in str(error)
        assert error.returncode == 1
    assert not PlaybookVersion.objects.exists()


def _without_spanish() -> str:
    lines = export(shipped()["housing"]).splitlines(keepends=True)
    return "".join(line for line in lines if "¿Puede entrar a su casa hoy?" not in line)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in str(refused("import", FIRM, tmp_path / "none.yaml"))
    assert "no such playbook" in str(refused("export", FIRM, "none"))
    assert "no such playbook" in str(refused("export", FIRM, "housing@1007"))
    assert "no version" in str(refused("export", FIRM, "housing@new"))
    assert "[unknown_firm]" in str(refused("export", "nobody.localhost", "housing"))
