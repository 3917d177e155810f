"""Danger and urgent matters in what a client says: fixed words, numbers, a pause, and staff who are told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, cast

from intake.interview.events import Alert, Said
from intake.interview.guided import frame
from intake.interview.guided.filling import context_of
from intake.interview.guided.reading import UNDERSTOOD, language, read
from intake.interview.stages import Stage
from intake.language.tokens import words_of
from intake.safety import Alarm, not_yet_seen, watch
from intake.safety.helping import fixed_words, hotlines, words_for

if TYPE_CHECKING:
    from intake.interview.guided.step import Step
    from intake.language.guess import Language

#: Characters that are watched at a time, and how far two parts overlap: no sentence falls between them.
_PART: Final = UNDERSTOOD
_OVERLAP: Final = 400
#: Of a longer text, the beginning and the end are watched.
_WATCHED: Final = 200_000
_HARD: Final = "hard"
#: Types of questions of which one sees whether they are answered, and the words of an answer that is no story.
_CLOSED: Final = frozenset({
    "yes_no", "name", "organisation", "phone", "email", "state", "date", "date_interval", "money", "count", "choice",
    "text",
})  # fmt: skip
#: Answers to these are about danger themselves.
_SAFETY: Final = "safety"
_SAFE_NOW: Final = "safe_now"
_PLAIN: Final = 10
_ASKING: Final = 14
#: With one of these more is told than was asked.
_TURNS: Final = frozenset({"but", "except", "although", "though", "pero", "aunque", "sino", "menos"})


def heard_danger(step: Step, text: str, turn: int, *, paused: bool = False) -> bool:
    """Watch a turn. True: the conversation is paused now, and nothing else is made of the turn."""
    alarm = _watched(step, text)
    if not alarm.alarm:
        return False
    step.change(seen=(*step.talk.seen, *alarm.fingerprints, _HARD))
    level: Literal["danger_now", "urgent"] = "danger_now" if alarm.level == "danger_now" else "urgent"
    step.alerts.append(Alert(level, alarm.kinds, turn))
    if level == "danger_now":
        if not paused:
            step.change(return_to=step.talk.stage, stage=Stage.SAFETY_PAUSE)
        step.change(helped=tuple(dict.fromkeys((*step.talk.helped, *alarm.kinds))))
        _fixed_words(step, alarm)
        return True
    fresh = tuple(kind for kind in alarm.kinds if kind not in step.talk.helped)
    if fresh:
        step.change(helped=(*step.talk.helped, *fresh))
        _fixed_words(step, replace(alarm, kinds=fresh))
    return False


def _watched(step: Step, text: str) -> Alarm:
    """What the whole of a text tells that was not acted on before; a long one is watched in parts."""
    found = Alarm(alarm=False, level="none", kinds=(), spans=(), why="")
    if len(text) > _WATCHED:  # somebody pasted a book: its beginning and its end
        text = f"{text[: _WATCHED - _PART]}\n{text[-_PART:]}"
    for start in range(0, max(len(text), 1), _PART - _OVERLAP):
        part = text[start : start + _PART]
        alarm = not_yet_seen(_watched_part(step, part, whole=part == text), step.talk.seen)
        if alarm.alarm:
            found = Alarm(
                alarm=True,
                level="danger_now" if "danger_now" in {found.level, alarm.level} else "urgent",
                kinds=tuple(dict.fromkeys((*found.kinds, *alarm.kinds))),
                spans=(),
                why=alarm.why,
                fingerprints=tuple(dict.fromkeys((*found.fingerprints, *alarm.fingerprints))),
            )
        if start + _PART >= len(text):
            break
    return found


def _watched_part(step: Step, part: str, *, whole: bool) -> Alarm:
    spoken = language(part, step.event.locale)
    alarm = watch(part, language=spoken)
    if alarm.sensed and whole and _answers(step, part):
        return watch(part, language=spoken, answers=True)
    return alarm


def _answers(step: Step, text: str) -> bool:
    """Whether a short turn plainly answers the question that is open, or asks us something of the conversation."""
    question = frame.question_of(step.playbook, step.talk.asking)
    event = step.event
    if question is None or question.type not in _CLOSED or not isinstance(event, Said) or event.supersedes is not None:
        return False
    words = words_of(text[:400])
    if len(words) > (_ASKING if "?" in text else _PLAIN) or not _TURNS.isdisjoint(words):
        return False
    answer = read(text, question, event, context=context_of(step.playbook, question))
    if question.section == _SAFETY or (question.key == _SAFE_NOW and answer.value == "no"):
        return False
    return bool(answer.asks) or (answer.fact is not None and answer.fact.state != "unknown")


def _fixed_words(step: Step, alarm: Alarm) -> None:
    """The human-written words for these kinds, with the country's numbers, a paragraph each."""
    spoken = cast("Language", step.speech.locale)
    for number, line in enumerate(words_for(alarm, language=spoken, country=step.country)):
        step.speech.add(f"safety.{alarm.level}.{number}", line)


def still_paused(step: Step) -> None:
    """An answer to words in a pause: nothing is asked, and the numbers stand in it again, for the page shows what was
    said last."""
    spoken = cast("Language", step.speech.locale)
    words = fixed_words()[spoken]
    step.speech.add("safety.again", words["again"])
    for number, hotline in enumerate(hotlines(step.country, _paused_for(step))):
        step.speech.add(f"safety.number.{number}", hotline.line(spoken))
    step.speech.add("safety.safe", words["safe"])


def say_again(step: Step) -> None:
    """All the words of the pause: in a language just chosen, or to somebody who comes back to it."""
    _fixed_words(step, Alarm(alarm=True, level="danger_now", kinds=_paused_for(step), spans=(), why="said before"))


def _paused_for(step: Step) -> tuple[str, ...]:
    """The kinds of danger that were heard, the latest first."""
    dangers = fixed_words()[step.speech.locale]["danger_now"]
    return tuple(kind for kind in reversed(step.talk.helped) if kind in dangers)


def resume(step: Step) -> None:
    """ "I am safe, go on": back to where the conversation was."""
    stage = step.talk.return_to or Stage.NAME
    step.change(stage=stage, return_to=None)
    step.speech.add("safety.resumed", fixed_words()[step.speech.locale]["resumed"])
    if step.talk.asking in step.talk.known:
        step.onward()
    else:
        step.ask_again()


def sounds_hard(step: Step) -> bool:
    """Whether this client told of something for which a plain thanks is too little."""
    return _HARD in step.talk.seen
