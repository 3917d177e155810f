"""The interview of `first-form@1`: a name, the other side, what happened. Conversations begun under it end under it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from intake.interview.events import (
    Allowed,
    ConflictDecided,
    ConflictMatched,
    Consented,
    Decision,
    Event,
    Finding,
    Finished,
    NotNow,
    Said,
    Saying,
    Sent,
    Started,
    Withdrew,
)
from intake.interview.stages import AFTER_GATE, OPEN_STAGES, STOPPED_LOOK, Stage, may_follow
from intake.interview.understanding import read_name, says_done
from intake.interview.wordings import texts, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intake.interview.playbook import Playbook, Question
    from intake.interview.state import State

Step = tuple["State", Decision]
#: Ways to acknowledge a part of the story, used in turn.
_STORY_REPLIES: Final = 3


def allowed(state: State) -> Allowed:
    """What the client may do now."""
    is_open = state.stage in OPEN_STAGES
    return Allowed(
        type=is_open,
        speak=is_open and state.stage is not Stage.REVIEW,
        done=state.stage is Stage.STORY and bool(state.answers.get("story")),
        send=state.stage is Stage.REVIEW,
        correct=is_open and bool(state.answers),
    )


def advance(playbook: Playbook, state: State, event: Event) -> Step:
    """One step of the conversation. Raises NotNow when `event` is not possible at this stage."""
    handler = _HANDLERS.get(type(event))
    if handler is None:
        raise NotNow(state.stage, event)
    new, decision = handler(playbook, state, event)
    # The table allows the way out of a pause back to any open stage; the gate is a rule of its own.
    if not may_follow(state.stage, new.stage) or (new.stage in AFTER_GATE and not new.gate_passed):
        raise NotNow(state.stage, event)
    return new, decision


def _started(playbook: Playbook, state: State, event: Started) -> Step:
    del playbook
    if state.stage is not Stage.NOTICE:
        raise NotNow(state.stage, event)
    return replace(state, stage=Stage.CONSENT), Decision(Stage.CONSENT)


def _consented(playbook: Playbook, state: State, event: Consented) -> Step:
    if state.stage is Stage.NOTICE or (event.kind == "service" and state.stage in STOPPED_LOOK):
        raise NotNow(state.stage, event)
    state = replace(state, consents=state.consents | {event.kind})
    if event.kind != "service" or state.stage is not Stage.CONSENT:
        return state, Decision(state.stage)
    first = playbook.questions[0]
    return _ask(state, event, first, "welcome", first.wording)


def _withdrew(playbook: Playbook, state: State, event: Withdrew) -> Step:
    del playbook
    had_agreed = event.kind in state.consents
    state = replace(state, consents=state.consents - {event.kind})
    if event.kind != "service" or not had_agreed or state.stage in {Stage.SENT, Stage.STOPPED, Stage.DECLINED}:
        # What was sent stays with the firm; withdrawing then is recorded, and nothing is left to stop.
        return state, Decision(state.stage)
    return replace(state, stage=Stage.STOPPED), Decision(Stage.STOPPED, say=(_say(event, "withdrawn"),))


def _said(playbook: Playbook, state: State, event: Said) -> Step:
    if state.stage not in OPEN_STAGES:
        raise NotNow(state.stage, event)
    corrected = state.answered_by(event.supersedes) if event.supersedes is not None else None
    if corrected is not None and event.supersedes is not None:
        return _corrected(playbook, state, event, playbook.question(corrected), event.supersedes)
    question = playbook.at_stage(state.stage)
    if question is not None and question.party is not None:
        return _named(playbook, state, event, question)
    return _told(playbook, state, event)


def _named(playbook: Playbook, state: State, event: Said, question: Question) -> Step:
    """An answer to "what is the name?"."""
    finding = _find_name(question, event)
    if finding is None or (finding.value is None and not question.may_be_unknown):
        return _ask(state, event, question, f"{question.wording}_again")
    state = _remember(state, question.key, event.turn)
    thanks = _say(event, f"thanks_{question.key}" if finding.value is not None else "noted_unknown")
    following = playbook.questions[playbook.questions.index(question) + 1]
    if following.party is not None:
        state, decision = _ask(state, event, following, following.wording)
        return state, replace(decision, say=(thanks, *decision.say), findings=(finding,))
    return _to_gate(state, (finding,), (thanks,), following.stage)


def _corrected(playbook: Playbook, state: State, event: Said, question: Question, superseded: int) -> Step:
    """A correction takes the corrected turn's place; both turns stay in the log."""
    numbers = tuple(event.turn if n == superseded else n for n in state.answers[question.key])
    state = replace(state, answers={**state.answers, question.key: numbers})
    asked = playbook.at_stage(state.stage)
    again = (_say(event, "review"),) if state.stage is Stage.REVIEW else _question_again(event, asked)
    if question.party is None:
        return state, _decide(state, asked, (_say(event, "corrected"), *again))
    finding = _find_name(question, event)
    if finding is None or (finding.value is None and not question.may_be_unknown):
        return state, _decide(state, asked, (_say(event, "correction_unreadable"), *again))
    if not state.gate_passed:
        return state, replace(_decide(state, asked, (_say(event, "corrected"), *again)), findings=(finding,))
    return _to_gate(state, (finding,), (_say(event, "corrected"),), state.stage)


def _told(playbook: Playbook, state: State, event: Said) -> Step:
    """A part of the story, or the words that end it."""
    question = playbook.at_stage(Stage.STORY)
    if says_done(event.text):
        if state.stage is Stage.STORY and not state.answers.get("story"):
            return state, _decide(state, question, (_say(event, "story_first"),))
        return _review(state, event)
    state = _remember(state, "story", event.turn)
    if state.stage is Stage.REVIEW:
        return state, Decision(Stage.REVIEW, say=(_say(event, "added"), _say(event, "review")))
    reply = _say(event, f"story_more_{state.replies % _STORY_REPLIES}")
    state = replace(state, replies=state.replies + 1)
    return state, _decide(state, question, (reply,))


def _to_gate(state: State, findings: tuple[Finding, ...], say: tuple[Saying, ...], return_to: Stage) -> Step:
    state = replace(state, stage=Stage.CONFLICT_GATE, gate_passed=False, return_to=return_to)
    return state, Decision(Stage.CONFLICT_GATE, say=say, findings=findings, check_conflict=True)


def _conflict_matched(playbook: Playbook, state: State, event: ConflictMatched) -> Step:
    if state.stage is not Stage.CONFLICT_GATE:
        raise NotNow(state.stage, event)
    if event.hit:
        return replace(state, stage=Stage.CONFLICT_HOLD), Decision(Stage.CONFLICT_HOLD, say=(_say(event, "stopped"),))
    return _through_gate(playbook, state, event, ())


def _conflict_decided(playbook: Playbook, state: State, event: ConflictDecided) -> Step:
    if state.stage is not Stage.CONFLICT_HOLD:
        raise NotNow(state.stage, event)
    if not event.cleared:
        # The client's view does not change: a confirmed conflict looks like every other stop.
        declined = Saying("declined", texts("declined", event.locale)[0])
        return replace(state, stage=Stage.STOPPED), Decision(Stage.STOPPED, say=(declined,))
    return _through_gate(playbook, state, event, (_say(event, "welcome_back"),))


def _through_gate(playbook: Playbook, state: State, event: Event, say: tuple[Saying, ...]) -> Step:
    """The firm is free to listen: back to where the gate was entered from."""
    stage = state.return_to or Stage.STORY
    state = replace(state, stage=stage, gate_passed=True, return_to=None)
    if stage is Stage.REVIEW:
        return state, Decision(stage, say=(*say, _say(event, "review")))
    asked = playbook.at_stage(stage)
    return state, _decide(state, asked, (*say, *_question_again(event, asked)))


def _finished(playbook: Playbook, state: State, event: Finished) -> Step:
    del playbook
    if not allowed(state).done:
        raise NotNow(state.stage, event)
    return _review(state, event)


def _sent(playbook: Playbook, state: State, event: Sent) -> Step:
    del playbook
    if not allowed(state).send:
        raise NotNow(state.stage, event)
    saying = Saying("sent", words("sent", event.locale, reference=event.reference))
    return replace(state, stage=Stage.SENT), Decision(Stage.SENT, say=(saying,))


def _review(state: State, event: Event) -> Step:
    return replace(state, stage=Stage.REVIEW), Decision(Stage.REVIEW, say=(_say(event, "review"),))


def _ask(state: State, event: Event, question: Question, *keys: str) -> Step:
    state = replace(state, stage=question.stage)
    return state, _decide(state, question, tuple(_say(event, key) for key in keys))


def _decide(state: State, question: Question | None, say: tuple[Saying, ...]) -> Decision:
    return Decision(state.stage, say=say, question=question.key if question else None)


def _question_again(event: Event, question: Question | None) -> tuple[Saying, ...]:
    return (_say(event, question.wording),) if question else ()


def _remember(state: State, key: str, turn: int) -> State:
    return replace(state, answers={**state.answers, key: (*state.answers.get(key, ()), turn)})


def _find_name(question: Question, event: Said) -> Finding | None:
    answer = read_name(event.text)
    if answer is None:
        return None
    return Finding(question.key, answer.value, answer.state, event.turn, answer.start, answer.end, question.party)


def _say(event: Event, key: str) -> Saying:
    return Saying(key, words(key, event.locale))


_HANDLERS: Final[Mapping[type[Event], Callable[..., Step]]] = {
    Started: _started,
    Consented: _consented,
    Withdrew: _withdrew,
    Said: _said,
    Finished: _finished,
    Sent: _sent,
    ConflictMatched: _conflict_matched,
    ConflictDecided: _conflict_decided,
}
