"""The guided interview with the pure engine: order, over-answering, wishes, corrections, stops, review."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from intake.interview.engine import allowed
from intake.interview.events import (
    ConflictDecided,
    NotNow,
    Sent,
    StaffActed,
    Switched,
    WentBack,
)
from intake.interview.guided import frame
from intake.interview.stages import Stage
from intake.interview.wordings import LOCALES, guided_words, texts
from tests.intake.interview.house import Talker, named, question_phase, replay, reviewing, words

STOPPED = texts("stopped", "en")[0]


def test_the_order_is_who_against_whom_about_what_then_the_check_then_the_story() -> None:
    talker = Talker().begin()
    order = [talker.talk.asking]
    talker.say("Maria Silva")
    order.append(talker.talk.asking)
    talker.say("Globex Corp")
    order.append(talker.talk.asking)
    talker.choose("@list")
    talker.choose("HO-00-00-00-00")
    assert order == ["name", "other_side", "topic"]
    assert talker.talk.playbook == "housing@1"
    assert talker.talk.asking == "state", "what it is about comes before how to be reached"
    assert not talker.talk.gate_passed
    talker.answer_basics()
    assert talker.stands(Stage.STORY)
    assert talker.talk.gate_passed


def test_the_whole_ends_sent_and_replays_byte_for_byte() -> None:
    talker = reviewing()
    assert talker.stands(Stage.REVIEW)
    sent = talker.happen(Sent, reference="2345-6789")
    assert "2345-6789" in words(sent)
    again, decisions = replay(talker.events)
    assert again.as_json() == talker.talk.as_json()
    assert decisions == talker.decisions


def test_no_question_is_put_again_after_a_usable_answer() -> None:
    talker = reviewing()
    asked = [saying.key for decision in talker.decisions for saying in decision.say if saying.key.startswith("ask.")]
    assert len(asked) == len(set(asked)), sorted(key for key in asked if asked.count(key) > 1)


def test_a_hit_stops_every_question_and_says_why_to_nobody() -> None:
    talker = Talker(hit=True).begin()
    talker.say("Maria Silva")
    talker.say("Globex")
    talker.choose("@list")
    talker.choose("@none")
    talker.answer_basics()
    assert talker.stands(Stage.CONFLICT_HOLD)
    assert words(talker.decisions[-1]).endswith(STOPPED)
    assert not any(vars_of(allowed(talker.talk)).values())
    with pytest.raises(NotNow):
        talker.say("hello?")
    talker.happen(ConflictDecided, cleared=True)
    assert talker.stands(Stage.STORY)


def vars_of(may: Any) -> dict[str, bool]:
    return {name: getattr(may, name) for name in may.__slots__}


def test_a_confirmed_conflict_ends_it_and_forgets_what_was_told_too_early() -> None:
    talker = Talker(hit=True).begin()
    talker.say("Maria Silva")
    talker.say("Globex")
    talker.say("My landlord changed the locks on me last week and all of my things are still inside there")
    assert talker.talk.early
    talker.choose("@none" if talker.talk.counts.get("list") else "@list")
    if talker.talk.asking == "area":
        talker.choose("@none")
    talker.answer_basics()
    talker.happen(ConflictDecided, cleared=False)
    assert talker.stands(Stage.STOPPED)
    assert talker.talk.early == ()


@pytest.mark.parametrize(
    ("answers", "flag"),
    [
        ({"is_adult": "no"}, "minor"),
        ({"has_lawyer": "yes"}, "represented_change"),
        ({"in_custody": "yes"}, "in_custody"),
    ],
)
def test_minors_represented_and_held_people_go_to_a_person_before_any_story(answers: dict[str, str], flag: str) -> None:
    talker = Talker().begin()
    for text in ("Maria Silva", "Globex"):
        talker.say(text)
    talker.choose("@list")
    talker.choose("HO-00-00-00-00")
    talker.answer_basics(**answers)
    assert talker.stands(Stage.PERSON_DECIDES)
    assert talker.talk.flag == flag
    assert talker.talk.known["phone"].value, "how to reach them is asked first"
    assert words(talker.decisions[-1]).endswith(STOPPED)
    warned = [decision for decision in talker.decisions if "listened" in words(decision)]
    assert len(warned) == (flag == "in_custody")
    talker.happen(StaffActed, action="continue")
    talker.answer_basics(**answers)
    assert talker.stands(Stage.STORY), "a person let them go on, and nothing stops them for the same again"


def test_staff_may_decline_what_waits_for_them() -> None:
    talker = Talker().begin()
    for text in ("Maria Silva", "Globex"):
        talker.say(text)
    talker.choose("@list")
    talker.choose("@none")
    talker.answer_basics(is_adult="no")
    talker.happen(StaffActed, action="decline")
    assert talker.stands(Stage.DECLINED)


def test_the_story_fills_questions_and_they_are_not_asked() -> None:
    talker = Talker().to_story()
    found = talker.say(
        "I live in an apartment. I got a notice on May 3 2026. I have to go to court on July 2nd. "
        "I owe 1200 dollars in rent."
    )
    filled = {finding.key: (finding.value, finding.state) for finding in found.findings}
    assert filled["notice_date"] == ("2026-05-03", "inferred")
    assert filled["court_date"] == ("2026-07-02", "inferred"), "a day in court lies ahead"
    assert filled["amount_behind"] == (1200, "inferred")
    assert filled["home_kind"] == ("rent", "inferred")
    for finding in found.findings:
        assert 0 <= finding.start < finding.end
    done = talker.finish()
    assert "May 3, 2026" in words(done), "dates are read back"
    asked_from = len(talker.decisions)
    question_phase(talker)
    asked = {decision.question for decision in talker.decisions[asked_from - 1 :]}
    assert not asked & set(filled)


def test_a_topic_that_was_a_story_is_not_asked_for_again_but_only_read_after_the_check() -> None:
    talker = Talker().begin()
    talker.say("Maria Silva")
    talker.say("Globex")
    told = "I got a notice on May 3 2026 about the apartment that I rent and now they want me out of there"
    found = talker.say(told)
    assert not [finding for finding in found.findings if finding.key == "notice_date"]
    if "HO-00-00-00-00" not in talker.talk.offered:
        talker.choose("@list")
    talker.choose("HO-00-00-00-00")
    assert "notice_date" not in talker.talk.known
    talker.answer_basics()
    assert talker.stands(Stage.STORY)
    assert talker.talk.known["notice_date"].value == "2026-05-03"
    assert talker.talk.story
    assert "rest" in words(talker.decisions[-1])


def test_one_breath_answers_several() -> None:
    talker = Talker().begin()
    talker.say("My name is Maria Silva and my number is 512 555 0147")
    talker.say("Globex Corp")
    talker.choose("@list")
    talker.choose("HO-00-00-00-00")
    talker.answer_basics()
    questions = [decision.question for decision in talker.decisions]
    assert talker.talk.known["phone"].value == "+15125550147"
    assert "phone" not in questions


def test_an_unusable_answer_is_asked_once_more_and_then_left_open() -> None:
    talker = Talker().to_story()
    talker.say("They kept it.")
    talker.finish()
    while talker.talk.asking != "people_home":
        question_phase_one(talker)
    talker.say("purple")
    assert talker.talk.asking == "people_home"
    talker.say("purple")
    assert talker.talk.known["people_home"].state == "unknown"
    assert talker.talk.asking != "people_home"


def question_phase_one(talker: Talker) -> None:
    question = frame.question_of(named(talker.talk.playbook), talker.talk.asking)
    assert question is not None
    talker.choose("no" if question.type == "yes_no" else "@unknown")


@pytest.mark.parametrize(("text", "state"), [("I don't know", "unknown"), ("I'd rather not say", "refused")])
def test_not_knowing_and_not_saying_are_answers(text: str, state: str) -> None:
    talker = Talker().begin()
    talker.say("Maria Silva")
    talker.say(text)
    assert talker.talk.known["other_side"].state == state
    assert talker.talk.asking == "topic"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("are you a lawyer?", "not a lawyer"),
        ("can i talk to a person please", "person"),
        ("can you repeat that", "once more"),
        ("what should i do", "lawyer"),
    ],
)
def test_each_wish_has_its_answer_and_the_question_stays(text: str, part: str) -> None:
    talker = Talker().begin()
    talker.say("Maria Silva")
    before = talker.talk.tries
    answer = words(talker.say(text))
    assert part in answer
    assert texts("ask.other_side", "en")[0] in answer
    assert talker.talk.asking == "other_side"
    assert talker.talk.tries == before, "a wish is no failed answer"


def test_asking_for_a_person_tells_staff_once() -> None:
    talker = Talker().begin()
    talker.say("can i talk to a person please")
    talker.say("can i talk to a person please")
    alerts = [alert for decision in talker.decisions for alert in decision.alerts]
    assert [alert.kinds for alert in alerts] == [("wants_person",)]


def test_thirty_requests_for_advice_get_thirty_kind_answers_and_change_nothing() -> None:
    talker = Talker().to_story()
    before = talker.talk.known
    said = [words(talker.say("should i sign it or not?")) for _ in range(30)]
    assert talker.talk.known == before
    assert all("lawyer" in answer for answer in said)


def test_the_person_may_go_back_and_answer_anew() -> None:
    talker = Talker().begin()
    talker.say("Maria Silva")
    talker.say("Globex")
    talker.happen(WentBack)
    assert talker.talk.asking == "other_side"
    talker.say("Initech")
    assert talker.talk.known["other_side"].value == "Initech"
    assert talker.talk.asking == "topic"
    talker.say("go back please")
    assert talker.talk.asking == "other_side"


def test_there_is_nothing_before_the_first_question() -> None:
    talker = Talker().begin()
    assert not allowed(talker.talk).back
    with pytest.raises(NotNow):
        talker.happen(WentBack)


def test_another_language_is_spoken_from_then_on() -> None:
    talker = Talker().begin()
    decision = talker.happen(Switched, to="es")
    assert decision.locale == "es"
    assert texts("ask.name", "es")[0] in words(decision)
    assert "Gracias" in words(talker.say("me llamo María Núñez"))
    back = talker.say("english please")
    assert back.locale == "en"
    assert texts("ask.other_side", "en")[0] in words(back)


def test_who_writes_in_the_other_language_is_told_once_that_it_can_be_had() -> None:
    talker = Talker().to_story()
    first = words(talker.say("Mi casero no me quiere devolver el depósito y ya no tengo dinero"))
    second = words(talker.say("Le escribí muchas veces y él no me contesta nunca"))
    assert texts("offer_language", "es")[0] in first
    assert texts("offer_language", "es")[0] not in second


def test_acknowledgements_vary_and_are_never_the_same_twice_running() -> None:
    for talker in (reviewing(), Talker(locale="es").to_story()):
        said = [
            saying.text
            for decision in talker.decisions
            for saying in decision.say
            if saying.key.partition(".")[0] in {"ack", "story_more", "story_hard", "give_up"}
        ]
        assert len(said) > 3
        assert all(one != following for one, following in pairwise(said))


def test_both_languages_have_every_wording() -> None:
    english, spanish = (guided_words(locale) for locale in LOCALES)
    assert english.keys() == spanish.keys()
    for key, ways in english.items():
        fields = {part.partition("}")[0] for way in ways for part in way.split("{")[1:]}
        assert {part.partition("}")[0] for way in spanish[key] for part in way.split("{")[1:]} == fields, key
