"""A text and its areas."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.classify import Areas, areas, classify, top_of
from intake.classify.words import Spelling, stem
from tests.evals.areas.score import score

EVALS = Path(__file__).parents[2] / "evals" / "areas"


def best(text: str, language: str = "en") -> str:
    return classify(text, language=language).areas[0].code[:2]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("my landlord changed the locks and my stuff is inside", "HO"),
        ("boss fired me after i asked about my overtime", "WO"),
        ("my ex wont let me see my kids", "FA"),
        ("they repo'd my car at 3am", "TR"),
        ("ice picked up my husband on his way to work", "IM"),
        ("ssdi denied me again, hearing with the judge in may", "BE"),
        ("dad died without a will and my sister took everything", "ES"),
        ("the hoa fined us over our mailbox", "HO"),
        ("i have daca and it runs out in june", "IM"),
        ("got a dui last weekend", "TR"),
        ("the tribe says i dont have enough blood quantum to enroll", "NA"),
        ("the va says my back isnt service connected", "VE"),
        ("fema turned us down after the hurricane", "DI"),
        ("the plant dumps chemicals in our creek", "EN"),
        ("a dog bit my son in the face", "TO"),
        ("collection agency calls me ten times a day about a credit card", "MO"),
        ("he was arrested last night and we cant make bail", "CR"),
    ],
)
def test_plain_words_of_lay_people(text: str, area: str) -> None:
    assert best(text) == area


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("mi casero me quiere sacar del apartamento", "HO"),
        ("el patron no me ha pagado las horas extras", "WO"),
        ("mi ex no me deja ver a mis hijos", "FA"),
        ("me chocaron por atras en el freeway", "TR"),
        ("la migra se llevo a mi esposo", "IM"),
        ("me cortaron las estampillas de comida", "BE"),
        ("mi papa murio y no dejo testamento", "ES"),
        ("arrestaron a mi hijo y la fianza esta muy alta", "CR"),
        ("me llego un eviction notice del landlord", "HO"),
    ],
)
def test_plain_words_in_spanish_with_and_without_english_ones(text: str, area: str) -> None:
    assert best(text, "es") == area


@pytest.mark.parametrize(
    "text", ["my landlrd sent an evicton notice", "my employr wont pay the overtme", "custdy of my doughter"]
)
def test_misspelled_words_are_understood(text: str) -> None:
    found = classify(text, language="en")
    assert not found.unclear
    assert found.areas[0].code[:2] in ("HO", "WO", "FA")


def test_spanish_is_read_as_such_whatever_language_was_set() -> None:
    assert best("el casero no me quiere devolver el deposito de la renta", "en") == "HO"


@pytest.mark.parametrize(
    "text", ["", "   ", "\U0001f62d\U0001f62d\U0001f62d", "?!", "\ud800", "12345", "我需要帮助", "مرحبا"]
)
def test_nothing_said_is_unclear_and_names_no_area(text: str) -> None:
    found = classify(text, language="en")
    assert found == Areas((), unclear=True, not_legal=False, why=found.why)


@pytest.mark.parametrize(
    "text", ["I need a lawyer", "necesito ayuda por favor", "hello? can someone help me", "they did me wrong"]
)
def test_a_cry_for_help_is_unclear(text: str) -> None:
    found = classify(text, language="en")
    assert found.unclear
    assert not found.not_legal


@pytest.mark.parametrize(
    "text",
    ["what's a good recipe for banana bread", "me recomiendas una receta de pozole", "help me with my math homework"],
)
def test_what_no_lawyer_deals_with_is_not_legal(text: str) -> None:
    found = classify(text, language="en")
    assert found.not_legal
    assert not found.areas


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Moving sale, oak dining table with four chairs, 120 obo, pick up only", "en"),
        ("can anyone recommend a plumber who does not overcharge", "en"),
        ("what time does the county office close on fridays", "en"),
        ("happy birthday coach, from the whole team", "en"),
        ("se vende carriola gemelar como nueva, 60 dolares", "es"),
        ("a que hora abre la corte los lunes y hay donde estacionar", "es"),
        ("jajaja el de mi tio estuvo mejor, cuentame otro", "es"),
    ],
)
def test_small_talk_is_not_legal_though_it_names_offices_and_homes(text: str, language: str) -> None:
    assert classify(text, language=language).not_legal  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("bought a couch that was for sale online and the seller wont refund me", "en"),
        ("happy birthday to me, got arrested at my own party", "en"),
        ("can anyone recommend what to do, my boss never paid me for august", "en"),
        ("vendo elotes y la policia me quito el carrito", "es"),
        ("busco a mi hermano, se lo llevaron unos agentes y no me dejan verlo", "es"),
        ("a que hora abre la corte, me robaron y quiero denunciar", "es"),
    ],
)
def test_a_wrong_among_small_talk_is_a_matter(text: str, language: str) -> None:
    assert not classify(text, language=language).not_legal  # type: ignore[arg-type]


def test_a_lower_code_comes_with_its_area_and_after_the_three_best() -> None:
    found = classify("the sheriff is coming friday to evict us, the landlord won in court", language="en")
    codes = [area.code for area in found.areas]
    assert "HO-02-00-00-00" in codes
    assert all(code == top_of(code) for code in codes[:3])
    assert found.areas[0].code == "HO-00-00-00-00"
    assert "evict" in found.why


def test_more_than_one_area_is_scored() -> None:
    found = classify(
        "my landlord kicked me out and my boss fired me the same week and wont give my last paycheck", language="en"
    )
    assert {area.code[:2] for area in found.areas[:2]} == {"HO", "WO"}


@given(
    st.text(max_size=400) | st.text(alphabet="evict landlord custodia ñé\U0001f600\n", max_size=300),
    st.sampled_from(["en", "es"]),
)
@settings(max_examples=200, deadline=None)
def test_any_text_gets_a_whole_answer_and_always_the_same(text: str, language: str) -> None:
    found = classify(text, language=language)  # type: ignore[arg-type]
    assert found == classify(text, language=language)  # type: ignore[arg-type]
    scores = [area.score for area in found.areas]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= one <= 1 for one in scores)
    codes = [area.code for area in found.areas]
    assert len(set(codes)) == len(codes)
    assert set(codes) <= set(areas())
    assert {top_of(code) for code in codes} <= set(codes)
    assert len(found.top) >= 3 or not codes
    assert found.why
    assert not (found.unclear and found.not_legal)


def test_a_text_takes_less_than_20_ms_and_20000_characters_less_than_half_a_second() -> None:
    text = "my landlord will not give the deposit back and my lawyer does not call me. " * 4
    classify(text, language="en")
    start = time.process_time()
    for _ in range(20):
        classify(text, language="en")
    assert (time.process_time() - start) / 20 < 0.02
    for hostile in ("landlord " * 2300, "my " * 7000, "a" * 20_000, "evict" * 4000):
        start = time.process_time()
        classify(hostile, language="en")
        assert time.process_time() - start < 0.5


def test_endings_go_and_short_words_stay() -> None:
    assert stem("evicting") == stem("evicted") == stem("evict")
    assert stem("her") == "her"
    assert stem("herida") != "her"


def test_a_slip_is_put_right_only_for_words_nobody_here_knows() -> None:
    spelling = Spelling(right={"landlord", "custody"}, known={"landlords"})
    assert spelling.put_right("lanldord") == "landlord"
    assert spelling.put_right("landlrd") == "landlord"
    assert spelling.put_right("custodyy") == "custody"
    assert spelling.put_right("landlords") == "landlords"
    assert spelling.put_right("handlord") == "handlord"
    assert spelling.put_right("landloyd") == "landlord"
    assert spelling.put_right("lamdloyd") == "lamdloyd"


def test_our_own_posts_keep_their_floors() -> None:
    own = score(EVALS / "own.jsonl")
    assert own["count"] >= 250
    assert own["first_en"] >= 0.78
    assert own["first_es"] >= 0.88
    assert own["first_three_en"] >= 0.95
    assert own["first_three_es"] >= 0.95
    assert own["not_legal_recall"] >= 0.9
    assert own["unclear_recall"] >= 0.7
    assert own["false_not_legal"] <= 0.01
    assert own["false_unclear"] <= 0.03


def test_posts_by_another_hand_keep_their_floors() -> None:
    """The third that is among no example: 67 posts, so by language they say little."""
    strangers = score(EVALS / "strangers.jsonl")
    assert strangers["first"] >= 0.72
    assert strangers["first_three"] >= 0.93
    assert strangers["not_legal_recall"] >= 0.5
    assert strangers["false_not_legal"] <= 0.005


def test_long_rambling_posts_keep_their_floors() -> None:
    rambling = score(EVALS / "rambling.jsonl")
    assert rambling["first"] >= 0.8
    assert rambling["first_three"] >= 0.93
