"""What is wrong with a playbook's file, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

#: More are not shown: a file with this many is no playbook.
MAX_PROBLEMS: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts from 1; 0: the file as a whole. `path` reads like `questions[3].type`."""

    file: str
    line: int
    path: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        allowed = f" Allowed: {self.allowed.rstrip('.')}." if self.allowed else ""
        return f"{where}: {self.path or '(file)'}: {self.message}.{allowed}"

    def as_json(self) -> dict[str, Any]:
        """The same as JSON types."""
        return {
            "file": self.file,
            "line": self.line,
            "path": self.path,
            "message": self.message,
            "allowed": self.allowed,
        }


class PlaybookError(ValueError):
    """A file that is no good playbook. `problems`: all that was found, in the order of the lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = sorted(set(problems), key=lambda p: (p.file, p.line, p.path, p.message))
        self.problems: tuple[Problem, ...] = tuple(found[:MAX_PROBLEMS])
        super().__init__("\n".join(map(str, self.problems)))
