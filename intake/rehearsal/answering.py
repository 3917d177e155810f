"""What a persona does next, seeing what a client's page shows. Pure, but for what they remember."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from intake.classify import questions, top_codes
from intake.interview.guided import frame, verifying
from intake.rehearsal.personas import ORDINARY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from intake.rehearsal.personas import Persona

Doing = Literal["say", "press", "back", "done", "send"]
_LIST: Final = "@list"
_NONE: Final = "@none"


@dataclass(frozen=True, slots=True)
class Act:
    """`what`: words, or a button's code. `answers`: whether it is a usable answer to the open question."""

    do: Doing
    what: str = ""
    answers: bool = False


@dataclass
class Mind:
    """One person in one conversation: what they have said already."""

    persona: Persona
    used: Counter[str] = field(default_factory=Counter)
    answered: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(init=False)
    owed: list[tuple[str, str]] = field(init=False)
    returns: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.left = [(one.at, one.say) for one in self.persona.asides]
        self.owed = [(one.at, one.say) for one in self.persona.corrections]
        self.returns = list(self.persona.back)

    def next(self, stage: str, question: Mapping[str, Any] | None) -> Act:
        """What to do now."""
        if stage == "safety_pause":
            return self._safe()
        if stage == "review" or question is None:
            return Act("send")
        if question["key"] == frame.CONTACT_CODE:
            return Act("press", verifying.NO_CODE)  # nothing is sent in a rehearsal, so nobody has a code
        aside = self._aside(question["key"])
        if aside is not None:
            return aside
        act = self._story() if question["kind"] == "story" else self._answer(question)
        if act.answers:
            self.answered.append(question["key"])
        return act

    def _safe(self) -> Act:
        """They say that they are safe in their own words; who is not understood, or was in no danger, presses."""
        if self.used["safe"] >= len(self.persona.safe):
            return Act("press", "@go_on")
        return Act("say", self._line("safe", self.persona.safe))

    def _aside(self, key: str) -> Act | None:
        """Something else first: a correction of what they said last, a step back, a question of their own."""
        for entry in self.owed:
            if entry[0] in self.answered and entry[0] != key:
                self.owed.remove(entry)
                return Act("say", entry[1])
        if self.returns and self.answered and self.answered[-1] == self.returns[0] != key:
            self.returns.pop(0)
            return Act("back")
        for entry in self.left:
            if entry[0] == key:
                self.left.remove(entry)
                return Act("say", entry[1])
        if self.used["nag"] < len(self.persona.nags) and not self.used["nagged"]:
            self.used["nag"] += 1
            self.used["nagged"] = 1
            return Act("say", self.persona.nags[self.used["nag"] - 1])
        self.used["nagged"] = 0
        return None

    def _story(self) -> Act:
        told = self.used["story"]
        self.used["story"] += 1
        if told < len(self.persona.story):
            return Act("say", self.persona.story[told])
        if self.persona.done and told == len(self.persona.story):
            return Act("say", self.persona.done)
        return Act("done")

    def _answer(self, question: Mapping[str, Any]) -> Act:
        key, codes = question["key"], [choice["code"] for choice in question["choices"]]
        usable = not self.persona.never_usable and not (key in self.persona.unusable and not self.used[key])
        fact = self.persona.facts.get(key, ORDINARY.get(key))
        if key == "area":
            return self._area(codes, usable=usable)
        if key in self.persona.says and not (self.persona.presses and fact in codes):
            return Act("say", self._line(key, self.persona.says[key]), usable)
        if fact in codes and (self.persona.presses or fact not in {"yes", "no"}):
            return Act("press", str(fact), usable)
        if fact in {"yes", "no"}:
            return Act("say", self._word(str(fact)), usable)
        if isinstance(fact, dict) and "state" in fact:
            return Act("say", self._word("dunno"), usable)
        if isinstance(fact, (str, int, float)):
            return Act("say", str(fact), usable)
        return Act("say", self._word("dunno"), usable)

    def _area(self, codes: Sequence[str], *, usable: bool) -> Act:
        """The button that means their matter; an authored question between areas by what its answers speak for."""
        if not usable:
            return Act("say", self._word("dunno"))
        parting = _parting_choice(codes, self.persona.area)
        if parting is not None:
            return Act("press", parting) if parting else Act("say", self._word("dunno"))
        if "area" in self.persona.says:
            return Act("say", self._line("area", self.persona.says["area"]), answers=True)
        for begins in self.persona.area:
            for code in codes:
                if code.startswith(begins):
                    return Act("press", code, answers=True)
        tops = {begins[:2] for begins in self.persona.area}
        if _LIST in codes:
            return Act("press", _LIST)
        found = next((code for code in top_codes() if code[:2] in tops and code in codes), _NONE)
        return Act("press", found, answers=True)

    def _line(self, key: str, lines: Sequence[str]) -> str:
        """Their first way of saying it, then the next; the last one again and again."""
        line = lines[min(self.used[key], len(lines) - 1)]
        self.used[key] += 1
        return line

    def _word(self, name: str) -> str:
        """A yes, a no, an "I don't know": in turn."""
        lines = self.persona.words[name]
        line = lines[self.used[f"word.{name}"] % len(lines)]
        self.used[f"word.{name}"] += 1
        return line


def _parting_choice(codes: Sequence[str], areas: Sequence[str]) -> str | None:
    """The answer that speaks for one of `areas`, "" when none does; None: the buttons are no authored question's."""
    ours = {code for code in codes if not code.startswith("@")}
    for asked in questions().values():
        if ours and ours == {choice.id for choice in asked.choices}:
            for begins in areas:
                for choice in asked.choices:
                    if any(code.startswith(begins) for code in choice.codes):
                        return choice.id
            return ""
    return None
