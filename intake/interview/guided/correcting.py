"""What takes the place of an answer: a corrected turn, a new answer at the review, "no, Smith with a y"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.interview.events import Finding, NotNow
from intake.interview.guided import choosing, frame
from intake.interview.guided.filling import context_of
from intake.interview.guided.reading import read, takes_back
from intake.interview.guided.saying import shown
from intake.interview.guided.talk import Known
from intake.interview.guided.telling import read_story
from intake.interview.stages import Stage

if TYPE_CHECKING:
    from intake.interview.events import Said
    from intake.interview.guided.step import Step
    from intake.playbooks.model import Question


def corrected(step: Step, event: Said, superseded: int) -> None:
    """A correction takes the corrected turn's place; both turns stay in the log."""
    talk = step.talk
    lapsed = [key for key, known in talk.known.items() if known.turn == superseded and not known.asked]
    direct = next((key for key, known in talk.known.items() if known.turn == superseded and known.asked), None)
    step.talk = talk.without(*lapsed)
    step.change(
        story=tuple(event.turn if turn == superseded else turn for turn in talk.story),
        early=tuple((event.turn, event.text) if turn == superseded else (turn, text) for turn, text in talk.early),
    )
    is_lost = direct is None and not lapsed and superseded not in talk.story
    if is_lost and event.about is not None and event.about in talk.known:
        # Its answer was given anew since, but not as a correction of it ("no, Smith with a y"): this one is the last.
        about(step, event, event.about)
        return
    if superseded in talk.story or (direct is None and not lapsed):
        step.say("corrected")
        if step.talk.gate_passed:
            read_story(step, event)
        _lapse(step, lapsed, event)
        step.onward() if talk.stage in {Stage.QUESTIONS, Stage.REVIEW} else step.ask_again()
        return
    about(step, event, direct or lapsed[0])
    _lapse(step, [key for key in lapsed if key != (direct or lapsed[0])], event)


def _lapse(step: Step, keys: list[str], event: Said) -> None:
    """What was read out of words that were taken back holds no longer."""
    for key in keys:
        if key not in step.talk.known:
            question = frame.question_of(step.playbook, key)
            step.findings.append(
                Finding(key, None, "unknown", event.turn, 0, 0, kind=question.type if question else "")
            )


def about(step: Step, event: Said, key: str) -> None:
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
    tells_who = question.party is not None or key in frame.DETAILS.values()
    if tells_who and talk.gate_passed and (before is None or before.value != answer.value):
        step.to_gate(talk.stage)
        return
    step.onward() if talk.stage in {Stage.QUESTIONS, Stage.REVIEW} else step.ask_again()


#: Types of answers by whose form one sees that the answer before is meant, though the open question would take it.
_BY_FORM: Final = frozenset({"phone", "email", "date", "date_interval", "money", "count", "state"})


def takes_back_last(step: Step, event: Said, open_question: Question) -> bool:
    """ "Oh sorry, that's wrong, it's 813 555 0177" is no answer to the yes-or-no or the free question that is open."""
    if open_question.type not in {"yes_no", "text"} or not takes_back(event.text, event):
        return False
    last = frame.question_of(step.playbook, _last_asked(step))
    if last is None or last.type not in _BY_FORM:
        return False
    if open_question.type == "yes_no":
        # "No, no tenemos" answers it, though "tenemos" sounds like Tennessee.
        sure = read(event.text, last, event, context=context_of(step.playbook, last)).fact
        context = context_of(step.playbook, open_question)
        answered = read(event.text, open_question, event, context=context).value is not None
        if answered and (sure is None or sure.state != "stated"):
            return False
    return corrects_last(step, event)


#: Names, of people or companies, and how much alike two of their words have to be for one to correct the other.
_NAMED: Final = frozenset({"name", "organisation"})
_ALIKE: Final = 60


def takes_back_name(step: Step, event: Said) -> bool:
    """ "No, Wolker with an o" right after a name was read back: that name is meant, not the question that is open,
    though this asks for a name too. Taken for the other side, it would stop the next person who is called so."""
    last = frame.question_of(step.playbook, _last_asked(step))
    if last is None or last.type not in _NAMED:
        return False
    answer = read(event.text, last, event)
    before = step.talk.known[last.key].value
    if not answer.is_correction or not isinstance(answer.value, str) or not isinstance(before, str):
        return False
    name = _with_words(before, answer.value)
    return name is not None and corrects_last(step, event, name)


def _with_words(before: str, said: str) -> str | None:
    """A name with the words of it that were said anew; None where they are of another name, or change nothing."""
    from rapidfuzz import fuzz

    words = before.split()
    for new in said.split():
        like = [fuzz.ratio(new.casefold(), old.casefold()) for old in words]
        best = max(range(len(like)), key=like.__getitem__, default=None)
        if best is None or like[best] < _ALIKE:
            return None
        words[best] = new
    name = " ".join(words)
    return name if name.casefold() != before.casefold() else None


def _last_asked(step: Step) -> str:
    """Key of the question before the open one, if it was answered; empty when there is none."""
    return next((key for key in reversed(step.talk.asked[:-1]) if key in step.talk.known), "")


def corrects_last(step: Step, event: Said, name: str | None = None) -> bool:
    """ "No, Smith with a y": the answer before is meant, not the open question. `name`: what it is as a whole."""
    question = frame.question_of(step.playbook, _last_asked(step))
    if question is None or question.type in {"text", "yes_no"}:
        return False
    answer = read(event.text, question, event, context=context_of(step.playbook, question))
    if answer.fact is None or answer.value is None:
        return False
    value = name or answer.value
    before = step.talk.known.get(question.key)
    if before is not None and before.value == value:
        return False  # nothing is corrected: said again, or only alike
    known = Known(value, answer.fact.state, event.turn, asked=True)
    step.talk = step.talk.knowing(question.key, known)
    step.learn(question, value, answer.fact.state, event.turn, (answer.fact.start, answer.fact.end), asked=True)
    step.say("corrected")
    step.acknowledge(question, value, answer.fact.state)
    step.ask_again()
    return True
