"""The playbooks that ship: complete, easy to read, safe contact first, no law, no advice, no leading."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from intake.guard import judge
from intake.language.guess import Language
from intake.language.readability import fernandez_huerta, flesch_kincaid_grade
from intake.language.tokens import fold
from intake.playbooks.evaluating import next_question, questions_for, red_flags, score
from intake.playbooks.model import Playbook, Question
from intake.playbooks.reading import common, shipped

KEYS = (
    "family", "protection", "housing", "injury", "employment", "immigration", "criminal", "estates", "debt",
    "benefits", "general",
)  # fmt: skip
SHARED = {question.key for block in common().blocks.values() for question in block.questions}
#: Of one wording alone; short Spanish questions with a few long words cannot all reach the floor of the set.
ONE_GRADE, ONE_EASE = 8.0, 35.0
# Words of law, deadlines, odds, value, advice and promises; and of a question that knows its answer.
FORBIDDEN = {
    "en": r"\b(statute|deadline|time limit|liab|negligen|plaintiff|defendant|entitled|your rights?|illegal|unlawful|"
    r"you should|you must|you need to|we will|guarantee|promise|strong case|good case|win|worth it|sue|lawsuit|"
    r"isnt it|didnt (you|they|he|she)|surely|of course|why did you|did you do it|at fault|guilty)\b",
    "es": r"\b(plazo|prescri|vencimiento|responsab|negligen|demandante|demandado|tiene derecho|sus derechos|ilegal|"
    r"usted debe|debe usted|tiene que (ir|hacer|presentar)|deberia|garantiz|prometemos|ganar|culpa|culpable|"
    r"no es cierto|verdad que|por que hizo|fue usted quien)",
}
# Spanish to one person as "usted": none of these forms of "tu".
FAMILIAR = re.compile(
    r"\b(tu|tus|te|ti|contigo|tienes|eres|estas|puedes|quieres|vives|sabes|dime|cuentanos|vosotros)\b"
)


def own(book: Playbook) -> list[Question]:
    return [question for question in book.questions if question.key not in SHARED]


def wordings(questions: list[Question], language: str) -> list[str]:
    return [text[language] for question in questions for text in (question.wording, question.help) if text]


def every_text(book: Playbook, language: str) -> Iterator[str]:
    yield book.titles[language]
    for section in book.sections:
        yield section.titles[language]
    yield from wordings(list(book.questions), language)
    for question in book.questions:
        for choice in question.choices:
            yield choice.labels[language]
    for paper in book.documents:
        yield paper.titles[language]


def test_all_are_there() -> None:
    assert set(shipped()) == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_length_and_completeness(key: str) -> None:
    book = shipped()[key]
    assert 8 <= len(own(book)) <= 15
    assert book.languages == ("en", "es")
    assert bool(book.list_codes) is (key != "general")
    assert book.documents
    assert book.scoring
    assert book.red_flags
    assert {question.key for question in book.questions} > SHARED


@pytest.mark.parametrize("key", KEYS)
def test_sixth_grade_words(key: str) -> None:
    for questions in (own(shipped()[key]), list(shipped()[key].questions)):
        assert flesch_kincaid_grade(wordings(questions, "en")) <= 6.9
        assert fernandez_huerta(wordings(questions, "es")) >= 70
    for text in wordings(list(shipped()[key].questions), "en"):
        assert flesch_kincaid_grade([text]) <= ONE_GRADE, text
        assert len(text.split()) <= 20, text
    for text in wordings(list(shipped()[key].questions), "es"):
        assert fernandez_huerta([text]) >= ONE_EASE, text
        assert len(text.split()) <= 22, text


@pytest.mark.parametrize("key", ["family", "protection", "general"])
def test_safe_contact_is_asked_first(key: str) -> None:
    asked: list[str] = []
    answers: dict[str, str | None] = {}
    while (question := next_question(shipped()[key], answers)) is not None:
        asked.append(question.key)
        answers[question.key] = "yes" if question.type == "yes_no" else None
    safe = ["safe_now", "safe_to_call", "safe_to_leave_voicemail", "safe_to_text", "safe_to_email", "safe_times"]
    assert asked[:6] == safe
    assert asked.index("phone") > 5


@pytest.mark.parametrize("key", KEYS)
def test_no_way_to_reach_somebody_is_used_unasked(key: str) -> None:
    book = shipped()[key]
    assert {"safe_to_call", "safe_to_leave_voicemail", "safe_to_text", "safe_to_email"} <= {
        q.key for q in book.questions
    }
    answers = {"safe_to_call": "no", "safe_to_text": "no", "safe_to_email": "no"}
    assert "no_safe_way" in [flag.key for flag in red_flags(book, answers)]
    assert "safe_to_leave_voicemail" not in [q.key for q in questions_for(book, answers)]


@pytest.mark.parametrize("key", KEYS)
def test_represented_minor_and_custody_go_to_a_person(key: str) -> None:
    book = shipped()[key]

    def persons(**answers: str | None) -> set[str]:
        return {flag.key for flag in red_flags(book, answers) if flag.level == "person"}

    assert persons(is_adult="no") == {"minor"}
    assert persons(in_custody="yes") == {"in_custody"}
    for reason in ("other", None):
        assert persons(has_lawyer="yes", lawyer_reason=reason) == {"represented"}
    for reason in ("change", "second_opinion"):
        assert persons(has_lawyer="yes", lawyer_reason=reason) == {f"represented_{reason}"}
    assert persons(has_lawyer="yes", lawyer_reason="other_matter") == set()
    assert persons(has_lawyer="no", is_adult="yes", in_custody="no") == set()


@pytest.mark.parametrize("key", KEYS)
def test_before_the_gate_only_who_and_where(key: str) -> None:
    early = [question for question in own(shipped()[key]) if question.before_gate]
    assert {question.type for question in early} <= {"name", "organisation", "state", "choice", "text"}
    assert all(question.key == "topic" for question in early if question.type == "text")
    late = [question for question in own(shipped()[key]) if not question.before_gate]
    assert not [question for question in late if question.party in {"adverse", "client"}]
    kept = [question.before_gate for question in shipped()[key].questions]
    assert kept == sorted(kept, reverse=True), "what may come early comes first"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_law_no_deadline_no_advice_and_no_leading(key: str, language: str) -> None:
    for text in every_text(shipped()[key], language):
        assert not re.search(FORBIDDEN[language], fold(text)), text


@pytest.mark.parametrize("key", KEYS)
def test_spanish_speaks_with_respect_and_marks_its_questions(key: str) -> None:
    for text in every_text(shipped()[key], "es"):
        assert not FAMILIAR.search(text.lower()), text
        assert text.count("¿") == text.count("?"), text


@pytest.mark.parametrize("key", KEYS)
def test_nothing_said_gives_no_points_and_no_flags(key: str) -> None:
    assert score(shipped()[key], {}).total == 0
    assert red_flags(shipped()[key], {}) == ()


def test_one_key_means_one_type_everywhere() -> None:
    types: dict[str, set[str]] = {}
    for book in shipped().values():
        for question in book.questions:
            types.setdefault(question.key, set()).add(question.type)
    assert {key for key, found in types.items() if len(found) > 1} == {"other_side"}  # a person or a company


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_guard_lets_every_wording_pass(key: str, language: Language) -> None:
    refused = [
        (t, v.rules) for t in every_text(shipped()[key], language) if not (v := judge(t, language=language)).allow
    ]
    assert not refused
