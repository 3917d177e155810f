"""Buttons: a choice, a language, an area of law, skipping, going back, "I am safe, go on"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.interview.events import NotNow
from intake.interview.guided import areas, caring, frame, verifying
from intake.interview.guided.saying import options
from intake.interview.guided.talk import Known
from intake.interview.stages import BEFORE_GATE, Stage

if TYPE_CHECKING:
    from intake.interview.events import Chose, Said, WentBack
    from intake.interview.guided.step import Step
    from intake.interview.guided.talk import Talk

UNKNOWN: Final = "@unknown"
SKIP: Final = "@skip"
LIST: Final = "@list"
NONE: Final = "@none"
GO_ON: Final = "@go_on"
#: Answers every question but some may get.
COMMANDS: Final = frozenset({UNKNOWN, SKIP, LIST, NONE, GO_ON})
#: Tries at picking an area in words before the general questions are taken.
_MOST_TRIES: Final = 2


def chose(step: Step, event: Chose) -> None:
    """Take a button that was pressed. Raises NotNow for one that is not there."""
    talk = step.talk
    if event.code == GO_ON:
        if talk.stage is not Stage.SAFETY_PAUSE:
            raise NotNow(talk.stage, event)
        caring.resume(step)
        return
    if not talk.asking or event.question != talk.asking or talk.stage is Stage.SAFETY_PAUSE:
        raise NotNow(talk.stage, event)
    if talk.asking == frame.CONTACT_CODE:
        verifying.chose(step, event)
    elif event.code in {LIST, NONE} and talk.asking in {frame.TOPIC, frame.AREA}:
        _list_or_none(step, event)
    elif talk.asking == frame.AREA:
        _area(step, event)
    elif event.code in {UNKNOWN, SKIP}:
        _skipped(step, event)
    else:
        _choice(step, event)


def _choice(step: Step, event: Chose) -> None:
    question = frame.question_of(step.playbook, event.question)
    codes = {option.code for option in options(step.talk, step.playbook, event.locale)}
    if question is None or event.code not in codes:
        raise NotNow(step.talk.stage, event)
    step.learn(question, event.code, "stated", event.turn, (0, 0), asked=True)
    step.acknowledge(question, event.code, "stated")
    step.onward()


def _skipped(step: Step, event: Chose) -> None:
    question = frame.question_of(step.playbook, event.question)
    if question is None or question.key in {frame.NAME, frame.STORY, frame.TOPIC}:
        raise NotNow(step.talk.stage, event)
    state = "refused" if event.code == SKIP else "unknown"
    step.learn(question, None, "refused" if event.code == SKIP else "unknown", event.turn, (0, 0), asked=True)
    step.acknowledge(question, None, "refused" if state == "refused" else "unknown")
    step.onward()


# -- areas


def offer_areas(step: Step) -> None:
    """The areas that the topic may be of, best first, for the client to choose from; where the best two are close,
    one plain question before that."""
    known = step.talk.known[frame.TOPIC]
    text = known.value if isinstance(known.value, str) else ""
    guessed = areas.guess(text, step.event.locale, step.talk.parted, step.talk.votes)
    step.change(areas=guessed.scores, offered=guessed.offered, parting=guessed.parting, asking=frame.AREA)
    if guessed.not_legal and not step.talk.parted:
        step.say("not_legal")
    if not guessed.offered and not guessed.parting:
        _whole_list(step)
    step.ask(frame.AREA, Stage.TOPIC)


def _part(step: Step, choice: str) -> None:
    """An authored question was answered: what is left is offered."""
    step.change(parted=(*step.talk.parted, f"{step.talk.parting}:{choice}"), parting="")
    step.say("ack")
    offer_areas(step)


def _whole_list(step: Step) -> None:
    step.change(offered=areas.top_codes(), parting="", counts={**step.talk.counts, "list": 1})


def _list_or_none(step: Step, event: Chose) -> None:
    if event.code == NONE:
        _take_area(step, "", event.turn, (0, 0))
        return
    if frame.TOPIC not in step.talk.known:
        # Picked from the list without a word: the list is the topic.
        step.talk = step.talk.knowing(frame.TOPIC, Known(None, "unknown", event.turn))
    _whole_list(step)
    step.ask(frame.AREA, Stage.TOPIC)


def _area(step: Step, event: Chose) -> None:
    if step.talk.parting:
        if event.code not in {option.code for option in areas.parting_options(step.talk.parting, event.locale)}:
            raise NotNow(step.talk.stage, event)
        _part(step, event.code)
        return
    if event.code not in step.talk.offered:
        raise NotNow(step.talk.stage, event)
    _take_area(step, event.code, event.turn, (0, 0))


def said_area(step: Step, event: Said) -> None:
    """Which of the offered areas was meant: its number, its name, or a new description."""
    from intake.interview.guided.hearing import beside
    from intake.interview.guided.reading import read
    from intake.interview.guided.replying import reply

    parting = step.talk.parting
    question = areas.parting_question(parting) if parting else areas.as_question(step.talk.offered)
    if not parting and areas.none_named(event.text):
        _take_area(step, "", event.turn, (0, len(event.text)))
        return
    answer = read(event.text, question, event)
    if parting and answer.fact is not None:
        _part(step, str(answer.value or areas.NONE))
        return
    if answer.fact is not None and answer.value:
        _take_area(step, str(answer.value), event.turn, (answer.fact.start, answer.fact.end))
        return
    named = areas.named(event.text)
    if named:
        _take_area(step, named, event.turn, (0, len(event.text)))
        return
    replied = reply(step, answer.asks, event)
    if replied == "moved":
        return
    if beside(step, event, question, answer) or (replied and not step.wished_too_often(question)):
        step.ask_again()
        return
    if answer.fact is not None:
        _take_area(step, "", event.turn, (answer.fact.start, answer.fact.end))
        return
    if parting:
        step.change(parted=(*step.talk.parted, f"{parting}:{areas.NONE}"), parting="")
    _described_anew(step, event)


def _described_anew(step: Step, event: Said) -> None:
    """None of the buttons: other words for it are offered anew, what tells nothing counts as a failed try."""
    again = areas.guess(event.text, event.locale, step.talk.parted)
    best = again.offered[0] if again.offered and not again.unclear else ""
    if best in step.talk.offered and not step.talk.parting and "?" not in event.text:
        # Other words for one of the buttons: that one was meant.
        _take_area(step, best, event.turn, (0, len(event.text)))
        return
    described = step.talk.counts.get("described", 0)
    if again.offered and not again.unclear and described < _MOST_TRIES:
        step.change(areas=again.scores, offered=again.offered, counts={**step.talk.counts, "described": described + 1})
        step.say("ack")
        step.ask_again()
        return
    tries = step.talk.tries.get(frame.AREA, 0) + 1
    step.change(tries={**step.talk.tries, frame.AREA: tries})
    if tries < _MOST_TRIES:
        _whole_list(step)
        step.say("again.area")
    else:
        step.say("give_up")
        _take_area(step, "", event.turn, (0, 0))


def other_area(step: Step, event: Said) -> None:
    """The client corrects the area: its playbook asks on, with all that is answered already."""
    code = areas.named(event.text)
    if not code:
        step.say("correction_unreadable")
        step.ask_again()
        return
    question = frame.frame()[frame.AREA]
    step.learn(question, code, "stated", event.turn, (0, len(event.text)), asked=True)
    step.say("corrected")
    step.open_area = code


def _take_area(step: Step, code: str, turn: int, span: tuple[int, int]) -> None:
    """The client has decided; the service finds the playbook."""
    question = frame.frame()[frame.AREA]
    step.learn(question, code or None, "stated" if code else "unknown", turn, span, asked=True)
    if code:
        step.say("read.area", value=areas.name(code, step.event.locale))
    else:
        step.say("ack")
    step.change(asking="", stage=Stage.TOPIC)
    step.open_area = code


# -- going back


def went_back(step: Step, event: WentBack) -> None:
    """The question before this one, again."""
    if not may_go_back(step.talk):
        raise NotNow(step.talk.stage, event)
    back(step)


def may_go_back(talk: Talk) -> bool:
    """Whether there is a question before this one that may be put again here."""
    return _before(talk) is not None


def back(step: Step) -> None:
    """Put the question before this one again; its answer counts no more until there is another."""
    key = _before(step.talk)
    if key is None:
        step.say("no_back")
        step.ask_again()
        return
    stage = _stage_of(key, step.talk)
    asked = step.talk.asked
    cut = len(asked) - 1 - asked[::-1].index(key)
    step.talk = step.talk.without(key)
    step.change(asked=asked[:cut])
    if key == frame.TOPIC:
        step.talk = step.talk.without(frame.AREA)
        step.change(offered=(), parted=(), parting="", votes=(), counts={**step.talk.counts, "list": 0})
    step.say("went_back")
    step.ask(key, stage)


def _before(talk: Talk) -> str | None:
    """The last question that was put before the open one, in the same part of the conversation."""
    if talk.stage in BEFORE_GATE:
        early = True
    elif talk.stage in {Stage.QUESTIONS, Stage.REVIEW}:
        early = False
    else:
        return None
    asked = talk.asked[: -1 if talk.asked[-1:] == (talk.asking,) else None]
    since = asked.index(frame.STORY) if frame.STORY in asked else len(asked)
    part = asked[:since] if early else asked[since + 1 :]
    return next((key for key in reversed(part) if key != talk.asking), None)


def _stage_of(key: str, talk: Talk) -> Stage:
    own = {
        frame.NAME: Stage.NAME, frame.OTHER_SIDE: Stage.OTHER_SIDE, frame.TOPIC: Stage.TOPIC, frame.AREA: Stage.TOPIC,
    }  # fmt: skip
    return own.get(key, Stage.BASICS if talk.stage in BEFORE_GATE else Stage.QUESTIONS)
