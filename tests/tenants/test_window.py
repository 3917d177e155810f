"""The window as data: what is served, and what is behind it."""

from __future__ import annotations

import json

import pytest

from tenants import directory, fingerprints, window
from tenants.context import FirmRef, public_scope
from tenants.errors import FirmBehind
from tenants.models import SchemaState


def test_the_file_names_every_app_with_migrations_and_only_existing_ones() -> None:
    named = json.loads(window.WINDOW_FILE.read_text())
    expected = fingerprints.expected_in_firm()
    assert set(named) == {name.partition(".")[0] for name in expected}
    assert window.oldest_accepted() <= expected


def test_a_schema_ahead_is_served() -> None:
    assert window.serves({*fingerprints.expected_in_firm(), "intake.9999_additive"})


def test_a_schema_at_the_window_is_served_though_it_lacks_newer_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = {"intake.0001_initial", "audio.0001_initial"}
    monkeypatch.setattr(window, "oldest_accepted", lambda: frozenset({"intake.0001_initial"}))
    assert window.serves(applied)
    monkeypatch.setattr(window, "oldest_accepted", lambda: frozenset({"intake.0002_append_only"}))
    assert not window.serves(applied)
    assert window.missing(applied) == ["intake.0002_append_only"]


def test_nothing_applied_is_not_served() -> None:
    assert not window.serves([])


def test_the_directory_holds_the_firm_against_this_process_own_window(firm: FirmRef) -> None:
    with public_scope():
        state = SchemaState.objects.get(firm_id=firm.id)
        state.applied = sorted(fingerprints.expected_in_firm() - {sorted(window.oldest_accepted())[0]})
        state.served = True  # what another release wrote does not count
        state.save()
    directory.forget()
    with pytest.raises(FirmBehind):
        directory.resolve_firm(firm.id).check_served()
    with public_scope():
        state.applied = [*sorted(fingerprints.expected_in_firm()), "intake.9999_additive"]
        state.served = False
        state.save()
    directory.forget()
    directory.resolve_firm(firm.id).check_served()
