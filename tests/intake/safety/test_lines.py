"""What the command answers fits its schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from intake.language.lines import answered
from intake.safety.lines import answer

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "understand.safety.v1.json").read_text(encoding="utf-8"))
LINES = (
    '{"id": "a", "text": "he has a gun and he is outside", "lang": "en"}',
    '{"id": 2, "text": "Debería demandar a su casero."}',
    "you should sue, my hearing is tomorrow",
    '{"id": 3, "text": "Thank you."}',
    '{"id": 4, "text": ""}',
    '{"id": 5}',
    "{broken",
)


def test_real_output_fits_the_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    out = list(answered(LINES, answer))
    assert len(out) == len(LINES)
    for line in out:
        validator.validate(json.loads(json.dumps(line)))


@pytest.mark.parametrize("line", ['{"id": 1, "text": "hello", "lang": "en"}', '{"text": "hola"}'])
def test_input_fits_the_schema(line: str) -> None:
    schema = {**SCHEMA, "$ref": "#/$defs/input"}
    Draft202012Validator(schema).validate(json.loads(line))


def test_the_schema_refuses_what_does_not_hold_together() -> None:
    validator = Draft202012Validator(SCHEMA)
    good = next(iter(answered(LINES[:1], answer)))
    flag = "alarm" if "alarm" in good else "allow"
    assert not validator.is_valid({**good, flag: not good[flag]})
