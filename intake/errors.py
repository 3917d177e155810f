"""Errors of the conversation. `status` and `code` are what a client is told (tenants.problems).

IntakeError
+-- NoIntake            404  no conversation belongs to this cookie, or not the one that is asked for
+-- NoSuchTurn          400  a correction names a turn that is not the client's
+-- StageClosed         409  this is not possible where the conversation stands
+-- ConsentRequired     400  without consent to use the service nothing starts
+-- TextEmpty           400
+-- TextTooLong         400
+-- ReasonRequired      400  a decision about a conflict needs a reason
+-- NotUnderstood       400  what staff wrote down is no answer to that question
+-- AlreadyDecided      409  somebody decided before
+-- AlreadyTold         409  the client was told before, or will be by e-mail
"""

from __future__ import annotations

from typing import Any, ClassVar


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
