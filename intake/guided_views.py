"""A guided interview as its client's page shows it: the open question, its buttons, and the review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.interview.guided import areas, choosing, frame, verifying
from intake.interview.guided.saying import local, options, question_text, shown
from intake.interview.wordings import texts
from intake.interviews import guided_named
from intake.models import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.interview.guided.talk import Talk
    from intake.models import Intake
    from intake.playbooks.model import Playbook, Question

#: Buttons that say something to any question that may be skipped.
_EVERYWHERE: Final = {choosing.UNKNOWN: "button.unknown", choosing.SKIP: "button.skip", choosing.GO_ON: "button.go_on"}


def question(intake: Intake, talk: Talk) -> dict[str, Any] | None:
    """The open question; None where nothing is asked."""
    if not talk.asking or talk.stage.value == "safety_pause":
        return None
    playbook, locale = guided_named(intake.playbook), intake.locale
    found = frame.question_of(playbook, talk.asking)
    help_text = local(found.help, locale) if found and found.help else None
    return {
        "key": talk.asking,
        "text": question_text(talk, playbook, talk.asking, locale),
        "kind": verifying.kind(talk) if talk.asking == frame.CONTACT_CODE else _kind(talk.asking, found),
        "help": help_text,
        "choices": [{"code": option.code, "label": option.label} for option in options(talk, playbook, locale)],
    }


def _kind(key: str, found: Question | None) -> str:
    own = {frame.OTHER_SIDE: "name_other", frame.STORY: "story"}
    return own.get(key) or (found.type if found else "text")


def label_of(intake: Intake, talk: Talk, code: str) -> str | None:
    """What stands on a button that is there now."""
    if code in _EVERYWHERE:
        return texts(_EVERYWHERE[code], intake.locale)[0]
    shown_now = options(talk, guided_named(intake.playbook), intake.locale)
    return next((option.label for option in shown_now if option.code == code), None)


def review(intake: Intake, talk: Talk, words: Mapping[int, str]) -> dict[str, Any]:
    """Name, other side, story, and every answer under its heading."""
    playbook = guided_named(intake.playbook)
    contradictions = _contradictions(intake, talk)
    sections = []
    for section in frame.sections_of(playbook):
        items = [
            _item(playbook, talk, one, intake.locale, contradictions)
            for one in questions_of(playbook)
            if one.section == section.key and one.key in talk.known
        ]
        if items:
            sections.append({"key": section.key, "title": local(section.titles, intake.locale), "items": items})
    return {
        "name": _value(talk, frame.NAME),
        "other_side": _value(talk, frame.OTHER_SIDE),
        "story": [{"number": number, "text": words.get(number, "")} for number in talk.story],
        "sections": sections,
    }


def questions_of(playbook: Playbook) -> list[Question]:
    """Ours first, then the playbook's own; each key once."""
    ours = [question for key, question in frame.frame().items() if key not in {frame.TOPIC, frame.STORY}]
    return [*ours, *(one for one in playbook.questions if one.key not in frame.frame())]


def _value(talk: Talk, key: str) -> str | None:
    known = talk.known.get(key)
    return str(known.value) if known is not None and known.value is not None else None


def _item(
    playbook: Playbook, talk: Talk, asked: Question, locale: str, contradictions: Mapping[str, list[Fact]]
) -> dict[str, Any]:
    del playbook
    known = talk.known[asked.key]
    return {
        "key": asked.key,
        "label": local(asked.wording, locale),
        "kind": _kind(asked.key, asked),
        "text": value_text(asked, known.value, known.state, locale),
        "state": known.state,
        "turn": known.turn or None,
        "choices": [{"code": one.code, "label": one.label} for one in _choices(talk, asked, locale)],
        "others": [
            {"text": value_text(asked, fact.typed, fact.state, locale), "turn": fact.turn.number if fact.turn else None}
            for fact in contradictions.get(asked.key, ())
        ],
    }


def _choices(talk: Talk, asked: Question, locale: str) -> Any:
    del talk
    from intake.interview.events import Option

    if asked.key == frame.AREA:
        return [Option(code, areas.name(code, locale)) for code in areas.top_codes()]
    if asked.type == "yes_no":
        return [Option(code, texts(f"button.{code}", locale)[0]) for code in ("yes", "no")]
    return [Option(choice.code, local(choice.labels, locale)) for choice in asked.choices]


def value_text(asked: Question, value: Any, state: str, locale: str) -> str:
    """A value as somebody reads it, and why there is none."""
    if value is None:
        return texts("value.refused" if state == "refused" else "value.unknown", locale)[0]
    if asked.key == frame.AREA:
        return areas.name(str(value), locale)
    return shown(value, asked, locale)


def _contradictions(intake: Intake, talk: Talk) -> dict[str, list[Fact]]:
    """What was said otherwise, where the client has not decided yet."""
    keys = [key for key, known in talk.known.items() if known.state == "contradicted"]
    if not keys:
        return {}
    found: dict[str, list[Fact]] = {}
    rows = Fact.objects.filter(intake=intake, key__in=keys, state=Fact.State.CONTRADICTED).select_related("turn")
    for fact in rows.order_by("id"):
        found.setdefault(fact.key, []).append(fact)
    return found
