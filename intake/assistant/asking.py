"""Asking a firm's model: only while it works, only so many at once, and never with an exception for the asker."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter as Tally
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings

from intake.assistant import background, chat
from intake.assistant.breaker import Breaker
from intake.assistant.chat import Failed, Question, Reply
from intake.assistant.metrics import BREAKERS, CALLS, FIRST_WORDS_SECONDS, TURN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from intake.assistant.firm import FirmModel
    from intake.assistant.prompting import Messages, Task

logger = logging.getLogger(__name__)

#: While a client waits: the first words have to be there within this.
FIRST_WORDS_SECONDS_LIMIT: Final = 1.2
#: While nobody waits.
LATER_FIRST_SECONDS: Final = 15.0
LATER_TOTAL_SECONDS: Final = 45.0
_TOKENS: Final = {"phrase": 120, "facts": 1_200, "areas": 120}
_BREAKERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the asker waits: for the first words, and for all."""

    first_seconds: float
    total_seconds: float


LATER: Final = Patience(LATER_FIRST_SECONDS, LATER_TOTAL_SECONDS)


def at_once(model: FirmModel) -> Patience:
    """A client waits."""
    return Patience(min(FIRST_WORDS_SECONDS_LIMIT, model.total_seconds), model.total_seconds)


def ask(
    model: FirmModel,
    task: Task,
    messages: Messages,
    *,
    patience: Patience,
    judge: Callable[[str, Reply], str],
    everybody: bool = False,
) -> dict[str, Reply]:
    """The usable replies by model's name; none where nothing came of it. `judge(name, reply)` says why a reply cannot
    be used, "" when it can. `everybody`: all of the firm's models at the same time, not the first alone."""
    breaker = _breaker_of(model)
    asked = model.models if everybody else model.models[:1]
    with _slots(model.firm, len(asked)) as is_free:
        if not is_free:
            CALLS.labels(task, "full").inc()
            return {}
        if not breaker.may_ask(_now()):
            CALLS.labels(task, "open").inc()
            return {}
        try:
            began = time.monotonic()
            came = _ask(model, task, messages, [one.name for one in asked], patience)
            if patience is not LATER:
                TURN_SECONDS.observe(time.monotonic() - began)
            return _judged(task, came, breaker, judge)
        except Exception:
            # A client's turn does not fail because its thanks could have been worded otherwise.
            logger.exception("assistant_broke", extra={"task": task})
            breaker.failed(_now())
            return {}
        finally:
            breaker.gave_up()


def try_out(model: FirmModel, task: Task, messages: Messages) -> Reply:
    """One question past the breaker, for somebody who looks at what comes. Raises Failed."""
    with _slots(model.firm, 1) as is_free:
        if not is_free:
            raise Failed("slow", "too many questions at once")
        came = _ask(model, task, messages, [model.models[0].name], at_once(model))
        [result] = came.values()
        if isinstance(result, Failed):
            raise result
        return result


def _ask(
    model: FirmModel, task: Task, messages: Messages, names: Sequence[str], patience: Patience
) -> dict[str, Reply | Failed]:
    questions = [
        Question(name, messages, patience.first_seconds, patience.total_seconds, _TOKENS[task]) for name in names
    ]

    async def everyone() -> list[Reply | Failed | BaseException]:
        return await asyncio.gather(*(chat.ask(model.server, one) for one in questions), return_exceptions=True)

    try:
        results = background.run(everyone(), seconds=patience.total_seconds + background.GRACE_SECONDS)
    except TimeoutError:
        return {name: Failed("slow", "it did not end") for name in names}
    found: dict[str, Reply | Failed] = {}
    for name, result in zip(names, results, strict=True):
        if isinstance(result, BaseException) and not isinstance(result, Failed):
            raise result
        found[name] = result
    return found


def _judged(
    task: Task, came: dict[str, Reply | Failed], breaker: Breaker, judge: Callable[[str, Reply], str]
) -> dict[str, Reply]:
    """Count each, and tell the breaker how it went with all: one that can be used is enough."""
    usable: dict[str, Reply] = {}
    outcomes = []
    for name, result in came.items():
        if isinstance(result, Failed):
            outcome: str = result.kind
            logger.warning(
                "assistant_failed",
                extra={"task": task, "kind": result.kind, "why": result.why, "status": result.status},
            )
        else:
            FIRST_WORDS_SECONDS.labels(task).observe(result.first_ms / 1000)
            outcome = judge(name, result) or "ok"
            if outcome == "ok":
                usable[name] = result
        outcomes.append(outcome)
        CALLS.labels(task, outcome).inc()
    now = _now()
    if usable:
        breaker.went_well()
    elif {"guarded", "unfit"} & set(outcomes):
        breaker.was_unusable(now)
    else:
        breaker.failed(now)
    return usable


def _now() -> float:
    return time.monotonic()


# -- how many at once


_counting: Final = threading.Lock()
_asking: Tally[UUID] = Tally()


@contextmanager
def _slots(firm: UUID, wanted: int) -> Iterator[bool]:
    """Room for so many questions, or none: a firm has at most half of what the process has."""
    most = max(settings.ASSISTANT_CALLS, 1)
    with _counting:
        # One question is let in for several models: it is one client's turn.
        is_free = _asking.total() < most and _asking[firm] < max(most // 2, 1)
        if is_free:
            _asking[firm] += wanted
    try:
        yield is_free
    finally:
        with _counting:
            if is_free:
                _asking[firm] -= wanted
                if _asking[firm] <= 0:
                    del _asking[firm]


# -- breakers


_breakers: dict[tuple[UUID, str], Breaker] = {}


def _breaker_of(model: FirmModel) -> Breaker:
    """One for each firm and address: what a firm changed is tried anew."""
    key = (model.firm, model.server.base_url)
    found = _breakers.get(key)
    if found is None:
        if len(_breakers) >= _BREAKERS:
            _breakers.clear()
        found = _breakers.setdefault(key, Breaker())
    return found


def state_of(model: FirmModel) -> str:
    """The breaker's, in this process."""
    return _breaker_of(model).state(_now())


def _count(state: str) -> Callable[[], float]:
    return lambda: sum(breaker.state(_now()) == state for breaker in list(_breakers.values()))


for _state in ("open", "half_open"):
    BREAKERS.labels(_state).set_function(_count(_state))


def forget() -> None:
    """Every breaker is closed again: after a firm changed its settings, and for tests."""
    _breakers.clear()
