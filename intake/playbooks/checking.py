"""What a schema cannot say: references, circles, order, languages. Every check goes on after a problem."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from intake.language.guess import LANGUAGES
from intake.language.tokens import words_of
from intake.playbooks.drafts import (
    RULES,
    Draft,
    Part,
    RawTest,
    ask_order,
    follow_ups,
    items,
    mapping,
    parts,
    raw_tests,
    word,
)
from intake.playbooks.model import TYPES
from intake.playbooks.shape import brief
from intake.playbooks.sources import Path, Source

_NUMERIC: Final = ("money", "count")
_TEXTS: Final = frozenset({"wording", "help", "titles", "labels", "reason"})


def check_draft(draft: Draft) -> None:
    """Adds a problem for each thing in the draft that does not fit together."""
    known = draft.by_key()
    _unique(draft.source, draft.questions, "question")
    for name, what in (("red_flags", "red flag"), ("documents", "document")):
        _unique(draft.source, draft.rules.get(name, ()), what)
    for part in draft.questions:
        if part.own:
            _check_question(draft, part, known)
    for name in RULES:
        for part in draft.rules.get(name, ()):
            if part.own:
                _check_texts(draft, part.raw, part.path)
                for test in raw_tests(part.raw.get("if"), (*part.path, "if")):
                    _check_test(draft, test, known)
    circular = _check_circles(draft, known)
    _check_order(draft, known, circular)


def check_sections(source: Source, raw: Any, languages: tuple[str, ...]) -> None:
    """The sections of a file."""
    found = parts(mapping(raw), "sections")
    _unique(source, found, "section")
    draft = Draft(source, languages)
    for part in found:
        _check_texts(draft, part.raw, part.path)


def check_codes(source: Source, raw: Any, codes: Collection[str]) -> None:
    """That the LIST codes are among those this project knows."""
    for code, path in items(mapping(raw), "list_codes", ()):
        if isinstance(code, str) and code not in codes:
            area = [known for known in sorted(codes) if known[:2] == code[:2]]
            allowed = ", ".join(area) or "those in intake/classify/areas.yaml"
            source.complain(path, f"{brief(code)} is no LIST code that is known here", allowed)


def check_texts(source: Source, raw: Any, path: Path, languages: tuple[str, ...]) -> None:
    """That every text directly in `raw` is there in each language."""
    _check_texts(Draft(source, languages), mapping(raw), path)


def _check_texts(draft: Draft, raw: Any, path: Path) -> None:
    for name in _TEXTS & set(raw):
        if not isinstance(raw[name], dict):
            continue
        allowed = f"each of {', '.join(draft.languages)}"
        for language in draft.languages:
            if language not in raw[name]:
                draft.source.complain((*path, name), f'the language "{language}" is missing', allowed)
        for language in set(raw[name]) & set(LANGUAGES) - set(draft.languages):
            draft.source.complain((*path, name, language), f'"{language}" is not among the languages', allowed)


def _unique(source: Source, found: Iterable[Part], what: str, name: str = "key") -> None:
    first: dict[str, Part] = {}
    for part in found:
        key = word(part.raw.get(name))
        if not key:
            continue
        if key in first:
            line = source.line((*first[key].path, name))
            source.complain(
                (*part.path, name), f'the {what} "{key[:60]}" stands here again', f"once; first on line {line}"
            )
        first.setdefault(key, part)


def _check_question(draft: Draft, part: Part, known: dict[str, Part]) -> None:
    source, raw = draft.source, part.raw
    _check_texts(draft, raw, part.path)
    section = word(raw.get("section"))
    if section and section not in draft.sections:
        allowed = ", ".join(sorted(draft.sections))
        source.complain((*part.path, "section"), f'there is no section "{section[:60]}"', allowed)
    _check_choices(draft, part)
    tests = list(raw_tests(raw.get("ask_if"), (*part.path, "ask_if")))
    for test in tests:
        _check_test(draft, test, known)
        _check_gate(draft, part, known.get(test.question), test.path)
    for follow_up, asked in follow_ups(part):
        for test in raw_tests(follow_up.raw, follow_up.path, part.key):
            _check_test(draft, test, {**known, part.key: part})
        for key, path in asked:
            if key and key not in known:
                source.complain(path, f'there is no question "{key[:60]}"', _names(known))
            elif key:
                _check_gate(draft, known[key], part, path)
    _check_party(source, part)


def _check_party(source: Source, part: Part) -> None:
    party = part.raw.get("party")
    if party is not None and part.raw.get("type") not in {"name", "organisation"}:
        source.complain((*part.path, "party"), "a party's answer is a name", "party with the types name, organisation")
    if party == "adverse" and part.raw.get("before_gate") is not True:
        allowed = "before_gate: true, so that the conflict check has the name before any story is told"
        source.complain((*part.path, "party"), "the other side is asked after the conflict check", allowed)


def _check_gate(draft: Draft, part: Part, on: Part | None, path: Path) -> None:
    if on is None or part.raw.get("before_gate") is not True or on.raw.get("before_gate") is True:
        return
    message = f'"{part.key}" comes before the conflict check and hangs on "{on.key}", which comes after it'
    draft.source.complain(path, message, "questions with before_gate: true")


def _check_choices(draft: Draft, part: Part) -> None:
    source = draft.source
    choices = parts(part.raw, "choices", part.path)
    _unique(source, choices, "choice", "code")
    meant: dict[tuple[str, str], Part] = {}
    for choice in choices:
        _check_texts(draft, choice.raw, choice.path)
        synonyms = mapping(choice.raw.get("synonyms"))
        for language in set(synonyms) & set(LANGUAGES) - set(draft.languages):
            allowed = ", ".join(draft.languages)
            source.complain((*choice.path, "synonyms", language), f'"{language}" is not among the languages', allowed)
        for language in draft.languages:
            label = mapping(choice.raw.get("labels")).get(language)
            named = [
                (label, (*choice.path, "labels", language)),
                *items(synonyms, language, (*choice.path, "synonyms")),
            ]
            for text, path in named:
                folded = " ".join(words_of(word(text)))
                other = meant.setdefault((language, folded), choice)
                if folded and other is not choice:
                    code = word(other.raw.get("code"))
                    source.complain(path, f'{brief(text)} also means the choice "{code}"', "words for one choice only")


def _check_test(draft: Draft, test: RawTest, known: dict[str, Part]) -> None:
    source = draft.source
    question = known.get(test.question)
    if question is None:
        path = (*test.path[:-1], "question")
        source.complain(path, f'there is no question "{test.question[:60]}"', _names(known))
        return
    kind = question.raw.get("type")
    if kind not in TYPES or test.operator == "known":
        return
    if test.operator in {"at_least", "at_most"}:
        if kind not in _NUMERIC:
            source.complain(
                test.path, f'"{test.operator}" compares numbers; "{test.question}" is {kind}', _operators(kind)
            )
        return
    values = test.value if test.operator == "in" and isinstance(test.value, list) else [test.value]
    possible = _possible(question)
    for value in values:
        if possible is None:
            fits = kind in _NUMERIC and isinstance(value, (int, float)) and not isinstance(value, bool)
            allowed = "a number" if kind in _NUMERIC else _operators(kind)
        else:
            fits, allowed = value in possible, ", ".join(possible)
        if not fits:
            source.complain(
                test.path, f'{brief(value)} is no answer of "{test.question}" ({kind}) to test for', allowed
            )


def _possible(question: Part) -> list[str] | None:
    """The words an answer can be; None: they cannot be listed."""
    kind = question.raw.get("type")
    if kind == "yes_no":
        return ["yes", "no"]
    if kind == "choice":
        return [word(choice.raw.get("code")) for choice in parts(question.raw, "choices", question.path)]
    return None


def _operators(kind: Any) -> str:
    if kind in _NUMERIC:
        return "is, in, at_least, at_most, known"
    return "is, in, known" if kind in {"yes_no", "choice"} else "known: true or known: false"


def _names(known: dict[str, Part]) -> str:
    return ", ".join(list(known)[:60])


def _edges(draft: Draft, known: dict[str, Part]) -> dict[str, set[str]]:
    """Question -> the questions that must come before it."""
    graph: dict[str, set[str]] = {key: set() for key in known}
    for key, part in known.items():
        graph[key] |= {test.question for test in raw_tests(part.raw.get("ask_if"), ()) if test.question in known}
        for _, asked in follow_ups(part):
            for target, _ in asked:
                if target in graph:
                    graph[target].add(key)
    return graph


def _check_circles(draft: Draft, known: dict[str, Part]) -> set[str]:
    """Reports every circle that shares no question with another; gives the questions in them."""
    graph, circular = _edges(draft, known), set[str]()
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = list(dict.fromkeys(reversed(error.args[1])))
            start = min(range(len(circle)), key=lambda i: list(known).index(circle[i]))
            circle = circle[start:] + circle[:start]
            way = " -> ".join([*circle, circle[0]])
            path = known[circle[0]].path
            draft.source.complain(
                path, f"conditions and follow-ups go in a circle: {way}"[:300], "questions asked earlier"
            )
            circular |= set(circle)
            graph = {key: before - circular for key, before in graph.items() if key not in circular}
        else:
            return circular


def _check_order(draft: Draft, known: dict[str, Part], circular: set[str]) -> None:
    order = {key: i for i, key in enumerate(ask_order(draft.questions))}
    for key, part in known.items():
        if key in circular or key not in order or not part.own:
            continue
        for test in raw_tests(part.raw.get("ask_if"), (*part.path, "ask_if")):
            if test.question in known and order.get(test.question, 0) >= order[key]:
                earlier = ", ".join(list(order)[: order[key]]) or "no question: this is the first"
                draft.source.complain(test.path, f'"{test.question}" is asked later than "{key}"', earlier)
