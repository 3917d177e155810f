"""One question of a draft in the admin: its words, and a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse

from intake import playbook_selectors
from intake.admin.playbook_drafts import (
    FRAME,
    LANGUAGES,
    advice_in_words,
    draft_of,
    keep,
    line,
    question_kinds,
    told,
)
from intake.errors import PlaybookChanged, PlaybookInvalid
from intake.playbooks import editing, telling
from intake.playbooks.problems import PlaybookError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict

    from intake.admin.playbook_drafts import Pages, Told
    from intake.playbooks.model import Need, Playbook
    from intake.playbooks.problems import Problem


class QuestionPages:
    """The pages of one question."""

    def question_view(self: Pages, request: HttpRequest, key: str, question: str) -> HttpResponse:
        """The words of one question."""
        found, draft = draft_of(self, request, key)
        back = reverse("admin:intake_playbook_draft", args=[found.key])
        try:
            playbook = playbook_selectors.playbook_at(found, playbook_selectors.DRAFT)
        except PlaybookError:
            return HttpResponseRedirect(back)
        if question not in {one.key for one in playbook.questions}:
            raise Http404
        problems: tuple[Problem, ...] = ()
        status, error_words = 200, ""
        if request.method == "POST":
            playbook = _from_question(playbook, question, request.POST)
            try:
                keep(draft, playbook, request, self.editor(request))
            except PlaybookInvalid as refused:
                problems, status = refused.problems, 400
            except PlaybookChanged as refused:
                error_words, status = str(refused), 409
            else:
                messages.success(request, "The question is saved in the draft.")
                return HttpResponseRedirect(f"{back}#q-{question}")
        asked = playbook.question(question)
        context = {
            "kept": found,
            "draft": draft,
            "question": asked,
            "languages": [(code, words) for code, words in LANGUAGES if code in playbook.languages],
            "kind": telling.TYPE_WORDS[asked.type],
            "when": telling.when_asked(asked, playbook),
            "is_frame": asked.key in FRAME,
            "problems": told(problems, playbook),
            "refused": error_words,
            "advice": _advice_on(playbook, question) if not problems else [],
        }
        return self.show(request, "question", telling.shown(asked), context, status=status)

    def add_view(self: Pages, request: HttpRequest, key: str) -> HttpResponse:
        """A new question at the end of those after the story, then its own page."""
        found, draft = draft_of(self, request, key)
        back = reverse("admin:intake_playbook_draft", args=[found.key])
        if request.method != "POST":
            return HttpResponseRedirect(back)
        try:
            playbook = playbook_selectors.playbook_at(found, playbook_selectors.DRAFT)
            wording = {code: line(request.POST.get(f"wording-{code}", "")) for code in playbook.languages}
            kind = next((one for one, _words in question_kinds() if one == request.POST.get("kind")), None)
            if kind is None:
                raise Http404
            playbook, new = editing.with_question(playbook, wording, kind, FRAME)
            keep(draft, playbook, request, self.editor(request))
        except PlaybookInvalid as refused:
            for one in told(refused.problems, playbook):
                messages.error(request, f"{one.where}: {one.text}")
            return HttpResponseRedirect(back)
        except (PlaybookError, PlaybookChanged) as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(back)
        messages.success(request, "The question is in the draft. It is asked at the end of the others.")
        return HttpResponseRedirect(reverse("admin:intake_playbook_question", args=[found.key, new]))


def _from_question(playbook: Playbook, key: str, given: QueryDict) -> Playbook:
    question = playbook.question(key)
    languages = playbook.languages
    words = editing.Words(
        wording={code: line(given.get(f"wording-{code}", "")) for code in languages},
        help={code: line(given.get(f"help-{code}", "")) for code in languages},
        labels={
            choice.code: {code: line(given.get(f"label-{choice.code}-{code}", "")) for code in languages}
            for choice in question.choices
        },
    )
    need: Need = "required" if given.get("need") == "required" else "strengthens"
    changed = editing.asked(playbook, key, need=need, switched_off="asked" not in given)
    return editing.reworded(changed, key, words)


def _advice_on(playbook: Playbook, key: str) -> list[Told]:
    index = next(number for number, one in enumerate(playbook.questions) if one.key == key)
    return [one for one in advice_in_words(playbook) if one.path.startswith(f"questions[{index}].")]
