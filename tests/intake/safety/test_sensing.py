"""The examples: what is in them, and what is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intake.language.guess import LANGUAGES, Language
from intake.language.likeness import read_table, written
from intake.language.views import view_of
from intake.safety import KINDS, learning, sensing, watch

EVALS = Path(__file__).parents[2] / "evals" / "safety"
ROWS = [
    json.loads(line)
    for path in (*map(sensing.examples_file, LANGUAGES), sensing.ORDINARY)
    for line in path.read_text(encoding="utf-8").splitlines()
]

ROOT = Path(__file__).resolve().parents[3]


def test_the_examples_are_well_formed_and_none_of_them_is_in_the_own_set() -> None:
    own = {json.loads(line)["text"].casefold() for line in (EVALS / "own.jsonl").read_text("utf-8").splitlines()}
    assert {row["lang"] for row in ROWS} == {"en", "es"}
    assert {row["kind"] for row in ROWS} == {"", *KINDS}
    assert not own & {row["text"].casefold() for row in ROWS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_weights_are_those_of_the_examples(language: Language) -> None:
    """Behind: run `python -m intake.safety.learning`."""
    model, made_from = read_table(sensing.weights_file(language))
    assert made_from == learning.made_from(language)
    assert len(model.weights) > 10_000


def test_the_same_examples_make_the_same_table() -> None:
    some = sensing.examples("es")[:300]
    first, second = (written(learning.learned(some, "es"), "x") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("my tongue is swelling and i am getting dizzy", "en", "medical_emergency"),
        ("he pinned my arms and says nobody will hear me scream tonight", "en", "violence_now"),
        ("a mi primo lo tienen en una celda", "es", "detention"),
    ],
)
def test_what_no_concept_names_is_still_heard(text: str, language: Language, kind: str) -> None:
    sensed = sensing.sense(view_of(text, language), language)
    assert sensed.alone(language)
    assert sensing.kind_of(sensed, language)[0] == kind
    assert watch(text, language=language).alarm


def test_what_is_about_something_else_sounds_like_nothing() -> None:
    """Read aloud, and as a recogniser takes it for other words: the examples know nothing of it, and say nothing."""
    manifest = json.loads((ROOT / "tests" / "clips" / "manifest.json").read_text())
    clips = manifest["clips"] if isinstance(manifest, dict) else manifest
    read_aloud = [clip["text"].lower() for clip in clips]
    taken_for = [
        "produced the block looks which were the immediate predecessors of the true printed book",
        "in being comparatively modern for although the chinese took impressions from wood blocks",
        "the journal of the server is trimmed when a slot has committed what it heard of the stream",
    ]
    for text in read_aloud + taken_for:
        assert not watch(text, language="en").alarm, text
