"""Every write of a conversation: atomic, audited, and heard of by its sockets once committed."""

from intake.services.consenting import give_consent
from intake.services.conversation import (
    TurnResult,
    TurnSource,
    add_turn,
    choose,
    confirm_fact,
    correct,
    finish_story,
    go_back,
    send_intake,
    start_intake,
    switch_language,
)
from intake.services.decisions import acknowledge_alert, decide_conflict, decide_person, write_fact
from intake.services.erasing import place_hold, release_hold, retry_erasure, run_erasure
from intake.services.refusing import told_otherwise
from intake.services.resume import Offer, WayBack, ask_for_code, come_back, later, offer

__all__ = [
    "Offer",
    "TurnResult",
    "TurnSource",
    "WayBack",
    "acknowledge_alert",
    "add_turn",
    "ask_for_code",
    "choose",
    "come_back",
    "confirm_fact",
    "correct",
    "decide_conflict",
    "decide_person",
    "finish_story",
    "give_consent",
    "go_back",
    "later",
    "offer",
    "place_hold",
    "release_hold",
    "retry_erasure",
    "run_erasure",
    "send_intake",
    "start_intake",
    "switch_language",
    "told_otherwise",
    "write_fact",
]
