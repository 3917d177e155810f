"""Answers to what the client wants of the conversation itself: a lawyer, a person, help, another language."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from intake.interview.events import Alert
from intake.interview.guided import caring, choosing, frame
from intake.interview.guided.reading import language, named_language, third_language
from intake.interview.stages import Stage
from intake.interview.wordings import LOCALES, third_languages
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from intake.interview.events import Said
    from intake.interview.guided.step import Step

#: What is remembered of somebody who wrote in another language; `.fr` after it says in which.
THIRD: Final = "third_language"
#: From this many words on, a turn in the other language is no accident.
_SAYS_LANGUAGE: Final = 6


def reply(step: Step, asks: frozenset[str], event: Said) -> str:
    """Answer what the client wants of the conversation itself. "": nothing; "moved": the question is put already."""
    if "language" in asks:
        wanted = named_language(event.text)
        if wanted in LOCALES and wanted != event.locale:
            _speak(step, wanted)
            return "said"
        if wanted is None:
            step.say("reply.language")
            return "said"
    if "back" in asks:
        choosing.back(step)
        return "moved"
    said = ""
    for wish in ("lawyer?", "human", "advice", "cost", "repeat", "question"):
        if wish in asks:
            step.say(f"reply.{wish.removesuffix('?')}")
            said = "said"
            if wish == "human" and "human" not in step.talk.seen:
                step.change(seen=(*step.talk.seen, "human"))
                step.alerts.append(Alert("attention", ("wants_person",), event.turn))
    if "help" in asks and not said:
        _help(step, event)
        return "said"
    return said


def _help(step: Step, event: Said) -> None:
    step.say("reply.help")
    question = frame.question_of(step.playbook, step.talk.asking)
    if question is not None and question.help:
        text = question.help.get(event.locale) or next(iter(question.help.values()))
        step.speech.add(f"help.{question.key}", text)


def switch(step: Step, to: str) -> None:
    """Go on in another language, with the open question; in a pause with its words and numbers, and no question."""
    _speak(step, to)
    if step.talk.stage is Stage.SAFETY_PAUSE:
        caring.say_again(step)
    else:
        step.ask_again()


def _speak(step: Step, to: str) -> None:
    step.locale = to
    step.speech.locale = to
    step.event = replace(step.event, locale=to)
    step.say("switched")


def offer_language(step: Step, event: Said) -> None:
    """Who writes in the other language is told, once and in it, that this can be had."""
    theirs = third_language(event.text) if THIRD not in step.talk.seen else ""
    if theirs:
        # Theirs is none of ours: said in it where we can, and in both of ours; and staff are told.
        step.change(seen=(*step.talk.seen, THIRD, f"{THIRD}.{theirs}"))
        if theirs in third_languages():
            step.speech.add(f"third.{theirs}", third_languages()[theirs]["text"])
        step.alerts.append(Alert("attention", ("other_language",), event.turn))
        locale = step.speech.locale
        for step.speech.locale in LOCALES:
            step.say("third_language")
        step.speech.locale = locale
        return
    spoken = language(event.text, event.locale)
    is_told = len(words_of(event.text[:400])) >= _SAYS_LANGUAGE and step.talk.asking != frame.NAME
    if is_told and spoken != event.locale and event.locale in LOCALES and f"offered.{spoken}" not in step.talk.seen:
        step.change(seen=(*step.talk.seen, f"offered.{spoken}"))
        locale, step.speech.locale = step.speech.locale, spoken
        step.say("offer_language")
        step.speech.locale = locale
