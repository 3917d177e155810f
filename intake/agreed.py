"""What a client has agreed to, what they are to be asked now, and whether they may speak, as their page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.hearing import is_heard, languages_heard
from intake.interview.agreeing import CONSENT_KINDS, CURRENT, current
from intake.interview.engine import allowed
from intake.interview.guided.talk import Talk
from intake.interview.stages import OPEN_STAGES
from intake.interview.wordings import texts
from intake.models import Consent

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.interview.state import State
    from intake.models import Intake

#: Why somebody may not speak, as errors and sockets say it.
STAGE_CLOSED: Final = "stage_closed"
LANGUAGE_NOT_HEARD: Final = "language_not_heard"
NOT_AGREED: Final = "transcription_consent_required"
#: Without either of them nothing that is spoken may be turned into words.
HEARING: Final = frozenset({"service", "transcription"})
_PHONE: Final = "phone"
_SAFE_TO_TEXT: Final = "safe_to_text"

_model: list[Callable[[], bool]] = []


def register_model(is_configured: Callable[[], bool]) -> None:
    """Say how to find out whether the current firm uses a language model: clients are then asked about it."""
    _model[:] = [is_configured]


def has_model() -> bool:
    """Whether the current firm uses a language model."""
    return bool(_model) and _model[0]()


def speech_refusal(intake: Intake, state: State | Talk) -> str:
    """Why this client may not be listened to now; empty: they may."""
    if not allowed(state).speak:
        return STAGE_CLOSED
    if not is_heard(intake.locale):
        return LANGUAGE_NOT_HEARD
    return "" if state.consents >= HEARING else NOT_AGREED


def microphone(intake: Intake, state: State | Talk) -> dict[str, Any]:
    """Whether the page offers the microphone, and kind words where the language is why it does not."""
    refusal = speech_refusal(intake, state)
    offered = refusal in {"", NOT_AGREED}
    text = texts("microphone.language", intake.locale)[0] if refusal == LANGUAGE_NOT_HEARD else None
    return {"offered": offered, "reason": None if offered else refusal, "text": text}


def agreements(intake: Intake, state: State | Talk) -> dict[str, Any]:
    """Each consent with its words: whether it is given, was answered, can matter here, and is to be asked now."""
    answered = set(Consent.objects.filter(intake=intake).values_list("kind", flat=True).distinct())
    matters = {
        "service": True,
        "transcription": bool(languages_heard()),
        "keep_audio": bool(languages_heard()),
        "ai_processing": has_model(),
        "sms": _may_be_texted(state),
    }
    is_open = isinstance(state, Talk) and state.stage in OPEN_STAGES
    items = [
        {
            "kind": kind,
            "given": kind in state.consents,
            "offered": matters[kind] or kind in answered,
            # The microphone's own are asked where it is opened.
            "ask": kind in {"ai_processing", "sms"} and matters[kind] and is_open and kind not in answered,
            **words_for(kind, intake.locale),
        }
        for kind in CONSENT_KINDS
    ]
    return {"version": CURRENT, "items": items}


def words_for(kind: str, locale: str) -> dict[str, str]:
    """What a consent says now."""
    words = current().wording(kind, locale)
    if words is None:
        raise KeyError(kind)
    return {"text": words.ask, "more": words.more, "back": words.back}


def _may_be_texted(state: State | Talk) -> bool:
    """Whether a phone number was given, and not that texts to it are unsafe."""
    if not isinstance(state, Talk):
        return False
    phone, safe = state.known.get(_PHONE), state.known.get(_SAFE_TO_TEXT)
    return phone is not None and phone.value is not None and not (safe is not None and safe.value == "no")
