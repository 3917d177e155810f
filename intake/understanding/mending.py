"""Putting right what a recogniser misheard: a word that makes no sense where it stands, and sounds like one that does.

Only words beside numbers or dates are looked at, and never in text that was typed with capitals.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from intake.language.tokens import Token
from intake.understanding.heard import Heard, nearest
from intake.understanding.numbers import figure, kinds
from intake.understanding.words import plain_words, table, word_set

_BOTH_SIDES = 0.55
_ONE_SIDE = 0.66
_JOINTS = frozenset(
    [
        "and",
        "y",
        "or",
        "o",
        "u",
        "to",
        "a",
        "de",
        "del",
        "the",
        "el",
        "la",
        "of",
        "in",
        "en",
        "on",
        "point",
        "punto",
        "con",
        "between",
        "entre",
        "from",
        "at",
        "is",
        "es",
        "was",
        "my",
        "mi",
        "i",
        "we",
        "they",
        "he",
        "she",
        "for",
        "about",
        "around",
        "like",
        "as",
        "que",
        "un",
        "una",
        "uno",
    ]
)
_EN_FINE = frozenset(["to", "too", "for", "won", "ate", "oh"])
_STRETCHES = frozenset(["last", "past", "next", "ultimos", "ultimas", "proximos", "proximas"])
_SURE_HEARINGS = {"to": "two", "too": "two", "for": "four", "won": "one", "ate": "eight", "tree": "three", "tu": "two"}


def without_noise(heard: Heard) -> Heard:
    """Without "um" and the like, which stand anywhere and mean nothing."""
    noise, twice = word_set("mending", "noise"), word_set("mending", "said_twice")
    kept = tuple(
        token
        for i, token in enumerate(heard.tokens)
        if token.norm not in noise and not (token.norm in twice and heard.norm(i - 1) == token.norm)
    )
    if len(kept) == len(heard):
        return heard
    return Heard(heard.text, kept, heard.language) if kept else heard


def without_hesitation(heard: Heard) -> Heard:
    """Without an "um" between other words, as `without_noise`; "uh huh" and "mm mm" are answers and stay."""
    noise = word_set("mending", "noise")
    answers = noise | {"huh", "hm", "hu"}
    kept = tuple(
        token
        for i, token in enumerate(heard.tokens)
        if not (
            token.norm in noise
            and len(heard) > 2
            and heard.norm(i - 1) not in answers
            and heard.norm(i + 1) not in answers
        )
    )
    return Heard(heard.text, kept, heard.language) if kept else heard


def without_dots(heard: Heard) -> Heard:
    """ "n dot y", "j dot b hunt": without the dots between single letters."""
    kept = tuple(
        token
        for i, token in enumerate(heard.tokens)
        if not (
            token.norm in {"dot", "punto"}
            and len(heard.norm(i - 1)) == 1
            and heard.norm(i - 1).isalpha()
            and heard.norm(i + 1)[:1].isalpha()
        )
    )
    return Heard(heard.text, kept, heard.language) if len(kept) < len(heard) else heard


@cache
def _number_words(language: str) -> tuple[str, ...]:
    english = frozenset(table("mending")["english_numbers"])
    if language == "en":
        return tuple(sorted(english))
    return tuple(sorted(word for word in kinds() if word not in english and len(word) > 2 and word not in {"una"}))


@cache
def _known() -> frozenset[str]:
    """Words that mean something to the readers of numbers and dates as they are."""
    amounts, dates = table("amounts"), table("dates")
    known = set(_JOINTS) | word_set("mending", "fine")
    for key in ("currency", "cents", "units_of_time", "countable", "people", "one_person"):
        known |= set(amounts[key])
    for key in ("months", "short", "weekdays", "units", "seasons"):
        known |= set(dates[key])
    for key in ("last", "this", "next", "around", "early", "mid", "late", "since", "until", "from", "to", "ended"):
        known |= set(dates[key])
    known |= {word for phrase in [*dates["days"], *dates["holidays"]] for word in str(phrase).split()}
    known |= set(table("numbers")["ordinal"])
    return frozenset(known)


def _is_number(word: str, language: str) -> bool:
    return bool(word) and (
        word in kinds() or word in {"hundred", "oh", "point", "punto"} or figure(word, language) is not None
    )


def with_numbers(heard: Heard) -> Heard:
    """Number words put right that stand beside numbers, or before what is counted."""
    if heard.is_cased:
        return heard
    counted = (
        word_set("amounts", "currency")
        | word_set("amounts", "units_of_time")
        | word_set("amounts", "countable")
        | {"hundred", "thousand", "mil", "grand"}
    )
    tokens = [token for index, token in enumerate(heard.tokens) if not _between_parts(heard, index)]
    for index, token in enumerate(tokens):
        word = token.norm
        if _is_number(word, heard.language):
            continue
        if index and len(word) > 4 and word not in _known() and _is_number(tokens[index - 1].norm, heard.language):
            money = "dollars" if heard.language == "en" else "dolares"
            if nearest(word, (money,), 0.55):
                tokens[index] = replace(token, norm=money)
                continue
        if _is_hundred(tokens, index):
            tokens[index] = replace(token, norm="hundred")
            continue
        left = _is_number(tokens[index - 1].norm, heard.language) if index else False
        following = tokens[index + 1].norm if index + 1 < len(tokens) else ""
        right = _is_number(following, heard.language)
        if index and tokens[index - 1].norm in _STRETCHES and following in table("dates")["units"]:
            left = True  # "the last treat months": nothing but a number stands there
        new = _number_for(word, left, right, following in counted and following not in {"day", "time"}, heard.language)
        if new is not None:
            tokens[index] = replace(token, norm=new)
    return Heard(heard.text, tuple(tokens), heard.language)


def with_house_numbers(heard: Heard) -> Heard:
    """Number words put right in an address; not the word before "street" and the like, which names it."""
    mended = with_numbers(heard)
    if len(mended.tokens) != len(heard.tokens):
        return mended
    suffixes = table("addresses")["suffixes"]
    tokens = tuple(
        old if new.norm != old.norm and heard.norm(i + 1) in suffixes else new
        for i, (old, new) in enumerate(zip(heard.tokens, mended.tokens, strict=True))
    )
    return Heard(heard.text, tokens, heard.language)


def _is_hundred(tokens: list[Token], index: int) -> bool:
    """ "nine hunted fifty": what is heard for "hundred" after a figure and before what follows one."""
    inside = tokens[index].norm in word_set("mending", "hundred_sounds_inside")
    if not 0 < index < len(tokens) - 1 or not (inside or tokens[index].norm in word_set("mending", "hundred_sounds")):
        return False
    before, after = kinds().get(tokens[index - 1].norm), kinds().get(tokens[index + 1].norm)
    if before is None or before[0] != "unit" or not before[1]:
        return False
    return (after is not None and after[0] in {"ten", "teen"}) or (
        not inside and tokens[index + 1].norm in word_set("amounts", "currency")
    )


def _between_parts(heard: Heard, index: int) -> bool:
    """Whether a small word parts a number from its "hundred" or "thousand": nobody says "twelve of hundred"."""
    if heard.norm(index) not in word_set("mending", "slipped_in") or heard.norm(index + 1) not in word_set(
        "mending", "scales"
    ):
        return False
    before = kinds().get(heard.norm(index - 1))
    return before is not None and before[0] in {"unit", "teen", "ten"}


def with_email(heard: Heard) -> Heard:
    """ "at" and "dot" put right where an address shows that they were said."""
    if heard.is_cased:
        return heard
    tokens, read = list(heard.tokens), table("emails")
    for index, token in enumerate(tokens[:-1]):
        if token.norm in read["dot_sounds"] and tokens[index + 1].norm in read["sure_endings"]:
            tokens[index] = replace(token, norm="dot")
    norms = [token.norm for token in tokens]
    dots = [i for i, norm in enumerate(norms) if norm in read["dot"] and norm != "that"]
    if dots and not {"at", "arroba"} & set(norms):
        last = dots[-1]
        for at in range(last - 2, max(0, last - 5), -1):
            if norms[at] in read["at_sounds"]:
                tokens[at] = replace(tokens[at], norm="at")
                break
    return Heard(heard.text, tuple(tokens), heard.language)


def _number_for(word: str, left: bool, right: bool, counted: bool, language: str) -> str | None:
    if language == "en" and word in _SURE_HEARINGS:
        sure = counted if word in {"to", "for", "won"} else (left or right or counted)
        return _SURE_HEARINGS[word] if sure and not (left and word in {"to", "for"}) else None
    if left and word in table("mending")["slang"]:
        return str(table("mending")["slang"][word])
    if len(word) < 3 or word in _known() or not (left or right or counted):
        return None
    floor = _BOTH_SIDES if left and (right or counted) else _ONE_SIDE
    if not left and word in plain_words("common"):
        floor += 0.05
    return nearest(word, _number_words(language), floor)


@cache
def _date_words(language: str) -> tuple[str, ...]:
    months = [word for word in table("dates")["months"] if word != "may"]
    return (*months, *table("mending")[f"date_words_{language}"])


def with_dates(heard: Heard) -> Heard:
    """Months, weekdays and "ago" put right that stand beside a number or another word of a date."""
    if heard.is_cased:
        return heard
    tokens = list(heard.tokens)
    for index, token in enumerate(tokens):
        word = token.norm
        if len(word) < 4 or word in _known() or _is_number(word, heard.language):
            continue
        beside = [tokens[at].norm for at in (index - 2, index - 1, index + 1, index + 2) if 0 <= at < len(tokens)]
        dated = sum(
            _is_number(w, heard.language)
            or w in table("dates")["months"]
            or w in table("dates")["units"]
            or w in table("numbers")["ordinal"]
            for w in beside
        )
        floor = 0.62 if dated >= 2 else 0.68 if dated else 0.78
        if word in plain_words("common"):
            floor += 0.06
        new = nearest(word, _date_words(heard.language), floor)
        if new is not None:
            tokens[index] = replace(token, norm=new)
    return Heard(heard.text, tuple(tokens), heard.language)
