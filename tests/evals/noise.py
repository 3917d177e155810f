"""Text as a recogniser would give it: lower case, no punctuation, numbers as words, and seeded word errors.

Sees words only, never labels. A word is taken for one that sounds like it, lost, or a word is added; the shares are
those of everyday recogniser output (about three substitutions to one deletion and one insertion).
"""

from __future__ import annotations

import random
import re
import zlib
from functools import cache
from pathlib import Path
from typing import Final

from rapidfuzz.distance import JaroWinkler

_WORDS: Final = Path(__file__).parent / "noise_words.txt"
_SHARES: Final = (("swap", 0.6), ("lose", 0.2), ("add", 0.2))
_FILLERS: Final = {
    "en": ("uh", "um", "the", "a", "and", "like", "so", "to", "of"),
    "es": ("eh", "este", "la", "de", "y", "que", "pues", "a", "el"),
}
_NEAREST: Final = 6
_SIMILAR: Final = 0.75
_EN: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_ORDINALS: Final = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]
_EN_TENS: Final = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ES: Final = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
]
_ES_TENS: Final = [
    "cero",
    "diez",
    "veinte",
    "treinta",
    "cuarenta",
    "cincuenta",
    "sesenta",
    "setenta",
    "ochenta",
    "noventa",
]
_ES_HUNDREDS: Final = [
    "cero",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
]


def recognised(text: str, language: str, *, rate: float, seed: int) -> str:
    """`text` as recognised, with about `rate` errors a word. The same text and seed give the same result."""
    return " ".join(word for _, heard in changes(text, language, rate=rate, seed=seed) for word in heard)


def changes(text: str, language: str, *, rate: float, seed: int) -> list[tuple[str, tuple[str, ...]]]:
    """Each word as spoken with what was heard for it: itself, another, none, or one more behind it."""
    words = spoken(text, language).split()
    # the text is a part of the seed, so that lines of a set do not share their errors' places
    chance = random.Random(zlib.crc32(text.encode("utf-8", "surrogatepass")) * 1000 + seed)
    heard: list[tuple[str, tuple[str, ...]]] = []
    owed = 0  # a word that sounds like no other is not swapped; the next one that does is, so that the rate holds
    for said in words:
        word = said
        kind = _kind(chance) if chance.random() < rate else ""
        if kind == "lose":
            heard.append((said, ()))
            continue
        owed += kind == "swap"
        if owed and _nearest(word, language):
            word, owed = _like(word, language, chance), owed - 1
        heard.append((said, (word, chance.choice(_FILLERS[language])) if kind == "add" else (word,)))
    return heard


def spoken(text: str, language: str) -> str:
    """Lower case, no punctuation; figures, "@", "$" and the dots of an address as the words people say."""
    text = text.lower()
    at, dot = (" arroba ", " punto ") if language == "es" else (" at ", " dot ")
    text = re.sub(r"(?<=[\w])@(?=[\w])", at, text)
    text = re.sub(r"(?<=[a-z0-9])\.(?=[a-z])", dot, text)
    text = re.sub(r"_", " guion bajo " if language == "es" else " underscore ", text)
    unit = "dólares" if language == "es" else "dollars"
    text = re.sub(r"\$\s?(\d[\d,.]*\d|\d)", lambda m: f"{m[1]} {unit}", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"\+?\d[\d\-() ./]{8,}\d", lambda m: _one_by_one(m[0], language), text)
    point = "punto" if language == "es" else "point"
    text = re.sub(r"(?<=\d)\.(?=\d\b)", f" {point} ", text)
    text = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", lambda m: f" {_ordinal(int(m[1]))} ", text)
    text = re.sub(r"\d+", lambda m: f" {_number(m[0], language)} ", text)
    text = re.sub(r"[^\w\s'\u2019]", " ", text)
    return " ".join(text.split())


def _ordinal(value: int) -> str:
    """ "35th" as an English speaker says it."""
    if value >= 20 and value % 10:
        return f"{_EN_TENS[value // 10]} {_ORDINALS[value % 10]}"
    return _ORDINALS[value] if value < 20 else f"{_EN_TENS[value // 10][:-1]}ieth"


def _one_by_one(found: str, language: str) -> str:
    """A telephone number digit by digit; anything shorter, or a date, as it stands."""
    digits = [c for c in found if c.isdigit()]
    if len(digits) < 10 or "/" in found.strip("/"):
        return found
    plus = ("más " if language == "es" else "plus ") if found.startswith("+") else ""
    return f" {plus}{' '.join((_ES if language == 'es' else _EN)[int(d)] for d in digits)} "


def _number(figure: str, language: str) -> str:
    if len(figure) > 4 or (len(figure) > 1 and figure[0] == "0"):
        return " ".join((_ES if language == "es" else _EN)[int(d)] for d in figure if d.isdigit() and d.isascii())
    value = int(figure)
    return _spanish(value) if language == "es" else _english(value)


def _english(value: int) -> str:
    if 1900 <= value < 2000 or 2010 <= value < 2100:
        rest = value % 100
        tail = "hundred" if rest == 0 else _english(rest) if rest >= 10 else f"oh {_EN[rest]}"
        return f"{_english(value // 100)} {tail}"
    if value < 20:
        return _EN[value]
    if value < 100:
        return _EN_TENS[value // 10] + (f" {_EN[value % 10]}" if value % 10 else "")
    if value < 1000:
        return f"{_EN[value // 100]} hundred" + (f" {_english(value % 100)}" if value % 100 else "")
    return f"{_english(value // 1000)} thousand" + (f" {_english(value % 1000)}" if value % 1000 else "")


def _spanish(value: int) -> str:
    if value < 30:
        return _ES[value]
    if value < 100:
        return _ES_TENS[value // 10] + (f" y {_ES[value % 10]}" if value % 10 else "")
    if value == 100:
        return "cien"
    if value < 1000:
        return _ES_HUNDREDS[value // 100] + (f" {_spanish(value % 100)}" if value % 100 else "")
    thousands = "" if value < 2000 else f"{_spanish(value // 1000)} "
    return f"{thousands}mil" + (f" {_spanish(value % 1000)}" if value % 1000 else "")


def _kind(chance: random.Random) -> str:
    return chance.choices([kind for kind, _ in _SHARES], [share for _, share in _SHARES])[0]


def _like(word: str, language: str, chance: random.Random) -> str:
    """A common word that sounds like `word`: one of the nearest, nearer ones more often."""
    near = _nearest(word, language)
    return chance.choices(near, range(len(near), 0, -1))[0]


@cache
def _nearest(word: str, language: str) -> tuple[str, ...]:
    said = _roughly(word)
    scored = sorted(
        (-JaroWinkler.similarity(said, _roughly(other)), abs(len(other) - len(word)), other)
        for other in _vocabulary(language)
        if other != word
    )
    return tuple(other for likeness, _, other in scored[:_NEAREST] if -likeness >= _SIMILAR)


@cache
def _roughly(word: str) -> str:
    """How a word sounds, very roughly: letters that sound alike are one, double letters single."""
    for written, sound in (
        ("ph", "f"),
        ("gh", ""),
        ("ck", "k"),
        ("ee", "i"),
        ("ea", "i"),
        ("oo", "u"),
        ("ou", "u"),
        ("wh", "w"),
        ("kn", "n"),
        ("qu", "k"),
        ("h", ""),
    ):
        word = word.replace(written, sound)
    word = word.translate(str.maketrans("áéíóúñcvzy", "aeiounkbsi"))
    return "".join(c for i, c in enumerate(word) if i == 0 or word[i - 1] != c)


@cache
def _vocabulary(language: str) -> tuple[str, ...]:
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    wanted = False
    words: list[str] = []
    for line in lines:
        if line.startswith("["):
            wanted = line == f"[{language}]"
        elif wanted and not line.startswith("#"):
            words += line.split()
    return tuple(dict.fromkeys(words))
