""" "Are you 18 or older?" answered with an age: "im 34", "tengo dieciséis"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from intake.understanding.counts import read_count
from intake.understanding.facts import Found
from intake.understanding.heard import Heard
from intake.understanding.mending import with_numbers

_LIMIT: Final = re.compile(r"(\d{1,3}) (?:or older|or over|años o más)|mayor de (\d{1,3})", re.IGNORECASE)
#: An age is a short answer; a story with a number in it is none.
_SHORT: Final = 8
#: Smaller numbers count something else: "los dos, yo 19".
_YOUNGEST: Final = 6
_OLDEST: Final = 120


def read_old_enough(heard: Heard, question: str) -> Found | None:
    """Yes or no, where the question asks for an age and the answer is one."""
    limit = _LIMIT.search(question)
    if limit is None or len(heard) > _SHORT:
        return None
    found = read_count(with_numbers(heard), question="How old are you?")
    if found is None or not isinstance(found.value, int) or not _YOUNGEST <= found.value <= _OLDEST:
        return None
    enough = found.value >= int(limit[1] or limit[2])
    return replace(found, value="yes" if enough else "no", why=f"{found.value} years")
