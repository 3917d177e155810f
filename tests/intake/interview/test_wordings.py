"""Everything that the assistant may say passes the guard, and is in plain words of both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from intake.classify import areas, questions
from intake.guard import judge
from intake.interview.agreeing import versions
from intake.interview.guided.areas import name
from intake.interview.wordings import LOCALES, WORDINGS, guided_words
from intake.language.readability import flesch_kincaid_grade
from intake.playbooks.reading import shipped

#: What is filled in where a wording leaves room.
VALUES = {"value": "Maria Silva", "reference": "2345-6789", "low": "May 1, 2026", "high": "May 9, 2026"}


def wordings() -> Iterator[tuple[str, str, str]]:
    """Where it stands, its language, and the words."""
    for locale in LOCALES:
        for key, ways in guided_words(locale).items():
            for way in () if key == "range" else ways:  # a part of a sentence
                yield f"{locale} {key}", locale, way.format(**VALUES)
        for code in areas():
            for way in guided_words(locale)["read.area"]:
                yield f"{locale} {code}", locale, way.format(value=name(code, locale))
        for agreements in versions().values():
            for number, paragraph in enumerate(agreements.notice[locale]):
                yield f"{locale} notice {agreements.version} {number}", locale, paragraph
            for kind, by_locale in agreements.consents.items():
                consent = by_locale[locale]
                for part in filter(None, (consent.ask, consent.more, consent.back)):
                    yield f"{locale} consent {agreements.version} {kind}", locale, part
        for authored in questions().values():
            yield f"{locale} area {authored.id}", locale, authored.texts[locale]
            for choice in authored.choices:
                yield f"{locale} area {authored.id} {choice.id}", locale, choice.labels[locale]
        for playbook in shipped().values():
            for question in playbook.questions:
                yield f"{locale} {playbook.key} {question.key}", locale, question.wording[locale]
                if question.help:
                    yield f"{locale} {playbook.key} {question.key} help", locale, question.help[locale]
    for key, text in WORDINGS["en"].items():
        yield f"first form {key}", "en", text.format(**VALUES)


def test_every_wording_passes_the_guard() -> None:
    judged = [(where, judge(text, language=locale)) for where, locale, text in wordings()]  # type: ignore[arg-type]
    assert len(judged) > 600
    assert [(where, verdict.rules) for where, verdict in judged if not verdict.allow] == []


def test_the_guard_that_they_pass_is_one() -> None:
    assert not judge("You should sue your landlord, you will win.", language="en").allow


@pytest.mark.parametrize("key", [key for key in guided_words("en") if not key.startswith(("button", "value", "range"))])
def test_english_wordings_are_in_sixth_grade_words(key: str) -> None:
    for way in guided_words("en")[key]:
        assert flesch_kincaid_grade([way.format(**VALUES)]) <= 7.5, way
