"""Ciphertexts open where they were made and nowhere else; keys rotate and are rewrapped."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, models

from tenants import crypto, keys
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.errors import CannotDecrypt, FirmNotSet, KeyUnavailable, WrongMasterKey
from tenants.ids import new_id
from tenants.models import FirmKey

ROW = UUID(int=7)
PLACE: dict[str, Any] = {"table": "intake_turn", "column": "text_ct", "row_id": ROW}


def test_opens_where_it_was_made(firm: FirmRef) -> None:
    blob = crypto.seal(b"words", **PLACE)
    assert crypto.unseal(blob, **PLACE) == b"words"
    assert blob[0] == 1
    assert crypto.sealed_key_id(blob) == keys.current_data_key().id
    assert len(blob) == 5 + 45
    assert blob != crypto.seal(b"words", **PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"row_id": UUID(int=8)},
        {"column": "other_ct"},
        {"table": "intake_fact"},
        {"table": "intake_turnt", "column": "ext_ct"},
    ],
)
def test_does_not_open_in_another_row_column_or_table(firm: FirmRef, elsewhere: dict[str, Any]) -> None:
    blob = crypto.seal(b"words", **PLACE)
    with pytest.raises(CannotDecrypt):
        crypto.unseal(blob, **{**PLACE, **elsewhere})


def test_does_not_open_in_another_firm_even_with_the_key(firm: FirmRef, other_firm: FirmRef, monkeypatch: Any) -> None:
    blob = crypto.seal(b"words", **PLACE)
    ours = keys.ring()
    with firm_scope(other_firm):
        with pytest.raises(CannotDecrypt, match="no such key"):
            crypto.unseal(blob, **PLACE)
        with pytest.raises(CannotDecrypt, match="another firm's"):
            crypto.unseal(blob, **PLACE, ring=ours)
        monkeypatch.setattr(keys, "key_by_id", lambda _id: ours.current)
        with pytest.raises(CannotDecrypt, match="another place"):
            crypto.unseal(blob, **PLACE)


@pytest.mark.parametrize(
    "change", [lambda b: b[:-1], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b"\x02" + b[1:], lambda b: b""]
)
def test_an_altered_ciphertext_does_not_open(firm: FirmRef, change: Any) -> None:
    with pytest.raises(CannotDecrypt):
        crypto.unseal(change(crypto.seal(b"words", **PLACE)), **PLACE)


def test_needs_a_firm() -> None:
    with public_scope(), pytest.raises(FirmNotSet):
        crypto.seal(b"words", **PLACE)


def test_ring_needs_one_query_then_none(firm: FirmRef, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        keys.ring()
    with django_assert_num_queries(0):
        crypto.unseal(crypto.seal(b"x", **PLACE), **PLACE)


def test_blind_index_is_equal_within_a_firm_and_purpose_only(firm: FirmRef, other_firm: FirmRef) -> None:
    ours = crypto.blind_index("jane doe", purpose="party")
    assert ours == crypto.blind_index("jane doe", purpose="party")
    assert len(ours) == 32
    others = {crypto.blind_index("jane roe", purpose="party"), crypto.blind_index("jane doe", purpose="phone")}
    with firm_scope(other_firm):
        others.add(crypto.blind_index("jane doe", purpose="party"))
    assert len(others - {ours}) == 3


def test_rotation_keeps_old_ciphertexts_readable_and_the_index_equal(firm: FirmRef) -> None:
    old, name = crypto.seal(b"words", **PLACE), crypto.blind_index("jane doe", purpose="party")
    new_key = keys.start_rotation(firm.id)
    keys.forget(firm.id)  # on_commit does this outside a test's transaction
    new = crypto.seal(b"words", **PLACE)
    assert crypto.sealed_key_id(new) == new_key != crypto.sealed_key_id(old)
    assert crypto.unseal(old, **PLACE) == crypto.unseal(new, **PLACE) == b"words"
    assert keys.finish_rotation(firm.id) == 0, "a key is kept for its grace"
    assert keys.finish_rotation(firm.id, grace=timedelta(0)) == 1
    keys.forget(firm.id)
    assert crypto.blind_index("jane doe", purpose="party") == name
    assert crypto.unseal(new, **PLACE) == b"words"
    with pytest.raises(CannotDecrypt):
        crypto.unseal(old, **PLACE)


def test_a_key_rotated_by_another_process_is_found(firm: FirmRef) -> None:
    held = keys.ring()
    new_key = keys.start_rotation(firm.id)
    keys.forget(firm.id)
    blob = crypto.seal(b"words", **PLACE)
    with keys._lock:
        keys._cache[firm.id] = (float("inf"), held)
    assert crypto.sealed_key_id(blob) == new_key
    assert crypto.unseal(blob, **PLACE) == b"words"


def test_rewrap_changes_the_master_key_and_no_ciphertext(firm: FirmRef, settings: Any) -> None:
    blob = crypto.seal(b"words", **PLACE)
    with public_scope():
        FirmKey.objects.exclude(firm_id=firm.id).delete()  # rolled back; Summit stays untouched for the guard
        new = os.urandom(32)
        assert keys.rewrap(new, batch=1) == 2
        assert keys.rewrap(new) == 0
    settings.MASTER_KEY = base64.b64encode(new).decode()
    keys.forget()
    keys.check_master_key()
    assert crypto.unseal(blob, **PLACE) == b"words"


def test_a_new_master_key_with_the_previous_one_beside_it(firm: FirmRef, settings: Any) -> None:
    blob = crypto.seal(b"words", **PLACE)
    settings.MASTER_KEY_PREVIOUS, settings.MASTER_KEY = settings.MASTER_KEY, base64.b64encode(os.urandom(32)).decode()
    keys.forget()
    keys.check_master_key()
    assert crypto.unseal(blob, **PLACE) == b"words"


@pytest.mark.parametrize(
    ("master", "error", "says"),
    [
        ("", KeyUnavailable, "no master key"),
        ("not base64!", KeyUnavailable, "not base64"),
        (base64.b64encode(b"short").decode(), KeyUnavailable, "5 bytes"),
        (base64.b64encode(bytes(32)).decode(), WrongMasterKey, "not the one"),
    ],
)
def test_a_wrong_or_missing_master_key_is_told_clearly(
    settings: Any, master: str, error: type[Exception], says: str
) -> None:
    settings.MASTER_KEY = master
    with pytest.raises(error, match=says):
        keys.check_master_key()


def test_master_key_from_a_file(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "key").write_text(settings.MASTER_KEY + "\n")
    settings.MASTER_KEY, settings.MASTER_KEY_FILE = "", str(tmp_path / "key")
    keys.check_master_key()
    settings.MASTER_KEY_FILE = str(tmp_path / "none")
    with pytest.raises(KeyUnavailable, match="cannot be read"):
        keys.check_master_key()


def test_a_wrapped_key_moved_to_another_firm_does_not_open(firm: FirmRef, other_firm: FirmRef) -> None:
    with public_scope():
        stolen = FirmKey.objects.filter(firm_id=other_firm.id, purpose="data").values_list("wrapped", flat=True)[0]
        FirmKey.objects.filter(firm_id=firm.id, purpose="data").update(wrapped=stolen)
    with pytest.raises(WrongMasterKey):
        keys.ring()


class Sealed(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    text_ct = models.BinaryField()
    data_ct = models.BinaryField()
    text = crypto.SealedText("text_ct")
    data = crypto.SealedJSON("data_ct")

    class Meta:
        app_label = "tests"
        managed = False

    def __str__(self) -> str:
        return str(self.pk)


def test_sealed_columns(firm: FirmRef) -> None:
    row = Sealed(text="Zürich, 5 o'clock", data={"a": [1, None]})
    assert b"Z" not in row.text_ct[29:] or row.text_ct != b"Zurich"
    assert (row.text, row.data) == ("Zürich, 5 o'clock", {"a": [1, None]})
    row.text_ct = b""
    assert row.text is None
    row.text = None
    assert row.text_ct == b""
    other = Sealed(data_ct=row.data_ct)
    with pytest.raises(CannotDecrypt):
        _ = other.data


def test_nothing_plain_is_stored_in_the_key_table() -> None:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM tenants_firmkey")
        stored = b"".join(bytes(row[0]) for row in cursor.fetchall())
    assert keys.current_data_key().secret not in stored
