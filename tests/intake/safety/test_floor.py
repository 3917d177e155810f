"""What holds whatever is learned: plain words are never missed, bad hearing invents no abuse, strangers are heard."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from intake.language.guess import LANGUAGES, Language
from intake.language.mishearing import misheard
from intake.safety import watch
from tests.evals.noise import _vocabulary, recognised
from tests.evals.safety.score import score

EVALS = Path(__file__).parents[2] / "evals" / "safety"
#: Language, kind and words, a line each.
PLAIN = [
    line.split(" ", 2)
    for line in Path(__file__).with_name("plain.txt").read_text(encoding="utf-8").splitlines()
    if line.strip()
]
BEFORE = {"en": ("", "um so ", "I have a question about my rent. "), "es": ("", "este, ", "Pregunto por la renta. ")}


@pytest.mark.parametrize(("language", "kind", "text"), PLAIN, ids=[one[2] for one in PLAIN])
def test_plain_words_of_danger_are_never_missed(language: Language, kind: str, text: str) -> None:
    for before in BEFORE[language]:
        found = watch(before + text, language=language)
        assert found.level == "danger_now", before + text
        assert kind in found.kinds


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my boss is killing me with these shifts", "en"), ("I do not want to die, I want a will", "en"),
        ("in the movie he says help he is killing me", "en"), ("this rent is killing me", "en"),
        ("esta deuda me est\u00e1 matando", "es"), ("no me quiero morir, quiero un testamento", "es"),
    ],
)  # fmt: skip
def test_sayings_denials_and_films_are_let_be(text: str, language: Language) -> None:
    assert not watch(text, language=language).alarm


@pytest.mark.parametrize("language", LANGUAGES)
def test_noise_that_is_taken_for_words_raises_next_to_nothing(language: Language) -> None:
    chance = random.Random(11)
    words = _vocabulary(language)
    kinds: Counter[str] = Counter()
    for _ in range(500):
        kinds.update(watch(" ".join(chance.choices(words, k=chance.randint(9, 30))), language=language).kinds)
    assert kinds["child_or_elder_abuse"] == kinds["self_harm"] == 0
    assert kinds.total() <= 5


@pytest.mark.parametrize(("rate", "least"), [(0.1, 0.86), (0.2, 0.75)])
def test_danger_is_heard_through_word_errors_and_abuse_is_not_invented(rate: float, least: float) -> None:
    rows = [json.loads(line) for line in (EVALS / "own.jsonl").read_text(encoding="utf-8").splitlines()]
    caught: list[bool] = []
    invented: Counter[str] = Counter()
    for row in rows:
        found = watch(recognised(row["text"], row["lang"], rate=rate, seed=5), language=row["lang"])
        if row["alarm"]:
            caught.append(found.alarm)
        else:
            invented.update(found.kinds)
            invented["calm"] += 1
    assert sum(caught) / len(caught) >= least
    assert invented["child_or_elder_abuse"] / invented["calm"] <= 0.005


@pytest.mark.parametrize(("name", "recall", "false"), [("aside", 0.81, 0.32), ("strangers2", 0.92, 0.14)])
def test_strangers_are_heard_no_worse_than_before(name: str, recall: float, false: float) -> None:
    """The figures that were reached, less a little: they are no aim. Two thirds of `strangers2` were learned from."""
    figures = score(EVALS / f"{name}.jsonl")
    assert figures["recall"] >= recall
    assert figures["false_alarms_hard"] <= false


def test_a_text_is_misheard_in_the_same_way_each_time_and_a_cry_not_at_all() -> None:
    text = "he has a knife and he is outside my door tonight"
    assert list(misheard(text)) == list(misheard(text))
    assert all(copy != text for copy in misheard(text))
    assert not list(misheard("help me"))
