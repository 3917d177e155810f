"""What `manage.py understand --guard` answers to a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intake.guard.judging import judge
from intake.language.guess import Language


def answer(text: str, language: Language, line: Mapping[str, Any]) -> dict[str, Any]:
    """The output of `schemas/understand.guard.v1.json`, without `id`."""
    del line
    verdict = judge(text, language=language)
    return {"allow": verdict.allow, "rules": list(verdict.rules), "why": verdict.why}
