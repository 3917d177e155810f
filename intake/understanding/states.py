"""US states: named in English or Spanish, spelled, abbreviated, or known by a city."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache
from typing import Final

from intake.language.tokens import words_of
from intake.understanding.address_parts import digits_from
from intake.understanding.corrections import denied, pieces, standing
from intake.understanding.facts import Found
from intake.understanding.heard import Heard, alike
from intake.understanding.mending import without_dots
from intake.understanding.words import plain_words, table, word_set

_NOW: Final = frozenset(
    {"now", "currently", "ahora", "actualmente", "to", "a", "live", "vivo", "living", "moved", "here", "aqui"}
)
_LIVING: Final = frozenset({"live", "reside", "residence", "vive", "you", "usted", "home"})
_HAPPENED: Final = frozenset({"was", "did", "happen", "happened", "bought", "fue", "ocurrio", "paso", "compro"})
_BEFORE: Final = frozenset(
    {"from", "originally", "used", "before", "formerly", "antes", "born", "naci", "originalmente", "era"}
)
#: Abbreviations that are words too: they count in capitals, or alone, or before a ZIP code.
_CITIES_NAMED_SO: Final = frozenset({("kansas", "city"), ("washington", "heights"), ("michigan", "city")})
#: Codes that stand for something else too, where no state was asked for: the VA.
_OFFICES: Final = frozenset({"va"})
_REALLY_WORDS: Final = frozenset(
    {"in", "or", "me", "hi", "ok", "oh", "la", "de", "al", "ma", "pa", "mi", "va", "id", "no"}
)
#: A city on a state line is no answer to "which state?".
_IN_TWO_STATES: Final = ("kansas", "city")
#: Of these never, whatever follows.
_NEVER_SPOKEN: Final = frozenset({"in", "or", "oh", "la", "de", "hi", "ok", "no"})
_FEWEST_DIGITS: Final = 3
_MIN_FUZZY: Final = 5


@cache
def _names() -> dict[tuple[str, ...], str]:
    """The words of each name with the state's two letters."""
    read = table("states")
    return {tuple(name.split()): code for code, names in read["names"].items() for name in names}


@cache
def _codes() -> frozenset[str]:
    return frozenset(table("states")["names"])


def state_codes() -> frozenset[str]:
    """The two letters of each."""
    return _codes()


@cache
def _cities() -> dict[tuple[str, ...], str]:
    read = table("states")
    return {tuple(city.split()): code for code, cities in read["cities"].items() for city in cities}


def is_state(text: str) -> bool:
    """Whether `text` is a state's name or its two letters, and nothing more."""
    return bool(state_code(text))


def state_code(text: str) -> str:
    """The two letters of the state that `text` names and nothing more; empty where it names none."""
    plain = text.lower().replace(".", "").strip()
    return plain.upper() if plain.upper() in _codes() else _names().get(tuple(plain.split()), "")


@cache
def _neighbours() -> frozenset[tuple[str, str]]:
    """Words that stand side by side in the name of a state."""
    return frozenset(pair for name in _names() for pair in itertools.pairwise(name))


def without_slips(heard: Heard) -> Heard:
    """Without a small word heard inside a state's name ("dakota del este sur") and the dots of "n dot y"."""
    if heard.is_cased:
        return heard
    heard = without_dots(heard)
    slips = word_set("mending", "slipped_in")
    kept = tuple(
        token
        for i, token in enumerate(heard.tokens)
        if not (token.norm in slips and (heard.norm(i - 1), heard.norm(i + 1)) in _neighbours())
    )
    return Heard(heard.text, kept, heard.language)


def read_state(heard: Heard, *, asked: bool = True, question: str = "") -> Found | None:
    """The state in an answer. Asked: also by a city, or misheard."""
    heard = without_slips(heard)
    for part in reversed(pieces(heard)):
        named = places(part, asked=asked)
        if named:
            return _best(part, named, here=_asks_where_one_lives(question))
        if asked:
            found = by_city(part) or _misheard(part)
            if found is not None:
                return found
    return None


def places(heard: Heard, *, asked: bool = True) -> list[tuple[str, int, int]]:
    """Every state named, with its words."""
    found: list[tuple[str, int, int]] = []
    index = 0
    while index < len(heard):
        read = _name_at(heard, index) or _code_at(heard, index, asked=asked)
        if read is not None and not _is_washington_dc(heard, index, read[0]):
            found.append((read[0], index, read[1]))
        index = read[1] if read is not None else index + 1
    return found


def _name_at(heard: Heard, index: int) -> tuple[str, int] | None:
    for size in (4, 3, 2, 1):
        code = _names().get(heard.norms[index : index + size])
        if code is not None and index + size <= len(heard):
            if code == "NY" and heard.norm(index + size) in {"city"}:
                return code, index + size + 1
            if (heard.norm(index), heard.norm(index + 1)) in _CITIES_NAMED_SO:
                return None
            if heard.norm(index + size) in {"street", "avenue", "ave", "st", "boulevard", "road", "calle"}:
                return None
            return code, index + size
    return None


def last_code(heard: Heard) -> tuple[str, int, int] | None:
    """The abbreviation that ends an address, though it is a word too: "Dayton oh"."""
    last = len(heard) - 1
    word = heard.norm(last)
    if last > 0 and len(word) == 2 and word.upper() in _codes() and word not in {"me", "hi", "ok", "or", "in", "de"}:
        return word.upper(), last, last + 1
    return None


def _is_washington_dc(heard: Heard, index: int, code: str) -> bool:
    return code == "WA" and heard.norm(index + 1) in {"dc", "d"} and not heard.starts(index, ("washington", "state"))


def _code_at(heard: Heard, index: int, *, asked: bool) -> tuple[str, int] | None:
    word = heard.norm(index)
    if heard.norm(index - 1) in {"the", "la", "el"}:
        return None  # "the VA" is an office
    if len(word) == 2 and len(heard.raw(index)) == 2 and word.upper() in _codes():
        following = heard.norm(index + 1)
        before_zip = (len(following) == 5 and following.isdigit()) or (asked and _before_spoken_zip(heard, index))
        capital = heard.raw(index).isupper() and heard.is_cased and (asked or word not in _OFFICES)
        after_comma = "," in heard.gap(index) and (index + 1 == len(heard) or before_zip)
        led = (
            len(heard) <= 3
            and index + 1 == len(heard)
            and heard.norm(index - 1) in {"its", "in", "im", "is", "en", "es"}
        )
        alone = (
            (asked and len(heard) == 1)
            or (asked and led and word not in _REALLY_WORDS)
            or (asked and _ends_with_city(heard, index))
            or (asked and word not in table("states")["words_too"])
        )
        if before_zip or capital or after_comma or alone:
            return word.upper(), index + 1
    if len(word) == 1 and len(heard.norm(index + 1)) == 1 and asked:
        code = (word + heard.norm(index + 1)).upper()
        if code in _codes() and len(heard.norm(index + 2)) != 1 and len(heard.norm(index - 1)) != 1:
            return code, index + 2
    return None


def _before_spoken_zip(heard: Heard, index: int) -> bool:
    """ "portland me zero four one zero one": digits said one by one behind the two letters."""
    word = heard.norm(index)
    if heard.is_cased or word in _NEVER_SPOKEN or (word in _REALLY_WORDS and heard.language == "es"):
        return False
    digits, end = digits_from(heard, index + 1)
    one_by_one = end - index - 1 >= _FEWEST_DIGITS and not any(c.isdigit() for c in heard.norms[index + 1])
    return one_by_one and len(digits) in ({5} if word in _REALLY_WORDS else {3, 4, 5, 6})


def _ends_with_city(heard: Heard, index: int) -> bool:
    """ "springfield mo": nothing but a word that may be a city, and two letters that are no word."""
    if not 0 < index <= 3 or index + 1 != len(heard) or heard.norm(index) in _REALLY_WORDS:
        return False
    before = heard.norm(index - 1)
    return before.isalpha() and len(before) > 3 and before not in plain_words("common")


def city_at(heard: Heard, index: int) -> int:
    """The place after a well known city that begins at `index`; 0: none does."""
    return next((index + n for n in (4, 3, 2, 1) if heard.norms[index : index + n] in _cities()), 0)


def _asks_where_one_lives(question: str) -> bool:
    """Whether the state of a thing or event is asked for: then the one where the person lives is not meant."""
    words = set(words_of(question[:300]))
    return not words or not words.isdisjoint(_LIVING) or words.isdisjoint(_HAPPENED)


def _best(heard: Heard, named: list[tuple[str, int, int]], *, here: bool = True) -> Found:
    """Of several states the one where the person lives now; else the last that is not denied."""
    kept = [named[i] for i in standing(heard, [(place[1], place[2]) for place in named])]
    chosen = kept[0]
    for place in kept if here else ():
        before = set(heard.norms[max(0, place[1] - 4) : place[1]])
        if before & _NOW and not before & _BEFORE:
            chosen = place
    if chosen is kept[0] and len(kept) > 1:
        before = set(heard.norms[max(0, chosen[1] - 3) : chosen[1]])
        if before & _BEFORE:
            chosen = kept[-1]
    start, end = heard.span(chosen[1], chosen[2])
    return Found(chosen[0], start, end, "a state named")


def by_city(heard: Heard) -> Found | None:
    """The state of a well known city that has no well known namesake."""
    cities, named, index = _cities(), [], 0
    while index < len(heard):
        size = next((n for n in (6, 5, 4, 3, 2, 1) if heard.norms[index : index + n] in cities), 0)
        two_states = heard.norms[index : index + size] == _IN_TWO_STATES
        if size and not two_states and not denied(heard, index):
            named.append((cities[heard.norms[index : index + size]], index, index + size))
        index += size or 1
    return replace(_best(heard, named), why="the state of a city named", state="inferred") if named else None


def _misheard(heard: Heard) -> Found | None:
    """The state whose name sounds most like one or two of the words."""
    best, score = None, 0.0
    near_none = word_set("states", "never_near")
    for index in range(min(len(heard), 60)):
        for size in (2, 1):
            words = heard.norms[index : index + size]
            said = " ".join(words)
            if (
                heard.norms[index : index + 2] in _CITIES_NAMED_SO
                or heard.norms[max(0, index - 1) : index + 1] in _CITIES_NAMED_SO
            ):
                continue
            if len(words) < size or len(said) < _MIN_FUZZY or not set(words).isdisjoint(near_none):
                continue
            for name, code in _names().items():
                if len(name) == size and abs(len(" ".join(name)) - len(said)) <= 3:
                    found = alike(said, " ".join(name))
                    if found > score:
                        best, score = (code, index, index + size), found
    if best is None or score < 0.68:
        return None
    start, end = heard.span(best[1], best[2])
    return Found(best[0], start, end, "sounds like a state", "inferred")
