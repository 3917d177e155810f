"""Plain values that were found good -> the model. Nothing is checked here again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from intake.playbooks.drafts import OPERATORS, Draft
from intake.playbooks.model import (
    AllOf,
    AnyOf,
    Block,
    Choice,
    Condition,
    Document,
    FollowUp,
    Not,
    Playbook,
    Question,
    RedFlag,
    Scoring,
    Section,
    Test,
)

Raw = Mapping[str, Any]


def playbook_of(raw: Raw, draft: Draft, shared: Iterable[Section]) -> Playbook:
    """The playbook of a file without problems, with the blocks it includes and the sections it uses."""
    only = draft.languages
    questions = tuple(_question(part.raw, only) for part in draft.questions)
    sections = {section.key: section for section in (*_cut(shared, only), *sections_of(raw.get("sections", ()), only))}
    used = dict.fromkeys(question.section for question in questions)
    return Playbook(
        key=raw["key"],
        version=raw["version"],
        languages=only,
        titles=_texts(raw["titles"], only),
        list_codes=tuple(raw["list_codes"]),
        sections=tuple(sections[key] for key in used),
        questions=questions,
        scoring=tuple(_scoring(part.raw, only) for part in draft.rules["scoring"]),
        red_flags=tuple(_red_flag(part.raw, only) for part in draft.rules["red_flags"]),
        documents=tuple(_document(part.raw, only) for part in draft.rules["documents"]),
    )


def block_of(raw: Raw) -> Block:
    """A shared block."""
    return Block(
        key=raw["key"],
        questions=tuple(_question(item) for item in raw["questions"]),
        scoring=tuple(_scoring(item) for item in raw.get("scoring", ())),
        red_flags=tuple(_red_flag(item) for item in raw.get("red_flags", ())),
        documents=tuple(_document(item) for item in raw.get("documents", ())),
    )


def sections_of(raw: Iterable[Raw], only: tuple[str, ...] = ()) -> tuple[Section, ...]:
    """Sections in their order."""
    return tuple(Section(item["key"], _texts(item["titles"], only)) for item in raw)


def condition_of(raw: Raw) -> Condition:
    """A condition."""
    if "all" in raw:
        return AllOf(tuple(map(condition_of, raw["all"])))
    if "any" in raw:
        return AnyOf(tuple(map(condition_of, raw["any"])))
    if "not" in raw:
        return Not(condition_of(raw["not"]))
    return _test(raw["question"], raw)


def _test(question: str, raw: Raw) -> Test:
    for operator in OPERATORS:
        if operator in raw:
            value = raw[operator]
            return Test(question, operator, tuple(value) if isinstance(value, list) else value)
    raise KeyError(question)


def _question(raw: Raw, only: tuple[str, ...] = ()) -> Question:
    return Question(
        key=raw["key"],
        section=raw["section"],
        type=raw["type"],
        need=raw["need"],
        wording=_texts(raw["wording"], only),
        help=_texts(raw["help"], only) if "help" in raw else None,
        ask_if=condition_of(raw["ask_if"]) if "ask_if" in raw else None,
        choices=tuple(_choice(item, only) for item in raw.get("choices", ())),
        follow_ups=tuple(FollowUp(_test(raw["key"], item), tuple(item["ask"])) for item in raw.get("follow_ups", ())),
        before_gate=raw.get("before_gate", False),
        party=raw.get("party"),
        switched_off=raw.get("switched_off", False),
    )


def _choice(raw: Raw, only: tuple[str, ...]) -> Choice:
    synonyms = raw.get("synonyms", {})
    kept = {language: tuple(synonyms[language]) for language in only or synonyms if synonyms.get(language)}
    return Choice(raw["code"], _texts(raw["labels"], only), kept)


def _scoring(raw: Raw, only: tuple[str, ...] = ()) -> Scoring:
    return Scoring(condition_of(raw["if"]), raw["points"], _texts(raw["reason"], only))


def _red_flag(raw: Raw, only: tuple[str, ...] = ()) -> RedFlag:
    return RedFlag(raw["key"], condition_of(raw["if"]), raw["level"], _texts(raw["reason"], only))


def _document(raw: Raw, only: tuple[str, ...] = ()) -> Document:
    return Document(raw["key"], _texts(raw["titles"], only), condition_of(raw["if"]) if "if" in raw else None)


def _cut(sections: Iterable[Section], only: tuple[str, ...]) -> tuple[Section, ...]:
    return tuple(Section(section.key, _texts(section.titles, only)) for section in sections)


def _texts(raw: Mapping[str, str], only: tuple[str, ...]) -> dict[str, str]:
    """The words in the playbook's languages, in its order of them."""
    return {language: raw[language] for language in only or raw if language in raw}
