"""A conversation tried out on a playbook, in memory: the engine is told what a client could say, and nobody else is.

Whatever the engine asks of its surroundings is answered here: the names never match, unless that is to be seen, and
every area opens the playbook that is tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from intake.interview.engine import advance, allowed
from intake.interview.events import (
    Allowed,
    Chose,
    ConflictMatched,
    Consented,
    Event,
    Finished,
    NotNow,
    Opened,
    Option,
    Said,
    Started,
    WentBack,
)
from intake.interview.guided import areas, choosing
from intake.interview.guided.saying import options
from intake.interview.guided.talk import Talk
from intake.interview.wordings import texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from intake.interview.events import Decision
    from intake.playbooks.model import Playbook

#: More is no trial of a playbook; each input is heard anew for every page that shows it.
MOST_INPUTS: Final = 120
MOST_CHARACTERS: Final = 2_000
_BETWEEN: Final = timedelta(seconds=20)
_ZONE: Final = "America/New_York"
Act = Literal["say", "choose", "done", "back"]


@dataclass(frozen=True, slots=True)
class Input:
    """What is done: words said, a button pressed (its code), Done, or Back."""

    act: Act
    value: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation. `who`: client, assistant, or note (what would happen around it)."""

    who: Literal["client", "assistant", "note"]
    text: str


@dataclass
class Trial:
    """The conversation as far as it went. `options`: the buttons that are there now."""

    playbook: Playbook
    opening: Playbook
    locale: str
    at: datetime
    hit: bool = False
    talk: Talk = field(default_factory=Talk)
    lines: list[Line] = field(default_factory=list)
    turn: int = 0

    @property
    def current(self) -> Playbook:
        """The playbook that asks now."""
        return self.playbook if self.talk.playbook == self.playbook.name else self.opening

    @property
    def can(self) -> Allowed:
        """What the client could do now."""
        return allowed(self.talk)

    @property
    def options(self) -> tuple[Option, ...]:
        """The buttons under the open question, those to skip it among them."""
        can = self.can
        if can.go_on:
            return (Option(choosing.GO_ON, texts("button.go_on", self.locale)[0]),)
        found = options(self.talk, self.current, self.locale) if can.choose else ()
        if can.skip:
            more = ((choosing.UNKNOWN, "button.unknown"), (choosing.SKIP, "button.skip"))
            found = (*found, *(Option(code, texts(key, self.locale)[0]) for code, key in more))
        return found

    def take(self, given: Input) -> None:
        """One thing that the client does. What is not possible now is noted and changes nothing."""
        self.at += _BETWEEN
        try:
            self._take(given)
        except NotNow:
            self.lines.append(Line("note", "This is not possible at this point."))

    def _take(self, given: Input) -> None:
        if given.act == "say":
            self.turn += 2
            self.lines.append(Line("client", given.value))
            self._happen(Said, turn=self.turn, text=given.value)
        elif given.act == "choose":
            label = next((option.label for option in self.options if option.code == given.value), None)
            if label is None:
                raise NotNow(self.talk.stage, self._event(Chose, turn=0, question="", code=given.value))
            self.turn += 2
            self.lines.append(Line("client", label))
            self._happen(Chose, turn=self.turn, question=self.talk.asking, code=given.value)
        elif given.act == "done":
            self._happen(Finished)
        else:
            self._happen(WentBack)

    def begin(self) -> None:
        """Up to the first question."""
        self._happen(Started)
        self._happen(Consented, kind="service")

    def _event(self, made: Any, /, **fields: Any) -> Event:
        name = fields.pop("playbook", self.current.name)
        event: Event = made(at=self.at, locale=self.locale, zone=_ZONE, playbook=name, **fields)
        return event

    def _happen(self, made: Any, /, **fields: Any) -> None:
        event = self._event(made, **fields)
        playbook = self.playbook if event.playbook == self.playbook.name else self.opening
        self.talk, decision = advance(playbook, self.talk, event)
        self._follow(decision)

    def _follow(self, decision: Decision) -> None:
        if decision.locale:
            self.locale = decision.locale
        if decision.say:
            said = "\n\n".join(saying.text for saying in decision.say)
            if self.lines and self.lines[-1].who == "assistant":  # a client gets one turn
                said = f"{self.lines.pop().text}\n\n{said}"
            self.lines.append(Line("assistant", said))
        for alert in decision.alerts:
            kinds = ", ".join(kind.replace("_", " ") for kind in alert.kinds)
            self.lines.append(Line("note", f"Staff would be told at once ({alert.level.replace('_', ' ')}): {kinds}."))
        if decision.check_conflict:
            found = "a possible conflict is found" if self.hit else "nothing is found"
            self.lines.append(
                Line("note", f"Here the names are matched against the firm's parties. In this trial {found}.")
            )
            self._happen(ConflictMatched, hit=self.hit)
        if decision.open_area is not None:
            if decision.open_area and not self._serves(decision.open_area):
                name = areas.name(decision.open_area, "en")
                self.lines.append(
                    Line("note", f"{name} is not among this playbook's areas. Its questions are tried anyway.")
                )
            self._happen(Opened, playbook=self.playbook.name)

    def _serves(self, area: str) -> bool:
        return area in self.playbook.list_codes or areas_top(area) in self.playbook.list_codes


def areas_top(code: str) -> str:
    """The area at the top that a code belongs to."""
    return f"{code[:2]}-00-00-00-00"


def first_steps(playbook: Playbook, locale: str) -> tuple[Input, ...]:
    """What takes a trial past the questions that every interview begins with: names, subject, area."""
    name, other = ("Ana Ejemplo", "Luis Prueba") if locale == "es" else ("Ann Example", "Sam Sample")
    top = areas_top(playbook.list_codes[0]) if playbook.list_codes else ""
    area = Input("choose", top) if top in areas.top_codes() else Input("choose", choosing.NONE)
    return Input("say", name), Input("say", other), Input("choose", choosing.LIST), area


def try_out(
    playbook: Playbook,
    opening: Playbook,
    inputs: Sequence[Input],
    *,
    locale: str,
    at: datetime,
    hit: bool = False,
) -> Trial:
    """The conversation that `inputs` lead to. The same inputs give the same conversation."""
    trial = Trial(playbook, playbook if opening.key == playbook.key else opening, locale, at, hit)
    trial.begin()
    for given in inputs[:MOST_INPUTS]:
        trial.take(Input(given.act, given.value[:MOST_CHARACTERS]))
    return trial


__all__ = ["MOST_CHARACTERS", "MOST_INPUTS", "Input", "Line", "Trial", "first_steps", "try_out"]
