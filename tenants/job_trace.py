"""Which request a job came from, in each line that it logs.

A message carries the `request_id` of the request, socket or job that sent it, and the worker binds it, so that one
number leads from nginx's log to the worker's. It is made by nginx or by us; a client cannot choose it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import structlog
from dramatiq.middleware import Middleware

if TYPE_CHECKING:
    from dramatiq import Broker, Message
    from dramatiq.broker import MessageProxy

logger = logging.getLogger(__name__)

REQUEST_OPTION: Final = "request_id"


class JobTrace(Middleware):
    """Stamps messages with the request they came from; binds it, and the job's own id, around each job.

    Logs one line a job, as the server does for a request. A job's arguments and results are in none.
    """

    def __init__(self) -> None:
        self._threads = threading.local()

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        """Stamp a new message. A retry and a put-back copy keep the stamp they have."""
        if REQUEST_OPTION in message.options:
            return
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if isinstance(request_id, str):
            message.options[REQUEST_OPTION] = request_id

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Bind what the lines of this job name."""
        self._forget()
        bound = {"job_id": message.message_id, "actor": message.actor_name}
        request_id = message.options.get(REQUEST_OPTION)
        if isinstance(request_id, str):
            bound["request_id"] = request_id
        self._threads.tokens = structlog.contextvars.bind_contextvars(**bound)
        self._threads.began = time.perf_counter()

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """One line, then forget."""
        began: float = getattr(self._threads, "began", time.perf_counter())
        said: dict[str, Any] = {
            "queue": message.queue_name,
            "outcome": "done" if exception is None else "failed",
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        if exception is not None:
            said["error"] = type(exception).__name__
        logger.info("job", extra=said)
        self._forget()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        """A skipped job leaves nothing bound either."""
        self._forget()

    def _forget(self) -> None:
        tokens: dict[str, Any] | None = getattr(self._threads, "tokens", None)
        self._threads.tokens = None
        if tokens:
            structlog.contextvars.reset_contextvars(**tokens)
