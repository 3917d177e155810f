"""`manage.py playbook validate` and `diff`, on files and without a database."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.intake.playbooks.support import GOOD


def run(*args: Any) -> str:
    out = io.StringIO()
    call_command("playbook", *map(str, args), stdout=out)
    return out.getvalue()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, "utf-8")
    return path


def test_what_ships_is_good() -> None:
    said = run("validate")
    assert said.count(": good: ") == 12
    assert "common.yaml: good: 5 shared blocks" in said


def test_a_bad_file_fails_and_the_good_one_is_still_named(good: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(GOOD.replace("type: date", "type: dat"), "utf-8")
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 of 2 files") as caught:
        call_command("playbook", "validate", str(bad), str(good), stdout=out)
    assert caught.value.returncode == 1
    line = GOOD[: GOOD.index("type: date")].count("\n") + 1
    assert f'{bad}:{line}: questions[3].type: "dat" is not possible. Allowed: name, ' in out.getvalue()
    assert f"{good}: good: small@3, 4 questions, en, es" in out.getvalue()


def test_validate_in_json(good: Path, tmp_path: Path) -> None:
    assert json.loads(run("validate", good, "--json")) == [{"file": str(good), "ok": True, "problems": []}]
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("playbook", "validate", str(tmp_path / "none.yaml"), "--json", stdout=out)
    (found,) = json.loads(out.getvalue())
    assert found["problems"][0]["message"].startswith("cannot be read")


def test_diff(good: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(GOOD.replace("en: How much?", "en: How much is it?"), "utf-8")
    assert run("diff", good, good) == "No difference in meaning.\n"
    assert run("diff", good, new) == 'changed wording rent (en): "How much?" -> "How much is it?"\n'
    assert json.loads(run("diff", good, new, "--json"))[0]["where"] == "rent (en)"
    with pytest.raises(SystemExit) as caught:
        run("diff", good, new, "--exit-code")
    assert caught.value.code == 1
    run("diff", good, good, "--exit-code")


def test_diff_of_what_is_no_playbook(good: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: 1", "utf-8")
    shared = Path(__file__).parents[3] / "intake/playbooks/data/common.yaml"
    for other in (bad, shared):
        with pytest.raises(CommandError) as caught:
            run("diff", good, other)
        assert caught.value.returncode == 2
