"""No client's word in a log, whatever goes wrong."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import structlog
from django.db import DatabaseError, connection, transaction

from legal_intake import logs
from tenants.context import FirmRef

SECRET = "my landlord Bartholomew threw me out"


class Captured:
    """A logger through the shipped formatter, and what it wrote."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return said


@pytest.fixture
def captured() -> Iterator[Captured]:
    captured = Captured()
    handler = logging.StreamHandler(captured.stream)
    handler.setFormatter(logs.formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield captured
    root.removeHandler(handler)
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)


def provoke_database_error() -> DatabaseError:
    """A real one, whose text quotes the row."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE words (said text CONSTRAINT said_once UNIQUE)")
        cursor.execute("INSERT INTO words VALUES (%s), (%s)", [SECRET, SECRET])
    assert SECRET in str(caught.value)
    return caught.value


def test_a_database_error_is_its_code_and_constraint_without_its_text(captured: Captured) -> None:
    error = provoke_database_error()
    logging.getLogger("intake.services").error("write_failed", exc_info=error)
    assert "Bartholomew" not in captured.text
    outer, inner = captured.last["exception"]
    assert outer["type"] == "django.db.utils.IntegrityError"
    assert (inner["sqlstate"], inner["constraint_name"]) == ("23505", "said_once")
    assert any("test_logs.py" in frame for frame in outer["frames"])


@pytest.mark.parametrize("logger", ["daphne.server", "django.request", "dramatiq.worker", "legal_intake.x"])
def test_an_exception_in_any_logger_says_no_text(captured: Captured, logger: str) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        logging.getLogger(logger).exception("failed: %s", error)
    assert "Bartholomew" not in captured.text
    assert captured.last["exception"][0]["type"] == "builtins.ValueError"


def test_a_message_with_too_many_arguments_does_not_raise_and_says_none_of_them() -> None:
    # `logging` prints the arguments of a record whose formatting raised.
    record = logging.makeLogRecord({"name": "intake.x", "msg": "failed", "args": (SECRET,)})
    assert json.loads(logs.formatter().format(record))["event"] == "failed"
    logging.captureWarnings(False)


def test_a_traceback_logged_as_text_keeps_its_frames_alone(captured: Captured) -> None:
    import traceback

    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("daphne.ws_protocol").error(traceback.format_exc())
    assert "Bartholomew" not in captured.text
    assert "test_logs.py" in captured.last["event"]


def test_a_task_that_nobody_awaited_says_no_text(captured: Captured) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    async def main() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    assert captured.last["logger"] == "asyncio"
    assert "Bartholomew" not in captured.text


def test_a_librarys_extra_fields_stay_out(captured: Captured) -> None:
    extra = {"request": SECRET, "params": [SECRET], "status_code": 400}
    logging.getLogger("django.request").warning("Bad Request: %s", "/api/intakes/", extra=extra)
    assert "Bartholomew" not in captured.text
    assert captured.last["status_code"] == 400


def test_queries_are_not_logged_even_in_debug(captured: Captured, settings: Any) -> None:
    settings.DEBUG = True
    connection.force_debug_cursor = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [SECRET])
    finally:
        connection.force_debug_cursor = False
    assert "Bartholomew" not in captured.text


def test_a_line_names_the_firm_the_request_and_the_session(captured: Captured, firm: FirmRef) -> None:
    structlog.contextvars.bind_contextvars(request_id="r1", session_id=str(UUID(int=7)))
    structlog.get_logger("audio.sockets").info("socket_open", turn=3)
    said = captured.last
    assert (said["firm"], said["request_id"], said["session_id"]) == (str(firm.id), "r1", str(UUID(int=7)))
    assert (said["event"], said["level"], said["turn"]) == ("socket_open", "info", 3)


def test_a_failure_to_connect_says_what_an_operator_needs(captured: Captured) -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect("host=127.0.0.1 port=1 dbname=x", connect_timeout=1)
    logging.getLogger("legal_intake.health").warning("down", exc_info=caught.value)
    assert "port 1" in captured.last["exception"][0]["text"]
