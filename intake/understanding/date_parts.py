"""The parts of a date: day, month, year; each from its first word to the place after it."""

from __future__ import annotations

from typing import Final

from intake.understanding.calendar import MAX_YEAR, MIN_YEAR
from intake.understanding.date_types import When
from intake.understanding.heard import Heard, alike
from intake.understanding.numbers import number_at, word_value
from intake.understanding.words import table, word_set

Part = tuple[int, int]
_SUFFIX: Final = frozenset({"st", "nd", "rd", "th", "ro", "o", "er"})


def month_at(heard: Heard, index: int, *, near: bool = False) -> Part | None:
    """A month by name. `near`: also one that was misheard."""
    word = heard.norm(index)
    read = table("dates")
    if word in read["months"]:
        return read["months"][word], index + 1
    if word in read["short"] and (word not in {"ago", "set", "mar"} or _beside_figure(heard, index)):
        return read["short"][word], index + 1
    if near and len(word) > 3:
        best, score = 0, 0.66
        for name, number in read["months"].items():
            found = alike(word, name)
            if found > score:
                best, score = number, found
        if best:
            return best, index + 1
    return None


def _beside_figure(heard: Heard, index: int) -> bool:
    before = heard.norm(index - 1) if heard.norm(index - 1) != "de" else heard.norm(index - 2)
    return before[:1].isdigit() or heard.norm(index + 1)[:1].isdigit()


def is_unsure_month(word: str) -> bool:
    """Whether a month's name is another word as often: "may", "march"."""
    return word in word_set("dates", "unsure")


def day_at(heard: Heard, index: int) -> tuple[int, int, bool] | None:
    """A day of the month, the place after it, and whether it was an ordinal."""
    word = heard.norm(index)
    ordinals = table("numbers")["ordinal"]
    if word in ordinals:
        value = ordinals[word]
        return (value, index + 1, True) if value <= 31 else None
    if word.isdigit() and word.isascii() and len(word) <= 2:
        has_suffix = heard.norm(index + 1) in _SUFFIX and heard.gap(index + 1) == ""
        value = int(word)
        return (value, index + 1 + has_suffix, has_suffix) if 1 <= value <= 31 else None
    known = word_value(word, heard.language)
    if known is None or known[0] not in {"unit", "teen", "ten"}:
        return None
    following = heard.norm(index + 1)
    if known[0] == "ten" and known[1] in {20, 30}:
        if following in ordinals and ordinals[following] < 10:
            value = known[1] + ordinals[following]
            return (value, index + 2, True) if value <= 31 else None
        number = number_at(heard, index)
        if number is not None and known[1] < number.value <= 31:
            return int(number.value), number.end, False
    return (known[1], index + 1, False) if 1 <= known[1] <= 31 else None


def year_at(heard: Heard, index: int, *, short: bool = False) -> Part | None:
    """A year: "1984", "nineteen eighty four", "dos mil diez". `short`: also "84", "eighty four"."""
    word = heard.norm(index)
    if word.isdigit() and word.isascii():
        if len(word) == 4 and MIN_YEAR <= int(word) <= MAX_YEAR:
            return int(word), index + 1
        if len(word) == 2 and short:
            return int(word), index + 1
        return None
    if word in {"nineteen", "twenty", "eighteen"}:
        found = _two_halves(heard, index)
        if found is not None:
            return found
    if word in {"two", "dos", "mil", "one", "to", "too"}:
        number = number_at(heard, index)
        if number is None and word in {"to", "too"} and heard.norm(index + 1) in {"thousand"}:
            number = number_at(heard, index + 1)
            if number is not None and 1000 <= number.value < 1100:
                return int(number.value) + 1000, number.end
        if number is not None and MIN_YEAR <= number.value <= MAX_YEAR and number.value == int(number.value):
            return int(number.value), number.end
    if short:
        known = word_value(word, heard.language)
        if known is not None and known[0] in {"ten", "teen"}:
            number = number_at(heard, index)
            if number is not None and 10 <= number.value <= 99:
                return int(number.value), number.end
        if word in {"oh", "o", "zero", "cero"}:
            after = word_value(heard.norm(index + 1), heard.language)
            if after is not None and after[0] == "unit":
                return after[1], index + 2
    return None


def _two_halves(heard: Heard, index: int) -> Part | None:
    """ "nineteen eighty four", "twenty oh five", "nineteen hundred"."""
    century = {"eighteen": 1800, "nineteen": 1900, "twenty": 2000}[heard.norm(index)]
    following = heard.norm(index + 1)
    if following in {"oh", "o", "zero", "owe"}:
        after = word_value(heard.norm(index + 2), heard.language)
        if after is not None and after[0] == "unit":
            return century + after[1], index + 3
        return None
    number = number_at(heard, index + 1)
    if number is not None and not number.written and 10 <= number.value <= 99 and century + number.value >= MIN_YEAR:
        return int(century + number.value), number.end
    return None


def full_year(value: int, today_year: int) -> int:
    """A year of two digits in its century: not more than a year from now."""
    if value >= 100:
        return value
    return 2000 + value if value <= today_year % 100 + 1 else 1900 + value


_LAST_OF_DAY: Final = frozenset({"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"})


def _another_clause(heard: Heard, index: int, at: int) -> bool:
    """Whether a comma and an article stand between a month and a number: no year is led in so."""
    return heard.norm(at - 1) in {"el", "the"} and any("," in heard.gap(place) for place in range(index, at + 1))


def year_after(heard: Heard, index: int, when: When, *, short: bool = True) -> tuple[int, int] | None:
    """A year after a day or month: "of 2020", "del año pasado", ", 1984", "last year", "'84"."""
    at = index
    while heard.norm(at) in {"of", "de", "del", "in", "the", "el", "ano", "year", "en", "back"}:
        at += 1
    relative = relative_year(heard, at, when)
    if relative is not None:
        return relative
    aside = next((len(words) for words in _ASIDES if heard.starts(at, words)), 0)
    read = year_at(heard, at, short=short) if not aside else year_at(heard, at + aside)
    if (
        read is None
        and at == index
        and len(heard.norm(at)) <= 5
        and heard.norm(at) not in {"to", "or", "and", "y", "o", "a", "al", "till"}
    ):
        read = year_at(heard, at + 1)  # "summer on twenty twenty": the word between was misheard
        read = read if read is not None and read[0] > 99 else None
    if read is None:
        return None
    if read[0] < 100 and (heard.norm(read[1]) in _LAST_OF_DAY or _another_clause(heard, index, at)):
        return None  # "the monday before thanksgiving, the twenty third"; "el diez de diciembre, el doce es …"
    if read[0] < 100 and heard.norm(read[1]) in {"de", "of"} and month_at(heard, read[1] + 1) is not None:
        return None  # "navidad el treinta y uno de octubre": a day
    if read[0] < 100 and heard.norm(read[1]) in {"dollars", "days", "weeks", "years", "oclock", "pm", "am", "dolares"}:
        return None
    return full_year(read[0], when.today.year), read[1]


def relative_year(heard: Heard, index: int, when: When) -> tuple[int, int] | None:
    """A year seen from today: "last year", "two years ago", "el año pasado"."""
    for words, offset in _YEARS.items():
        if words == ("pasado",) and heard.norm(index - 1) != "ano":
            continue  # "septiembre pasado" is the last September there was
        if heard.starts(index, words):
            return when.today.year + offset, index + len(words)
    number = number_at(heard, index)
    if number is not None and heard.norm(number.end) in {"years", "year"} and heard.norm(number.end + 1) == "ago":
        return when.today.year - int(min(number.value, 100)), number.end + 2
    if heard.norm(index) == "hace":
        number = number_at(heard, index + 1)
        if number is not None and heard.norm(number.end) in {"ano", "anos"}:
            return when.today.year - int(min(number.value, 100)), number.end + 1
    return None


#: Between a month and its year: "mid October, I think, 2023".
_ASIDES: Final = (
    ("i", "think"), ("i", "believe"), ("i", "guess"), ("i", "wanna", "say"), ("i", "want", "to", "say"), ("maybe",),
    ("creo", "que", "del"), ("creo", "que"), ("creo", "del"), ("creo",), ("yo", "creo"), ("it", "was"), ("like",),
)  # fmt: skip
_YEARS: Final = {
    ("last", "year"): -1, ("this", "year"): 0, ("next", "year"): 1, ("the", "year", "before", "last"): -2,
    ("year", "before", "last"): -2, ("ano", "pasado"): -1, ("este", "ano"): 0, ("proximo", "ano"): 1,
    ("ano", "que", "viene"): 1, ("ano", "antepasado"): -2, ("a", "year", "ago"): -1, ("pasado",): -1,
    ("presente", "ano"): 0, ("previous", "year"): -1, ("that", "year"): 0, ("ano", "anterior"): -1,
}  # fmt: skip
