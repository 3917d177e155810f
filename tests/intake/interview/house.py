"""A conversation with the pure engine alone: events in, states and words out, everything kept for a replay."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from intake.interview.engine import advance
from intake.interview.events import (
    Chose,
    ConflictMatched,
    Consented,
    Decision,
    Event,
    Finished,
    Opened,
    Said,
    Started,
)
from intake.interview.guided import frame
from intake.interview.guided.talk import Talk
from intake.interview.stages import Stage, may_follow
from intake.playbooks.model import Playbook
from intake.playbooks.reading import shipped

START = datetime(2026, 6, 15, 12, tzinfo=UTC)


def general() -> Playbook:
    return shipped()["general"]


def named(name: str) -> Playbook:
    return shipped()[name.partition("@")[0]]


def for_area(code: str) -> Playbook:
    for wanted in (code, f"{code[:2]}-00-00-00-00"):
        for playbook in shipped().values():
            if wanted and wanted in playbook.list_codes:
                return playbook
    return general()


@dataclass
class Talker:
    """Holds a conversation. `hit`: what the conflict check says."""

    locale: str = "en"
    hit: bool = False
    talk: Talk = field(default_factory=Talk)
    events: list[Event] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    turn: int = 0
    at: datetime = START

    def stands(self, stage: Stage) -> bool:
        return self.talk.stage is stage

    def happen(self, made: Any, /, **fields: Any) -> Decision:
        """One event, and what the service would answer to it by itself."""
        self.at += timedelta(seconds=7)
        playbook = named(self.talk.playbook) if self.talk.playbook else general()
        name = fields.pop("playbook", playbook.name)
        event = made(at=self.at, locale=self.locale, zone="America/New_York", playbook=name, **fields)
        return self.take(named(name), event)

    def take(self, playbook: Playbook, event: Event) -> Decision:
        before = self.talk
        self.talk, decision = advance(playbook, before, event)
        assert may_follow(before.stage, self.talk.stage)
        assert Talk.from_json(self.talk.as_json()) == self.talk
        self.events.append(event)
        self.decisions.append(decision)
        if decision.locale:
            self.locale = decision.locale
        more = None
        if decision.check_conflict:
            more = self.happen(ConflictMatched, hit=self.hit)
        elif decision.open_area is not None:
            more = self.happen(Opened, playbook=for_area(decision.open_area).name)
        if more is None:
            return decision
        return replace(
            more,
            say=(*decision.say, *more.say),
            findings=(*decision.findings, *more.findings),
            alerts=(*decision.alerts, *more.alerts),
        )

    def begin(self) -> Talker:
        self.happen(Started)
        self.happen(Consented, kind="keep_audio")
        self.happen(Consented, kind="service")
        return self

    def say(self, text: str, **more: Any) -> Decision:
        self.turn += 2
        return self.happen(Said, turn=self.turn, text=text, **more)

    def choose(self, code: str, question: str | None = None) -> Decision:
        self.turn += 2
        return self.happen(Chose, turn=self.turn, question=question or self.talk.asking, code=code)

    def finish(self) -> Decision:
        return self.happen(Finished)

    def to_story(self, name: str = "Maria Silva", other: str = "Globex Corp", area: str = "HO-00-00-00-00") -> Talker:
        """The shortest way to the story, with an answer to each first question."""
        self.begin()
        self.say(name)
        self.say(other)
        self.choose("@list")
        self.choose(area)
        self.answer_basics()
        return self

    def answer_basics(self, **answers: str) -> None:
        plain = {
            "state": "Texas", "phone": "my number is 512 555 0147", "has_lawyer": "no", "is_adult": "yes",
            "in_custody": "no", "for_whom": "me", "agency_name": "the county office", "email": "no email",
        }  # fmt: skip
        for _ in range(40):
            if self.talk.stage.value != "basics":
                return
            question = frame.question_of(named(self.talk.playbook), self.talk.asking)
            assert question is not None
            if question.key in answers or question.key in plain:
                self.say({**plain, **answers}[question.key])
            elif question.type == "yes_no":
                self.choose("yes")
            elif question.choices:
                self.choose(question.choices[0].code)
            else:
                self.choose("@skip")
        raise AssertionError(self.talk.asking)


def words(decision: Decision) -> str:
    return "\n\n".join(saying.text for saying in decision.say)


def replay(events: list[Event]) -> tuple[Talk, list[Decision]]:
    talk, decisions = Talk(), []
    for event in events:
        talk, decision = advance(named(event.playbook), talk, event)
        decisions.append(decision)
    return talk, decisions


def question_phase(talker: Talker, **answers: str) -> Talker:
    """Answer what is open with what its type wants, to the review."""
    plain = {
        "yes_no": "no", "date": "March 3 2025", "date_interval": "in March 2025", "money": "$300", "count": "3",
        "text": "I hope it ends well", "state": "Texas", "email": "ann at example dot com", "phone": "512 555 0147",
        "name": "Pat Jones", "organisation": "Acme Corp", "address": "12 Main Street, Austin, TX 78701",
    }  # fmt: skip
    for _ in range(60):
        if not talker.stands(Stage.QUESTIONS):
            return talker
        question = frame.question_of(named(talker.talk.playbook), talker.talk.asking)
        assert question is not None
        if question.key in answers:
            talker.say(answers[question.key])
        elif question.choices:
            talker.choose(question.choices[0].code)
        else:
            talker.say(plain[question.type])
    raise AssertionError("it does not end")


def reviewing() -> Talker:
    talker = Talker().to_story()
    talker.say("They kept my deposit of nine hundred dollars.")
    talker.finish()
    return question_phase(talker)
