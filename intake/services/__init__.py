"""Every write of a conversation: atomic, audited, and heard of by its sockets once committed."""

from intake.services.conversation import (
    TurnResult,
    TurnSource,
    add_turn,
    correct,
    finish_story,
    give_consent,
    send_intake,
    start_intake,
)
from intake.services.decisions import decide_conflict

__all__ = [
    "TurnResult",
    "TurnSource",
    "add_turn",
    "correct",
    "decide_conflict",
    "finish_story",
    "give_consent",
    "send_intake",
    "start_intake",
]
