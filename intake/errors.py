"""Errors of the conversation. `status` and `code` are what a client is told (tenants.problems).

IntakeError
+-- NoIntake            404  no conversation belongs to this cookie, or not the one that is asked for
+-- NoSuchTurn          400  a correction names a turn that is not the client's
+-- StageClosed         409  this is not possible where the conversation stands
+-- ConsentRequired     400  without consent to use the service nothing starts
+-- NoSuchWording       400  a consent names a version of its words that never was
+-- TextEmpty           400
+-- TextTooLong         400
+-- ReasonRequired      400  a decision about a conflict needs a reason
+-- NotUnderstood       400  what staff wrote down is no answer to that question
+-- AlreadyDecided      409  somebody decided before
+-- AlreadyTold         409  the client was told before, or will be by e-mail
+-- AssistantUnusable   400  these settings of the language model cannot be used, and why
+-- BadSetting          400  a choice of the firm's that is not possible; the sentence says which
+-- TooManyTries        429  codes were asked for, or tried, too often
+-- ResumeLocked        429  too many failed tries at one way back
+-- ResumeRefused       403  no way back, or the second factor is wrong: nobody is told which
+-- CodeMistyped        400  a resume code's check character does not fit
+-- PinTooEasy          400  no six digits, or guessed first
+-- SecondFactorNeeded  400  coming back needs a PIN or a safe address
+-- WayNotSafe          400  nothing may be sent this way
+-- NoPlaybook          404  the firm has no such playbook or version, and none ships
+-- PlaybookInvalid     400  a playbook cannot be used as it stands; `problems` says why, with lines
+-- PlaybookChanged     409  somebody saved the draft in between
+-- PlaybookRefused     409  this is not possible with that playbook; the sentence says why
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.playbooks.problems import Problem


class IntakeError(Exception):
    """Base of every error raised by `intake`."""

    code: ClassVar[str] = "intake_error"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "This is not possible."

    def __init__(self, **extra: Any) -> None:
        super().__init__(self.sentence)
        #: More members for the problem document: keys and numbers, never a client's words.
        self.extra = extra


class NoIntake(IntakeError):
    """No conversation belongs to this cookie, or not the one that is asked for."""

    code = "no_intake"
    status = 404
    sentence = "No conversation belongs to this browser here."


class NoSuchTurn(IntakeError):
    """A correction names a turn that does not exist or is not the client's."""

    code = "no_such_turn"
    sentence = "There is no turn of yours with this number."


class StageClosed(IntakeError):
    """This is not possible where the conversation stands. `extra["stage"]` says where that is."""

    code = "stage_closed"
    status = 409
    sentence = "This is not possible at this point of the conversation."


class ConsentRequired(IntakeError):
    """Nothing starts without consent to use the service."""

    code = "consent_required"
    sentence = "The conversation starts once you agree to use this service."


class NoSuchWording(IntakeError):
    """A consent names a version of its words that never was, or that does not have it."""

    code = "no_such_wording"
    sentence = "These words were never shown. Load the page again and read what you agree to."


class TextEmpty(IntakeError):
    """Nothing is left of the text once control characters and spaces are gone."""

    code = "text_empty"
    sentence = "There is no text in this turn."


class TextTooLong(IntakeError):
    """`extra["limit"]` is the number of characters one turn may have."""

    code = "text_too_long"
    sentence = "This text is too long for one turn. Please send it in parts."


class ReasonRequired(IntakeError):
    """A decision about a conflict is recorded with its reason."""

    code = "reason_required"
    sentence = "Please give the reason for this decision."


class NotUnderstood(IntakeError):
    """What staff wrote down is no answer to that question."""

    code = "not_understood"
    sentence = "This could not be read as an answer to that question."


class AlreadyDecided(IntakeError):
    """The conflict was decided before, or is no hit that waits for a decision."""

    code = "already_decided"
    status = 409
    sentence = "There is nothing left to decide here."


class AlreadyTold(IntakeError):
    """The client was told of the declination before, or a message is on its way."""

    code = "already_told"
    status = 409
    sentence = "The client has been told already, or a message is on its way."


class NoPlaybook(IntakeError):
    """The firm has no such playbook or version, and none ships under this key."""

    code = "no_playbook"
    status = 404
    sentence = "There is no such playbook, or no such version of it."


class PlaybookInvalid(IntakeError):
    """A playbook cannot be used as it stands. `problems`: all that is wrong with it, in the order of the lines."""

    code = "playbook_invalid"
    sentence = "This playbook cannot be used as it stands."

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems=[one.as_json() for one in self.problems])


class PlaybookChanged(IntakeError):
    """The draft was saved by somebody else since it was opened here."""

    code = "playbook_changed"
    status = 409
    sentence = (
        "Somebody else saved this draft since you opened it. Look at what they wrote, then make your change again."
    )


class PlaybookRefused(IntakeError):
    """This is not possible with that playbook; the sentence says why and what to do."""

    code = "playbook_refused"
    status = 409

    def __init__(self, why: str) -> None:
        super().__init__()
        self.args = (why,)


class AssistantUnusable(IntakeError):
    """These settings of the language model cannot be used. The sentence says which, and what to do."""

    code = "assistant_unusable"

    def __init__(self, why: str) -> None:
        super().__init__()
        self.args = (why,)


class BadSetting(IntakeError):
    """A choice of the firm's that is not possible. The sentence says which, and what is."""

    code = "bad_setting"

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.args = (sentence,)


class TooManyTries(IntakeError):
    """Codes were asked for, or tried, too often. `extra["retry_after"]`: seconds until it may be tried again."""

    code = "too_many_tries"
    status = 429
    sentence = "This was tried very often. Please wait before you try again."


class ResumeLocked(IntakeError):
    """Too many failed tries at one way back, there or not. `extra["retry_after"]`: seconds to wait."""

    code = "resume_locked"
    status = 429
    sentence = "There were too many failed tries. Please wait before you try again."


class ResumeRefused(IntakeError):
    """The code or link is unknown, over, or the PIN or one-time code is wrong: nobody is told which."""

    code = "resume_refused"
    status = 403
    sentence = "This did not work. Please check the code and the PIN, and try again."


class CodeMistyped(IntakeError):
    """A resume code whose check character does not fit: somebody mistyped it, whatever codes there are."""

    code = "code_mistyped"
    sentence = "There is a typing mistake in this code. Please check it and try again."


class PinTooEasy(IntakeError):
    """A PIN is six digits that are not guessed at once."""

    code = "pin_too_easy"
    sentence = "Please choose six digits that are not all the same, in a row or repeated."


class SecondFactorNeeded(IntakeError):
    """Coming back needs a PIN, or an address marked safe for a one-time code."""

    code = "second_factor_needed"
    sentence = "Please choose a PIN: there is no safe address that a code could be sent to."


class WayNotSafe(IntakeError):
    """The client did not call this way safe, gave no address for it, or nothing can be sent by it."""

    code = "way_not_safe"
    sentence = "Nothing can be sent this way: it was not marked safe, or there is no address."
