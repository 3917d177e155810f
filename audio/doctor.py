"""The voice's models are there and are the ones we know. See tenants/doctor.py."""

from __future__ import annotations

from importlib.util import find_spec

from audio import endpointing
from audio.errors import ModelUnavailable
from tenants.checkup import Finding, register_check

REINSTALL = "Install again: `pip install --no-deps --require-hashes -r requirements.txt`."


def voice_models() -> list[Finding]:
    """Silero's file by its hash, pocketsphinx by its presence."""
    found = []
    try:
        endpointing.checked(endpointing.model_path(), endpointing.MODEL_SHA256)
    except ModelUnavailable as error:
        found.append(Finding("voice models", "error", f"end of speech (Silero): {error}", REINSTALL))
    if find_spec("pocketsphinx") is None:
        found.append(Finding("voice models", "error", "the recogniser (pocketsphinx) is not installed", REINSTALL))
    return found or [Finding("voice models", "ok", "end of speech and recogniser are there, hashes right")]


register_check("voice models", voice_models)
