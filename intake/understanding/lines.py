"""`manage.py understand --facts`: the facts of one line, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from intake.language.guess import Language, guess_language
from intake.language.lines import BadLine
from intake.understanding.facts import TYPES, Choice, Fact, Question
from intake.understanding.reading import understand

_MAX_CHOICES: Final = 50


def answer(text: str, language: Language, line: Mapping[str, Any]) -> dict[str, Any]:
    """The facts in `text`, as the command prints them. Raises BadLine for a question or day that is none.

    `line["today"]` (ISO 8601) is what relative dates are seen from; without it the machine's day.
    """
    question = read_question(line.get("question"))
    if "lang" not in line and question is not None and language == "en":
        # A bare answer ("cuatro") tells little; the question was asked in the language of the conversation.
        language = guess_language(f"{text} {question.text}")
    reading = understand(text, question=question, language=language, today=_today(line.get("today")))
    return {
        "facts": [_shown(fact) for fact in reading.facts],
        "unusable": reading.unusable,
        "is_correction": reading.is_correction,
        "asks": sorted(reading.asks),
        "why": "; ".join(f"{fact.key}: {fact.why}" for fact in reading.facts) or "nothing typed was found",
    }


def read_question(read: object) -> Question | None:
    """The question of a line. Raises BadLine."""
    if read is None:
        return None
    if not isinstance(read, Mapping):
        raise BadLine('"question" is no object')
    kind = read.get("type")
    if kind not in TYPES:
        raise BadLine(f'"question.type" is {kind!r}: use one of {", ".join(TYPES)}')
    choices = read.get("choices") or []
    if not isinstance(choices, list) or len(choices) > _MAX_CHOICES:
        raise BadLine(f'"question.choices" is no list of at most {_MAX_CHOICES}')
    text, key = read.get("text", ""), read.get("key", "")
    if not isinstance(text, str) or not isinstance(key, str):
        raise BadLine('"question.text" or "question.key" is no string')
    return Question(kind, text, tuple(_choice(one) for one in choices), key)


def _choice(read: object) -> Choice:
    if isinstance(read, str):
        return Choice(read, read)
    if isinstance(read, Mapping):
        label = read.get("label") or read.get("text") or read.get("code")
        synonyms = read.get("synonyms") or []
        if isinstance(label, str) and isinstance(synonyms, list):
            return Choice(str(read.get("code", label)), label, tuple(str(word) for word in synonyms))
    raise BadLine("a choice is a string, or an object with code, label, synonyms")


def _today(read: object) -> date:
    if read is None:
        return datetime.now(tz=UTC).date()
    try:
        return date.fromisoformat(str(read)[:10])
    except ValueError:
        raise BadLine(f'"today" is {read!r}: use YYYY-MM-DD') from None


def _shown(fact: Fact) -> dict[str, Any]:
    return {"key": fact.key, "value": fact.value, "state": fact.state, "span": [fact.start, fact.end], "why": fact.why}
