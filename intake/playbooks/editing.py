"""Changes to a playbook that need no hand on its text: words, order, what is asked, papers, its number and name.

They give playbooks that may be wrong; whoever keeps one reads its text again first.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from intake.playbooks.exporting import export
from intake.playbooks.model import Document, Question
from intake.playbooks.problems import PlaybookError
from intake.playbooks.reading import read_playbook
from intake.playbooks.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from intake.playbooks.model import Need, Playbook, QuestionType

_VERSION_LINE: Final = re.compile(r"version:[ \t]*\d+[ \t]*(#.*)?")


def numbered(text: str, version: int) -> str:
    """The same text with this version in it. A text that cannot be read stays as it is.

    In plain YAML only the line of the version changes, so that comments stay; anything else is written anew.
    """
    source = read_source(text, "draft.yaml")
    lines = text.split("\n")
    place = source.line(("version",)) - 1 if ("version",) in source.lines else -1
    if 0 <= place < len(lines) and _VERSION_LINE.fullmatch(lines[place].rstrip("\r")):
        lines[place] = f"version: {version}"
        return "\n".join(lines)
    try:
        return export(replace(read_playbook(text, "draft.yaml"), version=version))
    except PlaybookError:
        return text


def as_yaml(content: str | bytes, file: str) -> str:
    """An imported file as the text that is kept: YAML as it stands, JSON written anew. PlaybookError."""
    playbook = read_playbook(content, file)
    if file.lower().endswith(".json"):
        return export(playbook)
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def begun_as(model: Playbook, *, key: str, titles: Mapping[str, str], codes: Iterable[str], version: int) -> Playbook:
    """A new playbook that begins with another one's questions."""
    changes: dict[str, Any] = {"key": key, "titles": dict(titles), "list_codes": tuple(codes), "version": version}
    return replace(model, **changes)


@dataclass(frozen=True, slots=True)
class Words:
    """What a client reads of one question. `help`: empty for none; `labels`: by the choice's code."""

    wording: Mapping[str, str]
    help: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]


def reworded(playbook: Playbook, key: str, words: Words) -> Playbook:
    """With other words for one question and its choices."""

    def change(question: Question) -> Question:
        helped = {language: text for language, text in words.help.items() if text}
        choices = tuple(replace(one, labels=dict(words.labels.get(one.code, one.labels))) for one in question.choices)
        return replace(question, wording=dict(words.wording), help=helped or None, choices=choices)

    return _changed(playbook, key, change)


def asked(playbook: Playbook, key: str, *, need: Need, switched_off: bool) -> Playbook:
    """With one question required or helpful, asked or not."""
    return _changed(playbook, key, lambda question: replace(question, need=need, switched_off=switched_off))


def placed(playbook: Playbook, places: Mapping[str, int]) -> Playbook:
    """With the questions of `places` in the order of their numbers, among themselves.

    A question whose number is new goes before one that had that place; the others keep where they are.
    """
    before = [question for question in playbook.questions if question.key in places]
    was = {question.key: number for number, question in enumerate(before, start=1)}

    def rank(question: Question) -> tuple[float, int]:
        wanted, had = places[question.key], was[question.key]
        # Moved up it takes the place; moved down it comes after the one that has the place now.
        return (wanted if wanted == had else wanted - 0.5 if wanted < had else wanted + 0.5, had)

    after = iter(sorted(before, key=rank))
    order = tuple(next(after) if question.key in places else question for question in playbook.questions)
    return replace(playbook, questions=order)


def with_question(
    playbook: Playbook, wording: Mapping[str, str], kind: QuestionType, taken: Collection[str]
) -> tuple[Playbook, str]:
    """With a new question at the end, asked after the story, helpful and not required. Also its short name.

    It stands under the heading of the last question. `taken`: short names that mean something else already.
    """
    words = next((text for text in wording.values() if text), "question")
    key = new_key(words, {*taken, *(question.key for question in playbook.questions)})
    section = playbook.questions[-1].section
    question = Question(key=key, section=section, type=kind, need="strengthens", wording=dict(wording))
    return replace(playbook, questions=(*playbook.questions, question)), key


def with_documents(playbook: Playbook, titles: Mapping[str, Mapping[str, str]]) -> Playbook:
    """With these papers to bring, in this order: those that were there keep their condition."""
    before = {paper.key: paper for paper in playbook.documents}
    papers = tuple(
        replace(before[key], titles=dict(texts)) if key in before else Document(key, dict(texts))
        for key, texts in titles.items()
    )
    return replace(playbook, documents=papers)


def new_key(words: str, taken: Collection[str]) -> str:
    """A short name made of `words` that is not taken."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_")
    base = base if base[:1].isalpha() else f"item_{base}".strip("_")
    numbers = (f"{base}_{number}" for number in count(2))
    return base if base not in taken else next(key for key in numbers if key not in taken)


def _changed(playbook: Playbook, key: str, change: Callable[[Question], Question]) -> Playbook:
    questions = tuple(change(question) if question.key == key else question for question in playbook.questions)
    return replace(playbook, questions=questions)
