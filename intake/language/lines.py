"""Text or JSON, a line each: what `manage.py understand` and its like read and write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from intake.language.guess import LANGUAGES, Language, guess_language

#: Characters of one line that are read; the longest turn that is understood whole.
MAX_LINE_TEXT: Final = 20_000
Answer = Callable[[str, Language, Mapping[str, Any]], Mapping[str, Any]]
"""`(text, language, line) -> what was found`, without `id`. `line` is the whole object, with `question`, `today`."""


class BadLine(ValueError):
    """A line that cannot be read. `args[0]` says what is wrong with it."""


def answered(lines: Iterable[str], answer: Answer, *, language: Language | None = None) -> Iterator[dict[str, Any]]:
    """One object for each line that is not empty, in order, errors included. `language`: for lines without one.

    A line that starts with `{` is JSON; any other is text, whose `id` is its number, from 1.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        identity: Any = number
        try:
            read = _read(line)
            identity = read.get("id", number)
            yield {"id": identity, **_answer(read, answer, language)}
        except BadLine as error:
            yield {"id": identity, "error": {"code": "bad_line", "message": str(error)}, "why": str(error)}


def _answer(read: Mapping[str, Any], answer: Answer, language: Language | None) -> Mapping[str, Any]:
    text = read.get("text")
    if not isinstance(text, str):
        raise BadLine('"text" is missing or no string')
    spoken = read.get("lang") or language or guess_language(text)
    if spoken not in LANGUAGES:
        raise BadLine(f'"lang" is {spoken!r}: use one of {", ".join(LANGUAGES)}')
    return answer(text[:MAX_LINE_TEXT], spoken, read)


def _read(line: str) -> Mapping[str, Any]:
    line = line.rstrip("\r\n").removeprefix("\ufeff")
    if not line.lstrip().startswith("{"):
        return {"text": line}
    try:
        read = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from None
    if not isinstance(read, dict):
        raise BadLine("not a JSON object")
    return read
