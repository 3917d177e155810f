"""Which recogniser this installation listens with: AUDIO_RECOGNISER, one a process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from audio.errors import ModelsRefused
from audio.leaving import LEAVING

if TYPE_CHECKING:
    from audio.recognisers import Recogniser

EMBEDDED: Final = "pocketsphinx"
REMOTE: Final = "remote"
CHOICES: Final = (EMBEDDED, REMOTE)
#: The model inside pocketsphinx's wheel is English.
EMBEDDED_LANGUAGES: Final = frozenset({"en"})


@cache
def chosen() -> Recogniser:
    """The process's recogniser: loaded at the first call, or asked for elsewhere.

    Raises ModelUnavailable; of a models service that is only away, not before something is to be heard.
    """
    if settings.AUDIO_RECOGNISER == REMOTE:
        from audio.recognisers.remote import Remote

        return Remote(settings.MODELS_URL, models_token(), leaving=LEAVING)
    from audio.recognisers import pocketsphinx

    return pocketsphinx.shared()


def languages() -> frozenset[str]:
    """The languages that the recogniser has: the microphone is offered in these alone. By the settings, because who
    offers it (the api) need not have the recogniser."""
    return frozenset(language.strip().lower() for language in settings.AUDIO_LANGUAGES if language.strip())


def models_token() -> str:
    """What opens the models service: MODELS_TOKEN, or the first line of MODELS_TOKEN_FILE. Raises ModelsRefused."""
    if settings.MODELS_TOKEN or not settings.MODELS_TOKEN_FILE:
        return str(settings.MODELS_TOKEN)
    try:
        lines = Path(settings.MODELS_TOKEN_FILE).read_text().split()
    except (OSError, ValueError) as error:
        raise ModelsRefused(f"MODELS_TOKEN_FILE names {settings.MODELS_TOKEN_FILE}, which cannot be read") from error
    return lines[0] if lines else ""


def findings() -> list[str]:
    """What is wrong with the settings, each a sentence that names one; empty when well."""
    if settings.AUDIO_RECOGNISER not in CHOICES:
        return [f"AUDIO_RECOGNISER is {settings.AUDIO_RECOGNISER!r}: set {' or '.join(CHOICES)}."]
    if settings.AUDIO_RECOGNISER == EMBEDDED:
        if languages() != EMBEDDED_LANGUAGES:
            return ["AUDIO_LANGUAGES: pocketsphinx has English alone; leave it out, or set AUDIO_RECOGNISER=remote."]
        return []
    wrong = []
    if not languages():
        wrong.append("AUDIO_LANGUAGES is empty: name the languages of the models service's model, such as en.")
    if not settings.MODELS_URL:
        wrong.append("AUDIO_RECOGNISER is remote and MODELS_URL is missing: set it, such as ws://models:8090.")
    try:
        if not models_token():
            wrong.append("AUDIO_RECOGNISER is remote and MODELS_TOKEN or MODELS_TOKEN_FILE is missing or empty.")
    except ModelsRefused as error:
        wrong.append(f"{error}.")
    return wrong
