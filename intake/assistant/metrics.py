"""What the language model's calls come to. No label grows with firms or conversations."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CALLS = Counter(
    "legal_intake_assistant_calls",
    "Questions to firms' language models, by what became of them: ok; slow, down, malformed, refused or address (not "
    "one that we call); guarded, unfit or empty (it answered, and its words may not be said); open (the breaker is), "
    "full (too many at once).",
    ["task", "outcome"],
)
FIRST_WORDS_SECONDS = Histogram(
    "legal_intake_assistant_first_words_seconds",
    "From the question until the first words of the answer came, of answers that came.",
    ["task"],
    buckets=(0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 2, 5, 10),
)
TURN_SECONDS = Histogram(
    "legal_intake_assistant_turn_seconds",
    "What asking a language model added to a client's turn, whatever became of it.",
    buckets=(0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2, 3, 5, 10),
)
BREAKERS = Gauge(
    "legal_intake_assistant_breakers",
    "Firms whose language model this process does not ask now (open), or is about to try again (half_open).",
    ["state"],
)
