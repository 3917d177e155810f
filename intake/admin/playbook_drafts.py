"""A draft in the admin: its questions for somebody who never saw YAML, one question's words, and the whole text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect

from intake import playbook_selectors
from intake.classify import areas
from intake.errors import PlaybookChanged, PlaybookInvalid
from intake.interview.guided import frame
from intake.playbooks import editing, telling
from intake.playbooks.advising import advice_on, reading_of
from intake.playbooks.exporting import export
from intake.playbooks.model import TYPES
from intake.playbooks.problems import PlaybookError
from intake.playbooks.sources import MAX_BYTES
from intake.playbooks.using import never_asked
from intake.services import playbooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest, HttpResponse, QueryDict

    from intake.models import PlaybookVersion
    from intake.playbook_selectors import Kept
    from intake.playbooks.model import Document, Need, Playbook, Question, QuestionType
    from intake.playbooks.problems import Problem
    from tenants.accounts.models import User

LANGUAGES: Final = tuple(telling.LANGUAGE_WORDS.items())
#: Empty rows for more papers.
_MORE_PAPERS: Final = 2
#: The group of what is asked after the conflict check.
_AFTER: Final = 99
#: The engine asks these itself, in its own words; a playbook's wording of them is not used.
FRAME: Final = frozenset({frame.NAME, frame.OTHER_SIDE, frame.TOPIC, frame.AREA, frame.STORY})


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question in the list. `place`: its number among those that can be moved; None: it follows another one."""

    question: Question
    words: str
    other_words: str
    kind: str
    when: str
    place: int | None
    is_asked: bool
    is_frame: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A problem or a piece of advice, with its place in words."""

    where: str
    text: str
    line: int
    path: str


class Pages(Protocol):
    """What the pages need of the admin that they are mixed into."""

    def kept(self, key: str) -> Kept: ...
    def editor(self, request: HttpRequest) -> User: ...
    def show(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse: ...


class DraftPages:
    """The pages of a draft."""

    def draft_view(self: Pages, request: HttpRequest, key: str) -> HttpResponse:
        """All questions, papers, name and areas of a draft on one page."""
        found, draft = draft_of(self, request, key)
        try:
            playbook = playbook_selectors.playbook_at(found, playbook_selectors.DRAFT)
        except PlaybookError as error:
            context = {"kept": found, "draft": draft, "problems": told(error.problems, None)}
            return self.show(request, "broken", f"{found.title}: draft", context)
        problems: tuple[Problem, ...] = ()
        status, error_words = 200, ""
        if request.method == "POST":
            playbook = _from_list(playbook, request.POST)
            try:
                keep(draft, playbook, request, self.editor(request), note=request.POST.get("note"))
            except PlaybookInvalid as refused:
                problems, status = refused.problems, 400
            except PlaybookChanged as refused:
                error_words, status = str(refused), 409
            else:
                messages.success(request, "The draft is saved.")
                return HttpResponseRedirect(request.path)
        context = {
            "kept": found,
            "draft": draft,
            "playbook": playbook,
            "problems": told(problems, playbook),
            "refused": error_words,
            **_list_context(playbook),
            "kinds": question_kinds(),
            **_checked(found, playbook, good=not problems),
        }
        return self.show(request, "draft", f"{found.title}: draft", context, status=status)

    def text_view(self: Pages, request: HttpRequest, key: str) -> HttpResponse:
        """The whole text of a draft."""
        found, draft = draft_of(self, request, key)
        text, status, refused_words = draft.source, 200, ""
        problems: tuple[Problem, ...]
        if request.method == "POST":
            text = request.POST.get("source", "").replace("\r\n", "\n")
            try:
                playbooks.save_draft(
                    key=found.key, source=text, user=self.editor(request), revision=_revision(request.POST)
                )
            except PlaybookInvalid as refused:
                problems, status = refused.problems, 400
                refused_words = "The text was not saved."
            except PlaybookChanged as refused:
                problems, status, refused_words = (), 409, str(refused)
            else:
                messages.success(request, "The draft is saved.")
                return HttpResponseRedirect(request.path)
        else:
            problems = playbooks.problems_of(text, found.key)
        context = {
            "kept": found,
            "draft": draft,
            "text": text,
            "numbers": "\n".join(map(str, range(1, text.count("\n") + 2))),
            "rows": text.count("\n") + 2,
            "problems": told(problems, None),
            "refused": refused_words,
            "limit": MAX_BYTES,
        }
        return self.show(request, "text", f"{found.title}: text of the draft", context, status=status)


def told(problems: Iterable[Problem], playbook: Playbook | None) -> list[Told]:
    """Problems as staff read them: the place in words where the playbook is known, path, line and what is allowed."""
    return [
        Told(
            telling.place_words(one.path, playbook),
            f"{one.message}.{f' Allowed: {one.allowed.rstrip(chr(46))}.' if one.allowed else ''}",
            one.line,
            one.path,
        )
        for one in problems
    ]


def question_kinds() -> list[tuple[QuestionType, str]]:
    """The kinds of answer that a new question can be given on these pages: (type, words)."""
    return [(kind, telling.TYPE_WORDS[kind]) for kind in TYPES if kind != "choice"]


def draft_of(pages: Pages, request: HttpRequest, key: str) -> tuple[Kept, PlaybookVersion]:
    """The playbook and its draft, for who may edit it. Raises PermissionDenied, Http404."""
    pages.editor(request)
    found = pages.kept(key)
    if found.draft is None:
        raise Http404
    return found, found.draft


def keep(draft: PlaybookVersion, playbook: Playbook, request: HttpRequest, user: User, note: str | None = None) -> None:
    """Save a playbook that was changed here, if it is good. Raises PlaybookInvalid, PlaybookChanged."""
    text = export(playbook)
    problems = playbooks.problems_of(text, draft.key)
    if problems:
        raise PlaybookInvalid(problems)
    playbooks.save_draft(key=draft.key, source=text, user=user, revision=_revision(request.POST), note=note)


def _revision(given: QueryDict) -> int:
    number = given.get("revision", "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0


# -- the list


def _list_context(playbook: Playbook) -> dict[str, Any]:
    papers = [
        (paper, telling.condition_words(paper.condition, playbook) if paper.condition else "")
        for paper in playbook.documents
    ]
    return {
        "groups": _groups(playbook),
        "papers": papers,
        "more_papers": [f"new{number}" for number in range(1, _MORE_PAPERS + 1)],
        "languages": [(code, words) for code, words in LANGUAGES if code in playbook.languages],
        "areas": areas().values(),
    }


def _groups(playbook: Playbook) -> list[tuple[str, list[QuestionRow]]]:
    """The questions as they are asked: what follows another one beneath it, each group under its heading.

    Before the conflict check the engine asks by section; within one, and after the story, the order is the firm's.
    """
    by_key = {question.key: question for question in playbook.questions}
    called = {key for one in playbook.questions for follow_up in one.follow_ups for key in follow_up.ask}
    gone = never_asked(playbook)
    groups: dict[int, list[QuestionRow]] = {}
    seen: set[str] = set()

    def add(question: Question, place: int | None, group: list[QuestionRow]) -> None:
        if question.key in seen:
            return
        seen.add(question.key)
        group.append(_row(question, playbook, place, is_asked=question.key not in gone))
        for follow_up in question.follow_ups:
            for key in follow_up.ask:
                add(by_key[key], None, group)

    for question in playbook.questions:
        if question.key not in called:
            group = groups.setdefault(frame.rank(question) if question.before_gate else _AFTER, [])
            add(question, sum(row.place is not None for row in group) + 1, group)
    titles = {section.key: section.titles.get("en", section.key) for section in playbook.sections}
    return [(_heading(number, rows, titles), rows) for number, rows in sorted(groups.items())]


def _heading(number: int, rows: list[QuestionRow], titles: Mapping[str, str]) -> str:
    if number == _AFTER:
        return "After the story"
    name = titles.get(rows[0].question.section, "") if number else ""
    return f"Before the conflict check: {name.lower()}" if name else "Before the conflict check"


def _row(question: Question, playbook: Playbook, place: int | None, *, is_asked: bool) -> QuestionRow:
    when = telling.when_asked(question, playbook)
    if question.before_gate and question.need == "strengthens" and question.party is None:
        when = f"at the very end{f', {when}' if when else ''}"
    return QuestionRow(
        question=question,
        words=telling.shown(question),
        other_words=question.wording.get("es", ""),
        kind=telling.TYPE_WORDS[question.type],
        when=when,
        place=place,
        is_asked=is_asked,
        is_frame=question.key in FRAME,
    )


def _from_list(playbook: Playbook, given: QueryDict) -> Playbook:
    """The playbook as the form of the list says it."""
    for question in playbook.questions:
        need = given.get(f"need-{question.key}")
        if need is not None:
            wanted: Need = "required" if need == "required" else "strengthens"
            off = f"asked-{question.key}" not in given
            playbook = editing.asked(playbook, question.key, need=wanted, switched_off=off)
    for _heading_words, group in _groups(playbook):
        places = {row.question.key: row.place for row in group if row.place is not None}
        wanted_places = {key: _place(given.get(f"place-{key}", ""), place) for key, place in places.items()}
        playbook = editing.placed(playbook, wanted_places)
    titles = {code: line(given.get(f"title-{code}", playbook.titles.get(code, ""))) for code in playbook.languages}
    codes = tuple(given.getlist("codes")) if "codes-shown" in given else playbook.list_codes
    playbook = replace(playbook, titles=titles, list_codes=codes)
    return editing.with_documents(playbook, _papers(playbook, given))


def _papers(playbook: Playbook, given: QueryDict) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for paper in playbook.documents:
        if f"drop-{paper.key}" not in given:
            found[paper.key] = {
                code: line(given.get(f"paper-{paper.key}-{code}", _of(paper, code))) for code in playbook.languages
            }
    for number in range(1, _MORE_PAPERS + 1):
        texts = {code: line(given.get(f"paper-new{number}-{code}", "")) for code in playbook.languages}
        if any(texts.values()):
            words = next(text for text in texts.values() if text)
            found[editing.new_key(words, {paper.key for paper in playbook.documents} | found.keys())] = texts
    return found


def _of(paper: Document, language: str) -> str:
    return paper.titles.get(language, "")


def _place(text: str, had: int) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 5 else had


def line(text: str) -> str:
    """One line, as a playbook's texts are."""
    return " ".join(text.split())


def advice_in_words(playbook: Playbook) -> list[Told]:
    """What stands out in a playbook, as staff read it."""
    return [
        Told(
            f'"{one.text}"' if one.path == "questions" else telling.place_words(one.path, playbook),
            f'"{one.text}" {one.why}' if one.text and one.path != "questions" else one.why,
            0,
            one.path,
        )
        for one in advice_on(playbook)
    ]


def _checked(found: Kept, playbook: Playbook, *, good: bool) -> dict[str, Any]:
    """What to look at before publishing."""
    now = playbook_selectors.IN_USE
    changes = None
    if good and found.is_asked:
        changes = len(playbook_selectors.differences(found, now, playbook_selectors.DRAFT))
    return {"advice": advice_in_words(playbook), "reading": reading_of(playbook), "changes": changes}
