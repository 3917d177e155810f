"""Views and patterns: the words as readers compare them, and sequences of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intake.guard import loading as guard
from intake.language.guess import LANGUAGES, Language
from intake.language.patterns import BadPattern, Finder, compile_pattern, read_sets
from intake.language.views import load_yaml, view_of
from intake.safety import loading as safety

SETS = read_sets({"kin": "mom dad step_mom", "all": "@kin boss", "n": "one two", "days": "@n+day"})


def found(pattern: str, text: str, language: Language = "en") -> list[str]:
    view = view_of(text, language)
    hits = Finder([compile_pattern(pattern, SETS, "x")]).find(view)
    return [text[slice(*view.span(hit.start, hit.end))] for hit in hits]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("@all ~2 hit|hits me", "My mother never hits me.", ["mother never hits me"]),
        ("@kin hits me", "my step mom hits me", ["step mom hits me"]),
        ("hit* me", "hitting me", ["hitting me"]),
        ("kill me !softly", "kill me softly", []),
        ("kill ~1 !2:time|it", "kill the time", []),
        ("^ stop", "please stop", []),
        ("^ stop $", "no. stop!", ["stop"]),
        ("go ~2 home", "go. now home", []),
        ("@days", "in two day", ["two day"]),
        ("do not know", "I don't know", ["don't know"]),
        ("i will go", "I'll go and she's ill", ["I'll go"]),
        ("someone is in", "someone's in there", ["someone's in"]),
    ],
)
def test_a_pattern_finds_what_it_says_and_points_into_the_text(pattern: str, text: str, expected: list[str]) -> None:
    assert found(pattern, text) == expected


@pytest.mark.parametrize("pattern", ["@nobody hits", "~2", "a|| b", "!x", "^ $"])
def test_a_pattern_that_cannot_be_read_says_so(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(pattern, SETS, "x")


def test_stutters_and_fillers_are_left_out_and_a_comma_after_no_ends_the_denial() -> None:
    assert view_of("um I I want uh to", "en").words == (".", "i", "want", "to", ".")
    assert view_of("No, me pega", "es").words == (".", "no", ".", "me", "pega", ".")
    assert view_of("No me pega", "es").words == (".", "no", "me", "pega", ".")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", [safety, guard])
def test_no_pattern_waits_for_a_word_that_a_view_writes_differently(part: object, language: Language) -> None:
    forms = load_yaml(Path(safety.__file__).parents[1] / "language" / "forms.yaml")[language]
    rewritten = {str(k) for k, v in forms["always"].items() if str(k) != str(v)} | set(forms["fillers"].split())
    known = part.knowledge(language)  # type: ignore[attr-defined]
    patterns = {p for ps in (*known.finder._by_word.values(), *known.finder._by_start.values()) for p in ps}
    wrong = {(p.source[:60], word) for p in patterns for word in p.words & rewritten}
    assert not wrong, json.dumps(sorted(wrong), indent=1)
