"""`manage.py conflicts try`: every line gets its answer, bad ones too, and pairs need no database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from intake.conflicts.lines import BadLine, answered

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "schemas" / "conflicts.try.v1.json").read_text())
PAIR = {"id": "x", "a": {"name": "Bill Smith", "kind": "person"}, "b": {"name": "William Smith", "kind": "person"}}


def no_search(name: Any, side: str) -> Any:
    raise BadLine(f"no firm for {name.name}, {side}", "no_firm")


def try_lines(*lines: Any) -> list[dict[str, Any]]:
    found = list(answered([line if isinstance(line, str) else json.dumps(line) for line in lines], no_search))
    for one in found:
        Draft202012Validator(SCHEMA).validate(one)
    return found


def test_a_pair_is_answered_in_the_form_of_the_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator({**SCHEMA, "$ref": "#/$defs/input"}).validate(PAIR)
    (found,) = try_lines(PAIR)
    assert (found["id"], found["hit"], found["matches"]) == ("x", True, [])
    assert found["score"] > 0.9
    assert "forms of one given name" in found["reasons"][0]


def test_a_name_alone_goes_to_the_search() -> None:
    found = try_lines({"a": {"name": "Bill Smith"}}, "Maria Silva", {"a": "Globex", "side": "client"})
    assert [one["error"]["code"] for one in found] == ["no_firm"] * 3
    assert [one["id"] for one in found] == [1, 2, 3]
    assert "Globex, client" in found[2]["error"]["message"]


@pytest.mark.parametrize(
    "line",
    [
        "{", '{"a": ', "[1]", {"b": {"name": "x"}}, {"a": {"name": 5}, "b": {"name": "x"}}, {"a": {"name": "  "}},
        {"a": {"name": "x", "aliases": 5}, "b": "y"}, {"a": {"name": "x", "birth_year": "soon"}, "b": "y"},
        {"a": {"name": "x", "city": 5}, "b": "y"}, {"a": "x", "b": None}, {"a": None, "b": None}, '{"a":' * 50_000,
    ],
)  # fmt: skip
def test_a_bad_line_gets_an_error_and_the_next_is_read(line: Any) -> None:
    bad, good = try_lines(line, PAIR)
    if bad["id"] == 1 and isinstance(line, str) and not line.startswith("{"):
        assert bad["error"]["code"] == "no_firm", "plain text is a name"
    else:
        assert bad["error"]["code"] == "bad_line"
    assert good["hit"]


def test_the_command_compares_pairs_with_no_server_anywhere() -> None:
    environment = {
        **{key: value for key, value in os.environ.items() if key not in {"DATABASE_URL"}},
        "DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:9/nowhere",
    }
    lines = [json.dumps(PAIR), "", "{", json.dumps({"id": 9, "a": {"name": "Ann Poe"}})]
    for arguments in (["no-such-firm", "--json"], ["--json"]):
        done = subprocess.run(
            [sys.executable, "manage.py", "conflicts", "try", *arguments], input="\n".join(lines) + "\n",
            capture_output=True, text=True, cwd=ROOT, env=environment, timeout=100, check=True,
        )  # fmt: skip
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert [one["id"] for one in found] == ["x", 3, 9]
        assert found[0]["hit"]
        assert found[1]["error"]["code"] == "bad_line"
        assert found[2]["error"]["code"] == ("no_database" if arguments[0] == "no-such-firm" else "no_firm")
