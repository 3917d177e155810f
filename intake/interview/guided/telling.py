"""The subject in a line, and the story: what is told in the client's own words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from intake.interview.events import Alert, Finding
from intake.interview.guided import caring, choosing, frame, standing
from intake.interview.guided.filling import fill, told
from intake.interview.guided.reading import UNDERSTOOD, read, says_done
from intake.interview.guided.replying import reply
from intake.interview.guided.saying import shown
from intake.interview.stages import Stage
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from intake.interview.events import Said
    from intake.interview.guided.step import Step
    from intake.playbooks.model import Question

#: A topic of so many words is the beginning of the story.
TELLS: Final = 12
#: What staff are told where the story says otherwise than the answer about somebody's standing did.
_OTHERWISE: Final = {standing.IS_ADULT: "may_be_under_age", standing.IN_CUSTODY: "may_be_held"}


def topic(step: Step, event: Said) -> None:
    """The subject in a line: the areas it may be are offered, the client decides."""
    question = frame.frame()[frame.TOPIC]
    answer = read(event.text, question, event)
    replied = reply(step, answer.asks, event) if len(words_of(event.text[:400])) < TELLS else ""
    if replied == "moved":
        return
    if answer.fact is None:
        if replied and not step.wished_too_often(question):
            step.ask_again()
        else:
            step.unusable(question)
        return
    fact = answer.fact
    step.learn(question, answer.value, fact.state, event.turn, (fact.start, fact.end), asked=True)
    if answer.value is not None:
        step.change(early=(*step.talk.early, (event.turn, event.text[:UNDERSTOOD])))
        step.change(votes=event.votes)
        step.say("ack")
    else:
        step.acknowledge(question, None, fact.state)
    choosing.offer_areas(step)


def take_early(step: Step) -> None:
    """Once the firm is free to listen: a topic that was a story counts as its beginning."""
    early = step.talk.early
    fill_from_early(step, before_gate=False)
    story = tuple(turn for turn, text in early if len(words_of(text)) >= TELLS)
    step.change(story=(*step.talk.story, *story))


def fill_from_early(step: Step, *, before_gate: bool) -> None:
    """Answers in what was said before the questions were known."""
    for turn, text in step.talk.early:
        for one in fill(step.playbook, step.talk, text, step.event, before_gate=before_gate):
            step.learn(one.question, one.value, "inferred", turn, (one.start, one.end), asked=False)


def told_more(step: Step, event: Said) -> None:
    """A part of the story, the words that end it, or a wish."""
    if says_done(event.text, event.locale):
        if step.talk.story:
            finish_story(step)
        else:
            step.say("story_first")
        return
    answer = read(event.text, frame.frame()[frame.STORY], event)
    if answer.fact is None or answer.value is None:
        replied = reply(step, answer.asks, event)
        if replied == "moved":
            return
        if not replied:
            step.say("ack.unknown")
        step.ask_again()
        return
    step.change(story=(*step.talk.story, event.turn))
    read_story(step, event)
    if step.for_a_person():
        # Told in the story that they are under age or held: it goes no further before a person has looked.
        step.warn_of_listeners()
        step.to_gate(Stage.STORY)
        return
    reply(step, answer.asks & {"lawyer?", "human", "advice", "cost"}, event)
    hard = caring.sounds_hard(step)
    step.say("story_hard" if hard else "story_more")


def read_story(step: Step, event: Said) -> None:
    """What a part of the story answers, and where it says otherwise than an answer did: both are kept, and the
    client decides at the review."""
    for one in told(step.playbook, step.talk, event.text, event):
        question, before = one.question, step.talk.known.get(one.question.key)
        stands = question.key in standing.KEYS
        if before is None or (stands and before.value is None):
            step.learn(question, one.value, "inferred", event.turn, (one.start, one.end), asked=False)
        elif before.value not in {None, one.value} and (stands or question.type not in {"choice", "yes_no", "state"}):
            if stands and before.state != "contradicted":
                step.alerts.append(Alert("attention", (_OTHERWISE[question.key],), event.turn))
            step.talk = step.talk.knowing(question.key, replace(before, state="contradicted"))
            step.findings.append(
                Finding(question.key, one.value, "contradicted", event.turn, one.start, one.end, kind=question.type)
            )


def finish_story(step: Step) -> None:
    """The story is told: what it answered is read back, then the first question that it left open."""
    read_back = [
        (question, known.value)
        for key, known in step.talk.known.items()
        if known.state == "inferred" and known.turn in step.talk.story
        for question in [frame.question_of(step.playbook, key)]
        if question is not None and question.type not in {"choice", "yes_no", "text"}
    ]
    step.change(stage=Stage.QUESTIONS, asking="")
    step.say("story_done")
    if read_back:
        step.say("read.story", value=_listed(step, read_back))
    step.onward()


def _listed(step: Step, found: list[tuple[Question, Any]]) -> str:
    return "; ".join(shown(value, question, step.event.locale) for question, value in found)


def added(step: Step, event: Said) -> None:
    """More words at the review join the story; wishes are answered."""
    answer = read(event.text, frame.frame()[frame.STORY], event)
    if says_done(event.text, event.locale):
        step.say("review_done")
        return
    if answer.fact is None or answer.value is None:
        if reply(step, answer.asks, event) != "moved":
            step.say("review")
        return
    step.change(story=(*step.talk.story, event.turn))
    read_story(step, event)
    step.say("added")
    step.say("review")
