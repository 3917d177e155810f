"""What a model's answer in JSON says: facts and votes, as far as they are what was agreed. Pure; never raises."""

from __future__ import annotations

import json
from typing import Any, Final

from intake.classify import Vote, top_codes
from intake.interview.events import Proposal

#: Facts of one answer; votes on one line.
MOST_FACTS: Final = 20
_MOST_AREAS: Final = 3
_DEEPEST: Final = 2_000
_MOST_VALUE: Final = 500


def facts_of(answer: str, text: str) -> tuple[Proposal, ...] | None:
    """The facts, each where its quote stands in `text`; None: no answer as agreed. A quote that is not there, letter
    by letter, takes its fact with it."""
    found = _object(answer)
    listed = found.get("facts") if found is not None else None
    if not isinstance(listed, list):
        return None
    proposals = []
    for one in listed[:MOST_FACTS]:
        if not isinstance(one, dict):
            continue
        key, quote, value = one.get("key"), one.get("quote"), one.get("value")
        if isinstance(key, str) and isinstance(quote, str) and quote.strip() and _is_plain(value):
            start = text.find(quote)
            if start >= 0:
                proposals.append(Proposal(key, tuple(value) if isinstance(value, list) else value, quote, start))
    return tuple(proposals)


def vote_of(answer: str, *, model: str, weight: float) -> Vote | None:
    """The vote; None: no answer as agreed."""
    found = _object(answer)
    codes = found.get("areas") if found is not None else None
    if found is None or not isinstance(codes, list) or not isinstance(found.get("not_legal", False), bool):
        return None
    known = [code for code in codes if isinstance(code, str) and code in top_codes()]
    if codes and not known:
        return None
    return Vote(model, weight, tuple(dict.fromkeys(known))[:_MOST_AREAS], bool(found.get("not_legal", False)))


def _object(answer: str) -> dict[str, Any] | None:
    """The JSON object in an answer: models like to put words or a fence around it."""
    start, end = answer.find("{"), answer.rfind("}")
    if start < 0 or end < start or answer.count("[") + answer.count("{") > _DEEPEST:
        return None
    try:
        found = json.loads(answer[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_plain(value: Any) -> bool:
    """A value that a fact may have: words, a number, or two numbers."""
    if isinstance(value, list):
        return len(value) == 2 and all(_is_number(one) for one in value)
    return _is_number(value) or (isinstance(value, str) and len(value) <= _MOST_VALUE)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
