"""What the models service counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SLOTS = Gauge("legal_intake_models_slots", "Slots of this service: how many sockets it can hold.")
READY = Gauge("legal_intake_models_slots_ready", "Slots that live, busy or not.")
BUSY = Gauge("legal_intake_models_slots_busy", "Slots that a socket has.")
SLOT_DEATHS = Counter("legal_intake_models_slot_deaths", "Slots that ended or had to be ended, by why.", ["code"])
OPENED = Counter("legal_intake_models_sockets", "Sockets that were accepted.")
REFUSED = Counter("legal_intake_models_refused", "Sockets refused before accept, by why.", ["code"])
ERRORS = Counter("legal_intake_models_errors", "Errors that ended a socket, by what its client was told.", ["code"])
UTTERANCES = Counter("legal_intake_models_utterances", "Utterances that got their final.")
AUDIO_SECONDS = Counter("legal_intake_models_audio_seconds", "Audio that was decoded.")
STEP_SECONDS = Histogram(
    "legal_intake_models_step_seconds",
    "One step of audio, from its message to its answer.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 5),
)
FINAL_SECONDS = Histogram(
    "legal_intake_models_final_seconds",
    "The end of an utterance, from Finalize to its words.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
