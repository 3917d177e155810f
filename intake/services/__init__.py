"""Every write of a conversation: atomic, audited, and heard of by its sockets once committed."""

from intake.services.conversation import (
    TurnResult,
    TurnSource,
    add_turn,
    choose,
    confirm_fact,
    correct,
    finish_story,
    give_consent,
    go_back,
    send_intake,
    start_intake,
    switch_language,
)
from intake.services.decisions import acknowledge_alert, decide_conflict, decide_person, write_fact
from intake.services.refusing import told_otherwise

__all__ = [
    "TurnResult",
    "TurnSource",
    "acknowledge_alert",
    "add_turn",
    "choose",
    "confirm_fact",
    "correct",
    "decide_conflict",
    "decide_person",
    "finish_story",
    "give_consent",
    "go_back",
    "send_intake",
    "start_intake",
    "switch_language",
    "told_otherwise",
    "write_fact",
]
