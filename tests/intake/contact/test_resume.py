"""Stop now, come back later: the code, the PIN, the link, the lock, and that nobody learns anything before."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth import hashers
from django.utils import timezone

from intake import errors, recording, selectors, services
from intake.contact import actors, limits, passes, ways
from intake.contact.passes import FREE_FAILURES
from intake.errors import IntakeError
from intake.models import AuditEvent, ContactMessage, ContactSettings, Intake, ResumeLock, ResumePass, Turn
from intake.references import ALPHABET
from tenants.context import firm_scope
from tests.intake.contact.house import ADDRESS, at_the_code, deliver, last_code, mail_server, wrong
from tests.intake.talk import begin, fresh, say, stage, start, to_review

PIN = "482917"
DEVICE = "192.0.2.7"


def exact(intake: Intake) -> bool:
    kept = json.dumps(fresh(intake).mind, sort_keys=False)
    return json.dumps(recording.replay(intake.id).as_json(), sort_keys=False) == kept


def offered(intake: Intake, pin: str = PIN, **more: str) -> services.Offer:
    return services.offer(intake_id=intake.id, pin=pin, **more)  # type: ignore[arg-type]


def come(code: str, pin: str = PIN, *, device: str = DEVICE, one_time_code: str = "") -> str | None:
    back = services.WayBack(code=code)
    return services.come_back(back=back, pin=pin, one_time_code=one_time_code, device=device).secret


def refused(code: str, pin: str = PIN, **more: object) -> type[IntakeError]:
    with pytest.raises(IntakeError) as caught:
        come(code, pin, **more)  # type: ignore[arg-type]
    return type(caught.value)


def last_words(intake: Intake) -> str:
    turn = Turn.objects.filter(intake=intake).order_by("-number").first()
    assert turn is not None
    return f"{turn.role}: {turn.text}"


def with_a_safe_address() -> Intake:
    """Begun while a code is asked for, so that the e-mail address is known before the story."""
    intake = at_the_code()
    services.choose(intake_id=intake.id, question="contact_code", code="@no_code", client_ref=intake.id)
    return fresh(intake)


# -- the code


def test_a_code_can_be_read_out_and_its_last_character_checks_the_others() -> None:
    for _ in range(200):
        code = passes.new_code()
        assert re.fullmatch(r"[2-9CDFGHJKPQRTWXY]{3}-[2-9CDFGHJKPQRTWXY]{3}-[2-9CDFGHJKPQRTWXY]{3}", code)
        plain = code.replace("-", "")
        assert passes.normal_code(f" {code.lower()} ") == plain
        for place in range(len(plain)):
            for other in ALPHABET.replace(plain[place], ""):
                assert passes.normal_code(plain[:place] + other + plain[place + 1 :]) is None


@pytest.mark.parametrize("typed", ["", "ABC", "777", "7KQ-2X9-RD0", "\u00e9" * 9, "7" * 500, "\x00" * 9])
def test_what_can_be_no_code_is_told_at_once(typed: str) -> None:
    assert refused(typed) is errors.CodeMistyped


@pytest.mark.parametrize(
    "pin", ["111111", "123456", "654321", "890123", "121212", "123123", "12345", "abcdef", "1234567"]
)
def test_a_pin_that_is_guessed_first_is_not_taken(pin: str) -> None:
    intake = begin("Maria Silva", "Globex Corp")
    with pytest.raises(errors.PinTooEasy):
        offered(intake, pin)


def test_neither_code_nor_pin_nor_link_can_be_read_in_the_database() -> None:
    with mail_server():
        intake = with_a_safe_address()
        offer = offered(intake, link="email", page="https://harbor.localhost/")
        row = ResumePass.objects.get()
        assert passes.code_hash(offer.code.replace("-", "")) == bytes(row.code_hash)
        assert PIN not in row.pin_hash
        kept = b"".join(
            bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
            for model in (ResumePass, ContactMessage)
            for values in model.objects.values_list()
            for value in values
        )
        assert offer.code.encode() not in kept
        assert ADDRESS.encode() not in kept
        assert b"#resume=" not in kept


# -- coming back


def test_the_conversation_goes_on_where_it_stopped_and_the_old_browser_has_it_no_more() -> None:
    intake = begin("Maria Silva", "Globex Corp", "My landlord locked me out.")
    before = bytes(intake.secret_hash)
    turns = fresh(intake).last_turn
    offer = offered(intake)
    secret = come(offer.code.lower().replace("-", " "))
    assert secret is not None
    assert bytes(fresh(intake).secret_hash) != before
    assert selectors.intake_by_secret(secret) == intake
    assert stage(intake) == "story"
    assert last_words(intake).startswith(
        "assistant: Welcome back. Everything that you told me is still here.\n\nYou were"
    )
    assert fresh(intake).last_turn == turns + 1
    assert exact(intake)
    assert [one.action for one in AuditEvent.objects.filter(chain=intake.id, action__startswith="resume")] == [
        "resume.offered", "resume.passed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((), "We were at the first questions.\n\nWhat is your full name?"),
        (("Maria Silva",), "We were at the first questions.\n\nWho is on the other side?"),
    ],
)
def test_it_is_read_back_where_we_are(said: tuple[str, ...], words: str) -> None:
    intake = start()
    for text in said:
        say(intake, text)
    come(offered(intake).code)
    assert words in last_words(intake)


def test_in_spanish_too_and_at_the_review() -> None:
    intake = to_review(begin("Maria Silva", "Globex Corp", "My landlord locked me out."))
    services.switch_language(intake_id=intake.id, locale="es")
    come(offered(intake).code)
    assert "Qu\u00e9 bueno que volvi\u00f3" in last_words(intake)
    assert "oprima Enviar" in last_words(intake)
    assert exact(intake)


def test_in_a_pause_the_numbers_stay_and_nothing_is_asked() -> None:
    intake = begin("Maria Silva", "Globex Corp")
    say(intake, "I want to kill myself tonight.")
    come(offered(intake).code)
    assert stage(intake) == "safety_pause"
    assert "Welcome back" not in last_words(intake)


def test_a_stop_looks_as_it_did_and_says_nothing_new() -> None:
    begin("Globex Corp", "Somebody Else")
    held = begin("Maria Silva", "Globex Corp")
    assert stage(held) == "conflict_hold"
    before = selectors.snapshot(held.id)
    come(offered(held).code)
    assert selectors.snapshot(held.id) == before
    assert exact(held)


def test_of_what_was_sent_only_the_reference_is_told() -> None:
    intake = to_review(begin("Maria Silva", "Globex Corp", "My landlord locked me out."))
    offer = offered(intake)
    services.send_intake(intake_id=intake.id)
    before = bytes(fresh(intake).secret_hash)
    returned = services.come_back(back=services.WayBack(code=offer.code), pin=PIN, device=DEVICE)
    assert returned.secret is None
    assert returned.intake.reference
    assert bytes(fresh(intake).secret_hash) == before


def test_a_first_form_conversation_has_no_way_back() -> None:
    intake = begin("Maria Silva", "Globex Corp", first_form=True)
    with pytest.raises(errors.StageClosed):
        offered(intake)


# -- what is refused


def test_whatever_is_wrong_gets_one_answer() -> None:
    intake = begin("Maria Silva", "Globex Corp")
    code = offered(intake).code
    assert refused(passes.new_code()) is errors.ResumeRefused
    assert refused(code, "918273") is errors.ResumeRefused
    assert refused(code, "") is errors.ResumeRefused
    assert refused(code, "", one_time_code="123457") is errors.ResumeRefused
    ResumePass.objects.update(expires_at=timezone.now())
    ResumeLock.objects.all().delete()
    assert refused(code) is errors.ResumeRefused


def test_a_new_way_back_closes_the_one_before() -> None:
    intake = begin("Maria Silva", "Globex Corp")
    first, second = offered(intake).code, offered(intake).code
    assert refused(first) is errors.ResumeRefused
    assert come(second)


def test_the_firm_says_for_how_long() -> None:
    ContactSettings.objects.create(resume_days=3)
    intake = begin("Maria Silva", "Globex Corp")
    left = offered(intake).expires_at - timezone.now()
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)


@pytest.mark.parametrize("is_there", [True, False])
def test_from_the_fifth_failed_try_on_each_costs_a_longer_wait_also_for_a_code_that_is_not_there(
    is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = offered(begin("Maria Silva", "Globex Corp")).code if is_there else passes.new_code()
    for _ in range(FREE_FAILURES + 1):
        assert refused(code, "", one_time_code="918273") is errors.ResumeRefused
    with pytest.raises(errors.ResumeLocked) as caught:
        come(code)
    assert 55 <= caught.value.extra["retry_after"] <= 60
    waits = []
    for _ in range(12):
        ResumeLock.objects.update(locked_until=timezone.now())
        monkeypatch.setattr(limits, "RESUME_DEVICE", ())
        assert refused(code, "", one_time_code="918273") is errors.ResumeRefused
        until = ResumeLock.objects.get().locked_until
        assert until is not None
        waits.append(round((until - timezone.now()).total_seconds() / 60))
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]


def test_the_right_pin_after_a_few_wrong_ones_forgives_them() -> None:
    code = offered(begin("Maria Silva", "Globex Corp")).code
    for _ in range(FREE_FAILURES):
        refused(code, "918273")
    assert come(code)
    assert not ResumeLock.objects.exists()


def test_one_device_has_so_many_tries() -> None:
    for _ in range(limits.RESUME_DEVICE[0].most):
        assert refused(passes.new_code(), "", one_time_code="918273") is errors.ResumeRefused
    code = offered(begin("Maria Silva", "Globex Corp")).code
    assert refused(code) is errors.TooManyTries
    assert come(code, device="192.0.2.8")


def test_one_household_is_one_device() -> None:
    assert ways.device_hash("2001:db8:1:2:3::4") == ways.device_hash("2001:db8:1:2:ffff::1")
    assert ways.device_hash("2001:db8:1:2::1") != ways.device_hash("2001:db8:1:3::1")
    assert ways.device_hash("192.0.2.1") != ways.device_hash("192.0.2.2")


def test_a_slow_hash_is_compared_whether_there_is_a_pass_or_a_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = hashers.check_password

    def counting(password: str, encoded: str) -> bool:
        compared.append(encoded.partition("$")[0])
        return real(password, encoded)

    monkeypatch.setattr(passes, "check_password", counting)
    with mail_server():
        without_pin = offered(with_a_safe_address(), "").code
        with_pin = offered(begin("Ann Lee", "Initech")).code
        for code in (passes.new_code(), without_pin, with_pin):
            assert refused(code, "918273") is errors.ResumeRefused
    assert len(compared) == 3
    assert len(set(compared)) == 1


def test_another_firm_knows_nothing_of_it(other_firm: object) -> None:
    code = offered(begin("Maria Silva", "Globex Corp")).code
    with firm_scope(other_firm):  # type: ignore[arg-type]
        by_code, by_token = services.WayBack(code=code).hashes()
        assert passes.open_one(by_code, by_token) is None
    assert come(code)


# -- the link and the one-time code


def test_without_a_pin_there_must_be_a_safe_address() -> None:
    intake = begin("Maria Silva", "Globex Corp")
    with pytest.raises(errors.SecondFactorNeeded):
        offered(intake, "")
    with mail_server():
        assert offered(with_a_safe_address(), "").has_pin is False


def test_no_link_goes_to_a_way_that_was_not_marked_safe() -> None:
    with mail_server() as box:
        intake = at_the_code(safe_to_email="=no", email=ADDRESS)
        with pytest.raises(errors.WayNotSafe):
            offered(intake, link="email")
        with pytest.raises(errors.WayNotSafe):
            offered(intake, link="phone")
        deliver()
        assert box.mails == []


def test_a_link_and_a_code_sent_to_the_safe_address_lead_back() -> None:
    with mail_server() as box:
        intake = with_a_safe_address()
        offered(intake, "", link="email", page="https://harbor.localhost/")
        deliver()
        (mail,) = box.mails
        found = re.search(r"https://harbor\.localhost/#resume=(\S+)", mail.get_content())
        assert found is not None
        back = services.WayBack(token=found[1])
        by_code, by_token = back.hashes()
        actors.send_resume_code(by_code.hex(), by_token.hex(), "email")
        code = last_code()
        deliver()
        assert code in box.mails[1].get_content()
        with pytest.raises(errors.ResumeRefused):
            services.come_back(back=back, one_time_code=wrong(code), device=DEVICE)
        assert services.come_back(back=back, one_time_code=code, device=DEVICE).secret
        with pytest.raises(errors.ResumeRefused):
            services.come_back(back=back, one_time_code=code, device=DEVICE)


def test_a_code_for_coming_back_goes_only_where_it_is_safe_and_somebody_may_come_back() -> None:
    with mail_server():
        intake = with_a_safe_address()
        code = offered(intake, "").code
        by_code, by_token = services.WayBack(code=code).hashes()
        actors.send_resume_code(bytes(32).hex(), by_token.hex(), "email")
        actors.send_resume_code(by_code.hex(), by_token.hex(), "phone")
        assert not ContactMessage.objects.exists()
        say(intake, "no", about="safe_to_email")
        actors.send_resume_code(by_code.hex(), by_token.hex(), "email")
        assert not ContactMessage.objects.exists(), "what was taken back is not safe any more"


def test_asking_for_a_code_enqueues_the_same_for_a_code_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(actors.send_resume_code, "send", lambda *words: sent.append(words))
    with mail_server():
        real = offered(with_a_safe_address(), "").code
        for code in (real, passes.new_code()):
            services.ask_for_code(back=services.WayBack(code=code), way="email", device=DEVICE)
        assert [len(words) for words in sent] == [3, 3]
        assert real not in str(sent)
        assert not ContactMessage.objects.exists()
        with pytest.raises(errors.WayNotSafe):
            services.ask_for_code(back=services.WayBack(code=real), way="phone", device=DEVICE)


def test_one_device_asks_for_so_many_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actors.send_resume_code, "send", lambda *_words: None)
    with mail_server():
        back = services.WayBack(code=passes.new_code())
        for _ in range(limits.CODE_DEVICE[0].most):
            services.ask_for_code(back=back, way="email", device=DEVICE)
        with pytest.raises(errors.TooManyTries):
            services.ask_for_code(back=back, way="email", device=DEVICE)


def test_old_counts_and_locks_are_forgotten() -> None:
    refused(passes.new_code())
    assert limits.tidy() == passes.tidy() == 0
    from intake.models import ContactCount

    ContactCount.objects.update(begins_at=timezone.now() - timedelta(days=3))
    ResumeLock.objects.update(at=timezone.now() - timedelta(days=70))
    assert limits.tidy() > 0
    assert passes.tidy() == 1
