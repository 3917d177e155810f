"""Phone numbers, typed or spoken, in E.164."""

from __future__ import annotations

import itertools
import re
from typing import Final

from intake.understanding.corrections import denied, pieces
from intake.understanding.digits import EXTENSION, Run, runs
from intake.understanding.facts import Found, State
from intake.understanding.heard import Heard

_PLUS: Final = frozenset({"plus", "mas"})
_OF_A_PHONE: Final = frozenset(
    [
        "phone",
        "cell",
        "number",
        "mobile",
        "call",
        "reach",
        "text",
        "telephone",
        "whatsapp",
        "telefono",
        "celular",
        "numero",
        "llamar",
        "llameme",
        "movil",
        "cel",
        "llamenme",
        "marcar",
        "contactar",
        "localizar",
    ]
)
_AREA: Final = frozenset({"area", "code", "codigo", "lada"})
_ENDS: Final = frozenset({"ends", "ending", "last", "termina", "ultimos"})
MIN_LOCAL: Final = 10
_NORTH_AMERICAN: Final = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_A_GUESS: Final = 0.9


def read_phone(heard: Heard, country: str = "US", *, asked: bool = True) -> Found | None:
    """The phone number in an answer; after a correction the corrected one. None: none is complete."""
    earlier: Found | None = None
    for part in pieces(heard):
        found = _complete(part, country)
        if found is not None:
            earlier = found
        elif earlier is not None:
            earlier = _patched(part, earlier, country) or earlier
    if earlier is None or asked:
        return earlier
    return earlier if earlier.state == "stated" and _looks_like_one(heard, earlier) else None


def _complete(heard: Heard, country: str) -> Found | None:
    best: tuple[float, str, Run] | None = None
    for run in _candidates(heard):
        read = _number(run, _has_plus(heard, run), country)
        if read is not None and (best is None or read[1] < best[0]):
            best = (read[1], read[0], run)
    if best is None:
        return None
    cost, number, run = best
    start, end = heard.span(run.start, run.end)
    state: State = "inferred" if cost >= _A_GUESS else "stated"
    return Found(number, start, end, "digits in a row make a phone number", state)


def _candidates(heard: Heard) -> list[Run]:
    """Runs of digits without an extension; neighbouring short runs are also tried together."""
    kept: list[Run] = []
    every = runs(heard)
    stand = [run for run in every if not denied(heard, run.start)]
    for run in stand or every:
        if kept and EXTENSION & set(heard.norms[max(run.start - 2, kept[-1].end) : run.start]):
            continue
        kept.append(run)
    joined = [
        Run(a.slots + b.slots, a.start, b.end)
        for a, b in itertools.pairwise(kept)
        if len(a.digits) in {1, 3, 6, 7} and b.start - a.end <= 4
    ]
    triple = [
        Run(a.slots + b.slots + c.slots, a.start, c.end)
        for a, b, c in zip(kept, kept[1:], kept[2:], strict=False)
        if c.start - a.end <= 9 and len(a.digits) == 3
    ]
    behind = [
        Run(b.slots + a.slots, a.start, b.end)
        for a, b in itertools.pairwise(kept)
        if (len(a.digits) == 7 and len(b.digits) == 3 and _AREA & set(heard.norms[a.end : b.start]))
        or (len(a.digits) == 4 and len(b.digits) == 6 and _ENDS & set(heard.norms[max(0, a.start - 4) : a.start]))
    ]
    return kept + joined + triple + behind + _begun_again(kept)


def _begun_again(found: list[Run]) -> list[Run]:
    """ "270 555 01, hold on, 0138": the digits said last before a stop are said again after it."""
    again: list[Run] = []
    for a, b in itertools.pairwise(found):
        size = len(a.digits) + len(b.digits) - MIN_LOCAL
        if 1 <= size <= 4 and a.digits.endswith(b.digits[:size]) and len(b.slots) > size and b.start - a.end <= 8:
            again.append(Run(a.slots + b.slots[size:], a.start, b.end))
    return again


def _number(run: Run, plus: bool, country: str) -> tuple[str, float] | None:
    """The number in E.164 that a run is read as most cheaply, and what that costs."""
    digits = run.digits
    if plus or digits.startswith("011") or len(digits) > MIN_LOCAL + 1:
        exact = _e164(digits, plus=plus, country=country)
        if exact is not None:
            return exact, 0.0
    best: tuple[str, float] | None = None
    for length, first in ((MIN_LOCAL, ""), (MIN_LOCAL + 1, "1")):
        read = run.fitted(length, first)
        if read is not None and (best is None or read[1] < best[1]):
            number = _e164(read[0], plus=False, country=country)
            if number is not None:
                best = (number, read[1])
    if best is None and len(digits) > MIN_LOCAL:
        exact = _e164(digits, plus=plus, country=country)
        return (exact, 1.0) if exact is not None else None
    return best


def _has_plus(heard: Heard, run: Run) -> bool:
    start = heard.tokens[run.start].start
    return heard.norm(run.start - 1) in _PLUS or heard.text[max(0, start - 1) : start] == "+"


def _e164(digits: str, *, plus: bool, country: str) -> str | None:
    import phonenumbers

    if len(digits) > 15:
        digits = digits[:11] if digits[0] == "1" else digits[:10]
        plus = False
    if digits.startswith("011") and len(digits) > 11:
        digits, plus = digits[3:], True
    if len(digits) < MIN_LOCAL:
        return None
    if country in {"US", "CA"} and not plus and len(digits) > MIN_LOCAL and digits[0] != "1":
        plus = len(digits) > 11  # "52 55 1234 5678": nobody says two digits too many
        if not plus:
            return None
    try:
        number = phonenumbers.parse(f"+{digits}" if plus else digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    if number.country_code == 1 and not _NORTH_AMERICAN.fullmatch(str(number.national_number)):
        return None  # neither an area nor an exchange begins with 0 or 1
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _patched(heard: Heard, earlier: Found, country: str) -> Found | None:
    """ "sorry, the last four are 0143": the tail of what was said before, said again."""
    for run in runs(heard):
        if heard.norm(run.start - 1) in {"last", "ultimos", "ultimas"} and len(run.slots) > 1:
            run = Run(run.slots[1:], run.start, run.end)  # "the last four are"
        if 2 <= len(run.digits) <= 7:
            number = str(earlier.value)[: -len(run.digits)] + run.digits
            start, end = heard.span(run.start, run.end)
            return Found(number, min(start, earlier.start), max(end, earlier.end), "a correction of its last digits")
    del country
    return None


def _looks_like_one(heard: Heard, found: Found) -> bool:
    """Whether a number nobody asked for is a phone number: no thousands in it, or introduced as one."""
    words = [t.norm for t in heard.tokens if found.start <= t.start < found.end]
    before = [t.norm for t in heard.tokens if t.end <= found.start][-6:]
    return not {"thousand", "mil", "hundred", "million"} & set(words) or bool(_OF_A_PHONE & set(before))
