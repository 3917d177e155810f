"""One step in the making: the conversation as it becomes, what is said, found and told to staff."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from intake.interview.events import Alert, Decision, Finding, Saying
from intake.interview.guided import frame, verifying
from intake.interview.guided.saying import READ_BACK, Speech, local, question_text, shown
from intake.interview.guided.talk import Known, Talk
from intake.interview.stages import BEFORE_GATE, Stage
from intake.playbooks.evaluating import red_flags
from intake.safety.helping import DEFAULT_COUNTRY

if TYPE_CHECKING:
    from intake.interview.events import Event, FactState, Way
    from intake.playbooks.model import Playbook, Question

#: The flag of a client whose name stayed unknown: nobody can check for conflicts.
NO_NAME: Final = "@no_name"
#: Begins the flag of a matter from a state that the firm takes none from; the state follows.
OUT_OF_AREA: Final = "@out_of_area."
#: Unusable answers to one question before it is left open.
MOST_TRIES: Final = 2
#: Wishes (advice, a person) that are answered at one question without its being left open.
MOST_WISHES: Final = 5


@dataclass
class Step:
    """Gathers what one event leads to. Each method says what it adds."""

    playbook: Playbook
    event: Event
    speech: Speech
    findings: list[Finding] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    check_conflict: bool = False
    open_area: str | None = None
    locale: str | None = None
    send_code: Way | None = None
    check_code: str = ""
    undone: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, playbook: Playbook, talk: Talk, event: Event) -> Step:
        """A step that begins at `talk`."""
        return cls(playbook, event, Speech(talk, event.locale, []))

    @property
    def talk(self) -> Talk:
        """The conversation as it is by now."""
        return self.speech.talk

    @talk.setter
    def talk(self, talk: Talk) -> None:
        self.speech.talk = talk

    @property
    def country(self) -> str:
        """Whose numbers are given in danger (ISO 3166)."""
        return self.talk.country or DEFAULT_COUNTRY

    def change(self, **fields: Any) -> None:
        """Replace fields of the conversation."""
        self.talk = replace(self.talk, **fields)

    def say(self, key: str, **values: str) -> None:
        """Say a wording."""
        self.speech.say(key, **values)

    def ended(self) -> tuple[Talk, Decision]:
        """The step's result."""
        decision = Decision(
            self.talk.stage,
            say=_without_repeats(self.speech.said),
            question=self.talk.asking or None,
            findings=tuple(self.findings),
            check_conflict=self.check_conflict,
            alerts=tuple(self.alerts),
            open_area=self.open_area,
            locale=self.locale,
            send_code=self.send_code,
            check_code=self.check_code,
            undone=tuple(self.undone),
        )
        return self.talk, decision

    # -- facts

    def learn(
        self, question: Question, value: Any, state: FactState, turn: int, span: tuple[int, int], *, asked: bool
    ) -> None:
        """Keep an answer, with its evidence. What told people of another name apart says nothing of this one."""
        before = self.talk.known.get(question.key)
        if question.key == frame.OTHER_SIDE and before is not None and before.value != value:
            self.talk = self.talk.without(frame.OTHER_PLACE)
        self.talk = self.talk.knowing(question.key, Known(value, state, turn, asked))
        self.findings.append(Finding(question.key, value, state, turn, *span, party=question.party, kind=question.type))

    def acknowledge(self, question: Question, value: Any, state: FactState) -> None:
        """Say that an answer was taken: read back what can be misheard, else a short thanks."""
        if value is None:
            self.say("ack.refused" if state == "refused" else "ack.unknown")
        elif question.key in {frame.NAME, frame.OTHER_SIDE}:
            self.say(f"read.{question.key}", value=str(value))
        elif question.type in READ_BACK:
            kind = {"date_interval": "date", "name": "party", "organisation": "party"}.get(question.type, question.type)
            self.say(f"read.{kind}", value=shown(value, question, self.event.locale))
        else:
            self.say("ack")

    def wished_too_often(self, question: Question) -> bool:
        """Whether only wishes came in answer to this question, again and again: then each is a failed try."""
        name = f"wished.{question.key}"
        self.talk = self.talk.count(name)
        return self.talk.counts[name] > MOST_WISHES

    def unusable(self, question: Question) -> None:
        """Nothing could be made of an answer: asked once more, then left open."""
        tries = self.talk.tries.get(question.key, 0) + 1
        self.change(tries={**self.talk.tries, question.key: tries})
        if tries >= MOST_TRIES:
            self.say("give_up")
            self.learn(question, None, "unknown", getattr(self.event, "turn", 0), (0, 0), asked=True)
            self.onward()
        elif question.key in frame.frame():
            self.say(f"again.{question.key}")
            if question.help:
                self.speech.add(f"help.{question.key}", local(question.help, self.speech.locale))
        else:
            kind = {"date_interval": "date", "name": "organisation"}.get(question.type, question.type)
            self.say(f"again.{kind}")
            self.ask_again()

    # -- questions

    def ask(self, key: str, stage: Stage) -> None:
        """Put a question."""
        asked = self.talk.asked if self.talk.asked[-1:] == (key,) else (*self.talk.asked, key)
        self.change(stage=stage, asking=key, asked=asked)
        self.ask_again()

    def ask_again(self) -> None:
        """Say the open question's words."""
        talk = self.talk
        if talk.stage is Stage.REVIEW:
            self.say("review")
        elif talk.asking:
            text = question_text(talk, self.playbook, talk.asking, self.event.locale)
            self.speech.add(f"ask.{talk.asking}", text)

    def onward(self) -> None:
        """To the next question that has no answer; at the end of a part to what follows it."""
        talk = self.talk
        if talk.stage in BEFORE_GATE:
            self._onward_before_gate()
        elif self.for_a_person():
            self.to_gate(Stage.QUESTIONS if talk.stage is Stage.QUESTIONS else talk.stage)
        elif talk.stage is Stage.QUESTIONS:
            following = frame.next_after_gate(self.playbook, talk.answers)
            if following is None:
                self.change(stage=Stage.REVIEW, asking="")
                self.say("review")
            else:
                self.ask(following.key, Stage.QUESTIONS)
        elif talk.stage is Stage.REVIEW:
            self.say("review")
        else:
            self.ask_again()

    def _onward_before_gate(self) -> None:
        known = self.talk.known
        if frame.NAME not in known:
            self.ask(frame.NAME, Stage.NAME)
        elif frame.OTHER_SIDE not in known:
            self.ask(frame.OTHER_SIDE, Stage.OTHER_SIDE)
        elif frame.TOPIC not in known:
            self.ask(frame.TOPIC, Stage.TOPIC)
        elif frame.AREA not in known:
            self.ask(frame.AREA, Stage.TOPIC)
        else:
            # Also who will wait for a person is asked how to be reached; nothing of it is the story.
            self.warn_of_listeners()
            answers = self.talk.answers
            asked = frame.first_questions(self.playbook, answers)
            keys = [*(question.key for question in asked), *self.talk.wanted]
            following = next((key for key in keys if key not in answers), None)
            if following is not None:
                self.ask(following, Stage.BASICS)
            elif not verifying.comes_first(self):
                self.to_gate(self.talk.gate_to or Stage.STORY)

    def warn_of_listeners(self) -> None:
        """Who is held is told at once that others may listen. The same to all: it says nothing of the check."""
        held = any("custody" in flag for flag in self._person_flags())
        if "custody" not in self.talk.seen and held:
            self.change(seen=(*self.talk.seen, "custody"))
            self.say("custody")

    def to_gate(self, return_to: Stage) -> None:
        """The names are matched before anything else is asked."""
        self.change(
            stage=Stage.CONFLICT_GATE, gate_passed=False, return_to=return_to, asking="", flag=self.for_a_person(),
            wanted=(), gate_to=None,
        )  # fmt: skip
        self.check_conflict = True

    def for_a_person(self) -> str:
        """The first thing for which a person has to decide, and has not let the client go on."""
        return next(iter(self._person_flags()), "")

    def _person_flags(self) -> list[str]:
        """All of them."""
        talk = self.talk
        flags = [flag.key for flag in red_flags(self.playbook, talk.answers) if flag.level == "person"]
        name = talk.known.get(frame.NAME)
        if name is not None and name.value is None:
            flags.append(NO_NAME)
        flags += self._out_of_area()
        return [flag for flag in flags if flag not in talk.passed]

    def _out_of_area(self) -> list[str]:
        """A state that was not understood, or is not known, is none from outside: nobody is stopped for it."""
        talk = self.talk
        if not talk.states:
            return []
        keys = [question.key for question in self.playbook.questions if question.type == "state"]
        told = [str(known.value) for key in keys if (known := talk.known.get(key)) is not None and known.value]
        return [f"{OUT_OF_AREA}{state}" for state in dict.fromkeys(told) if state not in talk.states]


def _without_repeats(said: list[Saying]) -> tuple[Saying, ...]:
    """Each thing once."""
    seen: set[str] = set()
    kept = []
    for saying in said:
        if saying.text and saying.text not in seen:
            seen.add(saying.text)
            kept.append(saying)
    return tuple(kept)
