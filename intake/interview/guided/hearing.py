"""What the client said: danger first, then wishes, then answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from intake.interview.events import Alert, Finding, NotNow
from intake.interview.guided import caring, choosing, frame
from intake.interview.guided.filling import context_of, fill, told
from intake.interview.guided.reading import (
    UNDERSTOOD,
    Answer,
    language,
    named_language,
    read,
    says_done,
    says_safe,
    third_language,
)
from intake.interview.guided.saying import local, shown
from intake.interview.guided.talk import Known
from intake.interview.stages import OPEN_STAGES, Stage
from intake.interview.wordings import LOCALES, word_list
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from intake.interview.events import FactState, Said
    from intake.interview.guided.step import Step
    from intake.playbooks.model import Question

#: Unusable answers to one question before it is left open.
MOST_TRIES: Final = 2
#: A topic of so many words is the beginning of the story.
_TELLS: Final = 12
#: From this many words on, a turn in the other language is no accident.
_SAYS_LANGUAGE: Final = 6


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
        return
    _offer_language(step, event)
    if event.supersedes is not None:
        _corrected(step, event, event.supersedes)
    elif event.about is not None:
        _about(step, event, event.about)
    elif stage is Stage.STORY:
        _told(step, event)
    elif stage is Stage.REVIEW:
        _added(step, event)
    elif step.talk.asking == frame.TOPIC:
        _topic(step, event)
    elif step.talk.asking == frame.AREA:
        choosing.said_area(step, event)
    else:
        _answered(step, event)


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
    answer = read(event.text, question, event, context=context_of(step.playbook, question))
    replied = reply(step, answer.asks, event)
    if answer.fact is None and answer.is_correction and _corrects_last(step, event):
        return
    if answer.fact is None:
        more = beside(step, event, question, answer)
        if replied == "moved":
            return
        if question.key in step.talk.known:
            step.onward()
        elif replied or more:
            step.ask_again()
        else:
            unusable(step, question)
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
    return bool(own and own.value and answer.value) and words_of(str(own.value)) == words_of(str(answer.value))  # type: ignore[union-attr]


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
    filled = fill(step.playbook, step.talk, event.text, event, before_gate=not step.talk.gate_passed)
    for one in filled:
        if one.question.key != question.key:
            step.learn(one.question, one.value, "inferred", event.turn, (one.start, one.end), asked=False)
            step.acknowledge(one.question, one.value, "inferred")
    return bool(filled)


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


def unusable(step: Step, question: Question) -> None:
    """Nothing could be made of an answer: asked once more, then left open."""
    tries = step.talk.tries.get(question.key, 0) + 1
    step.change(tries={**step.talk.tries, question.key: tries})
    if tries >= MOST_TRIES:
        step.say("give_up")
        turn = getattr(step.event, "turn", 0)
        step.learn(question, None, "unknown", turn, (0, 0), asked=True)
        step.onward()
        return
    if question.key in frame.frame():
        step.say(f"again.{question.key}")
        if question.help:
            step.speech.add(f"help.{question.key}", local(question.help, step.speech.locale))
        return
    kind = {"date_interval": "date", "name": "organisation"}.get(question.type, question.type)
    step.say(f"again.{kind}")
    step.ask_again()


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
    for wish, key in (("lawyer?", "lawyer"), ("human", "human"), ("advice", "advice"), ("repeat", "repeat")):
        if wish in asks:
            step.say(f"reply.{key}")
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
    """Go on in another language, with the open question."""
    _speak(step, to)
    step.ask_again()


def _speak(step: Step, to: str) -> None:
    step.locale = to
    step.speech.locale = to
    step.event = replace(step.event, locale=to)
    step.say("switched")


def _offer_language(step: Step, event: Said) -> None:
    """Who writes in the other language is told, once and in it, that this can be had."""
    if third_language(event.text) and "third_language" not in step.talk.seen:
        # Theirs is none of ours: said in both of ours, and staff are told.
        step.change(seen=(*step.talk.seen, "third_language"))
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


# -- topic and story


def _topic(step: Step, event: Said) -> None:
    """The subject in a line: the areas it may be are offered, the client decides."""
    question = frame.frame()[frame.TOPIC]
    answer = read(event.text, question, event)
    replied = reply(step, answer.asks, event) if len(words_of(event.text[:400])) < _TELLS else ""
    if replied == "moved":
        return
    if answer.fact is None:
        if replied:
            step.ask_again()
        else:
            unusable(step, question)
        return
    fact = answer.fact
    step.learn(question, answer.value, fact.state, event.turn, (fact.start, fact.end), asked=True)
    if answer.value is not None:
        step.change(early=(*step.talk.early, (event.turn, event.text[:UNDERSTOOD])))
        step.say("ack")
    else:
        step.acknowledge(question, None, fact.state)
    choosing.offer_areas(step)


def take_early(step: Step) -> None:
    """Once the firm is free to listen: a topic that was a story counts as its beginning."""
    early = step.talk.early
    fill_from_early(step, before_gate=False)
    story = tuple(turn for turn, text in early if len(words_of(text)) >= _TELLS)
    step.change(story=(*step.talk.story, *story))


def fill_from_early(step: Step, *, before_gate: bool) -> None:
    """Answers in what was said before the questions were known."""
    for turn, text in step.talk.early:
        for one in fill(step.playbook, step.talk, text, step.event, before_gate=before_gate):
            step.learn(one.question, one.value, "inferred", turn, (one.start, one.end), asked=False)


def _told(step: Step, event: Said) -> None:
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
    _read_story(step, event)
    reply(step, answer.asks & {"lawyer?", "human", "advice"}, event)
    hard = caring.sounds_hard(step)
    step.say("story_hard" if hard else "story_more")


def _read_story(step: Step, event: Said) -> None:
    """What a part of the story answers, and where it says otherwise than an answer did: both are kept, and the
    client decides at the review."""
    for one in told(step.playbook, step.talk, event.text, event):
        question, before = one.question, step.talk.known.get(one.question.key)
        if before is None:
            step.learn(question, one.value, "inferred", event.turn, (one.start, one.end), asked=False)
        elif before.value not in {None, one.value} and question.type not in {"choice", "yes_no", "state"}:
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


def _added(step: Step, event: Said) -> None:
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
    _read_story(step, event)
    step.say("added")
    step.say("review")


# -- corrections


def _corrected(step: Step, event: Said, superseded: int) -> None:
    """A correction takes the corrected turn's place; both turns stay in the log."""
    talk = step.talk
    lapsed = [key for key, known in talk.known.items() if known.turn == superseded and not known.asked]
    direct = next((key for key, known in talk.known.items() if known.turn == superseded and known.asked), None)
    step.talk = talk.without(*lapsed)
    step.change(
        story=tuple(event.turn if turn == superseded else turn for turn in talk.story),
        early=tuple((event.turn, event.text) if turn == superseded else (turn, text) for turn, text in talk.early),
    )
    if superseded in talk.story or (direct is None and not lapsed):
        step.say("corrected")
        if step.talk.gate_passed:
            _read_story(step, event)
        _lapse(step, lapsed, event)
        step.onward() if talk.stage in {Stage.QUESTIONS, Stage.REVIEW} else step.ask_again()
        return
    _about(step, event, direct or lapsed[0])
    _lapse(step, [key for key in lapsed if key != (direct or lapsed[0])], event)


def _lapse(step: Step, keys: list[str], event: Said) -> None:
    """What was read out of words that were taken back holds no longer."""
    for key in keys:
        if key not in step.talk.known:
            question = frame.question_of(step.playbook, key)
            step.findings.append(
                Finding(key, None, "unknown", event.turn, 0, 0, kind=question.type if question else "")
            )


def _about(step: Step, event: Said, key: str) -> None:
    """A new answer to a question that has one."""
    question = frame.question_of(step.playbook, key)
    talk = step.talk
    if question is None or (question.key not in talk.known and key != talk.asking):
        raise NotNow(talk.stage, event)
    if key == frame.AREA:
        choosing.other_area(step, event)
        return
    answer = read(event.text, question, event, context=context_of(step.playbook, question))
    if answer.fact is None or (answer.value is None and key == frame.NAME):
        step.say("correction_unreadable")
        step.ask_again()
        return
    before = talk.known.get(key)
    step.learn(question, answer.value, answer.fact.state, event.turn, (answer.fact.start, answer.fact.end), asked=True)
    step.say("corrected")
    if question.type in {"name", "organisation", "phone", "email"} and answer.value is not None:
        kind = {"organisation": "party", "name": "party"}.get(question.type, question.type)
        step.say(f"read.{kind}", value=shown(answer.value, question, event.locale))
    if question.party is not None and talk.gate_passed and (before is None or before.value != answer.value):
        step.to_gate(talk.stage)
        return
    step.onward() if talk.stage in {Stage.QUESTIONS, Stage.REVIEW} else step.ask_again()


def _corrects_last(step: Step, event: Said) -> bool:
    """ "No, Smith with a y": the answer before is meant, not the open question."""
    key = next((key for key in reversed(step.talk.asked[:-1]) if key in step.talk.known), None)
    question = frame.question_of(step.playbook, key) if key else None
    if question is None or question.type in {"text", "yes_no"}:
        return False
    answer = read(event.text, question, event)
    if answer.fact is None or answer.value is None:
        return False
    known = Known(answer.value, answer.fact.state, event.turn, asked=True)
    step.talk = step.talk.knowing(question.key, known)
    step.learn(question, answer.value, answer.fact.state, event.turn, (answer.fact.start, answer.fact.end), asked=True)
    step.say("corrected")
    step.acknowledge(question, answer.value, answer.fact.state)
    step.ask_again()
    return True
