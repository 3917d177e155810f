"""Danger and urgent matters in what a client says: fixed words, numbers, a pause, and staff who are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.interview.events import Alert
from intake.interview.guided.reading import UNDERSTOOD, language
from intake.interview.stages import Stage

if TYPE_CHECKING:
    from intake.interview.guided.step import Step

#: Characters that are watched at a time, and how far two parts overlap: no sentence falls between them.
_PART: Final = UNDERSTOOD
_OVERLAP: Final = 400
#: Kinds of an urgent matter for which a number helps more than it interrupts.
_HELPED: Final = frozenset({"self_harm", "violence_now", "child_or_elder_abuse", "stalking", "medical_emergency"})
_HARD: Final = "hard"


def heard_danger(step: Step, text: str, turn: int, *, paused: bool = False) -> bool:
    """Watch a turn. True: the conversation is paused now, and nothing else is made of the turn."""
    from intake.safety import not_yet_seen, watch

    level, kinds, fingerprints = "none", [], []
    for start in range(0, max(len(text), 1), _PART - _OVERLAP):
        part = text[start : start + _PART]
        alarm = not_yet_seen(watch(part, language=language(part, step.event.locale)), step.talk.seen)
        if alarm.alarm:
            level = "danger_now" if "danger_now" in {level, alarm.level} else "urgent"
            kinds += [kind for kind in alarm.kinds if kind not in kinds]
            fingerprints += [one for one in alarm.fingerprints if one not in fingerprints]
        if start + _PART >= len(text):
            break
    if level == "none":
        return False
    step.change(seen=(*step.talk.seen, *fingerprints, _HARD))
    found = tuple(kinds)
    step.alerts.append(Alert("danger_now" if level == "danger_now" else "urgent", found, turn))
    if level == "danger_now":
        _pause(step, found, paused=paused)
        return True
    helped = tuple(kind for kind in found if kind in _HELPED and kind not in step.talk.helped)
    if helped:
        step.change(helped=(*step.talk.helped, *helped))
        _fixed_words(step, helped, "urgent")
    return False


def _pause(step: Step, kinds: tuple[str, ...], *, paused: bool) -> None:
    if not paused:
        step.change(return_to=step.talk.stage, stage=Stage.SAFETY_PAUSE)
    step.change(helped=tuple(dict.fromkeys((*step.talk.helped, *kinds))))
    _fixed_words(step, kinds, "danger_now")
    step.say("paused_go_on")


def _fixed_words(step: Step, kinds: tuple[str, ...], level: str) -> None:
    """The human-written words for these kinds, with the country's numbers."""
    for key, text in _words_for(kinds, level, step.speech.locale):
        step.speech.add(f"safety.{key}", text)


def _words_for(kinds: tuple[str, ...], level: str, locale: str) -> list[tuple[str, str]]:
    del kinds, level
    english = "If you are in danger now, call 911. To talk to someone at any time, call or text 988."
    spanish = "Si está en peligro ahora, llame al 911. Para hablar con alguien a toda hora, llame al 988."
    return [("stop", spanish if locale == "es" else english)]


def resume(step: Step) -> None:
    """ "I am safe, go on": back to where the conversation was."""
    stage = step.talk.return_to or Stage.NAME
    step.change(stage=stage, return_to=None)
    step.say("resumed")
    step.ask_again()


def sounds_hard(step: Step) -> bool:
    """Whether this client told of something for which a plain thanks is too little."""
    return _HARD in step.talk.seen
