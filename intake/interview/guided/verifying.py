"""A client can be reached: a six-digit code before the gate, to an address that they called safe. Never a dead end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.interview.events import NotNow, Option
from intake.interview.guided import frame
from intake.interview.stages import Stage
from intake.interview.wordings import lists, texts, word_list
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from intake.interview.events import Chose, CodeChecked, CodeSent, Said, Way
    from intake.interview.guided.step import Step
    from intake.interview.guided.talk import Talk

#: `Talk.contact`.
SENT: Final = "sent"
VERIFIED: Final = "verified"
UNVERIFIED: Final = "unverified"

NO_CODE: Final = "@no_code"
BUTTONS: Final[Mapping[str, Way]] = {"@by_email": "email", "@by_phone": "phone"}
#: The answer that says whether a way is safe; nothing else does.
_SAFE: Final = {"email": "safe_to_email", "phone": "safe_to_text"}
_LENGTH: Final = 6
_WRITTEN: Final = re.compile(r"(?<!\d)\d(?:[ .-]?\d){5}(?!\d)")
#: Turns without digits before we go on by ourselves.
_MOST_TRIES: Final = 3
_SHORT: Final = 8


def safe_among(ways: Iterable[Way], answers: Mapping[str, Any]) -> tuple[Way, ...]:
    """Those ways for which there is an address that the client called safe."""
    return tuple(way for way in ways if answers.get(way) and answers.get(_SAFE[way]) == "yes")


def comes_first(step: Step) -> bool:
    """Ask for what is left to show that the client can be reached. False: nothing is."""
    talk = step.talk
    if not talk.verify or talk.contact in {VERIFIED, UNVERIFIED}:
        return False
    if safe_among(talk.verify, talk.answers):
        if talk.asking != frame.CONTACT_CODE:
            step.change(contact="")  # the address may be another one now
        step.ask(frame.CONTACT_CODE, Stage.BASICS)
        return True
    if _may_have_mail(step):
        step.ask("email", Stage.BASICS)
        return True
    step.change(contact=UNVERIFIED)
    return False


def _may_have_mail(step: Step) -> bool:
    """Mail is safe, and nobody has asked for the address yet: playbooks ask for it later."""
    answers = step.talk.answers
    known = frame.question_of(step.playbook, "email") is not None
    return known and "email" in step.talk.verify and "email" not in answers and answers.get(_SAFE["email"]) == "yes"


def kind(talk: Talk) -> str:
    """What the step is answered with: a choice of ways, then the digits."""
    return "code" if talk.contact == SENT else "choice"


def options(talk: Talk, locale: str) -> tuple[Option, ...]:
    """A button for each safe way, and one for who gets no code."""
    again = "again_" if talk.contact == SENT else ""
    found = [
        Option(code, texts(f"button.code_{again}{way}", locale)[0].format(value=masked(way, str(talk.answers[way]))))
        for code, way in BUTTONS.items()
        if way in safe_among(talk.verify, talk.answers)
    ]
    return (*found, Option(NO_CODE, texts("button.no_code", locale)[0]))


def masked(way: Way, address: str) -> str:
    """Enough of an address for whoever knows it."""
    if way == "phone":
        return f"\u2022\u2022\u2022 {address[-2:]}"
    name, _, host = address.partition("@")
    return f"{name[:1]}\u2022\u2022\u2022@{host}"


def chose(step: Step, event: Chose) -> None:
    """A way to send the code by, or none."""
    if event.code in {NO_CODE, "@unknown", "@skip"}:
        _without(step)
        return
    way = BUTTONS.get(event.code)
    if way is None or way not in safe_among(step.talk.verify, step.talk.answers):
        raise NotNow(step.talk.stage, event)
    step.send_code = way


def said(step: Step, event: Said) -> None:
    """The digits, typed or spoken; a way by its name; a wish; or that there is no code."""
    from intake.interview.guided.reading import read
    from intake.interview.guided.replying import reply

    digits = _digits(event.text, event.locale)
    if digits and step.talk.contact == SENT:
        step.check_code = digits
        return
    words = words_of(event.text[:400])
    way = _named_way(step, words)
    answer = read(event.text, frame.frame()[frame.STORY], event)
    replied = reply(step, answer.asks, event)
    if replied == "moved":
        return
    if replied:
        step.ask_again()
    elif _gets_none(words):
        _without(step)
    elif way is not None:
        step.send_code = way
    elif _says_no(words) or (answer.fact is not None and answer.value is None):
        _without(step)
    else:
        _unreadable(step)


def _digits(text: str, locale: str) -> str:
    from intake.interview.guided.reading import language
    from intake.understanding.digits import runs
    from intake.understanding.heard import Heard

    written = _WRITTEN.search(text[:400])
    if written is not None:
        return "".join(letter for letter in written.group() if letter.isdigit())
    fitted = [run.fitted(_LENGTH) for run in runs(Heard.of(text[:400], language(text, locale)))]
    return next((one[0] for one in fitted if one is not None), "")


def _gets_none(words: list[str]) -> bool:
    plain = f" {' '.join(words)} "
    return any(f" {phrase} " in plain for phrase in lists()["no_code"])


def _says_no(words: list[str]) -> bool:
    return len(words) <= _SHORT and bool(words) and words[0] in word_list("names_nobody")


def _named_way(step: Step, words: list[str]) -> Way | None:
    ways = safe_among(step.talk.verify, step.talk.answers)
    named = [way for way in ways if set(words) & word_list(f"by_{way}")]
    if not named and len(ways) == 1 and words and len(words) <= _SHORT and set(words) <= word_list("says_yes"):
        return ways[0]
    return named[0] if len(named) == 1 else None


def _unreadable(step: Step) -> None:
    tries = step.talk.tries.get(frame.CONTACT_CODE, 0) + 1
    step.change(tries={**step.talk.tries, frame.CONTACT_CODE: tries})
    if tries >= _MOST_TRIES:
        _without(step)
    else:
        step.say("again.contact_code")
        step.ask_again()


def _without(step: Step) -> None:
    step.change(contact=UNVERIFIED, asking="")
    step.say("code_skipped")
    step.onward()


def code_sent(step: Step, event: CodeSent) -> None:
    """It is on its way, or it could not be sent: both lead on."""
    if step.talk.asking != frame.CONTACT_CODE:
        raise NotNow(step.talk.stage, event)
    if event.sent:
        step.change(contact=SENT)
        step.say("code_sent", value=masked(event.way, str(step.talk.answers.get(event.way) or "")))
    else:
        step.say("code_not_sent")
    step.ask_again()


def code_checked(step: Step, event: CodeChecked) -> None:
    """Right leads on; wrong may be tried again; none to compare with is sent anew."""
    if step.talk.asking != frame.CONTACT_CODE:
        raise NotNow(step.talk.stage, event)
    if event.result == "right":
        step.change(contact=VERIFIED, asking="")
        step.say("code_right")
        step.onward()
        return
    if event.result == "gone":
        step.change(contact="")
    step.say("code_wrong" if event.result == "wrong" else "code_gone")
    step.ask_again()
