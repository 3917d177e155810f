"""The canonical text: it reads back as the same playbook and is then written the same, byte for byte."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings

from intake.playbooks.exporting import export, to_data
from intake.playbooks.model import Playbook
from intake.playbooks.reading import read, shipped
from intake.playbooks.shape import validator
from tests.intake.playbooks.support import playbook, playbooks


@pytest.mark.parametrize("key", sorted(shipped()))
def test_shipped_playbooks_survive(key: str) -> None:
    book = shipped()[key]
    text = export(book)
    again = read(text, "again.yaml")
    assert again == book
    assert isinstance(again, Playbook)
    assert export(again) == text


@settings(max_examples=60, deadline=None)
@given(playbooks())
def test_any_playbook_survives(book: Playbook) -> None:
    text = export(book)
    again = read(text.encode(), "again.yaml")
    assert again == book
    assert isinstance(again, Playbook)
    assert export(again) == text
    assert read(json.dumps(to_data(book)), "again.json") == book


@settings(max_examples=30, deadline=None)
@given(playbooks())
def test_any_yaml_reader_reads_the_export_alike(book: Playbook) -> None:
    assert yaml.safe_load(export(book)) == to_data(book)
    assert not list(validator().iter_errors(to_data(book)))


def test_the_order_of_languages_is_the_playbooks_own() -> None:
    text = export(playbook())
    assert text.index("en: Small") < text.index("es: Chico")
    assert "\n  - key: rents\n" in text


def test_every_text_stays_on_its_line() -> None:
    lines = export(shipped()["injury"]).splitlines()
    assert "      en: Was a city, a public school, a bus or a public office part of it?" in lines
    assert "      es: ¿Tuvo que ver una ciudad, una escuela pública, un bus o una oficina pública?" in lines
