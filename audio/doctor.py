"""The voice's models are there and are the ones we know. See tenants/doctor.py."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings

from audio.errors import ModelUnavailable, RecogniserUnavailable
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


def models_service() -> list[Finding]:
    """With AUDIO_RECOGNISER=remote: the settings are whole, and the service lets us in."""
    from audio.recognisers import choice

    remedy = "See docs/protocol/models.md; look at the models service's log."
    if wrong := choice.findings():
        return [Finding("models service", "error", line, remedy) for line in wrong]
    if settings.AUDIO_RECOGNISER != choice.REMOTE:
        return [Finding("models service", "ok", "not used: slots listen with the recogniser that they have")]
    from audio.recognisers.remote import Remote

    try:
        remote = Remote(settings.MODELS_URL, choice.models_token())
        name = remote.check()
        remote.close()
    except RecogniserUnavailable as error:
        return [Finding("models service", "error", f"{error.code}: {error}", remedy)]
    return [Finding("models service", "ok", f"answers as {name}")]


register_check("voice models", voice_models)
register_check("models service", models_service)
