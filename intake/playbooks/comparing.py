"""What differs between two versions of a playbook, in terms of what people would notice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import Any, Literal

from intake.playbooks.exporting import condition_data
from intake.playbooks.model import (
    AllOf,
    AnyOf,
    Choice,
    Condition,
    Document,
    Not,
    Playbook,
    Question,
    RedFlag,
    Test,
    Texts,
)

Kind = Literal["added", "removed", "changed", "moved"]
Both = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """`what`: `question`, `wording`, `condition`, ...; `where`: the key it belongs to; `old`, `new`: plain values."""

    kind: Kind
    what: str
    where: str
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        head = f"{self.kind} {self.what} {self.where}".rstrip()
        if self.kind == "moved":
            return f"{head}: after {_show(self.old)} -> after {_show(self.new)}"
        if self.kind == "changed":
            return f"{head}: {_show(self.old)} -> {_show(self.new)}"
        value = self.new if self.kind == "added" else self.old
        return head if value is None else f"{head}: {_show(value)}"

    def as_json(self) -> dict[str, Any]:
        """The same as JSON types."""
        return {"kind": self.kind, "what": self.what, "where": self.where, "old": self.old, "new": self.new}


def diff(old: Playbook, new: Playbook) -> tuple[Change, ...]:
    """The changes, in the order of the file. Empty: both mean the same.

    Conditions are compared by meaning as far as order, repetition and nesting go: `all` of the same parts
    in another order is no change. The version itself is none either.
    """
    return tuple(_changes(old, new))


def normal(condition: Condition | None) -> Any:
    """A condition in a form that is equal for conditions that differ only in how they are written."""
    match condition:
        case None:
            return None
        case Test(question, "in", value):
            values = sorted(set(value), key=lambda one: (isinstance(one, str), one))
            return {"question": question, "in": values} if len(values) > 1 else {"question": question, "is": values[0]}
        case Test():
            return condition_data(condition)
        case Not(Not(part)):
            return normal(part)
        case Not(part):
            return {"not": normal(part)}
        case AllOf(parts):
            return _normal_parts("all", parts)
        case AnyOf(parts):
            return _normal_parts("any", parts)


def _normal_parts(name: str, parts: tuple[Condition, ...]) -> Any:
    flat: dict[str, Any] = {}
    for part in map(normal, parts):
        inner = part.get(name, [part])
        flat.update((json.dumps(one, sort_keys=True), one) for one in inner)
    ordered = [flat[key] for key in sorted(flat)]
    return ordered[0] if len(ordered) == 1 else {name: ordered}


def _changes(old: Playbook, new: Playbook) -> Iterator[Change]:
    for what in ("key", "languages"):
        yield from _changed(what, "", getattr(old, what), getattr(new, what))
    yield from _texts("title", "", old.titles, new.titles)
    yield from _members("LIST code", "", old.list_codes, new.list_codes)
    sections = _both(old, new, lambda book: {one.key: one.titles for one in book.sections})
    yield from _keyed("section", "", sections, partial(_texts, "section title"))
    questions = _both(old, new, lambda book: {one.key: one for one in book.questions})
    yield from _keyed("question", "", questions, _question, brief=lambda one: one.wording)
    yield from _moved("question", "", questions)
    yield from _rules(old, new)


def _question(where: str, old: Question, new: Question) -> Iterator[Change]:
    for what in ("section", "type", "need", "before_gate", "party", "switched_off"):
        yield from _changed(what, where, getattr(old, what), getattr(new, what))
    yield from _texts("wording", where, old.wording, new.wording)
    yield from _texts("help", where, old.help or {}, new.help or {})
    yield from _changed("condition", where, normal(old.ask_if), normal(new.ask_if))
    choices = _both(old, new, lambda question: {one.code: one for one in question.choices})
    yield from _keyed("choice", where, choices, _choice, brief=lambda one: one.labels)
    yield from _moved("choice", where, choices)
    calls = _both(old, new, lambda question: _numbered((_call(one.test), list(one.ask)) for one in question.follow_ups))
    yield from _keyed("follow-up", where, calls, partial(_changed, "follow-up"))


def _choice(where: str, old: Choice, new: Choice) -> Iterator[Change]:
    yield from _texts("choice label", where, old.labels, new.labels)
    for language in dict.fromkeys([*old.synonyms, *new.synonyms]):
        words = [sorted(set(one.synonyms.get(language, ()))) for one in (old, new)]
        yield from _changed("synonyms", f"{where} ({language})", words[0], words[1])


def _rules(old: Playbook, new: Playbook) -> Iterator[Change]:
    scorings = _both(old, new, lambda book: _numbered((json.dumps(normal(one.condition)), one) for one in book.scoring))
    yield from _keyed("scoring", "if", scorings, _scoring, brief=lambda one: {"points": one.points, **one.reason})
    flags = _both(old, new, lambda book: {one.key: one for one in book.red_flags})
    yield from _keyed("red flag", "", flags, partial(_rule, "red flag"), brief=_words)
    papers = _both(old, new, lambda book: {one.key: one for one in book.documents})
    yield from _keyed("document", "", papers, partial(_rule, "document"), brief=_words)


def _rule(what: str, where: str, old: RedFlag | Document, new: RedFlag | Document) -> Iterator[Change]:
    yield from _changed(f"{what} condition", where, normal(old.condition), normal(new.condition))
    yield from _changed(f"{what} level", where, getattr(old, "level", None), getattr(new, "level", None))
    yield from _texts(f"{what} words", where, _words(old), _words(new))


def _words(rule: RedFlag | Document) -> Texts:
    return rule.reason if isinstance(rule, RedFlag) else rule.titles


def _scoring(where: str, old: Any, new: Any) -> Iterator[Change]:
    yield from _changed("points", where, old.points, new.points)
    yield from _texts("reason", where, old.reason, new.reason)


def _call(test: Test) -> str:
    found = normal(test)
    del found["question"]
    return json.dumps(found)


def _both(old: Any, new: Any, look: Callable[[Any], Mapping[str, Any]]) -> Both:
    return look(old), look(new)


def _numbered(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping in which a key that comes again gets its number: nothing is lost."""
    found: dict[str, Any] = {}
    times: Counter[str] = Counter()
    for key, value in pairs:
        times[key] += 1
        found[key if times[key] == 1 else f"{key} #{times[key]}"] = value
    return found


def _keyed(
    what: str,
    where: str,
    both: Both,
    compare: Callable[[str, Any, Any], Iterable[Change]],
    *,
    brief: Callable[[Any], Any] = lambda one: one,
) -> Iterator[Change]:
    """What was added, removed, and what changed in those that stayed."""
    old, new = both
    for key in dict.fromkeys([*old, *new]):
        place = f"{where} {key}".strip()
        if key not in new:
            yield Change("removed", what, place, old=_plain(brief(old[key])))
        elif key not in old:
            yield Change("added", what, place, new=_plain(brief(new[key])))
        else:
            yield from compare(place, old[key], new[key])


def _moved(what: str, where: str, both: Both) -> Iterator[Change]:
    """Those that stand elsewhere among the ones that stayed; old and new: what they stand after."""
    before, after = ([key for key in one if key in both[0] and key in both[1]] for one in both)
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stayed = {key for block in blocks for key in before[block.a : block.a + block.size]}
    for key in after:
        if key not in stayed:
            places = [([None, *order])[order.index(key)] for order in (before, after)]
            yield Change("moved", what, f"{where} {key}".strip(), old=places[0], new=places[1])


def _members(what: str, where: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    yield from (Change("removed", what, where, old=one) for one in old if one not in set(new))
    yield from (Change("added", what, where, new=one) for one in new if one not in set(old))


def _texts(what: str, where: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for language in dict.fromkeys([*old, *new]):
        yield from _changed(what, f"{where} ({language})".strip(), old.get(language), new.get(language))


def _changed(what: str, where: str, old: Any, new: Any) -> Iterator[Change]:
    if old != new:
        yield Change("changed", what, where, _plain(old), _plain(new))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _show(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
