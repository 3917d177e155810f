"""What the voice counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SOCKETS = Gauge("legal_intake_voice_sockets", "Live voice sockets of this process.")
FRAMES = Counter("legal_intake_voice_frames", "Audio frames, by what became of them.", ["outcome"])
ERRORS = Counter("legal_intake_voice_errors", "Errors that sockets told their clients.", ["code"])
REFUSED = Counter("legal_intake_voice_refused", "Sockets refused after accept.", ["code"])
JOURNAL_DOWN = Counter("legal_intake_journal_failures", "Journal writes that had to be repeated.")
JOURNAL_SECONDS = Histogram(
    "legal_intake_journal_write_seconds",
    "A journal write for all sockets of a tick, disk included.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)
LISTENING = Gauge("legal_intake_voice_listening", "1 while this slot listens.")
UTTERANCES = Counter("legal_intake_utterances", "Finished utterances, by what became of them.", ["status"])
LISTENERS_SENT = Counter("legal_intake_listeners_sent", "listen jobs sent, by why.", ["reason"])
RECOGNITION_FAILED = Counter(
    "legal_intake_recognition_failed", "Stretches of audio that were given up, by why.", ["reason"]
)
