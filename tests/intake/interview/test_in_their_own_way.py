"""Answers as people give them: a courtesy after a name, two things in one breath, a question back, "ya", "fine"."""

from __future__ import annotations

import pytest

from intake.interview.stages import Stage
from intake.interview.wordings import texts
from tests.intake.interview.house import Talker, words
from tests.intake.interview.test_said_otherwise import at


@pytest.mark.parametrize(
    ("locale", "said", "name"),
    [
        ("es", "Inés Cantú, para servirle a Dios y a usted", "Inés Cantú"),
        ("es", "rosa elena duarte a sus ordenes", "Rosa Elena Duarte"),
        ("en", "shawna pruitt and my number is five five nine five five five zero one four two", "Shawna Pruitt"),
        ("en", "Dale Cooper and I'm in Boise Idaho and I need somebody for a lease", "Dale Cooper"),
        ("en", "Mary Ann Li, nice to meet you", "Mary Ann Li"),
    ],
)
def test_a_name_with_more_behind_it(locale: str, said: str, name: str) -> None:
    talker = Talker(locale=locale).begin()
    talker.say(said)
    assert talker.talk.known["name"].value == name


def test_a_number_said_with_the_name_is_not_asked_for() -> None:
    talker = Talker().begin()
    talker.say("shawna pruitt and my number is five five nine five five five zero one four two")
    assert talker.talk.known["phone"].value == "+15595550142"


@pytest.mark.parametrize(
    ("locale", "said", "reply"),
    [
        ("es", "¿y usted es licenciada, mijita?", "reply.lawyer"),
        ("es", "disculpe, ¿usted es el abogado?", "reply.lawyer"),
        ("en", "May I ask whether I am corresponding with an attorney?", "reply.lawyer"),
        ("en", "lawyer?", "reply.lawyer"),
        ("en", "I should prefer to speak with a living person. Is that possible?", "reply.human"),
        ("es", "una pregunta esto cuanto cuesta porque no tengo dinero", "reply.cost"),
        ("en", "how much is this gonna cost me", "reply.cost"),
        ("en", "HOW LONG IS THIS GOING TO TAKE", "reply.question"),
        ("es", "¿y cuándo me van a contestar ustedes?", "reply.question"),
    ],
)
@pytest.mark.parametrize("asked", ["other_side", "safe_to_call"])
def test_a_question_back_is_answered_and_names_nobody(locale: str, said: str, reply: str, asked: str) -> None:
    talker = Talker(locale=locale).begin()
    if asked == "other_side":
        talker.say("Maria Silva")
    else:
        at(talker, asked)
    decision = talker.say(said)
    assert any(text in words(decision) for text in texts(reply, locale)), words(decision)
    assert talker.talk.asking == asked
    assert asked not in talker.talk.known


def test_a_no_that_sounds_like_a_state_corrects_none_and_goes_in_no_circle() -> None:
    talker = Talker(locale="es").begin()
    at(talker, "has_lawyer", state="en California")
    talker.say("no, no tenemos licenciado")
    assert talker.talk.known["state"].value == "CA"
    assert talker.talk.known["has_lawyer"].value == "no"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("ya im at my friends dorm", "yes"),
        ("i mean u can but i prob wont pick up if idk the number lol. but ya its fine", "yes"),
        ("FINE", "yes"),
        ("By all means; I have an answering machine.", "yes"),
        ("I am afraid not. My telephone is attached to the wall.", "no"),
    ],
)
def test_a_yes_or_no_of_their_own(said: str, value: str) -> None:
    talker = at(Talker().begin(), "safe_to_call")
    talker.say(said)
    assert talker.talk.known["safe_to_call"].value == value


@pytest.mark.parametrize(
    "said",
    ["I did everything for this family and got no thanks", "I thought it was somebody wanting a cake order"],
)
def test_a_sentence_about_something_else_is_no_yes(said: str) -> None:
    talker = at(Talker().begin(), "safe_to_call")
    talker.say(said)
    assert "safe_to_call" not in talker.talk.known


def test_a_company_beside_somebody_whose_name_is_not_known() -> None:
    talker = Talker().begin()
    talker.say("Kaylee Brandt")
    talker.say("buckeye campus rentals. theres a guy greg but idk his last name")
    assert str(talker.talk.known["other_side"].value).casefold() == "buckeye campus rentals"


@pytest.mark.parametrize(
    ("locale", "asked", "said"),
    [
        ("es", "safe_now", "sí, estoy en mi cocina con mi nieta"),
        ("es", "safe_now", "si estoy en el cuarto"),
        ("en", "has_lawyer", "No, he's got one, I don't"),
        ("en", "has_lawyer", "YEAH I GOT ONE AND HE IS USELESS"),
    ],
)
def test_a_plain_answer_pauses_nobody(locale: str, asked: str, said: str) -> None:
    talker = at(Talker(locale=locale).begin(), asked)
    talker.say(said)
    assert talker.talk.stage is not Stage.SAFETY_PAUSE


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "yes but he is in the hallway with a gun right now"),
        ("en", "yes, I just took all of my pills"),
        ("es", "sí pero está golpeando la puerta y dice que me va a matar"),
    ],
)
def test_danger_in_an_answer_still_pauses(locale: str, said: str) -> None:
    talker = at(Talker(locale=locale).begin(), "safe_to_call")
    talker.say(said)
    assert talker.talk.stage is Stage.SAFETY_PAUSE


def test_a_long_turn_that_ends_with_going_on_leads_out_of_the_pause() -> None:
    talker = at(Talker(locale="es").begin(), "safe_to_call")
    talker.say("está golpeando la puerta y dice que me va a matar")
    assert talker.talk.stage is Stage.SAFETY_PAUSE
    talker.say(
        "ya la policía fue y mi hermana vino, la tengo aquí conmigo y está todo bien gracias a Dios. podemos seguir"
    )
    assert talker.talk.stage is not Stage.SAFETY_PAUSE


def test_a_no_to_being_safe_is_heard_for_what_it_sounds_like() -> None:
    talker = at(Talker().begin(), "safe_now")
    decision = talker.say("no, he keeps coming back to the window")
    assert [alert.kinds for alert in decision.alerts] == [("stalking",)]


def test_a_turn_that_only_ends_like_going_on_does_not_lead_out_of_the_pause() -> None:
    talker = at(Talker(locale="es").begin(), "safe_to_call")
    talker.say("está golpeando la puerta y dice que me va a matar")
    talker.say("me dice que le abra y que siga")
    assert talker.talk.stage is Stage.SAFETY_PAUSE
