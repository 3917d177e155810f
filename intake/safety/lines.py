"""What `manage.py understand --safety` answers to a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intake.language.guess import Language
from intake.safety.watching import watch


def answer(text: str, language: Language, line: Mapping[str, Any]) -> dict[str, Any]:
    """The output of `schemas/understand.safety.v1.json`, without `id`."""
    del line
    found = watch(text, language=language)
    return {"alarm": found.alarm, "level": found.level, "kinds": list(found.kinds), "why": found.why}
