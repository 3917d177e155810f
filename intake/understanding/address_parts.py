"""The parts of an address that are told by numbers: the house, the apartment, the ZIP code."""

from __future__ import annotations

from typing import Final

from intake.understanding.digits import element
from intake.understanding.heard import Heard
from intake.understanding.numbers import number_at, tidy
from intake.understanding.words import table

_MAX_NUMBER: Final = 6
_MAX_RUN: Final = 12
_ZERO: Final = frozenset({"oh", "o", "zero", "cero"})


def house_number(heard: Heard, index: int) -> tuple[str, int] | None:
    """A house number as figures: "742", "seven forty two", "twelve hundred", "1024 B"."""
    composed = number_at(heard, index)
    if composed is not None and {"hundred", "thousand", "mil", "cien", "ciento"} & set(
        heard.norms[index : composed.end]
    ):
        return str(tidy(composed.value)), composed.end
    digits, at = "", index
    while True:
        if is_ordinal(heard, at) or (digits and "," in heard.gap(at)):
            break
        read = element(heard, at)
        if read is None and heard.norm(at) in _ZERO and digits:
            read = ("0", at + 1)
        if read is None:
            break
        digits, at = digits + read[0], read[1]
        if len(digits) > _MAX_NUMBER:
            return None
    return (digits, at) if digits else None


def is_ordinal(heard: Heard, index: int) -> bool:
    """ "42 nd", "forty second": the name of a street, not its number."""
    if heard.norm(index)[:1].isdigit():
        return heard.norm(index + 1) in {"st", "nd", "rd", "th"} and heard.gap(index + 1) == ""
    ordinals = table("numbers")["ordinal"]
    number = number_at(heard, index)
    return heard.norm(index) in ordinals or (
        number is not None
        and number.end == index + 1
        and number.value in {20, 30, 40, 50, 60, 70, 80, 90}
        and heard.norm(index + 1) in ordinals
    )


def unit_at(heard: Heard, index: int) -> tuple[str, int, int] | None:
    """ "apartment four b", "# 12", "unit 3": type and identifier."""
    at = index
    if "#" in heard.gap(at):
        read = _identifier(heard, at)
        return (f"#{read[0]}", at, read[1]) if read else None
    names = table("addresses")["unit_names"]
    for place in range(at, min(len(heard), at + 3)):
        name = names.get(heard.norm(place))
        if name is None and heard.norm(place) in {"number", "numero", "num"}:
            read = _identifier(heard, place + 1)
            return (f"#{read[0]}", place, read[1]) if read is not None else None
        if name is not None:
            step = place + 1 + (heard.norm(place + 1) in {"number", "numero", "no", "num"})
            read = _identifier(heard, step)
            if read is not None:
                return f"{name} {read[0]}", place, read[1]
    return None


def _identifier(heard: Heard, index: int) -> tuple[str, int] | None:
    """ "4B", "twelve", "B", "four b"."""
    number = house_number(heard, index)
    if number is not None and len(number[0]) > 4 and heard.norm(index).isdigit():
        number = (heard.norm(index), index + 1)
    at = number[1] if number else index
    letter = heard.norm(at)
    if (
        len(letter) == 1
        and letter.isalpha()
        and (
            number is None
            or letter not in {"a", "y", "e"}
            or heard.gap(at) == ""
            or heard.norm(at + 1) in {"", "in", "en"}
        )
    ):
        return f"{number[0] if number else ''}{letter.upper()}", at + 1
    if letter in {"bee", "be"} and number:
        return f"{number[0]}B", at + 1
    return number


def zip_at(heard: Heard, index: int) -> tuple[str, int, int] | None:
    """Five digits, as figures or said one by one."""
    at = index - 1
    while at + 1 < len(heard):
        at += 1
        word = heard.norm(at)
        if word[:5].isdigit() and word.isascii() and (len(word) == 5 or (len(word) == 10 and word[5] == "-")):
            return word, at, at + 1
        digits, step = "", at
        while (read := element(heard, step)) is not None or (
            heard.norm(step) in _ZERO and (digits or element(heard, step + 1))
        ):
            piece, step = read if read is not None else ("0", step + 1)
            digits += piece
        if len(digits) == 5:
            return digits, at, step
        if len(digits) == 9:
            return f"{digits[:5]}-{digits[5:]}", at, step
        if len(digits) > _MAX_RUN:
            at = step
    return None
