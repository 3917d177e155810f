"""A playbook -> the one text it is exported as. Reading that text gives an equal playbook and the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from intake.playbooks.model import (
    FORMAT,
    AllOf,
    AnyOf,
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
    Texts,
)

#: Every text stays on its line, so that two exports compare line by line.
_NO_FOLDING: Final = 100_000


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and indents lists beneath their key."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)


def export(playbook: Playbook) -> str:
    """The canonical YAML. It stands by itself: included blocks and sections are written out."""
    return yaml.dump(
        to_data(playbook), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NO_FOLDING, line_break="\n"
    )


def to_data(playbook: Playbook) -> dict[str, Any]:
    """The same as plain values, keys in a fixed order, what is empty left out."""
    write = _Writer(playbook.languages)
    return _filled(
        format=FORMAT,
        key=playbook.key,
        version=playbook.version,
        languages=list(playbook.languages),
        titles=write.texts(playbook.titles),
        sections=[write.section(section) for section in playbook.sections],
        questions=[write.question(question) for question in playbook.questions],
        scoring=[write.scoring(rule) for rule in playbook.scoring],
        red_flags=[write.red_flag(flag) for flag in playbook.red_flags],
        documents=[write.document(paper) for paper in playbook.documents],
        _always={"list_codes": list(playbook.list_codes)},
    )


def condition_data(condition: Condition) -> dict[str, Any]:
    """A condition as plain values."""
    match condition:
        case Test(question, operator, value):
            return {"question": question, operator: list(value) if isinstance(value, tuple) else value}
        case AllOf(parts):
            return {"all": [condition_data(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [condition_data(part) for part in parts]}
        case Not(part):
            return {"not": condition_data(part)}


class _Writer:
    """Writes the parts, texts in the order of `languages`."""

    def __init__(self, languages: Iterable[str]) -> None:
        self.languages = tuple(languages)

    def texts(self, texts: Texts | None) -> dict[str, str] | None:
        return None if texts is None else {key: texts[key] for key in self.languages if key in texts}

    def section(self, section: Section) -> dict[str, Any]:
        return _filled(key=section.key, titles=self.texts(section.titles))

    def question(self, question: Question) -> dict[str, Any]:
        return _filled(
            key=question.key,
            section=question.section,
            type=question.type,
            need=question.need,
            before_gate=question.before_gate or None,
            party=question.party,
            switched_off=question.switched_off or None,
            wording=self.texts(question.wording),
            help=self.texts(question.help),
            ask_if=condition_data(question.ask_if) if question.ask_if else None,
            choices=[self.choice(choice) for choice in question.choices],
            follow_ups=[self.follow_up(follow_up) for follow_up in question.follow_ups],
        )

    def choice(self, choice: Choice) -> dict[str, Any]:
        synonyms = {key: list(choice.synonyms[key]) for key in self.languages if choice.synonyms.get(key)}
        return _filled(code=choice.code, labels=self.texts(choice.labels), synonyms=synonyms)

    def follow_up(self, follow_up: FollowUp) -> dict[str, Any]:
        test = condition_data(follow_up.test)
        del test["question"]
        return {**test, "ask": list(follow_up.ask)}

    def scoring(self, rule: Scoring) -> dict[str, Any]:
        return {"if": condition_data(rule.condition), "points": rule.points, "reason": self.texts(rule.reason)}

    def red_flag(self, flag: RedFlag) -> dict[str, Any]:
        found = {"key": flag.key, "if": condition_data(flag.condition), "level": flag.level}
        return {**found, "reason": self.texts(flag.reason)}

    def document(self, paper: Document) -> dict[str, Any]:
        when = {"if": condition_data(paper.condition)} if paper.condition else {}
        return {"key": paper.key, "titles": self.texts(paper.titles), **when}


def _filled(_always: Mapping[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """`values` without what is empty; `_always` comes after the titles, empty or not."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if value is not None and value not in ([], {}):
            found[key] = value
        if key == "titles" and _always:
            found.update(_always)
    return found
