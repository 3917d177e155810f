"""The list of areas, the lexicons and the examples: what is committed holds together."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from intake.classify import areas, top_codes, top_of
from intake.classify.areas import HERE, full_code, read_yaml
from intake.classify.learned import NOT_LEGAL, UNCLEAR, examples, features
from intake.classify.words import stem, stop_words
from intake.language.tokens import words_of

CODE = re.compile(r"[A-Z]{2}(-\d\d){4}")


def test_twenty_areas_at_the_top_and_sixty_or_more_below_in_both_languages() -> None:
    assert len(top_codes()) == 20
    assert len(areas()) >= 80
    for code, area in areas().items():
        assert CODE.fullmatch(code)
        assert area.parent == ("" if code == top_of(code) else top_of(code))
        assert area.name("en")
        assert area.name("es")
        assert area.description


def test_each_area_is_offered_by_a_name_of_its_own() -> None:
    for language in ("en", "es"):
        names = Counter(area.names[language] for area in areas().values())
        assert max(names.values()) == 1


def test_sixty_examples_for_each_top_area_and_fifteen_for_each_below_a_third_in_spanish() -> None:
    counts: Counter[tuple[str, str]] = Counter((row.codes[0], row.lang) for row in examples())
    for code in areas():
        english, spanish = counts[code, "en"], counts[code, "es"]
        assert english + spanish >= (60 if code == top_of(code) else 15), code
        assert spanish >= (20 if code == top_of(code) else 5), code


def test_examples_are_different_texts_with_known_codes() -> None:
    texts = [row.text for row in examples()]
    assert len(set(texts)) == len(texts)
    for row in examples():
        assert row.lang in ("en", "es")
        assert set(row.codes) <= {*areas(), NOT_LEGAL, UNCLEAR}


def test_no_post_that_is_scored_is_an_example() -> None:
    known = {row.text for row in examples()}
    for name in ("own", "rambling", "strangers"):
        for line in (HERE.parents[1] / f"tests/evals/areas/{name}.jsonl").read_text(encoding="utf-8").splitlines():
            assert json.loads(line)["text"] not in known


@pytest.mark.parametrize("name", ["lexicon.en.yaml", "lexicon.es.yaml"])
def test_a_lexicon_speaks_of_every_area_in_words_and_known_weights(name: str) -> None:
    entries = read_yaml(name)
    assert {full_code(code) for code in entries} == set(areas())
    for weights in entries.values():
        assert set(weights) <= {1, 2, 3, 4, 5}
        for phrases in weights.values():
            for phrase in phrases:
                assert isinstance(phrase, str | int), phrase
                assert not isinstance(phrase, bool), phrase


def test_a_word_has_one_sense_and_is_no_stop_word() -> None:
    said = [word for words in read_yaml("senses.yaml")["senses"].values() for word in words_of(words)]
    assert [word for word, times in Counter(said).items() if times > 1] == []
    assert stop_words().isdisjoint(said)


def test_words_of_both_languages_for_one_thing_are_one_feature() -> None:
    for words in ("landlord casero", "truck troca", "boss patron", "cops policia"):
        english, spanish = (set(features([stem(word)])) for word in words.split())
        assert [sense for sense in english & spanish if sense.startswith("=")], words


def test_what_areas_start_with_is_given_for_each_at_the_top() -> None:
    assert {full_code(code) for code in read_yaml("lean.yaml")["lean"]} == set(top_codes())


def test_data_files_stay_small() -> None:
    for path in HERE.rglob("*.*"):
        assert path.stat().st_size < 1_000_000, path
