"""Runs of digits as they are said: "five five five, oh one, forty two", "cinco cincuenta y cinco", "double three"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from intake.understanding.heard import Heard, nearest
from intake.understanding.numbers import number_at, word_value
from intake.understanding.words import table

_BETWEEN: Final = frozenset(
    "dash hyphen guion menos minus area code and then uh um eh este y space espacio the number numero is es lada "
    "codigo de que luego despues um er ah parenthesis parentesis in comma coma".split()
)
_ZERO: Final = frozenset({"oh", "o", "zero", "cero"})


@dataclass(frozen=True, slots=True)
class Run:
    """Digits and the words they take. `guessed`: how many of them were heard as another word."""

    digits: str
    start: int
    end: int
    guessed: int = 0


@cache
def _sounds() -> dict[str, int]:
    return {word: digit for word, digit in table("numbers")["digit_sounds"].items() if not word.endswith("_")}


@cache
def _digit_words() -> tuple[str, ...]:
    return tuple(word for word, _ in table("numbers")["unit"].items() if word not in {"un", "una"})


def runs(heard: Heard) -> list[Run]:
    """Every run of digits, in order. A word or two between digits does not end a run."""
    found: list[Run] = []
    index = 0
    while index < len(heard):
        if element(heard, index) is None and not _zero_ahead(heard, index):
            index += 1
            continue
        run = _run(heard, index)
        found.append(run)
        index = run.end
    return found


def _zero_ahead(heard: Heard, index: int) -> bool:
    return heard.norm(index) in _ZERO and element(heard, index + 1) is not None


def _run(heard: Heard, start: int) -> Run:
    digits, guessed, index, end = "", 0, start, start
    while index < len(heard):
        read = element(heard, index)
        if read is None:
            read = _heard_wrong(heard, index, bool(digits))
            if read is not None:
                guessed += heard.norm(index) not in _ZERO
        if read is not None:
            digits, index = digits + read[0], read[1]
            end = index
        elif digits and (step := _bridge(heard, index, len(digits))):
            index = step
        else:
            break
    return Run(digits, start, end, guessed)


def element(heard: Heard, index: int) -> tuple[str, int] | None:
    """The digits that the word at `index` certainly stands for, and the place after them."""
    word = heard.norm(index)
    if not word:
        return None
    if word[0].isdigit():
        return ("".join(c for c in word if c.isdigit() and c.isascii()), index + 1) if "/" not in word else None
    times = table("numbers")["repeat"].get(word)
    if times:
        after = element(heard, index + 1) or (("0", index + 2) if heard.norm(index + 1) in _ZERO else None)
        if after is not None and len(after[0]) == 1:
            return after[0] * times, after[1]
        return None
    known = word_value(word, heard.language)
    if known is None or known[0] == "scale" or word in {"un", "una"}:
        return None
    return _spoken_group(heard, index, known)


def _spoken_group(heard: Heard, index: int, known: tuple[str, int]) -> tuple[str, int]:
    """A digit, or a pair ("forty two"), or hundreds ("ochocientos doce") said as one group."""
    kind, value = known
    following = heard.norm(index + 1)
    if kind == "unit":
        if following == "hundred":
            number = number_at(heard, index)
            if number is not None and number.value < 1000:
                return f"{number.value:.0f}", number.end
        if following in {"thousand", "mil"} and value:
            return f"{value}000", index + 2
        return str(value), index + 1
    if kind == "teen":
        if following in {"thousand", "mil", "hundred"}:
            zeros = "00" if following == "hundred" else "000"
            return f"{value}{zeros}", index + 2
        return str(value), index + 1
    number = number_at(heard, index)
    if number is None or number.value >= 1000 or (kind == "ten" and number.value >= 100):
        return str(value), index + 1
    return f"{number.value:.0f}", number.end


def _heard_wrong(heard: Heard, index: int, inside: bool) -> tuple[str, int] | None:
    """A digit heard as another word, between digits or at the end of them."""
    word = heard.norm(index)
    if word in _ZERO:
        return ("0", index + 1) if inside or element(heard, index + 1) else None
    if not inside or word in _BETWEEN:
        return None
    sounds = _sounds()
    after = element(heard, index + 1) is not None or heard.norm(index + 1) in _ZERO or heard.norm(index + 1) in sounds
    if word in sounds and (after or index + 1 == len(heard)):
        return str(sounds[word]), index + 1
    if after and len(word) > 2:
        near = nearest(word, _digit_words(), 0.55)
        if near is not None:
            return str(table("numbers")["unit"][near]), index + 1
    return None


def _bridge(heard: Heard, index: int, count: int) -> int:
    """The place of the next digits when at most three words that mean nothing stand before them; 0: none."""
    if heard.ends_sentence(index) and ". " in heard.gap(index):
        return 0
    if count >= 10:
        return 0
    for step in range(1, 4):
        ahead = index + step
        if element(heard, ahead) is not None or _zero_ahead(heard, ahead):
            between = heard.norms[index:ahead]
            return ahead if step == 1 or all(word in _BETWEEN for word in between) else 0
    return 0
