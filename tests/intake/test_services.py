"""The conversation, through its services."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, InternalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from intake import audit, errors, recording, selectors, services
from intake.interviews import talk_of
from intake.models import AuditEvent, Consent, Fact, Intake, Party, Turn
from intake.references import ALPHABET
from tenants.context import firm_scope
from tests.intake.talk import answer_basics, begin, fresh, say, stage, start, to_review


def test_the_whole_conversation_ends_with_a_reference() -> None:
    intake = start()
    assert stage(intake) == "name"
    first = say(intake, "My name is Maria Silva")
    assert [turn.role for turn in first.turns] == ["client", "assistant"]
    assert first.snapshot_changed
    say(intake, "Globex Corp.")
    answer_basics(intake)
    assert stage(intake) == "story"
    say(intake, "They kept my deposit.")
    assert not say(intake, "They never answered.").snapshot_changed
    services.finish_story(intake_id=intake.id)
    services.finish_story(intake_id=intake.id)
    assert stage(intake) == "questions", "pressing Done twice skips nothing"
    to_review(intake)
    review = selectors.snapshot(intake.id)["review"]
    assert review["name"] == "Maria Silva"
    assert review["other_side"] == "Globex Corp"
    assert [part["text"] for part in review["story"]] == ["They kept my deposit.", "They never answered."]
    sent = services.send_intake(intake_id=intake.id)
    assert sent.reference
    assert set(sent.reference) <= {*ALPHABET, "-"}
    assert stage(intake) == "sent"
    numbers = list(Turn.objects.filter(intake=intake).values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_without_consent_nothing_starts() -> None:
    with pytest.raises(errors.ConsentRequired):
        services.start_intake(consents={"service": False, "keep_audio": True})
    assert not Intake.objects.exists()


def test_the_same_client_ref_twice_makes_one_turn() -> None:
    intake = start()
    ref = uuid4()
    first = say(intake, "Maria Silva", client_ref=ref)
    again = say(intake, "Maria Silva", client_ref=ref)
    assert [turn.number for turn in again.turns] == [turn.number for turn in first.turns]
    assert [turn.text for turn in again.turns] == [turn.text for turn in first.turns]
    assert not again.snapshot_changed
    assert Turn.objects.filter(intake=intake, role="client").count() == 1


def test_saying_done_ends_the_story_and_silence_does_not() -> None:
    intake = begin("Maria Silva", "Globex")
    say(intake, "done")
    assert stage(intake) == "story", "nothing was told yet"
    say(intake, "They kept my deposit.")
    say(intake, "That's all.")
    assert stage(intake) == "questions"
    to_review(intake)
    story = selectors.snapshot(intake.id)["review"]["story"]
    assert [part["text"] for part in story] == ["They kept my deposit."]


def test_what_comes_after_done_is_added_and_stays_in_review() -> None:
    intake = to_review(begin("Maria Silva", "Globex", "They kept my deposit."))
    say(intake, "and my bicycle", modality="voice")
    assert stage(intake) == "review"
    assert len(selectors.snapshot(intake.id)["review"]["story"]) == 2


def test_an_older_turn_whose_answer_was_given_anew_is_corrected_still() -> None:
    """The name was mended by saying so, under the next question; then the first turn itself is corrected."""
    intake = start()
    say(intake, "Maria Silva")
    first = Turn.objects.get(intake=intake, role="client", question="name")
    say(intake, "no, Sylva with a y")
    assert current_name(intake) == "Maria Sylva"
    say(intake, "Marta Sylva", supersedes=first.number)
    assert current_name(intake) == "Marta Sylva"
    assert recording.replay(intake.id) == talk_of(fresh(intake))


def current_name(intake: Intake) -> object:
    return Fact.objects.get(intake=intake, key="name", superseded_by__isnull=True).value


def test_a_correction_supersedes_and_both_turns_stay() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.")
    name_turn = Turn.objects.get(intake=intake, role="client", question="name")
    result = say(intake, "Maria Sylva", supersedes=name_turn.number)
    assert result.snapshot_changed
    assert result.turns[0].supersedes == name_turn.number
    shown = {turn["number"]: turn for turn in selectors.snapshot(intake.id)["turns"]}
    assert shown[name_turn.number]["superseded_by"] == result.turns[0].number
    assert shown[name_turn.number]["text"] == "Maria Silva"
    assert [party.name for party in Party.objects.filter(role="client").order_by("id")] == [
        "Maria Silva",
        "Maria Sylva",
    ]
    current = Fact.objects.get(key="name", superseded_by__isnull=True)
    assert (current.value, current.supersedes.value if current.supersedes else None) == ("Maria Sylva", "Maria Silva")
    assert stage(intake) == "story"


def test_correcting_a_corrected_turn_corrects_the_correction() -> None:
    intake = begin("Maria Silva", "Globex", "I paid 100.")
    story = Turn.objects.get(intake=intake, role="client", question="story")
    second = say(intake, "I paid 200.", supersedes=story.number).turns[0]
    third = say(intake, "I paid 300.", supersedes=story.number).turns[0]
    assert third.supersedes == second.number
    to_review(intake)
    assert [part["text"] for part in selectors.snapshot(intake.id)["review"]["story"]] == ["I paid 300."]


def test_only_the_clients_own_turns_can_be_corrected() -> None:
    intake = begin("Maria Silva", "Globex")
    for number in (1, 99):
        with pytest.raises(errors.NoSuchTurn):
            say(intake, "No", supersedes=number)


def test_a_fact_points_at_its_words() -> None:
    intake = begin("hello my name is maria silva", "it is against globex")
    fact = Fact.objects.select_related("turn").get(key="name")
    assert fact.turn is not None
    text = fact.turn.text or ""
    assert text[fact.span_start : fact.span_end] == "maria silva"
    assert fact.value == "Maria Silva"
    other = Fact.objects.get(key="other_side")
    assert other.value == "Globex"
    assert Party.objects.filter(intake=intake).count() == 2


def test_a_spoken_turn_knows_its_audio() -> None:
    intake = start()
    source = services.TurnSource(utterance_id=uuid4(), audio_start_ms=1_000, audio_end_ms=2_500)
    shown = say(intake, "maria silva", modality="voice", source=source).turns[0]
    assert shown.item_id == str(source.utterance_id)
    fact = Fact.objects.get(key="name")
    assert (fact.audio_start_ms, fact.audio_end_ms) == (1_000, 2_500)


def test_not_knowing_the_other_side_is_an_answer() -> None:
    intake = begin("Maria Silva", "I don't know")
    assert stage(intake) == "story"
    assert Fact.objects.get(key="other_side").state == "unknown"
    assert not Party.objects.filter(role="other_side").exists()


def test_withdrawing_the_consent_ends_the_conversation() -> None:
    intake = begin("Maria Silva", "Globex")
    services.give_consent(intake_id=intake.id, kind="service", granted=False)
    assert stage(intake) == "stopped"
    with pytest.raises(errors.StageClosed):
        say(intake, "hello?")
    with pytest.raises(errors.StageClosed):
        services.give_consent(intake_id=intake.id, kind="service", granted=True)
    assert list(Consent.objects.filter(kind="service").order_by("id").values_list("granted", flat=True)) == [
        True,
        False,
    ]


def test_keeping_the_recording_is_a_consent_of_its_own() -> None:
    intake = start(keep_audio=True)
    assert selectors.keeps_audio(intake.id)
    services.give_consent(intake_id=intake.id, kind="keep_audio", granted=False)
    assert not selectors.keeps_audio(intake.id)
    assert stage(intake) == "name"


def test_nothing_can_be_said_once_it_is_sent() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.")
    with pytest.raises(errors.StageClosed):
        services.send_intake(intake_id=intake.id)
    to_review(intake)
    services.send_intake(intake_id=intake.id)
    with pytest.raises(errors.StageClosed) as refused:
        say(intake, "one more thing")
    assert refused.value.extra == {"stage": "sent"}


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x07", "\u202e\u2066"])
def test_a_turn_without_text_is_refused(text: str) -> None:
    intake = start()
    with pytest.raises(errors.TextEmpty):
        say(intake, text)


def test_a_text_may_have_a_million_characters_and_not_one_more() -> None:
    intake = begin("Maria Silva", "Globex")
    kept = say(intake, "x" * 1_000_000).turns
    assert len(kept[0].text or "") == 1_000_000
    assert "read the first part" in str(kept[1].text)
    for length in (1_000_001, 3_000_000):
        with pytest.raises(errors.TextTooLong):
            say(intake, "x" * length)


def test_what_fails_leaves_nothing() -> None:
    intake = start()
    before = Intake.objects.get(pk=intake.pk).last_turn
    with pytest.raises(errors.NoSuchTurn):
        say(intake, "Maria", supersedes=77)
    assert Intake.objects.get(pk=intake.pk).last_turn == before
    assert Turn.objects.count() == 1


@pytest.mark.parametrize(
    ("model", "change"),
    [(Turn, {"number": 99}), (Turn, {"role": "staff"}), (Fact, {"key": "other"}), (Party, {"role": "other_side"}),
     (Consent, {"kind": "sms"}), (AuditEvent, {"action": "nothing"}), (AuditEvent, {"data": {}})],
)  # fmt: skip
def test_what_was_recorded_cannot_be_changed_or_deleted(model: type, change: dict[str, object]) -> None:
    begin("Maria Silva", "Globex", "They kept my deposit.")
    row = model.objects.order_by("id").first()  # type: ignore[attr-defined]
    refused = (InternalError, IntegrityError)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE fails for what is still pending
    with pytest.raises(refused), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**change)
    with pytest.raises(refused), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])
    with pytest.raises(refused), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {row._meta.db_table} CASCADE")


def test_an_erasure_empties_the_words_and_keeps_the_row() -> None:
    intake = begin("Maria Silva", "Globex")
    turn = Turn.objects.get(intake=intake, question="name", role="client")
    turn.text = None
    turn.save(update_fields=["text_ct"])
    shown = selectors.turns_after(intake.id, turn.number - 1)[0]
    assert shown.text is None
    assert shown.as_dict()["text"] == ""
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        AuditEvent.objects.filter(chain=intake.id).update(hash=b"")


def test_a_snapshot_costs_the_same_queries_however_long_the_conversation() -> None:
    intake = begin("Maria Silva", "Globex", "One.")
    assert queries_of_a_snapshot(intake) == 3
    for number in range(20):
        say(intake, f"Part {number}.")
    assert queries_of_a_snapshot(intake) == 3
    to_review(intake)
    assert queries_of_a_snapshot(intake) == 3


def queries_of_a_snapshot(intake: Intake) -> int:
    """Those of the conversation: now and then one more looks whether the list of firms has changed."""
    with CaptureQueriesContext(connection) as seen:
        selectors.snapshot(intake.id)
    return sum("tenants_directoryversion" not in query["sql"] for query in seen.captured_queries)


def test_a_story_turn_costs_a_fixed_number_of_queries(django_assert_num_queries: object) -> None:
    intake = begin("Maria Silva", "Globex", "One.")
    for text in ("Two.", "Three."):
        # savepoint and its release, intake, same client_ref?, two turns, events, intake, chain's lock, its end, event
        with django_assert_num_queries(11):  # type: ignore[operator]
            say(intake, text)


def test_many_turns_at_once_are_numbered_without_a_gap(live_firms: Any) -> None:
    with firm_scope(live_firms[0]):
        intake = begin("Maria Silva", "Globex", "It began in May.")
        refs = [uuid4() for _ in range(8)]

        def talk(ref: UUID) -> None:
            with firm_scope(live_firms[0]):
                try:
                    for _ in range(2):  # the second is the same again, as after a lost answer
                        say(intake, f"Part {ref}", client_ref=ref)
                finally:
                    connections.close_all()

        threads = [threading.Thread(target=talk, args=(ref,)) for ref in refs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        turns = list(Turn.objects.filter(intake=intake).order_by("number"))
        assert [turn.number for turn in turns] == list(range(1, len(turns) + 1))
        assert sorted(str(turn.client_ref) for turn in turns if turn.client_ref in refs) == sorted(map(str, refs))
        assert not [one.problem for one in audit.verify() if not one.holds]
