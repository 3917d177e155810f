"""A playbook tried out as a conversation: staff answer as a client would, and nothing of it is kept anywhere."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from intake import interviews, playbook_selectors
from intake.errors import NoPlaybook
from intake.guided_views import value_text
from intake.interview.guided import frame
from intake.interview.guided.saying import local
from intake.interview.stages import STOPPED_LOOK, Stage
from intake.interview.trying import MOST_CHARACTERS, MOST_INPUTS, Input, first_steps, try_out
from intake.interview.wordings import LOCALES
from intake.playbooks.evaluating import documents, red_flags, score
from intake.playbooks.problems import PlaybookError
from intake.playbooks.using import in_use
from intake.summaries import LEVEL_WORDS, STAFF_LOCALE, STATE_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse, QueryDict

    from intake.admin.playbook_drafts import Pages
    from intake.interview.trying import Act, Trial
    from intake.playbooks.model import Question

_ACTS: Final[tuple[Act, ...]] = ("say", "choose", "done", "back")
#: The hidden field is what this page wrote; anything longer was not.
_MOST_FIELD: Final = 400_000


class TrialPage:
    """The page on which a playbook is tried."""

    def try_view(self: Pages, request: HttpRequest, key: str) -> HttpResponse:
        """The conversation so far stands in the form itself: each post holds all that was answered."""
        found = self.kept(key)
        given = request.POST if request.method == "POST" else request.GET
        which = given.get("version") or (playbook_selectors.DRAFT if found.draft else playbook_selectors.IN_USE)
        try:
            playbook = in_use(playbook_selectors.playbook_at(found, which))
        except NoPlaybook:
            raise Http404 from None
        except PlaybookError:
            messages.error(request, "The draft has to be good before it can be tried. What is wrong is listed here.")
            return HttpResponseRedirect(reverse("admin:intake_playbook_draft", args=[found.key]))
        locale = given.get("locale", LOCALES[0])
        locale = locale if locale in LOCALES else LOCALES[0]
        inputs, at = _inputs(given), _time(given.get("at", ""))
        if "restart" in given or not given.get("inputs"):
            inputs = list(first_steps(playbook, locale)) if given.get("skip", "yes") == "yes" else []
        hit = given.get("hit") == "yes"
        full = len(inputs) > MOST_INPUTS
        trial = try_out(playbook, interviews.opening(), inputs, locale=locale, at=at, hit=hit)
        context = {
            "kept": found,
            "which": which,
            "choices": playbook_selectors.choices_of(found),
            "locale": locale,
            "locales": [("en", "English"), ("es", "Spanish")],
            "hit": hit,
            "skip": given.get("skip", "yes"),
            "at": at.isoformat(),
            "inputs": json.dumps([[one.act, one.value] for one in inputs[:MOST_INPUTS]]),
            "trial": trial,
            "can": trial.can,
            "full": full,
            "most_characters": MOST_CHARACTERS,
            "over": _over(trial),
            **_staff_view(trial),
        }
        return self.show(request, "try", f"{found.title}: try it out", context)


def _inputs(given: QueryDict) -> list[Input]:
    """What was answered so far, and what was answered now. Anything that this page did not write is dropped."""
    found: list[Input] = []
    text = given.get("inputs", "")
    try:
        kept: Any = json.loads(text) if len(text) <= _MOST_FIELD else []
    except (ValueError, RecursionError):
        kept = []
    for one in kept if isinstance(kept, list) else []:
        match one:
            case [str(act), str(value)] if act in _ACTS:
                found.append(Input(act, value[:MOST_CHARACTERS]))
            case _:
                continue
    if "undo" in given:
        return found[:-1]
    said = given.get("say", "").strip()
    if "choose" in given:
        found.append(Input("choose", given.get("choose", "")[:MOST_CHARACTERS]))
    elif "done" in given:
        found.append(Input("done"))
    elif "back" in given:
        found.append(Input("back"))
    elif said:
        found.append(Input("say", said[:MOST_CHARACTERS]))
    return found


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return timezone.now()
    return at if at.tzinfo is not None else timezone.now()


def _over(trial: Trial) -> str:
    """Why there is nothing left to answer; empty while there is."""
    stage = trial.talk.stage
    if stage in STOPPED_LOOK:
        return "The questions stop here. The client is told the same at every stop; a person at the firm goes on."
    if stage is Stage.REVIEW:
        return "Everything is asked. The client now reads it all, corrects what is wrong and sends it."
    return ""


def _staff_view(trial: Trial) -> dict[str, Any]:
    """What the firm would read of this conversation."""
    playbook, talk = trial.current, trial.talk
    answers = talk.answers
    scored = score(playbook, answers)
    return {
        "answers": _answers(trial, [*frame.frame().values(), *playbook.questions]),
        "total": scored.total,
        "points": [(one.points, local(one.reason, STAFF_LOCALE)) for one in scored.points],
        "flags": [(LEVEL_WORDS[one.level], local(one.reason, STAFF_LOCALE)) for one in red_flags(playbook, answers)],
        "papers": [local(one.titles, STAFF_LOCALE) for one in documents(playbook, answers)],
    }


def _answers(trial: Trial, questions: Sequence[Question]) -> list[tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    for question in questions:
        known = trial.talk.known.get(question.key)
        if known is not None and question.key not in found:
            text = value_text(question, known.value, known.state, STAFF_LOCALE)
            found[question.key] = (local(question.wording, STAFF_LOCALE), text, STATE_WORDS[known.state])
    return list(found.values())
