"""What the client said: danger first, then wishes, then answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake.interview.events import NotNow
from intake.interview.guided import caring, choosing, correcting, frame, replying, telling, verifying
from intake.interview.guided.filling import context_of, fill
from intake.interview.guided.reading import UNDERSTOOD, Answer, read, says_safe, takes_back
from intake.interview.stages import OPEN_STAGES, Stage
from intake.interview.wordings import word_list
from intake.language.tokens import words_of
from intake.names import normalise

if TYPE_CHECKING:
    from intake.interview.events import FactState, Said
    from intake.interview.guided.filling import Filled
    from intake.interview.guided.step import Step
    from intake.playbooks.model import Question


def said(step: Step, event: Said) -> None:
    """Take a turn of the client's."""
    stage = step.talk.stage
    if stage is Stage.SAFETY_PAUSE:
        _said_in_pause(step, event)
        return
    if stage not in OPEN_STAGES:
        raise NotNow(stage, event)
    if len(event.text) > UNDERSTOOD:
        step.say("long")
    if caring.heard_danger(step, event.text, event.turn):
        if stage is Stage.STORY:
            step.change(story=(*step.talk.story, event.turn))
        elif event.supersedes is None and event.about is None:
            _answered_in_danger(step, event)
        return
    replying.offer_language(step, event)
    if event.supersedes is not None:
        correcting.corrected(step, event, event.supersedes)
    elif event.about is not None:
        correcting.about(step, event, event.about)
    elif stage is Stage.STORY:
        telling.told_more(step, event)
    elif stage is Stage.REVIEW:
        telling.added(step, event)
    elif step.talk.asking == frame.CONTACT_CODE:
        verifying.said(step, event)
    elif correcting.takes_back_name(step, event):
        return
    elif step.talk.asking == frame.TOPIC:
        telling.topic(step, event)
    elif step.talk.asking == frame.AREA:
        choosing.said_area(step, event)
    else:
        _answered(step, event)


def _answered_in_danger(step: Step, event: Said) -> None:
    """The answer that was given with words of danger counts, without a word about it: it is not asked for again."""
    question = frame.question_of(step.playbook, step.talk.asking)
    if question is None or question.key in {frame.TOPIC, frame.AREA, frame.STORY}:
        return
    answer = read(event.text, question, event, context=context_of(step.playbook, question))
    if answer.fact is not None and answer.fact.state != "unknown" and not answer.asks:
        step.learn(
            question, answer.value, answer.fact.state, event.turn, (answer.fact.start, answer.fact.end), asked=True
        )


def _said_in_pause(step: Step, event: Said) -> None:
    """Words in a pause are kept and watched; only "I am safe" leads on."""
    if caring.heard_danger(step, event.text, event.turn, paused=True):
        return
    if says_safe(event.text, event.locale):
        caring.resume(step)
    else:
        caring.still_paused(step)


def _answered(step: Step, event: Said) -> None:
    """An answer to the open question."""
    question = frame.question_of(step.playbook, step.talk.asking)
    if question is None:
        step.onward()
        return
    if correcting.takes_back_last(step, event, question):
        return
    answer = read(event.text, question, event, context=context_of(step.playbook, question))
    replied = replying.reply(step, answer.asks, event)
    taken_back = answer.fact is None and (answer.is_correction or takes_back(event.text, event))
    if taken_back and correcting.corrects_last(step, event):
        return
    if answer.fact is None:
        more = beside(step, event, question, answer)
        if replied == "moved":
            return
        if question.key in step.talk.known:
            step.onward()
        elif more or (replied and not step.wished_too_often(question)):
            step.ask_again()
        else:
            step.unusable(question)
        return
    if question.key == frame.OTHER_SIDE and _is_own_name(step, answer) and not step.talk.tries.get(frame.OTHER_SIDE):
        step.change(tries={**step.talk.tries, frame.OTHER_SIDE: 1})
        step.say("same_name")
        return
    take(step, question, answer, event)
    if replied != "moved":
        step.onward()


def _is_own_name(step: Step, answer: Answer) -> bool:
    own = step.talk.known.get(frame.NAME)
    return (
        own is not None
        and bool(own.value and answer.value)
        and normalise(str(own.value)) == normalise(str(answer.value))
    )


def take(step: Step, question: Question, answer: Answer, event: Said) -> None:
    """Keep an answer and what was said beside it."""
    fact = answer.fact
    if fact is None:
        return
    state: FactState = fact.state
    step.learn(question, answer.value, state, event.turn, (fact.start, fact.end), asked=True)
    step.acknowledge(question, answer.value, state)
    beside(step, event, question, answer)


def beside(step: Step, event: Said, question: Question, answer: Answer) -> bool:
    """More than was asked for: it fills later questions of its kind. Whether there was any."""
    if question.key == frame.NAME and frame.OTHER_SIDE not in step.talk.known:
        _opponent(step, event, answer)
    filled = [
        one
        for one in fill(step.playbook, step.talk, event.text, event, before_gate=not step.talk.gate_passed)
        if not _same_words(one, question, answer)
    ]
    for one in filled:
        if one.question.key != question.key:
            step.learn(one.question, one.value, "inferred", event.turn, (one.start, one.end), asked=False)
            step.acknowledge(one.question, one.value, "inferred")
    return bool(filled)


def _same_words(one: Filled, question: Question, answer: Answer) -> bool:
    """Whether it stands on the very words of the answer: one number is not two answers."""
    fact = answer.fact
    if fact is None or answer.value is None or question.type in {"text", "yes_no", "choice"}:
        return False
    return one.start < fact.end and fact.start < one.end


def _opponent(step: Step, event: Said, answer: Answer) -> None:
    """ "I'm Ann Lee and it's against Globex" names both."""
    if not set(words_of(event.text[:400])) & word_list("opposed"):
        return
    question = frame.frame()[frame.OTHER_SIDE]
    for fact in answer.beside:
        if fact.key == "organisation" and fact.value:
            step.learn(question, fact.value, "stated", event.turn, (fact.start, fact.end), asked=False)
            step.acknowledge(question, fact.value, "stated")
            return
