"""What every reader shares: words with their places, which language, and lines in and out."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.language.guess import guess_language
from intake.language.lines import MAX_LINE_TEXT, answered
from intake.language.tokens import fold, tokenise, words_of


def test_words_are_folded_and_keep_their_place() -> None:
    text = "My landlord José O\u2019Brien didn't pay $1,250.50 on 12/3!"
    found = tokenise(text)
    assert [token.norm for token in found] == [
        "my", "landlord", "jose", "obrien", "didnt", "pay", "1,250.50", "on", "12/3",
    ]  # fmt: skip
    assert text[found[2].start : found[2].end] == "José"


@given(st.text())
@settings(max_examples=200)
def test_every_token_lies_in_the_text_and_in_order(text: str) -> None:
    end = 0
    for token in tokenise(text):
        assert end <= token.start < token.end <= len(text)
        assert token.norm == fold(text[token.start : token.end])
        end = token.end


def test_a_letter_that_is_only_a_mark_is_no_word() -> None:
    assert words_of("one \ufe70 two") == ["one", "two"]


def test_the_language_is_told_by_its_small_words() -> None:
    assert guess_language("my landlord changed the locks on the house") == "en"
    assert guess_language("mi casero cambió la cerradura de la casa") == "es"
    assert guess_language("12345") == "en"
    assert guess_language("12345", default="es") == "es"


def word_count(text: str, language: str, line: Any) -> dict[str, Any]:
    return {"words": len(words_of(text)), "lang": language, "today": line.get("today")}


def test_json_and_plain_lines_are_answered_in_order_and_bad_ones_too() -> None:
    lines = [
        '{"id": "a", "text": "uno dos", "lang": "es", "today": "2026-01-02"}\n', "\n", "plain words here\n",
        '{"id": "b", "text": 7}\n', '{"id": "c", "text": "x", "lang": "fr"}\n', '{"broken\n', "[" * 10,
        '{"id":"d","text":""}',
    ]  # fmt: skip
    found = list(answered(lines, word_count))
    assert found[0] == {"id": "a", "words": 2, "lang": "es", "today": "2026-01-02"}
    assert found[1]["id"] == 3
    assert found[1]["words"] == 3
    assert [each["error"]["code"] for each in found[2:5]] == ["bad_line"] * 3
    assert [each["id"] for each in found[2:5]] == ["b", "c", 6]
    assert found[5]["words"] == 0
    assert found[6] == {"id": "d", "words": 0, "lang": "en", "today": None}


def test_a_text_that_is_too_long_is_read_in_its_first_part() -> None:
    (found,) = answered([json.dumps({"id": 1, "text": "word " * MAX_LINE_TEXT})], word_count)
    assert found["words"] == MAX_LINE_TEXT // len("word ")


@pytest.mark.parametrize("mode", ["areas", "facts", "safety", "guard"])
def test_the_command_answers_every_line(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given_lines = '{"id": "a", "text": "my landlord locked me out today"}\n{"id": "b"}\nme llamo Ana Ruiz\n'
    monkeypatch.setattr("sys.stdin", io.StringIO(given_lines))
    out = io.StringIO()
    call_command("understand", f"--{mode}", stdout=out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [each["id"] for each in found] == ["a", "b", 3]
    assert all("why" in each for each in found)
    assert "error" in found[1]
    key = {"areas": "areas", "facts": "facts", "safety": "alarm", "guard": "allow"}[mode]
    assert key in found[0]
