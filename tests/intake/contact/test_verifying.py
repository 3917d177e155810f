"""A code before the gate: who is asked, what is right and wrong, and that nobody is stuck."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from intake import recording, selectors, services
from intake.contact import codes, limits
from intake.errors import StageClosed
from intake.interview.stages import Stage
from intake.models import ConflictCheck, ContactMessage, ContactSettings, Intake, Turn
from tests.intake.contact.house import (
    ADDRESS,
    asking,
    at_the_code,
    deliver,
    last_code,
    mail_server,
    text_gateway,
    wants_texts,
    wrong,
)
from tests.intake.talk import answer_basics, begin, choose, fresh, say, stage, start


def exact(intake: Intake) -> bool:
    kept = json.dumps(fresh(intake).mind, sort_keys=False)
    return json.dumps(recording.replay(intake.id).as_json(), sort_keys=False) == kept


def contact(intake: Intake) -> str:
    return str(fresh(intake).state.get("contact", ""))


def said_last(intake: Intake) -> str:
    turn = Turn.objects.filter(intake=intake, role="assistant").order_by("-number").first()
    assert turn is not None
    assert turn.text is not None
    return turn.text


def test_without_a_mail_server_nobody_is_asked_for_a_code() -> None:
    intake = begin("Maria Silva", "Globex Corp")
    assert stage(intake) == "story"
    assert contact(intake) == ""


def test_a_code_by_mail_comes_right_before_the_conflict_check() -> None:
    with mail_server() as box:
        intake = at_the_code()
        assert asking(intake) == "contact_code"
        assert not ConflictCheck.objects.filter(intake=intake).exists()
        question = selectors.question_of(intake)
        assert question is not None
        assert question["kind"] == "choice"
        labels = {one["code"]: one["label"] for one in question["choices"]}
        assert labels == {
            "@by_email": "A code to m\u2022\u2022\u2022@example.org", "@no_code": "I can't get a code",
        }  # fmt: skip
        choose(intake, "@by_email")
        assert (selectors.question_of(fresh(intake)) or {})["kind"] == "code"
        code = last_code()
        deliver()
        (mail,) = box.mails
        assert code in mail.get_content()
        say(intake, code)
        assert stage(intake) == "story"
        assert contact(intake) == "verified"
        assert ConflictCheck.objects.filter(intake=intake).count() == 1
        assert exact(intake)


def test_the_address_is_asked_for_when_mail_is_safe_and_nobody_gave_one() -> None:
    with mail_server():
        intake = at_the_code(email="=STOP")
        assert asking(intake) == "email"
        say(intake, ADDRESS)
        assert asking(intake) == "contact_code"


@pytest.mark.parametrize(
    "answers", [{"safe_to_email": "=no"}, {"safe_to_email": "=@skip"}, {"email": "=@unknown"}, {"email": "=@skip"}]
)
def test_who_has_no_safe_way_goes_on_unverified(answers: dict[str, str]) -> None:
    with mail_server():
        intake = at_the_code(**answers)
        assert stage(intake) == "story"
        assert contact(intake) == "unverified"
        assert exact(intake)


@pytest.mark.parametrize(
    "words", ["I can't get a code", "no", "I don't know", "I'd rather not say", "it never came", "go on without one"]
)
def test_who_gets_no_code_says_so_and_goes_on(words: str) -> None:
    with mail_server():
        intake = at_the_code()
        say(intake, words)
        assert (stage(intake), contact(intake)) == ("story", "unverified")


@pytest.mark.parametrize("button", ["@no_code", "@unknown", "@skip"])
def test_there_is_a_button_for_it(button: str) -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, button)
        assert (stage(intake), contact(intake)) == ("story", "unverified")
        assert exact(intake)


def test_whoever_says_nothing_of_use_three_times_goes_on() -> None:
    with mail_server():
        intake = at_the_code()
        say(intake, "purple monkey dishwasher")
        assert "six digits" in said_last(intake)
        say(intake, "purple monkey")
        say(intake, "purple")
        assert (stage(intake), contact(intake)) == ("story", "unverified")


@pytest.mark.parametrize("way", ["{0}", "it is {0}", "{1} {2}", "{1}-{2}"])
def test_digits_are_read_however_they_are_written(way: str) -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, "@by_email")
        code = last_code()
        say(intake, way.format(code, code[:3], code[3:]))
        assert contact(intake) == "verified"


def test_digits_may_be_spoken() -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    with mail_server():
        intake = at_the_code()
        choose(intake, "@by_email")
        say(intake, " ".join(names[int(digit)] for digit in last_code()), modality="voice")
        assert contact(intake) == "verified"


def test_a_wrong_code_may_be_tried_five_times_then_it_counts_no_more() -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, "@by_email")
        code = last_code()
        for _ in range(codes.MOST_TRIES):
            say(intake, wrong(code))
            assert "not the digits" in said_last(intake)
        say(intake, code)
        assert "does not work any more" in said_last(intake)
        assert asking(intake) == "contact_code"
        choose(intake, "@by_email")
        say(intake, last_code())
        assert contact(intake) == "verified"
        assert exact(intake)


def test_a_code_works_once_for_ten_minutes_and_only_the_last_one() -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, "@by_email")
        first = last_code()
        choose(intake, "@by_email")
        second = last_code()
        assert codes.check(intake.id, "verify", first) in ({"wrong"} if first != second else {"right"})
        ContactMessage.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert codes.check(intake.id, "verify", second) == "gone"
        ContactMessage.objects.update(expires_at=timezone.now() + timedelta(minutes=1), tries=0)
        assert codes.check(intake.id, "resume", second) == "gone", "a code is for one purpose"
        assert codes.check(intake.id, "verify", second) in {"right", "wrong"}


def test_a_code_that_went_to_another_address_counts_not() -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, "@by_email")
        code = last_code()
        say(intake, "someone.else@example.org", about="email")
        say(intake, code)
        assert contact(intake) == ""
        assert asking(intake) == "contact_code"


def test_too_many_codes_are_refused_and_the_person_can_go_on() -> None:
    with mail_server():
        intake = at_the_code()
        for _ in range(limits.CODE_INTAKE[0].most):
            choose(intake, "@by_email")
        assert ContactMessage.objects.count() == limits.CODE_INTAKE[0].most
        choose(intake, "@by_email")
        assert ContactMessage.objects.count() == limits.CODE_INTAKE[0].most
        assert "cannot send a code right now" in said_last(intake)
        choose(intake, "@no_code")
        assert stage(intake) == "story"
        assert exact(intake)


def test_one_address_gets_so_many_codes_whoever_asks() -> None:
    with mail_server():
        for _ in range(limits.CODE_ADDRESS[0].most):
            intake = at_the_code()
            choose(intake, "@by_email")
        other = at_the_code()
        choose(other, "@by_email")
        assert "cannot send a code right now" in said_last(other)


def test_a_button_for_a_way_that_is_not_safe_is_not_there() -> None:
    with mail_server():
        intake = at_the_code()
        with pytest.raises(StageClosed):
            choose(intake, "@by_phone")


def test_a_firm_may_switch_it_off() -> None:
    ContactSettings.objects.create(verify="off")
    with mail_server():
        assert stage(begin("Maria Silva", "Globex Corp")) == "story"


def test_a_text_goes_to_the_gateway_signed() -> None:
    wants_texts()
    with text_gateway() as gateway:
        intake = at_the_code()
        choose(intake, "@by_phone")
        code = last_code()
        deliver()
        (asked,) = gateway.asked
        assert asked["to"] == "+15125550147"
        assert code in asked["text"]
        say(intake, code)
        assert contact(intake) == "verified"


def test_texts_are_off_until_the_firm_wants_them() -> None:
    with text_gateway():
        assert stage(begin("Maria Silva", "Globex Corp")) == "story"


def test_in_spanish() -> None:
    with mail_server() as box:
        intake = start(locale="es")
        say(intake, "Maria Silva")
        say(intake, "Globex Corp")
        answer_basics(intake, email=ADDRESS, contact_code="=STOP")
        choose(intake, "@by_email")
        code = last_code()
        deliver()
        assert box.mails[0]["Subject"] == "Su c\u00f3digo"
        say(intake, f"es {code}")
        assert contact(intake) == "verified"


def test_going_back_and_danger_work_there_too() -> None:
    with mail_server():
        intake = at_the_code()
        services.go_back(intake_id=intake.id)
        assert asking(intake) == "email"
        say(intake, ADDRESS)
        assert asking(intake) == "contact_code"
        say(intake, "I want to kill myself tonight.")
        assert stage(intake) == Stage.SAFETY_PAUSE
        choose(intake, "@go_on", question="")
        assert asking(intake) == "contact_code"
        assert exact(intake)
