"""Jobs: a Dramatiq broker whose every message belongs to a firm, or says that it is public.

    actor = functools.partial(dramatiq.actor, broker=broker)

An actor declares `scope="firm"` (the default) or `scope="public"`. A message is stamped with the
firm it is enqueued in and is processed inside that firm's scope. Only the job of a deleted or
never-known firm is dead-lettered; while a firm may not be served (suspended, provisioning, behind
this code's window) its jobs are put back with a growing delay, without using up a retry.
"""

from __future__ import annotations

import functools
import threading
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import dramatiq
from django.conf import settings
from django.db import close_old_connections, connections
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import (
    AgeLimit,
    Callbacks,
    CurrentMessage,
    Middleware,
    MiddlewareError,
    Pipelines,
    Retries,
    ShutdownNotifications,
    SkipMessage,
    TimeLimit,
)
from prometheus_client import Counter

from tenants import directory
from tenants.context import PUBLIC, FirmRef, PublicScope, firm_scope, public_scope, scope_or_none
from tenants.errors import FirmUnavailable, UnknownFirm
from tenants.job_metrics import JobMetrics
from tenants.job_trace import JobTrace
from tenants.redis import make_client
from tenants.watched_broker import WatchedBroker

if TYPE_CHECKING:
    from dramatiq import Actor, Broker, Message
    from dramatiq.broker import MessageProxy

FIRM_OPTION: Final = "firm"
WAITS_OPTION: Final = "firm_waits"
FIRST_WAIT_MS: Final = 5_000
LONGEST_WAIT_MS: Final = 300_000
MAX_RETRIES: Final = 3

put_back = Counter("tenants_jobs_put_back_total", "Jobs put back because their firm may not be served now.", ["reason"])
dead_lettered = Counter("tenants_jobs_dead_lettered_total", "Jobs whose firm is deleted or was never known.")


class JobWithoutFirm(MiddlewareError):
    """A firm's actor was sent outside every firm, or a job's stamp is unusable. `send()` raises it."""


class CannotPutBack(MiddlewareError):
    """The broker took no copy of a job that must wait; Retries decides what becomes of it."""


class FirmMiddleware(Middleware):
    """First in the list, so that it enters the scope before and leaves it after all others.

    Dramatiq swallows a middleware's exceptions, and the actor would run all the same, unless they are
    MiddlewareErrors: nothing else leaves `before_process_message`.
    """

    def __init__(self) -> None:
        self._threads = threading.local()

    @property
    def actor_options(self) -> set[str]:
        return {"scope"}

    def before_declare_actor(self, broker: Broker, actor: Actor[Any, Any]) -> None:
        """Refuse an actor with a scope that means nothing."""
        if _declared(actor) not in ("firm", "public"):
            raise JobWithoutFirm(f"actor {actor.actor_name}: scope is 'firm' or 'public'")

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        """Stamp a firm's job with its firm. A retry and a put-back copy keep their stamp."""
        # Retries adds the exception's text, which may quote a client's words; Redis must not hold those.
        message.options.pop("traceback", None)
        if _declared(broker.get_actor(message.actor_name)) == "public" or FIRM_OPTION in message.options:
            return
        scope = scope_or_none()
        if not isinstance(scope, FirmRef):
            raise JobWithoutFirm(f"{message.actor_name} is a firm's job; send it inside firm_scope(ref)")
        message.options[FIRM_OPTION] = str(scope.id)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Enter the job's scope, or skip the job: dead-lettered or put back."""
        try:
            close_old_connections()
            scope = _scope_of(broker, message)
        except UnknownFirm:
            dead_lettered.inc()
            message.fail()
            raise SkipMessage("the job's firm does not exist") from None
        except FirmUnavailable as error:
            _put_back(broker, message, error.code)
        except Exception as error:  # noqa: BLE001 - anything else would let the actor run without a scope
            _put_back(broker, message, f"lookup_{type(error).__name__}")
        else:
            self._enter(scope)

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Leave the scope and give the thread's connections back."""
        self._leave()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        """The same for a job that some middleware skipped."""
        self._leave()

    def _enter(self, scope: FirmRef | PublicScope) -> None:
        self._leave()
        stack = ExitStack()
        stack.enter_context(_entered(scope))
        self._threads.stack = stack

    def _leave(self) -> None:
        stack: ExitStack | None = getattr(self._threads, "stack", None)
        self._threads.stack = None
        try:
            connections.close_all()
        finally:
            if stack is not None:
                stack.close()


def _declared(actor: Actor[Any, Any]) -> Any:
    return actor.options.get("scope", "firm")


def _scope_of(broker: Broker, message: MessageProxy) -> FirmRef | PublicScope:
    if _declared(broker.get_actor(message.actor_name)) == "public":
        return PUBLIC
    try:
        firm_id = UUID(message.options[FIRM_OPTION])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise UnknownFirm("the job names no firm") from None
    entry = directory.resolve_firm(firm_id)
    entry.check_served()
    return entry.ref


def _entered(scope: FirmRef | PublicScope) -> AbstractContextManager[Any]:
    return public_scope() if isinstance(scope, PublicScope) else firm_scope(scope)


def _put_back(broker: Broker, message: MessageProxy, reason: str) -> None:
    """Enqueue a copy for later and skip this one. Never returns; never uses up a retry."""
    waits = int(message.options.get(WAITS_OPTION, 0))
    delay = min(FIRST_WAIT_MS * 2 ** min(waits, 10), LONGEST_WAIT_MS)
    try:
        broker.enqueue(message.copy(options={WAITS_OPTION: waits + 1}), delay=delay)
    except Exception as error:
        raise CannotPutBack(reason) from error
    put_back.labels(reason).inc()
    raise SkipMessage(f"put back for {delay} ms: {reason}")


job_metrics = JobMetrics()


def _middleware() -> list[Middleware]:
    return [
        FirmMiddleware(),
        JobTrace(),
        job_metrics,
        AgeLimit(),
        TimeLimit(time_limit=600_000),
        ShutdownNotifications(),
        Callbacks(),
        Pipelines(),
        Retries(max_retries=MAX_RETRIES, min_backoff=1_000, max_backoff=60_000),
        CurrentMessage(),
    ]


def make_broker() -> Broker:
    """A broker with this project's middleware: Redis, or in memory when `DRAMATIQ_STUB`."""
    if settings.DRAMATIQ_STUB:
        return StubBroker(middleware=_middleware())
    client = make_client(settings.REDIS_BROKER_URL)
    return WatchedBroker(client=client, replicas=settings.BROKER_REPLICAS, middleware=_middleware())


broker = make_broker()
dramatiq.set_broker(broker)
actor = functools.partial(dramatiq.actor, broker=broker)
