"""Whether what was understood is what is true. Pure.

A fact is written as its value; as a list, of which each is right; or as `{about: [from, to]}` (a number or a date in
between, also as a range that lies there), `{has: words}` (a text with these in it), `{state: unknown | refused}`.
"""

from __future__ import annotations

from typing import Any

from intake.language.tokens import words_of


def is_right(expected: Any, value: Any, state: str) -> bool:
    """Whether `value`, in `state`, is what was expected."""
    if isinstance(expected, dict):
        if "state" in expected:
            return value is None and state == expected["state"]
        if value is None:
            return False
        if "has" in expected:
            return _has(str(expected["has"]), str(value))
        return _within(expected["about"], value)
    if value is None:
        return False
    if isinstance(expected, list):
        return any(str(value).startswith(str(one)) for one in expected)
    if isinstance(expected, (int, float)):
        return bool(value == expected or (isinstance(value, (list, tuple)) and set(value) == {expected}))
    return str(value) == expected or words_of(str(value)) == words_of(expected)


def _has(wanted: str, text: str) -> bool:
    """Whether a word of `text` begins so: "empac" is in "empacando"."""
    return any(word.startswith(" ".join(words_of(wanted))) for word in words_of(text))


def _within(bounds: list[Any], value: Any) -> bool:
    low, high = bounds
    if isinstance(value, str):
        first, _, last = value.partition("/")
        return bool(str(low) <= first and (last or first) <= str(high))
    if isinstance(value, (list, tuple)):
        return bool(low <= min(value) and max(value) <= high)
    return bool(low <= value <= high)
