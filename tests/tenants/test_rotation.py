"""A new master key, and a new data key: resumable, and everything can be read half way."""

from __future__ import annotations

import base64
import os
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from intake.models import Intake, Turn
from tenants import keys, rotation
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.crypto import sealed_key_id
from tenants.errors import CannotDecrypt, WrongMasterKey
from tenants.holders import FirmHolder, register_holder
from tenants.models import FirmKey
from tests.support.firms import elsewhere

COUNT = 23


def make_turns(count: int = COUNT) -> None:
    intake = Intake.objects.create(secret_hash=os.urandom(32), playbook="first-form@1")
    for number in range(1, count + 1):
        add_turn(intake, number, f"words {number}")


def add_turn(intake: Intake, number: int, text: str) -> None:
    turn = Turn(intake=intake, number=number, role="client")
    turn.text = text
    turn.save(force_insert=True)


def key_ids() -> set[Any]:
    return {sealed_key_id(bytes(blob)) for blob in Turn.objects.values_list("text_ct", flat=True)}


def texts() -> list[str | None]:
    return [turn.text for turn in Turn.objects.order_by("number")]


WORDS = [f"words {number}" for number in range(1, COUNT + 1)]


def test_every_sealed_column_of_a_firms_models_is_found() -> None:
    found = {f"{model._meta.label}.{column}" for model, columns in rotation.sealed_columns() for column in columns}
    ciphertexts = {
        f"{model._meta.label}.{field.attname}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.attname.endswith("_ct")
    }
    assert found == ciphertexts
    assert "intake.Turn.text_ct" in found


def test_rotate_moves_everything_to_the_new_key_and_words_stay(firm: FirmRef) -> None:
    make_turns()
    (old,) = key_ids()
    progress = rotation.rotate(ref=firm, batch=5)
    assert (progress.resealed, progress.destroyed, progress.kept) == (COUNT, 0, 1)
    keys.forget()
    assert old not in key_ids()
    assert texts() == WORDS


def test_cut_off_half_way_both_keys_read_and_a_second_run_goes_on(firm: FirmRef) -> None:
    make_turns()

    def cut(done: int) -> None:
        if done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(ref=firm, batch=5, on_batch=cut)
    keys.forget()
    assert len(key_ids()) == 2
    assert texts() == WORDS
    add_turn(Intake.objects.get(), COUNT + 1, "said meanwhile")

    progress = rotation.rotate(ref=firm, batch=5)
    assert (progress.resealed, progress.kept) == (COUNT - 10, 1)  # the same new key: no third one
    assert len(key_ids()) == 1
    assert texts() == [*WORDS, "said meanwhile"]


def test_the_old_key_is_destroyed_only_after_its_grace(firm: FirmRef) -> None:
    make_turns(2)
    blob = bytes(Turn.objects.get(number=1).text_ct)
    rotation.rotate(ref=firm)
    assert rotation.rotate(ref=firm).destroyed == 0
    with public_scope():
        long_ago = timezone.now() - keys.RETIRED_GRACE - timedelta(seconds=1)
        FirmKey.objects.filter(firm_id=firm.id, retired_at__isnull=False).update(retired_at=long_ago)
    progress = rotation.rotate(ref=firm)
    assert (progress.resealed, progress.destroyed, progress.kept) == (0, 1, 0)
    keys.forget()
    assert texts() == WORDS[:2]
    turn = Turn.objects.get(number=1)
    turn.text_ct = blob
    with pytest.raises(CannotDecrypt):
        _ = turn.text


def test_what_was_erased_stays_erased(firm: FirmRef) -> None:
    make_turns(3)
    Turn.objects.filter(number=2).update(text_ct=b"")
    assert rotation.rotate(ref=firm).resealed == 2
    assert texts() == ["words 1", None, "words 3"]


def test_an_erasure_during_a_rotation_is_not_undone(live_firms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = live_firms[0]
    with firm_scope(ref):
        make_turns(1)
    read, erased, resealed = threading.Event(), threading.Event(), rotation._resealed

    def slowly(*args: Any) -> bytes:
        read.set()
        erased.wait(1)  # the row is locked, so the erasure comes after us
        return resealed(*args)

    def erase() -> None:
        read.wait(10)
        with firm_scope(ref):
            Turn.objects.update(text_ct=b"")
        erased.set()
        connection.close()

    monkeypatch.setattr(rotation, "_resealed", slowly)
    eraser = threading.Thread(target=erase)
    eraser.start()
    rotation.rotate(ref=ref)
    eraser.join(10)
    with firm_scope(ref):
        assert texts() == [None]


def test_an_append_only_row_allows_nothing_but_its_ciphertext(firm: FirmRef) -> None:
    make_turns(1)
    rotation.rotate(ref=firm)
    with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE intake_turn SET number = 9")


def test_holders_reseal_what_lies_outside_rows(firm: FirmRef, monkeypatch: pytest.MonkeyPatch) -> None:
    from tenants import holders

    monkeypatch.setattr(holders, "_holders", {})
    register_holder(FirmHolder("files", reseal=lambda ref: 7 if ref == firm else 0))
    assert rotation.rotate(ref=firm).resealed == 7


def new_master() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def test_rewrap_changes_the_master_key_and_no_ciphertext(firm: FirmRef, settings: Any) -> None:
    make_turns(3)
    before = list(Turn.objects.order_by("number").values_list("text_ct", flat=True))
    settings.MASTER_KEY_PREVIOUS, settings.MASTER_KEY = settings.MASTER_KEY, new_master()
    keys.forget()
    with public_scope():
        stored = FirmKey.objects.count()
    assert texts() == WORDS[:3]  # before: the previous key still opens
    assert keys.rewrap(batch=1) == stored
    assert keys.rewrap() == 0
    settings.MASTER_KEY_PREVIOUS = ""
    keys.forget()
    assert texts() == WORDS[:3]
    assert list(Turn.objects.order_by("number").values_list("text_ct", flat=True)) == before


def test_a_rewrap_that_was_cut_off_goes_on(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MASTER_KEY_PREVIOUS, settings.MASTER_KEY = settings.MASTER_KEY, new_master()
    wrap, calls = keys._wrap, []

    def cut(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        wrap(*args)

    monkeypatch.setattr(keys, "_wrap", cut)
    with pytest.raises(KeyboardInterrupt):
        keys.rewrap(batch=1)
    monkeypatch.undo()
    with public_scope():
        assert keys.rewrap() == FirmKey.objects.count() - 2


def test_a_wrong_master_key_is_named_and_opens_nothing(firm: FirmRef, settings: Any) -> None:
    make_turns(1)
    settings.MASTER_KEY = new_master()
    keys.forget()
    with pytest.raises(WrongMasterKey):
        texts()
    with pytest.raises(WrongMasterKey, match="MASTER_KEY_PREVIOUS"):
        elsewhere(keys.check_master_key)
