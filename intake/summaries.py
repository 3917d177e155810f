"""One guided conversation as staff read it on a page: answers by heading, each with the words it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from intake import guided_views, triage
from intake.interview.guided import areas, frame
from intake.interview.guided.replying import THIRD
from intake.interview.guided.saying import local
from intake.interview.guided.step import OUT_OF_AREA
from intake.interview.stages import Stage
from intake.interview.wordings import DEFAULT_LOCALE, third_languages
from intake.interviews import guided_named, talk_of
from intake.models import Fact
from intake.playbooks.evaluating import documents, questions_for, red_flags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.interview.guided.talk import Talk
    from intake.limits.reckoning import Status
    from intake.models import Intake
    from intake.playbooks.model import Playbook, Question
    from intake.urgency.judging import Urgency

#: The language that the firm reads; clients have their own.
STAFF_LOCALE: Final = DEFAULT_LOCALE
#: Fact state -> what staff read.
STATE_WORDS: Final = {
    "stated": "said", "inferred": "taken from other words", "unknown": "not known", "refused": "not said",
    "contradicted": "said otherwise too", "confirmed": "confirmed by the client",
}  # fmt: skip
#: A red flag's level -> what staff read.
LEVEL_WORDS: Final = {"person": "a person decides", "urgent": "urgent", "attention": "look at this"}
#: Why a conversation waits for a person, where no red flag of the playbook says so.
_OWN_FLAGS: Final = {"@no_name": "No name was given, so conflicts cannot be checked"}
#: Characters of a quotation.
_QUOTED: Final = 120
#: The smallest share of an area that is told: "0 %" beside the area that the client chose only confuses.
_SHOWN: Final = 0.005


@dataclass(frozen=True, slots=True)
class Line:
    """One answer with its evidence."""

    key: str
    label: str
    text: str
    state: str
    fact: Fact | None
    others: list[Fact]
    quote: str


@dataclass(frozen=True, slots=True)
class Group:
    """Answers under one heading."""

    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Summary:
    """`flags`: (level, reason), `areas`: (name, code, per cent), `open`: questions without an answer."""

    area: str
    areas: list[tuple[str, str, int]]
    urgency: Urgency
    limits: Status
    flags: list[tuple[str, str]]
    waits_for: str
    groups: list[Group]
    documents: list[str]
    open: list[str]
    story: list[int]
    other_language: str = ""


def summary_of(intake: Intake, facts: Iterable[Fact], sealed: frozenset[int] = frozenset()) -> Summary | None:
    """None for a conversation of the first form. What came from a turn of `sealed` is left out. Two queries at most:
    the firm's limitation rows."""
    talk = talk_of(intake)
    if talk is None:
        return None
    playbook = guided_named(intake.playbook)
    if sealed or not talk.gate_passed:
        talk = _without_sealed(playbook, talk, sealed)
    limits = triage.limits_of(intake, talk)
    known = talk.known.get(frame.AREA)
    return Summary(
        area=areas.name(str(known.value), STAFF_LOCALE) if known is not None and known.value else "",
        areas=[
            (areas.name(code, STAFF_LOCALE), code, round(100 * share)) for code, share in talk.areas if share >= _SHOWN
        ],
        urgency=triage.urgency_of(intake, talk, limits=limits),
        limits=limits,
        flags=[
            (LEVEL_WORDS[flag.level], local(flag.reason, STAFF_LOCALE)) for flag in red_flags(playbook, talk.answers)
        ],
        waits_for=_waits_for(playbook, talk),
        groups=_groups(playbook, talk, list(facts)),
        documents=[local(paper.titles, STAFF_LOCALE) for paper in documents(playbook, talk.answers)],
        open=_open(playbook, talk),
        story=list(talk.story),
        other_language=_other_language(talk),
    )


def question_for(intake: Intake, key: str) -> Question | None:
    """The question under `key` that staff may write an answer to."""
    talk = talk_of(intake)
    if talk is None or key in {frame.TOPIC, frame.STORY, frame.AREA}:
        return None
    return frame.question_of(guided_named(intake.playbook), key)


def _open(playbook: Playbook, talk: Talk) -> list[str]:
    """Questions that apply and have no answer yet, or one that nobody knows; those that were refused are none."""
    return [
        local(question.wording, STAFF_LOCALE)
        for question in questions_for(playbook, talk.answers)
        if (known := talk.known.get(question.key)) is None or (known.value is None and known.state != "refused")
    ]


def _other_language(talk: Talk) -> str:
    """The language, none of ours, that the client wrote in first."""
    codes = [seen.removeprefix(f"{THIRD}.") for seen in talk.seen if seen.startswith(f"{THIRD}.")]
    return third_languages().get(codes[0], {}).get("name", "one that we cannot tell") if codes else ""


def _waits_for(playbook: Playbook, talk: Talk) -> str:
    if talk.stage is not Stage.PERSON_DECIDES:
        return ""
    reasons = {flag.key: local(flag.reason, STAFF_LOCALE) for flag in playbook.red_flags}
    if talk.flag.startswith(OUT_OF_AREA):
        return f"Out of area: {talk.flag.removeprefix(OUT_OF_AREA)}; the firm takes {', '.join(talk.states)}"
    return reasons.get(talk.flag) or _OWN_FLAGS.get(talk.flag) or talk.flag


def _without_sealed(playbook: Playbook, talk: Talk, sealed: frozenset[int]) -> Talk:
    """What may be read before the firm is free to listen: who, how to reach them, and the area that they picked."""
    kept = frame.kept_on_refusal(playbook)
    known = {
        key: one
        for key, one in talk.known.items()
        if key in kept or key == frame.AREA or (key != frame.TOPIC and one.turn not in sealed)
    }
    return replace(talk, known=known, areas=(), story=tuple(turn for turn in talk.story if turn not in sealed))


def _groups(playbook: Playbook, talk: Talk, facts: list[Fact]) -> list[Group]:
    current: dict[str, Fact] = {}
    for fact in facts:
        if fact.state != Fact.State.CONTRADICTED:
            current[fact.key] = fact
    others: dict[str, list[Fact]] = {}
    for fact in facts:
        now = current.get(fact.key)
        if fact.state == Fact.State.CONTRADICTED and (now is None or fact.id > now.id):
            others.setdefault(fact.key, []).append(fact)
    found = []
    for section in frame.sections_of(playbook):
        lines = [
            _line(question, talk, current.get(question.key), others.get(question.key, []))
            for question in guided_views.questions_of(playbook)
            if question.section == section.key
            and question.key in talk.known
            and not (not talk.gate_passed and question.key == frame.AREA)
        ]
        if lines:
            found.append(Group(local(section.titles, STAFF_LOCALE), lines))
    return found


def _line(question: Question, talk: Talk, fact: Fact | None, others: list[Fact]) -> Line:
    known: Any = talk.known[question.key]
    return Line(
        key=question.key,
        label=local(question.wording, STAFF_LOCALE),
        text=guided_views.value_text(question, known.value, known.state, STAFF_LOCALE),
        state=STATE_WORDS[known.state],
        fact=fact,
        others=others,
        quote=_quote(fact),
    )


def _quote(fact: Fact | None) -> str:
    """The words that an answer stands on, as they were said; of many, the first."""
    if fact is None or fact.turn is None:
        return ""
    words = (fact.turn.text or "")[fact.span_start : fact.span_end].strip()
    return words if len(words) <= _QUOTED else f"{words[:_QUOTED]}..."
