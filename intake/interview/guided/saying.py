"""Choosing and filling wordings: never the same acknowledgement twice running, values in the client's own way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from intake.interview.events import Option, Saying
from intake.interview.guided import frame
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES, lists, texts

if TYPE_CHECKING:
    from intake.interview.guided.talk import Talk
    from intake.playbooks.model import Playbook, Question, Texts

#: Types whose value is read back to the client.
READ_BACK: Final = frozenset({
    "name", "organisation", "phone", "email", "date", "date_interval", "money", "count", "state", "address",
})  # fmt: skip
_US_PHONE: Final = 12
_STATES: Final = Path(__file__).parents[2] / "understanding" / "data" / "states.yaml"
_SMALL_WORDS: Final = frozenset({"of", "de"})


@dataclass
class Speech:
    """What is said in one step, gathered in order. `talk` counts which way of saying it was used."""

    talk: Talk
    locale: str
    said: list[Saying]

    def say(self, key: str, **values: str) -> None:
        """Add the wording `key`; of several ways the one whose turn it is, never the one used last."""
        ways = texts(key, self.locale)
        index = self.talk.counts.get(key, 0) % len(ways)
        name = f"{key}.{index}" if len(ways) > 1 else key
        if name == self.talk.last and len(ways) > 1:
            index = (index + 1) % len(ways)
            name = f"{key}.{index}"
        if len(ways) > 1:
            self.talk = replace(
                self.talk,
                counts={**self.talk.counts, key: index + 1},
                last=name if key in _ROTATING else self.talk.last,
            )
        self.said.append(Saying(name, ways[index].format(**values) if values else ways[index]))

    def add(self, key: str, text: str) -> None:
        """Add words that are not ours to choose: a playbook's question, a fixed safety text."""
        self.said.append(Saying(key, text))


_ROTATING: Final = frozenset({
    "ack", "ack.unknown", "ack.refused", "give_up", "story_more", "story_hard", "corrected", "added",
})  # fmt: skip


def local(words: Texts, locale: str) -> str:
    """A playbook's words in `locale`, or in its first language."""
    return words.get(locale) or words.get(DEFAULT_LOCALE) or next(iter(words.values()), "")


def language_of(locale: str) -> str:
    """One of ours."""
    return locale if locale in LOCALES else DEFAULT_LOCALE


def question_text(talk: Talk, playbook: Playbook, key: str, locale: str) -> str:
    """The words of an open question."""
    if key == frame.STORY and any(turn in talk.story for turn, _text in talk.early):
        return texts("ask.story_more", locale)[0]
    if key == frame.AREA and talk.parting:
        from intake.interview.guided import areas

        return areas.parting_text(talk.parting, locale)
    if key == frame.CONTACT_CODE:
        return texts("ask.contact_code_sent" if talk.contact == "sent" else "ask.contact_code", locale)[0]
    question = frame.question_of(playbook, key)
    return local(question.wording, locale) if question else ""


def options(talk: Talk, playbook: Playbook, locale: str) -> tuple[Option, ...]:
    """The buttons under the open question, in order."""
    from intake.interview.guided import areas

    if talk.asking == frame.TOPIC:
        return (Option("@list", texts("button.list", locale)[0]),)
    if talk.asking == frame.AREA:
        shown = tuple(Option(code, areas.name(code, locale)) for code in talk.offered)
        if talk.parting:
            shown = areas.parting_options(talk.parting, locale)
        last = "@none" if talk.counts.get("list") else "@list"
        return (*shown, Option(last, texts("button.none" if last == "@none" else "button.list", locale)[0]))
    if talk.asking == frame.CONTACT_CODE:
        from intake.interview.guided import verifying

        return verifying.options(talk, locale)
    question = frame.question_of(playbook, talk.asking)
    if question is None:
        return ()
    if question.type == "yes_no":
        return tuple(Option(code, texts(f"button.{code}", locale)[0]) for code in ("yes", "no"))
    return tuple(Option(choice.code, local(choice.labels, locale)) for choice in question.choices)


def shown(value: Any, question: Question, locale: str) -> str:
    """A value as the client reads it."""
    kind = question.type
    if value is None:
        return texts("value.unknown", locale)[0]
    if kind == "yes_no" and value in {"yes", "no"}:
        return texts(f"value.{value}", locale)[0]
    if kind == "choice":
        labels = {choice.code: local(choice.labels, locale) for choice in question.choices}
        return labels.get(value, str(value))
    if kind in {"date", "date_interval"}:
        return _dates(str(value), locale)
    if kind in {"money", "count"}:
        return _numbers(value, locale, money=kind == "money")
    if kind == "phone":
        return _phone(str(value))
    if kind == "state":
        return _states().get(str(value), str(value))
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values() if part)
    return str(value)


def _dates(value: str, locale: str) -> str:
    first, _, last = value.partition("/")
    if not last or last == first:
        return _date(first, locale)
    return texts("range", locale)[0].format(low=_date(first, locale), high=_date(last, locale))


def _date(value: str, locale: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    month = lists()["months"][language_of(locale)][day.month - 1]
    return f"{day.day} de {month} de {day.year}" if language_of(locale) == "es" else f"{month} {day.day}, {day.year}"


def shown_date(day: date, locale: str) -> str:
    """A day as the client reads it."""
    return _date(day.isoformat(), locale)


def _numbers(value: Any, locale: str, *, money: bool) -> str:
    if isinstance(value, (list, tuple)):
        low, high = (_numbers(one, locale, money=money) for one in value)
        return low if low == high else texts("range", locale)[0].format(low=low, high=high)
    if not isinstance(value, (int, float)):
        return str(value)
    written = f"{value:,.2f}".removesuffix(".00")
    return f"${written}" if money else written


def _phone(value: str) -> str:
    if value.startswith("+1") and len(value) == _US_PHONE:
        return f"({value[2:5]}) {value[5:8]}-{value[8:]}"
    return value


@cache
def _states() -> dict[str, str]:
    """Two letters -> a state's name, as it is written."""
    names: dict[str, list[str]] = yaml.safe_load(_STATES.read_text("utf-8"))["names"]
    return {
        code: " ".join(word if word in _SMALL_WORDS else word.capitalize() for word in ways[0].split())
        for code, ways in names.items()
    }
