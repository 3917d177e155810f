"""The parts of an address that are told by numbers: the house, the apartment, the ZIP code."""

from __future__ import annotations

from typing import Final

from intake.understanding.digits import element, runs
from intake.understanding.heard import Heard
from intake.understanding.numbers import number_at, tidy
from intake.understanding.words import table

_MAX_NUMBER: Final = 6
#: More digits than this in a row are no ZIP code.
_MIN_PHONE: Final = 9
_ZIP_COST: Final = 0.65
_DIRECTIONS: Final = frozenset({"n", "e"})
_SLIPS: Final = frozenset({"a", "the", "like", "so", "of", "que", "pues"})
_PHONES: Final = frozenset({"phone", "cell", "number", "telefono", "celular", "numero", "cel"})
_ZERO: Final = frozenset({"oh", "o", "zero", "cero"})


def digits_from(heard: Heard, index: int) -> tuple[str, int]:
    """The digits said one after the other from `index` on, and the place after them."""
    digits, at = "", index
    while (read := element(heard, at)) is not None or (heard.norm(at) in _ZERO and element(heard, at + 1)):
        piece, at = read if read is not None else ("0", at + 1)
        digits += piece
    return digits, at


def house_number(heard: Heard, index: int) -> tuple[str, int] | None:
    """A house number as figures: "742", "seven forty two", "twelve hundred", "1024 B"."""
    composed = number_at(heard, index)
    if composed is not None and _DIRECTIONS & set(heard.norms[index : composed.end]):
        # "two thousand two hundred n thirty fifth": the letter is a direction and ends the number
        end = next(i for i in range(index, composed.end) if heard.norm(i) in _DIRECTIONS)
        composed = number_at(heard.part(0, end), index)
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
        if read is None and digits and _slipped(heard, at):
            at += 1
            continue
        if read is None:
            break
        digits, at = digits + read[0], read[1]
        if len(digits) > _MAX_NUMBER:
            return None
    return (digits, at) if digits else None


def _slipped(heard: Heard, index: int) -> bool:
    """Whether a small word stands between two digits as they are said: "six a oh five"."""
    after = heard.norm(index + 1)
    return (
        not heard.is_cased
        and heard.norm(index) in _SLIPS
        and (after in _ZERO or (element(heard, index + 1) is not None and not is_ordinal(heard, index + 1)))
    )


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
        if _PHONES & set(heard.norms[max(0, at - 3) : at]) and len(digits) > 2:
            at = step
        elif len(digits) == 5:
            return digits, at, step
        elif len(digits) == 9 and step - at == 9:
            return f"{digits[:5]}-{digits[5:]}", at, step
        elif len(digits) > _MIN_PHONE:
            at = step
    return _misheard_zip(heard, index) if index else None


def _misheard_zip(heard: Heard, index: int) -> tuple[str, int, int] | None:
    """Five digits behind a city or state of which one was misheard: "three seven line oh two"."""
    if heard.is_cased:
        return None
    for run in runs(heard):
        if run.start < index or not 4 <= len(run.slots) <= 6 or _PHONES & set(heard.norms[run.start - 3 : run.start]):
            continue
        read = run.fitted(5)
        if read is not None and read[1] <= _ZIP_COST:
            return read[0], run.start, run.end
    return None
