"""`manage.py understand --areas`: one text in, its areas out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.classify.scoring import classify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.language.guess import Language


def answer(text: str, language: Language, line: Mapping[str, Any]) -> dict[str, Any]:
    """`areas`, `unclear`, `not_legal` and `why`, as `schemas/understand.areas.v1.json` describes them."""
    del line
    found = classify(text, language=language)
    return {
        "areas": [
            {"code": area.code, "score": area.score, "within": area.within, "why": area.why} for area in found.areas
        ],
        "unclear": found.unclear,
        "not_legal": found.not_legal,
        "why": found.why,
    }
