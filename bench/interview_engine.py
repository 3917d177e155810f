"""One step of the guided interview in a conversation of 200 turns, against the first form's step for the same words.

Every step of ten conversations is timed, each of 200 client turns of what people write: first answers, a story in
many pieces, answers to the playbook's questions. Pure, so the processor's time is what a step takes: others who
keep the machine busy do not count.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.report import Row, main, median, percentile
from intake.interview import engine
from intake.interview.events import Chose, ConflictMatched, Consented, Event, Finished, Opened, Said, Started
from intake.interview.guided import frame
from intake.interview.guided.talk import Talk
from intake.interview.playbook import FIRST_FORM
from intake.interview.stages import Stage
from intake.interview.state import State
from intake.playbooks.reading import shipped

START = datetime(2026, 6, 15, 12, tzinfo=UTC)
TURNS = 200
PIECES = (
    "I got a letter from my landlord on May 3 and it said that I have to be out by the end of the month",
    "they never fixed the heat and my kids were sick the whole winter, I called them maybe ten times",
    "y cuando le dije que iba a llamar a la ciudad me gritó y me dijo que me iba a sacar de ahí",
    "I paid 1200 dollars in cash and he gave me no receipt for it and now he says that I still owe him",
    "um so then my sister she said you know just keep everything that they send you in one place",
    "and I have to go to court on July 2nd at nine in the morning and I do not know what to bring",
)
ANSWERS = {
    "state": "texas", "phone": "five one two five five five oh one four seven", "yes_no": "no i don't think so",
    "date": "the third of may", "date_interval": "around last easter", "money": "about twelve hundred dollars",
    "count": "there are four of us", "text": "I hope that we can stay until the school year ends",
    "choice": "the first one", "email": "ann dot lee at example dot com", "name": "Pat Jones",
    "organisation": "Northside Property LLC",
}  # fmt: skip


class Conversation:
    """Holds one, and notes how long each step took."""

    def __init__(self, number: int) -> None:
        self.talk, self.turn, self.number = Talk(), 0, number
        self.took: list[float] = []

    def happen(self, made: Any, /, **fields: Any) -> None:
        name = fields.pop("playbook", self.talk.playbook or "general@1")
        event: Event = made(at=START + timedelta(seconds=self.turn), playbook=name, **fields)
        playbook = shipped()[name.partition("@")[0]]
        began = time.process_time()
        self.talk, decision = engine.advance(playbook, self.talk, event)
        # As the service has it: from the stored state, and back to it.
        self.talk = Talk.from_json(self.talk.as_json())
        self.took.append(1000 * (time.process_time() - began))
        if decision.check_conflict:
            self.happen(ConflictMatched, hit=False)
        elif decision.open_area is not None:
            self.happen(Opened, playbook=shipped()["housing"].name)

    def say(self, text: str) -> None:
        self.turn += 1
        self.happen(Said, turn=self.turn, text=text)
        if self.talk.stage is Stage.SAFETY_PAUSE:
            self.press("@go_on")

    def hold(self) -> list[float]:
        self.happen(Started)
        self.happen(Consented, kind="service")
        self.say("hi my name is ann lee")
        self.say("northside property llc")
        self.say("my landlord wants me out of my apartment")
        if self.talk.parting:
            self.press("@list")
        self.press("@list" if "HO-00-00-00-00" not in self.talk.offered else "HO-00-00-00-00")
        if self.talk.asking == frame.AREA:
            self.press("HO-00-00-00-00")
        self.answer(Stage.BASICS)
        while self.turn < TURNS - 25:
            self.say(PIECES[(self.turn + self.number) % len(PIECES)])
        self.happen(Finished)
        self.answer(Stage.QUESTIONS)
        while self.turn < TURNS:
            self.say(PIECES[self.turn % len(PIECES)])
        return self.took

    def press(self, code: str) -> None:
        self.turn += 1
        self.happen(Chose, turn=self.turn, question=self.talk.asking, code=code)

    def answer(self, stage: Stage) -> None:
        while self.talk.stage is stage:
            question = frame.question_of(shipped()[self.talk.playbook.partition("@")[0]], self.talk.asking)
            assert question is not None
            self.say("yes" if question.key == "is_adult" else ANSWERS.get(question.key) or ANSWERS[question.type])


def first_form(turns: int) -> list[float]:
    """The same pieces under the first form."""
    state = State(stage=Stage.STORY, gate_passed=True, answers={"name": (1,), "other_side": (3,)})
    took = []
    for turn in range(turns):
        event = Said(at=START, turn=turn + 5, text=PIECES[turn % len(PIECES)])
        began = time.process_time()
        state, _decision = engine.advance(FIRST_FORM, replace(state), event)
        state = State.from_json(state.as_json())
        took.append(1000 * (time.process_time() - began))
    return took


def run(quick: bool) -> list[Row]:
    """Each side warmed by a conversation of its own."""
    Conversation(0).hold()
    conversations = 1 if quick else 10
    ours = [took for number in range(conversations) for took in Conversation(number).hold()]
    peer = [took for _ in range(conversations) for took in first_form(TURNS)]
    note = f"{conversations} conversations of {TURNS} turns, {len(ours)} steps; peer: the first form"
    return [
        Row("step of the interview, P50", median(ours), median(peer), "ms", 10.0, note, budget_is_ratio=False),
        Row(
            "step of the interview, P99",
            percentile(ours, 0.99),
            percentile(peer, 0.99),
            "ms",
            10.0,
            note,
            budget_is_ratio=False,
        ),
    ]


if __name__ == "__main__":
    import sys

    main(run(quick="--quick" in sys.argv))
