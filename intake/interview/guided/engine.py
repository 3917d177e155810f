"""`advance` and `allowed` of the guided interview. Pure: the same events give the same states and decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from intake.interview.events import (
    Allowed,
    Chose,
    CodeChecked,
    CodeSent,
    Confirmed,
    ConflictDecided,
    ConflictMatched,
    Consented,
    Decision,
    DetailWanted,
    Event,
    Finding,
    Finished,
    NotNow,
    Opened,
    Proposed,
    Resumed,
    Said,
    Sent,
    StaffActed,
    Started,
    Switched,
    WentBack,
    Withdrew,
)
from intake.interview.guided import (
    choosing,
    frame,
    hearing,
    proposing,
    replying,
    returning,
    telling,
    verifying,
)
from intake.interview.guided.step import Step
from intake.interview.guided.talk import Known, Talk
from intake.interview.stages import AFTER_GATE, OPEN_STAGES, STOPPED_LOOK, Stage, may_follow
from intake.interview.wordings import LOCALES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intake.playbooks.model import Playbook

Result = tuple[Talk, Decision]
#: Stages at which it is over for good.
_OVER: Final = frozenset({Stage.SENT, Stage.STOPPED, Stage.DECLINED})


def allowed(talk: Talk) -> Allowed:
    """What the client may do now."""
    paused = talk.stage is Stage.SAFETY_PAUSE
    is_open = talk.stage in OPEN_STAGES
    return Allowed(
        type=is_open or paused,
        speak=(is_open and talk.stage is not Stage.REVIEW) or paused,
        done=talk.stage is Stage.STORY and bool(talk.story),
        send=talk.stage is Stage.REVIEW,
        correct=is_open and bool(talk.known),
        choose=is_open and bool(talk.asking) and talk.asking != frame.STORY,
        back=choosing.may_go_back(talk),
        skip=talk.stage in {Stage.OTHER_SIDE, Stage.BASICS, Stage.QUESTIONS},
        go_on=paused,
    )


def advance(playbook: Playbook, talk: Talk, event: Event) -> Result:
    """One step of the conversation. Raises NotNow when `event` is not possible at this stage."""
    handler = _HANDLERS.get(type(event))
    if handler is None:
        raise NotNow(talk.stage, event)
    step = Step.of(playbook, talk, event)
    handler(step, event)
    after = step.talk
    if not may_follow(talk.stage, after.stage) or (after.stage in AFTER_GATE and not after.gate_passed):
        raise NotNow(talk.stage, event)
    return step.ended()


def _started(step: Step, event: Started) -> None:
    if step.talk.stage is not Stage.NOTICE:
        raise NotNow(step.talk.stage, event)
    step.change(
        stage=Stage.CONSENT, playbook=event.playbook, country=event.country, verify=event.verify, states=event.states
    )


def _consented(step: Step, event: Consented) -> None:
    talk = step.talk
    # At a stop of any kind `service` is refused and every other kind is taken: it must not tell one stop from another.
    if talk.stage is Stage.NOTICE or (event.kind == "service" and talk.stage in STOPPED_LOOK):
        raise NotNow(talk.stage, event)
    step.change(consents=talk.consents | {event.kind})
    if event.kind == "service" and talk.stage is Stage.CONSENT:
        step.say("welcome")
        step.ask(frame.NAME, Stage.NAME)


def _withdrew(step: Step, event: Withdrew) -> None:
    talk = step.talk
    had_agreed = event.kind in talk.consents
    step.change(consents=talk.consents - {event.kind})
    if event.kind == "sms":
        step.change(verify=tuple(way for way in talk.verify if way != "phone"))
    if event.kind == "service" and had_agreed and talk.stage not in {Stage.SENT, Stage.DECLINED}:
        step.change(stage=Stage.STOPPED, asking="")
        step.say("withdrawn")


def _opened(step: Step, event: Opened) -> None:
    """The area's playbook: what was said so far counts for its questions too."""
    stage = step.talk.stage
    if stage not in OPEN_STAGES or frame.AREA not in step.talk.known:
        raise NotNow(stage, event)
    step.change(playbook=event.playbook)
    if stage is Stage.STORY:
        step.ask_again()
        return
    if stage in {Stage.QUESTIONS, Stage.REVIEW}:
        step.change(stage=Stage.QUESTIONS, asking="")
        step.onward()
        return
    step.change(stage=Stage.BASICS, asking="")
    _office(step)
    telling.fill_from_early(step, before_gate=True)
    step.onward()


def _office(step: Step) -> None:
    """A playbook that asks for an office, not an opponent: the name was given already."""
    other = step.talk.known.get(frame.OTHER_SIDE)
    keys = {question.key for question in step.playbook.questions}
    if other is None or other.value is None or frame.OTHER_SIDE in keys:
        return
    office = next((one for one in step.playbook.questions if one.party == "institution" and one.before_gate), None)
    if office is not None:
        step.talk = step.talk.knowing(office.key, replace(other, asked=False))


def _detail_wanted(step: Step, event: DetailWanted) -> None:
    """Asked before the match, whatever it would say: the question tells nobody that a name is on file."""
    talk = step.talk
    keys = tuple(key for key in event.keys if key in frame.DETAILS.values() and key not in talk.known)
    if talk.stage is not Stage.CONFLICT_GATE or not keys:
        raise NotNow(talk.stage, event)
    step.change(wanted=keys, gate_to=talk.return_to, return_to=None)
    step.ask(keys[0], Stage.BASICS)


def _conflict_matched(step: Step, event: ConflictMatched) -> None:
    talk = step.talk
    if talk.stage is not Stage.CONFLICT_GATE:
        raise NotNow(talk.stage, event)
    if event.hit or talk.flag:
        # One look and one wording for every reason to stop; and the work of a pass, so that it takes as long.
        passed = Step.of(step.playbook, talk, event)
        _through_gate(passed)
        step.undone = passed.findings
        step.change(stage=Stage.CONFLICT_HOLD if event.hit else Stage.PERSON_DECIDES)
        step.say("stopped")
        return
    _through_gate(step)


def _conflict_decided(step: Step, event: ConflictDecided) -> None:
    talk = step.talk
    if talk.stage is not Stage.CONFLICT_HOLD:
        raise NotNow(talk.stage, event)
    if not event.cleared:
        # The client is told as whoever is declined for another reason.
        _decline(step, Stage.STOPPED)
    elif talk.flag:
        step.change(stage=Stage.PERSON_DECIDES)
    else:
        step.say("welcome_back")
        _through_gate(step)


def _decline(step: Step, stage: Stage) -> None:
    """The firm does not take them on: one wording for every reason. What was told too early is forgotten."""
    talk = step.talk
    if frame.STORY not in talk.asked or stage is Stage.STOPPED:
        kept = frame.kept_on_refusal(step.playbook)
        known = {key: one for key, one in talk.known.items() if key in kept}
        step.change(known=known, story=(), areas=(), offered=(), parted=(), parting="")
    step.change(stage=stage, early=(), asking="")
    step.say("declined")


def _through_gate(step: Step) -> None:
    """The firm is free to listen: back to where the gate was entered from."""
    stage = step.talk.return_to or Stage.STORY
    step.change(stage=stage, gate_passed=True, return_to=None, flag="")
    if stage is Stage.STORY:
        telling.take_early(step)
        step.ask(frame.STORY, Stage.STORY)
    else:
        step.onward()


def _staff_acted(step: Step, event: StaffActed) -> None:
    talk = step.talk
    if event.action == "edit":
        question = frame.question_of(step.playbook, event.key)
        kind, party = (question.type, question.party) if question else ("text", None)
        step.talk = talk.knowing(event.key, Known(event.value, "stated", 0))
        step.findings.append(Finding(event.key, event.value, "stated", 0, 0, 0, party=party, kind=kind))
        return
    if talk.stage is not Stage.PERSON_DECIDES:
        raise NotNow(talk.stage, event)
    if event.action == "decline":
        _decline(step, Stage.DECLINED)
        return
    step.change(passed=(*talk.passed, talk.flag) if talk.flag else talk.passed)
    step.say("welcome_back")
    if talk.return_to is Stage.STORY and not talk.gate_passed:
        # What a flag cut short before the gate is asked now; the names were matched already.
        step.change(stage=Stage.BASICS, flag="")
        step.onward()
        return
    _through_gate(step)


def _finished(step: Step, event: Finished) -> None:
    if not allowed(step.talk).done:
        raise NotNow(step.talk.stage, event)
    telling.finish_story(step)


def _sent(step: Step, event: Sent) -> None:
    if not allowed(step.talk).send:
        raise NotNow(step.talk.stage, event)
    step.change(stage=Stage.SENT, asking="")
    step.say("sent", reference=event.reference)


def _switched(step: Step, event: Switched) -> None:
    if step.talk.stage in _OVER or event.to not in LOCALES:
        raise NotNow(step.talk.stage, event)
    replying.switch(step, event.to)


def _confirmed(step: Step, event: Confirmed) -> None:
    known = step.talk.known.get(event.key)
    if step.talk.stage is not Stage.REVIEW or known is None:
        raise NotNow(step.talk.stage, event)
    if known.state == "confirmed":
        return
    question = frame.question_of(step.playbook, event.key)
    step.talk = step.talk.knowing(event.key, replace(known, state="confirmed"))
    kind, party = (question.type, question.party) if question else ("text", None)
    step.findings.append(Finding(event.key, known.value, "confirmed", known.turn, 0, 0, party=party, kind=kind))


def _proposed(step: Step, event: Proposed) -> None:
    """A model's facts: each stands on words that are there, letter by letter, and only where nothing is known."""
    if step.talk.stage not in OPEN_STAGES:
        raise NotNow(step.talk.stage, event)
    proposing.take(step, event)


def _said(step: Step, event: Said) -> None:
    hearing.said(step, event)


def _chose(step: Step, event: Chose) -> None:
    choosing.chose(step, event)


def _went_back(step: Step, event: WentBack) -> None:
    choosing.went_back(step, event)


_HANDLERS: Final[Mapping[type[Event], Callable[..., None]]] = {
    Started: _started,
    Consented: _consented,
    DetailWanted: _detail_wanted,
    Withdrew: _withdrew,
    Opened: _opened,
    Said: _said,
    Chose: _chose,
    WentBack: _went_back,
    Switched: _switched,
    Confirmed: _confirmed,
    Finished: _finished,
    Sent: _sent,
    ConflictMatched: _conflict_matched,
    ConflictDecided: _conflict_decided,
    StaffActed: _staff_acted,
    Proposed: _proposed,
    CodeSent: verifying.code_sent,
    CodeChecked: verifying.code_checked,
    Resumed: returning.resumed,
}
