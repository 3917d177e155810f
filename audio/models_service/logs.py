"""JSON logs, one object a line, without a word of what was heard.

The product's own filter needs Django, which this process does not have. Here a message of ours is its event
and its plain fields; a library's is its first line; an exception is its type and its frames, never its text.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any, Final

_OURS: Final = "audio"
_MAX_TEXT: Final = 300
_RECORD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Renders a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.split(".", 1)[0] == _OURS
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": (str(record.msg).splitlines() or [""])[0][:_MAX_TEXT],
            "process": record.process,
        }
        if ours:
            fields = {name: value for name, value in vars(record).items() if name not in _RECORD_FIELDS}
            said |= {name: value for name, value in fields.items() if isinstance(value, str | int | float | bool)}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)
            said["exception"] = type(error).__qualname__
            said["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(said, ensure_ascii=False)


def set_up(level: str) -> None:
    """Send everything to stderr as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(_OURS).setLevel(level)
    # A connection that was refused or cut is counted by us; the library would log each.
    logging.getLogger("websockets").setLevel(logging.ERROR)
