"""Phone numbers, typed or spoken, in E.164."""

from __future__ import annotations

from typing import Final

from intake.understanding.corrections import pieces
from intake.understanding.digits import Run, runs
from intake.understanding.facts import Found
from intake.understanding.heard import Heard

_EXTENSION: Final = frozenset({"extension", "ext", "x", "extn", "anexo", "interno"})
_PLUS: Final = frozenset({"plus", "mas"})
_OF_A_PHONE: Final = frozenset(
    "phone cell number mobile call reach text telephone whatsapp telefono celular numero llamar llameme movil cel "
    "llamenme marcar contactar localizar".split()
)
MIN_LOCAL: Final = 10


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
    return earlier if _looks_like_one(heard, earlier) else None


def _complete(heard: Heard, country: str) -> Found | None:
    for run in _candidates(heard):
        number = _e164(run.digits, plus=_has_plus(heard, run), country=country)
        if number is not None:
            start, end = heard.span(run.start, run.end)
            return Found(number, start, end, "digits in a row make a phone number")
    return None


def _candidates(heard: Heard) -> list[Run]:
    """Runs of digits without an extension; neighbouring short runs are also tried together."""
    kept: list[Run] = []
    for run in runs(heard):
        if kept and _EXTENSION & set(heard.norms[max(run.start - 2, kept[-1].end) : run.start]):
            continue
        kept.append(run)
    joined = [
        Run(a.digits + b.digits, a.start, b.end, a.guessed + b.guessed)
        for a, b in zip(kept, kept[1:], strict=False)
        if len(a.digits) in {1, 3, 6, 7} and b.start - a.end <= 4
    ]
    triple = [
        Run(a.digits + b.digits + c.digits, a.start, c.end)
        for a, b, c in zip(kept, kept[1:], kept[2:], strict=False)
        if c.start - a.end <= 9 and len(a.digits) == 3
    ]
    return kept + joined + triple


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
        plus = len(digits) > 11  # "52 55 1234 5678": nobody says a digit too many twice
        if not plus:
            return None
    try:
        number = phonenumbers.parse(f"+{digits}" if plus else digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _patched(heard: Heard, earlier: Found, country: str) -> Found | None:
    """ "sorry, the last four are 0143": the tail of what was said before, said again."""
    for run in runs(heard):
        if 2 <= len(run.digits) <= 7:
            number = str(earlier.value)[: -len(run.digits)] + run.digits
            start, end = heard.span(run.start, run.end)
            return Found(number, min(start, earlier.start), max(end, earlier.end), "a correction of its last digits")
    del country
    return None


def _looks_like_one(heard: Heard, found: Found) -> bool:
    """Whether a number nobody asked for is a phone number: written or introduced as one, or ten digits in a row."""
    del heard
    return len(str(found.value)) >= MIN_LOCAL + 1
