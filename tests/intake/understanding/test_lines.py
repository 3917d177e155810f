"""The command's lines: what goes in and comes out, by the schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from intake.language.lines import answered
from intake.understanding.lines import answer

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "schemas" / "understand.facts.v1.json").read_text(encoding="utf-8"))
OWN = ROOT / "tests" / "evals" / "understanding" / "own.jsonl"


def validator(part: str) -> Any:
    return jsonschema.Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{part}"}]})


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_line_of_our_set_and_its_output_fit_the_schema() -> None:
    lines = OWN.read_text(encoding="utf-8").splitlines()
    takes, gives = validator("input"), validator("output")
    for line in lines:
        takes.validate(json.loads(line))
    outputs = list(answered(lines, answer))
    assert len(outputs) == len(lines)
    for output in outputs:
        gives.validate(output)


@pytest.mark.parametrize(
    "line",
    [
        {"text": "hello", "question": {"type": "colour"}},
        {"text": "hello", "question": "name"},
        {"text": "hello", "question": {"type": "choice", "choices": "a,b"}},
        {"text": "hello", "question": {"type": "choice", "choices": [3]}},
        {"text": "hello", "question": {"type": "date"}, "today": "yesterday"},
        {"text": 3},
    ],
)
def test_a_bad_line_says_so_and_the_next_is_read(line: dict[str, Any]) -> None:
    first, second = answered([json.dumps({"id": "a", **line}), "my name is jane porter"], answer)
    assert first["id"] == "a"
    assert first["error"]["code"] == "bad_line"
    validator("output").validate(first)
    assert second["facts"][0]["value"] == "Jane Porter"


def test_a_choice_is_given_back_as_it_was_given() -> None:
    question = {"type": "choice", "choices": ["Rent ", {"code": "own", "label": "I own it", "synonyms": ["mortgage"]}]}
    [output] = answered([json.dumps({"text": "we have a mortgage", "question": question})], answer)
    assert output["facts"][0]["value"] == "I own it"


def test_a_bare_answer_is_read_in_the_language_of_the_question() -> None:
    line = {"text": "once", "question": {"type": "count", "text": "¿Cuántos empleados hay en la empresa?"}}
    [output] = answered([json.dumps(line)], answer)
    assert output["facts"][0]["value"] == 11
