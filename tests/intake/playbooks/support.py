"""A small good playbook to break, and playbooks made at random."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import strategies as st

from intake.playbooks.model import (
    TYPES,
    AllOf,
    AnyOf,
    Choice,
    Condition,
    Document,
    FollowUp,
    Need,
    Not,
    Playbook,
    Question,
    RedFlag,
    Scoring,
    Section,
    Test,
)
from intake.playbooks.problems import PlaybookError, Problem
from intake.playbooks.reading import read

GOOD = """\
format: intake.playbook.v1
key: small
version: 3
languages: [en, es]
titles: {en: Small, es: Chico}
list_codes: [HO-02-00-00-00]
questions:
  - key: rents
    section: events
    type: yes_no
    need: required
    wording: {en: Do you rent?, es: ¿Renta usted?}
    follow_ups:
      - is: "yes"
        ask: [rent]
  - key: home
    section: events
    type: choice
    need: required
    wording: {en: What home?, es: ¿Qué casa?}
    choices:
      - code: house
        labels: {en: A house, es: Una casa}
        synonyms: {en: [bungalow], es: [chalet]}
      - code: flat
        labels: {en: A flat, es: Un piso}
  - key: rent
    section: money
    type: money
    need: strengthens
    wording: {en: How much?, es: ¿Cuánto?}
  - key: since
    section: events
    type: date
    need: required
    ask_if: {question: home, is: house}
    wording: {en: Since when?, es: ¿Desde cuándo?}
scoring:
  - if: {question: rent, at_least: 1000}
    points: 10
    reason: {en: High rent, es: Renta alta}
red_flags:
  - key: no_date
    if: {question: since, known: false}
    level: attention
    reason: {en: No date, es: Sin fecha}
documents:
  - key: lease
    titles: {en: Lease, es: Contrato}
    if: {question: rents, is: "yes"}
"""


def playbook(text: str | bytes = GOOD, file: str = "small.yaml") -> Playbook:
    """What the text says, when it is good."""
    found = read(text, file)
    assert isinstance(found, Playbook)
    return found


def problems(text: str | bytes, file: str = "small.yaml") -> tuple[Problem, ...]:
    """What is wrong with a bad text."""
    with pytest.raises(PlaybookError) as caught:
        read(text, file)
    return caught.value.problems


def broken(old: str, new: str) -> tuple[Problem, ...]:
    """What is wrong when `old` in the good text is replaced."""
    assert GOOD.count(old) >= 1
    return problems(GOOD.replace(old, new, 1))


def line_of(text: str, part: str) -> int:
    """The line on which `part` first stands."""
    return text[: text.index(part)].count("\n") + 1


_LINE = re.compile(r"(?!\s)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]+(?<!\s)")
_words = st.text(min_size=1, max_size=40).filter(_LINE.fullmatch) | st.sampled_from(
    ["yes", "No", "null", "~", "1", "1e3", "0x10", "2024-01-01", "- a", "a: b", "#x", "'", '"', "*a", "&b", "!c", "é"]
)
_texts = st.fixed_dictionaries({"en": _words, "es": _words})


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    """Good playbooks: main questions with conditions on earlier ones, follow-ups on some of them."""
    main = [draw(_question(f"m{i}")) for i in range(draw(st.integers(1, 6)))]
    questions: list[Question] = []
    for i, question in enumerate(main):
        ask_if = draw(st.none() | _condition(main[:i])) if i else None
        called = [draw(_question(f"f{i}_{j}")) for j in range(draw(st.integers(0, 2)))]
        calls = tuple(FollowUp(draw(_test(question)), (one.key,)) for one in called)
        questions += [_with(question, ask_if=ask_if, follow_ups=calls), *called]
    order = draw(st.permutations(range(len(questions))))
    late = {one.key for one in questions} - {one.key for one in main}
    questions = [one for one in questions if one.key not in late] + [
        questions[i] for i in order if questions[i].key in late
    ]
    rules = st.lists(_condition(main), max_size=3)
    return Playbook(
        key="made",
        version=draw(st.integers(1, 99)),
        languages=draw(st.permutations(["en", "es"]).map(tuple)),
        titles=draw(_texts),
        list_codes=draw(st.sampled_from([(), ("HO-02-00-00-00",), ("WO-00-00-00-00", "FA-00-00-00-00")])),
        sections=(Section("only", draw(_texts)),),
        questions=tuple(questions),
        scoring=tuple(Scoring(one, draw(st.integers(-100, 100)), draw(_texts)) for one in draw(rules)),
        red_flags=tuple(RedFlag(f"r{i}", one, "urgent", draw(_texts)) for i, one in enumerate(draw(rules))),
        documents=tuple(Document(f"d{i}", draw(_texts), one) for i, one in enumerate(draw(rules))),
    )


@st.composite
def _question(draw: st.DrawFn, key: str) -> Question:
    kind = draw(st.sampled_from(TYPES))
    choices: tuple[Choice, ...] = ()
    if kind == "choice":
        synonyms = {"en": (f"{key} one",)} if draw(st.booleans()) else {}
        names = [{"en": f"{key} {code}", "es": f"{key} {code} es"} for code in "ab"]
        choices = (Choice("a", names[0], synonyms), Choice("b", names[1], {}))
    need: Need = draw(st.sampled_from(["required", "strengthens"]))
    helped, off = draw(st.none() | _texts), draw(st.booleans())
    return Question(key, "only", kind, need, draw(_texts), help=helped, choices=choices, switched_off=off)


def _with(question: Question, **values: Any) -> Question:
    copied = copy.copy(question)
    for name, value in values.items():
        object.__setattr__(copied, name, value)
    return copied


def _test(question: Question) -> st.SearchStrategy[Test]:
    known = st.builds(Test, st.just(question.key), st.just("known"), st.booleans())
    if question.type in {"money", "count"}:
        number = st.integers(0, 10_000) | st.floats(0, 1e9, allow_nan=False).map(lambda x: round(x, 2))
        bounds = st.builds(Test, st.just(question.key), st.sampled_from(["is", "at_least", "at_most"]), number)
        return known | bounds
    if question.type in {"yes_no", "choice"}:
        word = st.sampled_from(["yes", "no"] if question.type == "yes_no" else ["a", "b"])
        one = st.builds(Test, st.just(question.key), st.just("is"), word)
        some = st.builds(Test, st.just(question.key), st.just("in"), st.lists(word, min_size=1, max_size=3).map(tuple))
        return known | one | some
    return known


def _condition(questions: list[Question]) -> st.SearchStrategy[Condition]:
    test: st.SearchStrategy[Condition] = st.sampled_from(questions).flatmap(_test)
    return st.recursive(
        test,
        lambda part: (
            st.builds(Not, part)
            | st.builds(AllOf, st.lists(part, min_size=1, max_size=3).map(tuple))
            | st.builds(AnyOf, st.lists(part, min_size=1, max_size=3).map(tuple))
        ),
        max_leaves=5,
    )


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "yes_no": st.sampled_from(["yes", "no"]),
    "choice": st.sampled_from(["a", "b"]),
    "money": st.integers(0, 10_000) | st.tuples(st.integers(0, 99), st.integers(100, 999)).map(list),
    "count": st.integers(0, 9),
}


@st.composite
def answers_to(draw: st.DrawFn, made: Playbook) -> dict[str, Any]:
    """Some answers, in any order and for any question, the unknown ones too."""
    keys = draw(st.lists(st.sampled_from([one.key for one in made.questions]), unique=True))
    kinds = {one.key: one.type for one in made.questions}
    return {key: draw(st.none() | _VALUES.get(kinds[key], st.just("words"))) for key in keys}


def as_json_text(text: str) -> str:
    """A YAML text of ours as JSON."""
    from intake.playbooks.sources import read_source

    return json.dumps(read_source(text, "x.yaml").value, ensure_ascii=False, indent=2)
