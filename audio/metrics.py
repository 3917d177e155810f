"""What the voice counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from tenants.observed import Observed

SOCKETS = Gauge("legal_intake_voice_sockets", "Live voice sockets of this process.")
SESSIONS = Counter(
    "legal_intake_voice_sessions",
    "Voice sessions that were asked for: opened, or refused for a reason of ours.",
    ["outcome"],
)
CLOSED = Counter("legal_intake_voice_closed", "Voice sockets that ended, by our close code or `client`.", ["code"])
CAPTION_SECONDS = Histogram(
    "legal_intake_caption_latency_seconds",
    "From the arrival of the newest audio that a caption rests on until the caption was handed to the socket.",
    buckets=(0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2.5, 5, 10),
)
CAPTIONS_SUPPRESSED = Counter(
    "legal_intake_captions_suppressed",
    "Captions that were made and not sent: replaced or final while they waited, layer_down, unreadable; "
    "no_reader when no socket was there.",
    ["reason"],
)
FINAL_SECONDS = Histogram(
    "legal_intake_final_latency_seconds",
    "From the arrival of an utterance's last audio until its final words were told; the pause that ends it included.",
    buckets=(0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30),
)
FRAMES = Counter("legal_intake_voice_frames", "Audio frames, by what became of them.", ["outcome"])
ERRORS = Counter("legal_intake_voice_errors", "Errors that sockets told their clients.", ["code"])
REFUSED = Counter("legal_intake_voice_refused", "Sockets refused after accept.", ["code"])
JOURNAL_DOWN = Counter("legal_intake_journal_failures", "Journal writes that had to be repeated.")
JOURNAL_SECONDS = Histogram(
    "legal_intake_journal_write_seconds",
    "A journal write for all sockets of a tick, disk included.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)
WAITING_SESSIONS = "legal_intake_voice_waiting_sessions"
WAITING_SECONDS = "legal_intake_voice_waiting_oldest_seconds"
WAITING = Observed(
    {
        WAITING_SESSIONS: ("Voice sessions with audio that is not committed, of all firms.", ()),
        WAITING_SECONDS: ("Age of the oldest such audio.", ()),
    },
    keep_seconds=15,
)
RECOGNISED_AUDIO = Counter("legal_intake_recognised_audio_seconds", "Audio that this slot has listened to.")
RECOGNISING = Counter("legal_intake_recognising_seconds", "Time that this slot spent on it; the ratio is the load.")
LISTENING = Gauge("legal_intake_voice_listening", "1 while this slot listens.")
UTTERANCES = Counter("legal_intake_utterances", "Finished utterances, by what became of them.", ["status"])
LISTENERS_SENT = Counter("legal_intake_listeners_sent", "listen jobs sent, by why.", ["reason"])
RECOGNITION_FAILED = Counter(
    "legal_intake_recognition_failed", "Stretches of audio that were given up, by why.", ["reason"]
)
RECOGNISER_RECONNECTS = Counter(
    "legal_intake_recogniser_reconnects",
    "Connections to the models service that were lost or refused, by why.",
    ["code"],
)
RECOGNISER_UNAVAILABLE = Counter(
    "legal_intake_recogniser_unavailable",
    "Times a slot put listening off for want of the models service, by why.",
    ["code"],
)
