"""JSON logs, one object a line: what happened, in which firm, request and session.

A client's words must never stand in a log, and libraries log what they were given: PostgreSQL quotes the
offending row in an error's text, asyncio prints an exception's repr, Django hands over the request.
So nothing that is not known to be safe gets through:

* an exception is its type, its `code` or SQLSTATE with the constraint's name, and its frames; its
  text only for the few types whose text is ours or the operating system's;
* a library's message is its first line with exceptions and jobs in its arguments replaced by their
  names; of its extra fields only the status code stays;
* our own fields stay when they are plain values.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.core.exceptions import ImproperlyConfigured

from legal_intake.log_settings import configuration
from tenants.context import FirmRef, scope_or_none
from tenants.errors import FirmNotSet, KeyUnavailable

__all__ = ["SafeJsonFormatter", "configuration", "formatter"]

OUR_PACKAGES = ("legal_intake", "tenants", "intake", "audio", "analytics", "bench")
SAFE_TEXT = (ImproperlyConfigured, ImportError, ConnectionError, TimeoutError, KeyUnavailable, FirmNotSet)
PLAIN = (str, int, float, bool, UUID)
MAX_TEXT = 300
MAX_FRAMES = 25
_RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


class SafeJsonFormatter(logging.Formatter):
    """Renders a record as one line of JSON, with what is safe to say and nothing else."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.split(".", 1)[0] in OUR_PACKAGES
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _message(record, ours=ours),
            "process": record.process,
        }
        scope = scope_or_none()
        if isinstance(scope, FirmRef):
            said["firm"] = scope.id
        said |= _plain(structlog.contextvars.get_contextvars())
        said |= _fields(record, ours=ours)
        if record.exc_info and record.exc_info[1] is not None:
            said["exception"] = describe_exception(record.exc_info[1])
        return json.dumps(said, default=str, ensure_ascii=False)


def formatter() -> logging.Formatter:
    """The formatter of every handler; also makes structlog's loggers write to the standard ones."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(True)
    return SafeJsonFormatter()


def log_uncaught() -> None:
    """Send what ends a process or a thread through the same filter as everything else."""
    logger = logging.getLogger("legal_intake.uncaught")

    def of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        logger.critical("process_ended", exc_info=(kind, error, trace))

    def of_thread(thread: threading.ExceptHookArgs) -> None:
        if thread.exc_value is not None:
            trace = thread.exc_traceback
            logger.critical("thread_ended", exc_info=(thread.exc_type, thread.exc_value, trace))

    sys.excepthook = of_process
    threading.excepthook = of_thread


def describe_exception(error: BaseException) -> list[dict[str, Any]]:
    """An exception and what caused it, outermost first, without any text that may quote a value."""
    return [_describe_one(link) for link in _chain(error)]


def _message(record: logging.LogRecord, *, ours: bool) -> str:
    text = _text(record)
    if ours:
        return text
    if "Traceback (most recent call last)" in text:
        frames = _FRAME.findall(text)
        return "traceback: " + " > ".join(f"{file}:{line} {name}" for file, line, name in frames)
    return (text.splitlines() or [""])[0][:MAX_TEXT]


def _text(record: logging.LogRecord) -> str:
    """The message with exceptions and jobs in its arguments replaced by their names. Never raises:
    `logging` would print the arguments to stderr."""
    text, arguments = str(_name(record.msg)), record.args
    if not arguments:
        return text
    try:
        if isinstance(arguments, Mapping):
            return text % {key: _name(value) for key, value in arguments.items()}
        return text % tuple(_name(value) for value in arguments)
    except (TypeError, ValueError, KeyError):
        return text


def _name(value: object) -> object:
    if isinstance(value, BaseException):
        return type(value).__name__
    if hasattr(value, "actor_name") and hasattr(value, "message_id"):
        return f"{value.actor_name} {value.message_id}"
    return value


def _fields(record: logging.LogRecord, *, ours: bool) -> dict[str, Any]:
    given = {name: value for name, value in vars(record).items() if name not in _RECORD_FIELDS}
    return _plain(given if ours else {"status_code": given.get("status_code")})


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value[:MAX_TEXT] if isinstance(value, str) else value
        for name, value in fields.items()
        if isinstance(value, PLAIN)
    }


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _describe_one(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    said: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    code = getattr(error, "code", None)
    if isinstance(code, str) and kind.__module__.split(".", 1)[0] in OUR_PACKAGES:
        said["code"] = code
    if (sqlstate := getattr(error, "sqlstate", None)) is not None:
        said["sqlstate"] = sqlstate
        diagnosis = getattr(error, "diag", None)
        for name in ("table_name", "column_name", "constraint_name"):
            if value := getattr(diagnosis, name, None):
                said[name] = value
    elif isinstance(error, psycopg.OperationalError):
        said["text"] = str(error)[:MAX_TEXT]  # no statement was run: libpq's words about the connection
    if isinstance(error, SAFE_TEXT):
        said["text"] = str(error)[:MAX_TEXT]
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    said["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return said
