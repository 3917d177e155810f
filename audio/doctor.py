"""The voice's models are there and are the ones we know. See tenants/doctor.py."""

from __future__ import annotations

from importlib.util import find_spec

from audio.errors import ModelUnavailable
from tenants.checkup import Finding, register_check

SPEECH_PARTS = ("onnxruntime", "silero_vad", "pocketsphinx")
REINSTALL = "Install again: `pip install --no-deps --require-hashes -r requirements.txt`."


def voice_models() -> list[Finding]:
    """Silero's file by its hash, pocketsphinx by its presence. Only a slot needs them."""
    missing = [name for name in SPEECH_PARTS if find_spec(name) is None]
    if len(missing) == len(SPEECH_PARTS):
        return [Finding("voice models", "ok", "none here: this installation does not listen (audio_worker does)")]
    if missing:
        return [Finding("voice models", "error", f"not installed: {', '.join(missing)}", REINSTALL)]
    from audio import endpointing

    try:
        endpointing.checked(endpointing.model_path(), endpointing.MODEL_SHA256)
    except ModelUnavailable as error:
        return [Finding("voice models", "error", f"end of speech (Silero): {error}", REINSTALL)]
    return [Finding("voice models", "ok", "end of speech and recogniser are there, hashes right")]


register_check("voice models", voice_models)
