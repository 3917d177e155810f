"""Numbers in words and figures, English and Spanish: "twelve hundred", "mil quinientos", "1,250.50"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from intake.understanding.heard import Heard
from intake.understanding.words import table

_AND: Final = frozenset({"and", "y", "e", "n", "i", "ya", "hay"})
_MAX_WORDS: Final = 16
_POINT: Final = frozenset({"point", "punto", "coma"})
_AFTER: Final = {
    # what may follow what; "" is the beginning
    "unit": frozenset({"", "ten", "hundred", "scale"}),
    "teen": frozenset({"", "hundred", "scale"}),
    "ten": frozenset({"", "hundred", "scale"}),
    "hundred": frozenset({"", "scale"}),
    "figure": frozenset({"", "scale"}),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A value and the words it takes. `kind`: its last part. `written`: in figures."""

    value: float
    end: int
    kind: str
    written: bool = False


@cache
def kinds() -> dict[str, tuple[str, int]]:
    """Each number word with its kind and value."""
    read = table("numbers")
    return {
        word: (kind, value)
        for kind in ("unit", "teen", "ten", "hundred", "scale")
        for word, value in read[kind].items()
    }


def word_value(word: str, language: str) -> tuple[str, int] | None:
    """The kind and value of a number word."""
    if language == "es" and word == "once":
        return "teen", 11
    return kinds().get(word)


def figure(word: str, language: str) -> float | None:
    """The value of a number in figures; None: it is none, or a date or a phone number."""
    if not word[:1].isdigit() or any(c in word for c in ":/-"):
        return None
    if not word.isascii():
        return None
    dots, commas = word.count("."), word.count(",")
    if dots and commas:
        decimal = max(word.rfind("."), word.rfind(","))
        whole = word[:decimal].replace(".", "").replace(",", "")
        return _float(f"{whole}.{word[decimal + 1 :]}")
    if commas:
        parts = word.split(",")
        if all(len(part) == 3 for part in parts[1:]):
            return _float("".join(parts))
        return _float(".".join(parts)) if commas == 1 else None
    if dots:
        parts = word.split(".")
        if all(len(part) == 3 for part in parts[1:]) and (language == "es" or dots > 1):
            return _float("".join(parts))
        return _float(word) if dots == 1 else None
    return _float(word)


def _float(word: str) -> float | None:
    try:
        return float(word) if len(word) <= 15 else None
    except ValueError:  # a digit of another kind in it, such as a superscript
        return None


@cache
def _beginnings() -> frozenset[str]:
    """The words a number may begin with."""
    more = {"a", "another", "un", "una", "half", "medio", "media", "couple", "par", "hundred", "hundreds"}
    return frozenset(kinds()) | more | frozenset(table("numbers")["dozen"])


def number_at(heard: Heard, index: int) -> Number | None:
    """The longest number that starts at word `index`."""
    word = heard.norm(index)
    if word not in _beginnings() and not word[:1].isdigit() and not (word == "once" and heard.language == "es"):
        return None
    special = _half(heard, index)
    if special is not None:
        return special
    # "a hundred", "a dozen": the article is a one only before such a word.
    start = index
    if heard.norm(index) in {"a", "another"} and heard.norm(index + 1) in {
        "hundred",
        "thousand",
        "million",
        "dozen",
        "grand",
    }:
        start = index + 1
    number = _composed(heard, start)
    return _with_rest(heard, _million_and(heard, number)) if number is not None else None


def _composed(heard: Heard, index: int) -> Number | None:
    total, current, last, position = 0.0, 0.0, "", index
    written = False
    while position - index < _MAX_WORDS:
        word = heard.norm(position)
        step = position
        if word in _AND and last:
            step += 1
            word = heard.norm(step)
        kind, value = _part(word, heard.language)
        if kind is None or (step != position and not _may_join(heard.norm(position), last, kind, value)):
            break
        if kind == "hundreds":
            if last not in {"", "unit", "teen", "ten", "figure"} or not 0 < (current or 1) < 100:
                break
            current, last = (current or 1) * 100, "hundred"
        elif kind == "scale":
            if last == "scale" and value <= 1000 and current == 0 and total % value == 0 and total:
                break
            if not last and (word in {"k", "m"} or (word == "grand" and heard.norm(position - 1) not in {"a", "one"})):
                break
            current = (current or (1 if not last else 0)) * value
            total, current, last = (
                (total * value if last == "scale" and current == 0 else total + current),
                0.0,
                "scale",
            )
        elif last == "scale" and current == 0 and kind in _AFTER and _scale_ahead(heard, step):
            break  # "dos mil y dos mil quinientos" are two numbers
        elif last == "hundred" and current >= 1000 and step != position and _scale_ahead(heard, step):
            break  # "fifteen hundred and two grand" are two numbers
        elif kind in {"unit", "teen", "ten"} and last == "hundred" and _hundred_ahead(heard, step):
            break  # "five hundred and seven hundred" are two numbers
        elif last in _AFTER[kind] and not (last == "ten" and value == 0):
            current += value
            written = written or kind == "figure"
            last = kind
        else:
            break
        position = step + 1
    if not last:
        return None
    return Number(total + current, position, last, written)


def _scale_ahead(heard: Heard, index: int) -> bool:
    """Whether the group of words at `index` is itself so many thousands."""
    at = index
    while at - index < 5 and (
        _part(heard.norm(at), heard.language)[0] in {*_AFTER, "hundreds"}
        or (heard.norm(at) in {"y", "and"} and _part(heard.norm(at - 1), heard.language)[0] not in {"teen", "unit"})
    ):
        at += 1
    return heard.norm(at) in {"thousand", "mil", "k", "grand"}


def _hundred_ahead(heard: Heard, index: int) -> bool:
    return heard.norm(index + 1) in {"hundred", "hundreds"}


def _part(word: str, language: str) -> tuple[str | None, float]:
    if word == "hundred" or word == "hundreds":
        return "hundreds", 100
    known = word_value(word, language)
    if known is not None:
        return known
    value = figure(word, language)
    return ("figure", value) if value is not None else (None, 0)


def _may_join(joint: str, last: str, kind: str, value: float) -> bool:
    """ "a hundred and fifty", "ochenta y cuatro"; but "two and three" are two numbers."""
    if last in {"hundred", "scale"}:
        return kind in {"unit", "teen", "ten", "hundred"}
    return joint in {"y", "i", "e", "ya", "hay"} and last == "ten" and kind == "unit" and value > 0


def _with_rest(heard: Heard, number: Number) -> Number:
    """ "one point five million", "two and a half", "3.5 k", "a dozen"."""
    value, end, kind = number.value, number.end, number.kind
    if heard.norm(end) in _POINT and kind in {"unit", "ten", "teen", "figure"}:
        digits, position = "", end + 1
        while (part := word_value(heard.norm(position), heard.language)) and part[0] == "unit":
            digits, position = digits + str(part[1]), position + 1
        if digits:
            value, end, kind = float(f"{value:.0f}.{digits}"), position, "decimal"
    half = _and_half(heard, end)
    if half:
        value, end, kind = value + 0.5 * _last_scale(number), half, "decimal"
    scale = word_value(heard.norm(end), heard.language)
    if kind == "decimal" and scale is not None and scale[0] == "scale":
        value, end, kind = value * scale[1], end + 1, "scale"
    dozens = table("numbers")["dozen"]
    if heard.norm(end) in dozens and value < 100:
        value, end = value * 12, end + 1
    return Number(value, end, kind, number.written)


def _million_and(heard: Heard, number: Number) -> Number:
    """ "a million two" is 1.2 million."""
    tenth = word_value(heard.norm(number.end - 1), heard.language)
    scale = word_value(heard.norm(number.end - 2), heard.language)
    if (
        tenth is not None
        and scale == ("scale", 1_000_000)
        and tenth[0] == "unit"
        and tenth[1]
        and heard.norm(number.end) not in {"hundred", "thousand", "mil", "dollars", "dolares"}
        and number.value % 1_000_000 == tenth[1]
    ):
        return Number(number.value - tenth[1] + tenth[1] * 100_000, number.end, "decimal")
    return number


def _last_scale(number: Number) -> float:
    """ "un millón y medio" is a million and half a million; "two and a half" is 2.5."""
    if number.kind != "scale":
        return 1
    return 1_000_000 if number.value % 1_000_000 == 0 else 1000


def _and_half(heard: Heard, index: int) -> int:
    """The place after "and a half" or "y medio"; 0: it is not there."""
    for phrase in (("and", "a", "half"), ("and", "half"), ("y", "medio"), ("y", "media")):
        if heard.starts(index, phrase):
            return index + len(phrase)
    return 0


def _half(heard: Heard, index: int) -> Number | None:
    """ "half a million", "medio millón", "a dozen", "half a dozen", "a couple"."""
    words = heard.norms[index : index + 4]
    if not words:
        return None
    dozens = table("numbers")["dozen"]
    skip = 1 if words[0] in {"a", "una", "un"} else 0
    if skip and len(words) > 1 and words[1] in dozens:
        return Number(12, index + 2, "teen")
    at = index + skip
    if heard.norm(at) in {"half", "medio", "media"}:
        after = at + 1 + (heard.norm(at + 1) in {"a", "of"})
        if heard.norm(after) in dozens:
            return Number(6, after + 1, "unit")
        scale = word_value(heard.norm(after), heard.language)
        if scale is not None and scale[0] == "scale" and scale[1] >= 1000:
            return Number(scale[1] / 2, after + 1, "scale")
        return None
    if heard.norm(at) in {"couple", "par"}:
        after = at + 1 + (heard.norm(at + 1) in {"of", "de"})
        word = heard.norm(after)
        if word in {"hundred", "cientos", "hundreds"}:
            return Number(200, after + 1, "hundred")
        scale = word_value(word, heard.language)
        if scale is not None and scale[0] == "scale":
            return Number(2 * scale[1], after + 1, "scale")
        return Number(2, at + 1, "unit")
    return None


def tidy(value: float) -> int | float:
    """A whole number as int, another with two places."""
    return int(value) if value == int(value) else round(value, 2)
