"""A lawyer already, under age, held: told apart in the words that people use, unasked too, and left to a person."""

from __future__ import annotations

import pytest

from intake.interview.events import ConflictDecided, StaffActed
from intake.interview.stages import Stage
from intake.interview.wordings import texts
from intake.safety.helping import hotlines
from tests.intake.interview.house import Talker, replay, words

STOPPED = texts("stopped", "en")[0]


def at(key: str, locale: str = "en") -> Talker:
    """A conversation in which the question `key` is open."""
    talker = Talker(locale=locale).begin()
    for text in ("Maria Silva", "Globex"):
        talker.say(text)
    talker.choose("@list")
    talker.choose("HO-00-00-00-00")
    plain = {"state": "Texas", "phone": "512 555 0147", "has_lawyer": "no", "is_adult": "yes", "in_custody": "no"}
    for _ in range(20):
        if talker.talk.asking == key:
            return talker
        talker.say(plain.get(talker.talk.asking, "yes"))
    raise AssertionError(f"{key} is not asked")


LAWYER = [
    ("en", "I fired my lawyer yesterday", "yes", "change"),
    ("en", "i had one but he quit", "yes", "change"),
    ("en", "my attorney withdrew from the case", "yes", "change"),
    ("en", "not anymore", "yes", "change"),
    ("en", "yes but i want to fire him", "yes", "change"),
    ("en", "yes i just want a second opinion", "yes", "second_opinion"),
    ("en", "i have a lawyer for my divorce but not this", "yes", "other_matter"),
    ("en", "public defender assigned but haven't met", "yes", None),
    ("en", "the court gave me a public defender", "yes", None),
    ("en", "my insurance gave me one", "yes", None),
    ("en", "my attorney isn't returning my calls", "yes", None),
    ("en", "legal aid turned me down", "no", None),
    ("en", "i dont have a lawyer", "no", None),
    ("en", "i can't afford one", "no", None),
    ("en", "still looking", "no", None),
    ("en", "i represent myself", "no", None),
    ("en", "no this is new", "no", None),
    ("es", "despedí a mi abogado ayer", "yes", "change"),
    ("es", "tenía uno pero renunció", "yes", "change"),
    ("es", "ya no", "yes", "change"),
    ("es", "me asignaron un defensor público", "yes", None),
    ("es", "tengo abogado pero no contesta", "yes", None),
    ("es", "tengo abogado pero no para esto", "yes", "other_matter"),
    ("es", "no tengo abogado", "no", None),
    ("es", "no puedo pagar uno", "no", None),
]


@pytest.mark.parametrize(("locale", "text", "has", "reason"), LAWYER)
def test_whether_they_have_a_lawyer_and_why_they_ask(locale: str, text: str, has: str, reason: str | None) -> None:
    talker = at("has_lawyer", locale)
    talker.say(text)
    assert talker.talk.known["has_lawyer"].value == has
    assert (talker.talk.known["lawyer_reason"].value if "lawyer_reason" in talker.talk.known else None) == reason
    assert (talker.talk.asking == "lawyer_reason") == (has == "yes" and reason is None), "asked only where it is open"


@pytest.mark.parametrize(
    ("locale", "text", "reason"),
    [
        ("en", "he is useless i want somebody else", "change"),
        ("en", "she doesn't answer my calls", "change"),
        ("en", "i just want someone to look over what he is doing", "second_opinion"),
        ("en", "it's for another case", "other_matter"),
        ("es", "no me contesta", "change"),
        ("es", "para otra opinión", "second_opinion"),
        ("es", "es otro caso", "other_matter"),
    ],
)
def test_the_reason_in_odd_words(locale: str, text: str, reason: str) -> None:
    talker = at("has_lawyer", locale)
    talker.say("yes" if locale == "en" else "sí")
    talker.say(text)
    assert talker.talk.known["lawyer_reason"].value == reason


ADULT = [
    ("en", "my mom's filling this for me, I'm 16", "no"),
    ("en", "i turn 18 next month", "no"),
    ("en", "almost 18", "no"),
    ("en", "seventeen and a half", "no"),
    ("en", "i'm a minor", "no"),
    ("en", "im 34", "yes"),
    ("en", "yes i'm 42 my kid is 9", "yes"),
    ("en", "i was 16 when it happened, im 30 now", "yes"),
    ("en", "I'm 18 and a half", "yes"),
    ("en", "my daughter is 16", None),
    ("en", "i'm filling this for my son who's 16", None),
    ("es", "mi mamá me está ayudando, tengo 16 años", "no"),
    ("es", "cumplo 18 en mayo", "no"),
    ("es", "soy menor de edad", "no"),
    ("es", "sí, tengo 40", "yes"),
]


@pytest.mark.parametrize(("locale", "text", "adult"), ADULT)
def test_whether_they_are_of_age(locale: str, text: str, adult: str | None) -> None:
    talker = at("is_adult", locale)
    talker.say(text)
    if adult is None:
        assert talker.talk.asking == "is_adult", "another's age is no answer: it is asked once more"
    else:
        assert talker.talk.known["is_adult"].value == adult


HELD = [
    ("en", "i'm calling from county", "yes"),
    ("en", "ICE has me", "yes"),
    ("en", "i'm in detention", "yes"),
    ("en", "still in", "yes"),
    ("en", "i got out yesterday", "no"),
    ("en", "i'm out on bail", "no"),
    ("en", "i have an ankle monitor", "no"),
    ("en", "my son is in jail", "no"),
    ("en", "i work in a jail", "no"),
    ("es", "estoy preso", "yes"),
    ("es", "me tiene inmigración", "yes"),
    ("es", "salí bajo fianza", "no"),
    ("es", "mi hijo está preso", "no"),
]


@pytest.mark.parametrize(("locale", "text", "held"), HELD)
def test_whether_they_are_held_and_who_is_is_told_that_others_may_listen(locale: str, text: str, held: str) -> None:
    talker = at("in_custody", locale)
    decision = talker.say(text)
    assert talker.talk.known["in_custody"].value == held
    assert (texts("custody", locale)[0] in words(decision)) == (held == "yes")


def test_who_is_held_and_has_a_lawyer_is_told_too() -> None:
    talker = at("has_lawyer")
    talker.say("public defender assigned but haven't met")
    talker.choose("other")
    for text in ("yes", "yes", "county jail"):
        talker.say(text)
    for _ in range(10):
        if talker.stands(Stage.PERSON_DECIDES):
            break
        talker.say("no")
    assert talker.talk.flag == "represented"
    assert sum(texts("custody", "en")[0] in words(one) for one in talker.decisions) == 1


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("my mom's filling this for me, I'm 16. my name is Ana Ruiz", "minor"),
        ("im calling from the county jail, ana ruiz", "in_custody"),
    ],
)
def test_what_is_said_unasked_is_not_asked_again_and_stops_for_a_person(text: str, flag: str) -> None:
    talker = Talker().begin()
    talker.say("Ana Ruiz")
    talker.say("Globex")
    talker.choose("@list")
    talker.choose("HO-00-00-00-00")
    talker.say(f"Texas, {text}")
    talker.answer_basics()
    assert talker.stands(Stage.PERSON_DECIDES)
    assert talker.talk.flag == flag
    assert "is_adult" not in [key for key in talker.talk.asked if flag == "minor"]
    assert replay(talker.events)[0].as_json() == talker.talk.as_json()


@pytest.mark.parametrize(
    "text",
    [
        "I'm 16 weeks pregnant", "i am 17 payments behind", "I'm 12 years into my mortgage", "i was 16 then",
        "he's in jail", "I'm in custody battle with my ex", "tengo 15 años de vivir aquí", "i'm held hostage by debt",
    ],
)  # fmt: skip
def test_what_only_sounds_like_it_stops_nobody(text: str) -> None:
    talker = Talker().to_story()
    talker.say(f"{text} and they kept my deposit")
    assert talker.stands(Stage.STORY)
    assert not [alert for decision in talker.decisions for alert in decision.alerts if "may_be" in str(alert.kinds)]


def test_the_story_may_say_otherwise_than_the_answer_did_and_staff_are_told() -> None:
    talker = Talker().to_story()
    decision = talker.say("They kept my deposit. I'm 16 and I live with my aunt.")
    assert talker.talk.known["is_adult"].state == "contradicted"
    assert [alert.kinds for alert in decision.alerts] == [("may_be_under_age",)]
    assert not talker.say("I told you, I'm 16.").alerts, "once"


def test_an_age_that_was_left_open_and_comes_in_the_story_stops_it() -> None:
    talker = at("is_adult")
    talker.choose("@skip")
    talker.answer_basics()
    assert talker.stands(Stage.STORY)
    decision = talker.say("I'm 16 and my landlord put us out.")
    assert talker.stands(Stage.PERSON_DECIDES)
    assert words(decision).endswith(STOPPED)
    talker.happen(StaffActed, action="continue")
    assert talker.stands(Stage.STORY)
    assert replay(talker.events)[0].as_json() == talker.talk.as_json()


@pytest.mark.parametrize(
    ("reason", "flag"),
    [("change", "represented_change"), ("second_opinion", "represented_second_opinion"), ("other", "represented")],
)
def test_the_four_are_told_apart(reason: str, flag: str) -> None:
    talker = at("has_lawyer")
    talker.say("yes")
    talker.choose(reason)
    talker.answer_basics()
    assert talker.stands(Stage.PERSON_DECIDES)
    assert talker.talk.flag == flag
    assert not talker.talk.story


def test_a_lawyer_in_another_matter_stops_nothing() -> None:
    talker = at("has_lawyer")
    talker.say("yes")
    talker.choose("other_matter")
    talker.answer_basics()
    assert talker.stands(Stage.STORY)


def test_a_hit_and_a_lawyer_wait_for_both_decisions() -> None:
    talker = at("has_lawyer")
    talker.hit = True
    talker.say("I fired my lawyer yesterday")
    talker.answer_basics()
    assert talker.stands(Stage.CONFLICT_HOLD)
    talker.happen(ConflictDecided, cleared=True)
    assert talker.stands(Stage.PERSON_DECIDES)


def test_the_help_lines_are_those_of_the_firms_country_and_old_records_replay_as_they_were() -> None:
    said = {}
    for country in ("", "US", "GB", "ES"):
        from intake.interview.events import Consented, Started

        talker = Talker()
        talker.happen(Started, country=country)
        talker.happen(Consented, kind="service")
        said[country] = words(talker.say("I want to kill myself tonight"))
        assert ("country" in talker.talk.as_json()) == bool(country)
        assert replay(talker.events)[0].as_json() == talker.talk.as_json()
    assert said[""] == said["US"]
    assert "988" in said["US"]
    assert "116 123" in said["GB"]
    assert "988" not in said["GB"]
    assert hotlines("ES", ("self_harm",))[0].call in said["ES"]
