"""Nothing a client said stands in plaintext in any column, Redis or log; nothing opens elsewhere."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connection

from intake import services
from intake.models import ConflictCheck, Fact, Intake, Party, Turn
from tenants.accounts.models import User
from tenants.context import FirmRef
from tenants.errors import CannotDecrypt
from tenants.redis import broker_redis, cache_redis, journal_redis
from tests.intake.client import Browser
from tests.intake.talk import begin, say, to_review

WORDS = ("Quetzalina", "Xerxopolis", "zygomorphic", "Brobdingnag", "inspector-kowalczyk")


def conversation() -> Intake:
    begin("Xerxopolis", "Somebody", "Our zygomorphic dispute.")
    intake = begin("Quetzalina Smith", "Xerxopolis")
    check = ConflictCheck.objects.get(intake=intake, result="hit")
    user = User.objects.create_user("ann@harbor.test", None, is_staff=True)
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Not our inspector-kowalczyk.", user=user)
    say(intake, "They kept my zygomorphic deposit at Brobdingnag.")
    to_review(intake)
    services.send_intake(intake_id=intake.id)
    return intake


def dump(firm: FirmRef) -> str:
    """Every column of every row of the firm's schema as text; bytes both in hexadecimal and as they are."""
    lines: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [firm.schema])
        tables = [name for (name,) in cursor.fetchall()]
        assert "intake_turn" in tables
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            for row in cursor.fetchall():
                for value in row:
                    is_bytes = isinstance(value, bytes | memoryview)
                    lines.append(bytes(value).decode("latin-1") if is_bytes else str(value))
    return "\n".join(lines).lower()


def test_no_column_holds_a_clients_word(firm: FirmRef) -> None:
    conversation()
    dumped = dump(firm)
    assert not [word for word in WORDS if word.lower() in dumped]
    assert "housing@1" in dumped, "the dump reads what is there"


def test_no_log_and_no_redis_holds_a_clients_word(caplog: pytest.LogCaptureFixture, live_firms: Any) -> None:
    from tenants.context import firm_scope

    caplog.set_level(logging.DEBUG)
    with firm_scope(live_firms[0]):
        begin("Quetzalina Smith", "Xerxopolis", "My zygomorphic deposit.")
    held = caplog.text.lower()
    for client in (broker_redis(), journal_redis(), cache_redis()):
        for key in client.keys("*"):
            held += str(key) + str(client.dump(key))
    assert not [word for word in WORDS if word.lower() in held.lower()]


def test_a_refused_text_is_not_repeated_in_the_answer() -> None:
    browser = Browser()
    browser.start()
    response = browser.say("Quetzalina " * 91_000)
    assert response.status_code == 400
    assert "Quetzalina" not in response.content.decode()


def test_a_row_shows_none_of_its_words() -> None:
    begin("Quetzalina Smith", "Xerxopolis")
    shown = " ".join(f"{row} {row!r}" for model in (Intake, Turn, Fact, Party) for row in model.objects.all())
    assert not any(word in shown for word in WORDS)


def test_a_ciphertext_moved_to_another_row_does_not_open() -> None:
    one, other = begin("Quetzalina Smith", "Xerxopolis"), begin("Sam Poe", "Nobody")
    turn = Turn.objects.get(intake=one, number=2)
    elsewhere = Turn.objects.get(intake=other, number=2)
    Turn.objects.filter(pk=elsewhere.pk).update(text_ct=turn.text_ct)
    elsewhere.refresh_from_db()
    with pytest.raises(CannotDecrypt):
        _ = elsewhere.text


def test_each_firm_reads_its_own(other_firm: FirmRef) -> None:
    from tenants.context import firm_scope

    begin("Quetzalina Smith", "Xerxopolis")
    with firm_scope(other_firm):
        assert not Intake.objects.exists()
        assert not Party.objects.exists()
