"""Runs of digits as they are said: "five five five, oh one, forty two", "cinco cincuenta y cinco", "double three".

A word may stand for several digits ("twenty three": 23 or 203), or for one it was heard instead of ("for", "fire").
Each word gives its readings with what they cost; a run is read as the cheapest that has the length wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from intake.understanding.heard import Heard, alike
from intake.understanding.numbers import number_at, word_value
from intake.understanding.words import table, word_set

_BETWEEN: Final = frozenset(
    [
        "dash",
        "hyphen",
        "guion",
        "menos",
        "minus",
        "area",
        "code",
        "and",
        "then",
        "uh",
        "um",
        "eh",
        "este",
        "y",
        "space",
        "espacio",
        "the",
        "number",
        "numero",
        "is",
        "es",
        "lada",
        "codigo",
        "de",
        "que",
        "luego",
        "despues",
        "er",
        "ah",
        "parenthesis",
        "parentesis",
        "in",
        "comma",
        "coma",
        "like",
        "so",
        "a",
        "pues",
        "el",
        "la",
        "to",
        "of",
    ]
)
EXTENSION: Final = frozenset({"extension", "ext", "x", "extn", "anexo", "interno"})
_ZERO: Final = frozenset({"oh", "o", "zero", "cero"})
#: A run longer than this is no number anybody says.
MAX_SLOTS: Final = 40
#: What a reading may cost in all before it is a guess too far.
MAX_COST: Final = 2.2
_DROPPED: Final = 0.7
_GUESSED: Final = 0.5
#: How much more like one digit than like any other a misheard word must sound.
_TELLING: Final = 0.06

Reading = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Slot:
    """The readings of one word or group, the certain one first."""

    options: tuple[Reading, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Run:
    """Digits in a row and the words they take."""

    slots: tuple[Slot, ...]
    start: int
    end: int

    @property
    def digits(self) -> str:
        """The first reading of each word."""
        return "".join(slot.options[0][0] for slot in self.slots)

    def fitted(self, length: int, first: str = "") -> Reading | None:
        """The cheapest reading of this length that begins with `first`; None: none is cheap enough."""
        best: dict[int, Reading] = {0: ("", 0.0)}
        for slot in self.slots[:MAX_SLOTS]:
            following: dict[int, Reading] = {}
            for size, (digits, cost) in best.items():
                for more, extra in slot.options:
                    total, price = size + len(more), cost + extra
                    if (
                        total <= length
                        and price <= MAX_COST
                        and (total not in following or price < following[total][1])
                    ) and (digits + more).startswith(first[: len(digits + more)]):
                        following[total] = (digits + more, price)
            best = following
        return best.get(length)


@cache
def _sounds() -> dict[str, int]:
    return {word: digit for word, digit in table("numbers")["digit_sounds"].items() if not word.endswith("_")}


@cache
def _digit_words(language: str) -> tuple[tuple[str, int], ...]:
    english = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"]
    own = (
        ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
        if language == "es"
        else english
    )
    return tuple((word, i % 10) for i, word in enumerate(own))


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
    slots: list[Slot] = []
    index, end, count = start, start, 0
    while index < len(heard):
        slot = _certain(heard, index) or _uncertain(heard, index, bool(slots), count)
        if slot is not None:
            slots.append(slot)
            count += len(slot.options[0][0])
            index = end = slot.end
            continue
        step = _bridge(heard, index, count) if slots else 0
        if not step:
            break
        slots += [_dropped_or_digit(heard, at) for at in range(index, step)]
        index = step
    first = _leading(heard, start)
    return Run((first, *slots), start - 1, end) if first is not None else Run(tuple(slots), start, end)


def _certain(heard: Heard, index: int) -> Slot | None:
    """A digit word or group with its other readings."""
    read = element(heard, index)
    if read is None:
        return None
    digits, end = read
    options: list[Reading] = [(digits, 0.0)]
    word = heard.norm(index)
    known = word_value(word, heard.language)
    if word[:1].isdigit() or known is None:
        return Slot(tuple(options), end)
    kind, value = known
    if kind == "ten" and end - index >= 2:
        options.append((f"{value}{digits[-1]}", 0.6))
        options.append((f"{value // 10}{digits[-1]}"[-1:], 1.1))
    elif kind == "ten" and value % 10 == 0:
        options.append((str(value // 10), 0.8))
    elif kind == "teen" and 12 < value < 20:
        options.append((str(value % 10), 0.9))
    if kind in {"unit", "hundred"} and end - index >= 2 and heard.norm(index + 1) not in {"thousand", "mil"}:
        options += _hundreds_apart(heard, index, end, value)
    if kind == "unit" and heard.norm(index + 1) == "mil":
        rest = number_at(heard, index + 1)
        if rest is not None and 1000 < rest.value < 10000:
            return Slot(((f"{value}{rest.value:.0f}", 0.0), (f"{value}000", 0.4)), rest.end)
    if len(digits) == 1:
        options.append(("", 0.95))
    return Slot(tuple(options), end)


def _hundreds_apart(heard: Heard, index: int, end: int, value: int) -> list[Reading]:
    """ "eight hundred five": 805, or 800 and 5."""
    after = index + (1 if value >= 100 else 2)
    hundreds = f"{value if value >= 100 else value * 100}"
    rest = "".join(str(v[1]) for i in range(after, end) if (v := word_value(heard.norm(i), heard.language)))
    return [(hundreds + rest, 0.1)] if rest else []


def _uncertain(heard: Heard, index: int, inside: bool, count: int) -> Slot | None:
    """A digit heard as another word, among digits or at the end of a run that is a little short."""
    word = heard.norm(index)
    if word in _ZERO:
        return Slot((("0", 0.0), ("", 0.6)), index + 1) if inside or element(heard, index + 1) else None
    if not inside or not word or word[0].isdigit():
        return None
    after = element(heard, index + 1) is not None or heard.norm(index + 1) in _ZERO
    last = index + 1 == len(heard) and count in {4, 8, 9}
    near_after = after or heard.norm(index + 1) in _sounds() or element(heard, index + 2) is not None
    sounds = _sounds()
    if word in sounds and (near_after or last):
        return Slot(((str(sounds[word]), 0.3), ("", 0.4 if word in _BETWEEN else 0.6)), index + 1)
    if (after or last) and word not in _BETWEEN | EXTENSION:
        return _dropped_or_digit(heard, index)
    return None


def _dropped_or_digit(heard: Heard, index: int) -> Slot:
    """A word among digits: nothing, or the digit that sounds most like it."""
    word = heard.norm(index)
    free: Reading = ("", 0.0 if word in _BETWEEN or word in word_set("stock", "fillers") else _DROPPED)
    scored = sorted(((alike(word, other), digit) for other, digit in _digit_words(heard.language)), reverse=True)
    if scored[0][0] - scored[1][0] < _TELLING:
        return Slot((free,), index + 1)  # it sounds as much like one as like the other
    guesses = [(str(digit), _GUESSED + 1.2 * (1 - score)) for score, digit in scored[:1] if score >= 0.35]
    return Slot((free, *guesses), index + 1)


def _leading(heard: Heard, start: int) -> Slot | None:
    """A first digit that was heard as another word: only the word right before the run."""
    word = heard.norm(start - 1)
    if (
        not word
        or word in _BETWEEN
        or word
        in {"is", "at", "me", "al", "phone", "cell", "cel", "plus", "mas", "my", "mi", "it", "its", "extension", "ext"}
    ):
        return None
    if word in _sounds() and word not in {"mine", "line", "free", "do"}:
        return Slot((("", 0.0), (str(_sounds()[word]), 0.3)), start)
    guess = _dropped_or_digit(heard, start - 1).options[1:]
    return Slot((("", 0.0), *guess), start) if guess and guess[0][1] < 1.1 else None


def element(heard: Heard, index: int) -> tuple[str, int] | None:
    """The digits that the word at `index` certainly stands for, and the place after them."""
    word = heard.norm(index)
    if not word:
        return None
    if word[0].isdigit():
        return ("".join(c for c in word if c.isdigit() and c.isascii()), index + 1) if "/" not in word else None
    times = table("numbers")["repeat"].get(word)
    if times and heard.norm(index + 1) in table("numbers")["repeat"]:
        return None
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


def _bridge(heard: Heard, index: int, count: int) -> int:
    """The place of the next digits when at most three words that mean nothing stand before them; 0: none."""
    if count >= 10 or (heard.ends_sentence(index) and ". " in heard.gap(index)):
        return 0
    if heard.norm(index) in EXTENSION:
        return 0
    for step in range(1, 4):
        ahead = index + step
        if count == 7 and heard.norm(ahead - 1) in {"area", "codigo", "lada"}:
            return 0  # "… 0122, my area code is 212"
        if element(heard, ahead) is not None or _zero_ahead(heard, ahead):
            between = heard.norms[index:ahead]
            if not {"rest", "resto", "demas"}.isdisjoint(between):
                return 0  # "it ends in 0181, the rest is 412 555"
            allowed = _BETWEEN | word_set("stock", "fillers")
            return ahead if sum(word not in allowed for word in between) <= 1 else 0
    return 0
