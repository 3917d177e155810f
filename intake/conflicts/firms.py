"""Two names of organisations compared: what is their own in them, and what many names share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import OSA

from intake.conflicts import sounds
from intake.conflicts.likeness import frequency
from intake.conflicts.persons import Found
from intake.conflicts.tables import organisation_lists, spellings, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALWAYS_LEGAL: Final = frozenset(
    ["inc", "incorporated", "llc", "llp", "lllp", "pllc", "corp", "ltd", "gmbh", "sarl", "srl"]
)
_WORD: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_LETTERS: Final = re.compile(r"\b(?:[a-z]\.\s?){2,}(?:[a-z]\b)?|\b[a-z](?: [a-z]){1,3}\b")
_OF_LAST: Final = re.compile(r"^(.+?),\s*(.+?\bof(?: the)?)$")
#: Surnames and given names below this, in people per million, tie two organisations together.
_FAMILY_NAME: Final = 40.0
_FREQUENT: Final = 250.0
_TENS: Final = {"twenty": 2, "thirty": 3, "forty": 4, "fifty": 5, "sixty": 6, "seventy": 7, "eighty": 8, "ninety": 9}
_UNITS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_SAME, _FUSED, _OTHER_ORDER, _KNOWN, _ACRONYM, _RESPELT = 1.0, 0.97, 0.95, 0.95, 0.88, 0.92
_LONGER, _AFFILIATE, _PART, _FAMILY_LONGER = 0.90, 0.85, 0.82, 0.81
_TOO_COMMON, _DIFFERENT, _OTHER_PLACE, _OTHER_TRADE = 0.72, 0.5, 0.64, 0.70


@dataclass(frozen=True, slots=True)
class FirmName:
    """`words`: in one spelling, without legal forms and small words, in order. `own`: those that are its own.

    `all_words` has the small words too.
    """

    words: tuple[str, ...]
    own: tuple[str, ...]
    all_words: tuple[str, ...]
    is_marked: bool
    first_letters: str = ""

    @property
    def compact(self) -> str:
        return "".join(self.words)


@lru_cache(1 << 14)
def organisation(text: str) -> FirmName | None:
    """`text` (ASCII) read as an organisation's name; None when nothing of it is a letter or digit."""
    plain = text.lower().strip()
    if turned := _OF_LAST.match(plain):
        plain = f"{turned[2]} {turned[1]}"
    plain = re.sub(r"\.(?:com|net|org)\b", " ", plain)
    plain = re.sub(r"[&+]", " and ", plain).replace("/", " ")
    if not text.isupper():
        plain = _with_cities(text, plain)
    plain = _LETTERS.sub(lambda found: " " + re.sub(r"[. ]", "", found[0]) + " ", plain)
    read = [word.replace("'", "") for word in _WORD.findall(plain.replace("`", "'"))]
    kept = _without_legal(read)
    if not kept:
        return None
    canonical = _spelt(_numbers(kept))
    content = tuple(word for word in canonical if word not in _small()) or canonical
    own = tuple(word for word in content if not is_shared(word))
    marked = len(kept) < len(read) or any(word in _trades() or word in _structure() for word in content) or "&" in text
    first_letters = "".join(word[0] for word in read if word not in _small())
    return FirmName(content, own, canonical, marked, first_letters)


def _with_cities(text: str, plain: str) -> str:
    """ "LA Metro": in capitals it is the city, else a Spanish article."""
    return re.sub(r"\bla\b", "los angeles", plain) if re.search(r"\bLA\b", text) else plain


def _numbers(read: list[str]) -> list[str]:
    """ "twenty one" as "21"."""
    found: list[str] = []
    for word in read:
        if found and found[-1] in _TENS and word in _UNITS:
            found[-1] = f"{_TENS[found[-1]]}{_UNITS[word]}"
        else:
            found.append(word)
    return found


def _spelt(read: list[str]) -> tuple[str, ...]:
    """Each word in our one spelling; a lone letter is a direction only between other words."""
    same, long = _one_spelling(), organisation_lists()["stands_for"]
    found: list[str] = []
    for at, word in enumerate(read):
        is_letter = len(word) == 1 and word.isalpha() and (len(read) < 3 or "and" in read[max(0, at - 1) : at + 2])
        found += [word] if is_letter else long.get(word, same.get(word, word)).split()
    return tuple(found)


def _without_legal(read: list[str]) -> list[str]:
    kept = read[1:] if read[:1] == ["the"] and len(read) > 1 else read
    legal = words("legal_forms")
    while len(kept) > 1 and kept[-1] in legal:
        kept = kept[:-1]
    return [word for word in kept if word not in ALWAYS_LEGAL] or kept


@cache
def _one_spelling() -> Mapping[str, str]:
    return {short: long for long, shorts in organisation_lists()["same_word"].items() for short in shorts.split()}


@cache
def _small() -> frozenset[str]:
    return words("small") | {"and"}


def _in_one_spelling(section: str) -> frozenset[str]:
    same = _one_spelling()
    return words(section) | {same.get(word, word) for word in words(section)}


@cache
def _trades() -> frozenset[str]:
    return _in_one_spelling("trades")


@cache
def _structure() -> frozenset[str]:
    return _in_one_spelling("structure")


@cache
def _strong() -> frozenset[str]:
    return _in_one_spelling("strong_structure")


@cache
def _places() -> frozenset[str]:
    return _in_one_spelling("places")


@cache
def _telling() -> frozenset[str]:
    """Words that tell branches and namesakes apart: places, and "Sunrise" from "Sunset"."""
    return _places() | _in_one_spelling("common")


@cache
def _shared() -> frozenset[str]:
    return _trades() | _structure() | _places() | _in_one_spelling("common")


def is_shared(word: str) -> bool:
    """Whether many organisations have this word in their names; a plural counts with its singular."""
    return word in _shared() or word.removesuffix("s") in _shared() or word.isdigit()


def is_small(word: str) -> bool:
    """Whether it is a word between words."""
    return word in _small()


def is_plain(word: str) -> bool:
    """Whether the word tells nothing of one organisation: a trade, a structure or a small word."""
    return word in _trades() or word in _structure() or word in _small()


def is_structure(word: str) -> bool:
    """Whether the word says how a group of companies is built."""
    return word in _structure()


@cache
def _known() -> Mapping[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(organisation_lists()["known_as"]):
        for name in line.split("|"):
            read = organisation(name.strip())
            if read is not None:
                found[read.compact] = number
                found["".join(read.all_words)] = number
    return found


def known_as(name: FirmName) -> int | None:
    """Which line of `known_as` the name is on, with or without its words of structure and trade; None: none."""
    known = _known()
    bare = [word for word in name.words if word not in _structure()]
    barer = [word for word in bare if word not in _trades()]
    spoken = [word for word in name.all_words if word not in _structure() and word not in _trades()]
    for one in (name.all_words, name.words, bare, barer, spoken):
        number = known.get("".join(one)) if one else None
        if number is not None:
            return number
    return None


def alike(a: str, b: str) -> float:
    """How like two words are, from 0 to 1. Numbers are equal or different."""
    if a == b:
        return 1.0
    if any(c.isdigit() for c in a + b):
        return 0.0
    a, b = a.replace("tech", "tek"), b.replace("tech", "tek")
    if a.removesuffix("s") == b.removesuffix("s") or a.removesuffix("es") == b.removesuffix("es"):
        return 0.98
    if not spellings().get(a, frozenset()).isdisjoint(spellings().get(b, ())):
        return 0.95
    if _are_two_words(a, b):
        return 0.0
    shorter = min(len(a), len(b))
    distance = OSA.distance(a, b)
    if shorter >= 4 and distance <= 3 and sounds.english(a) == sounds.english(b):
        return 0.93
    if (shorter >= 5 and distance == 1) or (shorter >= 8 and distance == 2 and a[0] == b[0]):
        return 0.92
    return 0.0


def _are_two_words(a: str, b: str) -> bool:
    return all(_is_word(word) for word in (a, b))


def _is_word(word: str) -> bool:
    one = word.removesuffix("s")
    return is_shared(word) or any(frequency(w, "surname") >= 20 or frequency(w, "given") >= 50 for w in (word, one))


def compare_firms(a: FirmName, b: FirmName) -> Found:
    """Symmetric. `given` of what is found is empty; `surname` is the word it rests on."""
    rest = (a.own or a.words)[0]
    if a.all_words == b.all_words or a.words == b.words:
        return Found(_SAME, ("the same name but for its legal form",), "", rest)
    if a.compact == b.compact or "".join(a.all_words) == "".join(b.all_words):
        return Found(_FUSED, ("the same letters, divided otherwise",), "", rest)
    if sorted(a.words) == sorted(b.words):
        return Found(_OTHER_ORDER, ("the same words in another order",), "", rest)
    number = known_as(a)
    if number is not None and number == known_as(b):
        return Found(_KNOWN, ("known under both names",), "", rest)
    aligned = _aligned(a, b)
    return max(aligned, _initials(a, b), key=lambda found: found.score)


def _initials(a: FirmName, b: FirmName) -> Found:
    """ "NBC Holdings" and "National Broadcasting Company": one word is made of the other's first letters."""
    for short, long in ((a, b), (b, a)):
        bare = [w for w in short.words if w not in _structure() and w not in _trades()] or list(short.words)
        if len(bare) > 1 and all(len(word) == 1 for word in bare):
            bare = ["".join(bare)]
        if len(bare) != 1 or not 2 <= len(bare[0]) <= 8 or len(long.words) < 2 or bare[0] in long.words:
            continue
        words_of_long = [w for w in long.words if w not in _structure()]
        options = {"".join(w[0] for w in one) for one in (long.words, long.all_words, words_of_long) if one}
        options.add(long.first_letters)
        if bare[0] in options and (len(bare[0]) > 2 or len(short.words) == 1):
            score = _ACRONYM if len(bare[0]) > 2 else _PART
            return Found(score, (f'"{bare[0].upper()}" are the first letters of the other name',), "", bare[0])
    return Found(0.0)


def _aligned(a: FirmName, b: FirmName) -> Found:
    pairs, rest_a, rest_b = _pairs(a.words, b.words)
    if not pairs and not (_joins(rest_a, rest_b)):
        return Found(0.0)
    if _joins(rest_a, rest_b):
        pairs.append(("".join(rest_a), "".join(rest_b), _RESPELT))
        rest_a, rest_b = [], []
    weakest = min(score for _, _, score in pairs)
    found = _judged(pairs, rest_a, rest_b)
    if (
        (rest_a or rest_b)
        and weakest < _FUSED
        and all(len(one) < 8 for one, _, score in pairs if score < _FUSED)
        and (sum(not is_shared(one) for one, _, _ in pairs) < 2)
    ):
        weakest -= 0.08  # a short word with a letter changed is another word more often than a long one
    if found.score < _PART and _begins(a.all_words, b.all_words):
        found = Found(_PART, ("one says more than the other",), "", found.surname)
    reasons = [f'"{one}" may be "{other}" written otherwise' for one, other, score in pairs if score < 0.98]
    return found._replace(score=found.score * min(1.0, weakest + 0.03), reasons=(*found.reasons, *reasons))


def _begins(a: Sequence[str], b: Sequence[str]) -> bool:
    short, long = sorted((a, b), key=len)
    return len(short) >= 2 and list(long[: len(short)]) == list(short) and not all(map(is_structure, short))


def _pairs(a: Sequence[str], b: Sequence[str]) -> tuple[list[tuple[str, str, float]], list[str], list[str]]:
    """Words that answer each other, equal ones first, and what is left of each."""
    rest_a, rest_b = list(a), list(b)
    pairs: list[tuple[str, str, float]] = []
    for word in a:
        if word in rest_b:
            rest_a.remove(word)
            rest_b.remove(word)
            pairs.append((word, word, 1.0))
    for joined, divided in _fusions(rest_a, rest_b):
        one, other = (joined, divided) if joined in rest_a else (divided, joined)
        for word in one.split():
            rest_a.remove(word)
        for word in other.split():
            rest_b.remove(word)
        pairs.append((one.replace(" ", ""), other.replace(" ", ""), _FUSED))
    for word in list(rest_a):
        other = max(rest_b, key=lambda one: alike(word, one), default="")
        if other and alike(word, other):
            rest_a.remove(word)
            rest_b.remove(other)
            pairs.append((word, other, alike(word, other)))
    return pairs, rest_a, rest_b


def _fusions(rest_a: Sequence[str], rest_b: Sequence[str]) -> list[tuple[str, str]]:
    """ "fedex" and "fed ex": at most one pair, the joined word first."""
    for joined, divided in ((rest_a, rest_b), (rest_b, rest_a)):
        for one, other in pairwise(divided):
            if one + other in joined:
                return [(one + other, f"{one} {other}")]
    return []


def _joins(rest_a: Sequence[str], rest_b: Sequence[str]) -> bool:
    """ "Wal Mart" and "Walmart", "ISD" and "Independent School District"."""
    if not rest_a or not rest_b or len(rest_a) == len(rest_b) == 1:
        return False
    one, other = "".join(rest_a), "".join(rest_b)
    if one == other or (len(min(one, other, key=len)) >= 6 and OSA.distance(one, other) <= 1):
        return True
    for short, long in ((rest_a, rest_b), (rest_b, rest_a)):
        if len(short) == 1 and len(long) > 1 and len(short[0]) > 1 and short[0] == "".join(word[0] for word in long):
            return True
    return False


def _judged(pairs: Sequence[tuple[str, str, float]], rest_a: Sequence[str], rest_b: Sequence[str]) -> Found:
    own = [one for one, other, _ in pairs if not (is_shared(one) or is_shared(other))]
    rests_on = own[0] if own else pairs[0][0]
    left = ([w for w in rest_a if not is_shared(w)], [w for w in rest_b if not is_shared(w)])
    if not rest_a and not rest_b:
        return Found(_RESPELT if any(s < 0.98 for *_, s in pairs) else _OTHER_ORDER, (), "", rests_on)
    if not own:
        return _only_shared(len(pairs), rest_a, rest_b, rests_on)
    named = f'both are named "{" ".join(own)}"'
    is_family = len(own) == 1 and _is_family(own[0])
    if left[0] and left[1]:
        return Found(_DIFFERENT, (named, "each has a name of its own besides"), "", rests_on)
    if left[0] or left[1]:
        plain = rest_b if left[0] else rest_a
        if any(not is_structure(word) for word in plain) and len(own) == 1:
            return Found(_OTHER_TRADE, (named, "each says something else besides"), "", rests_on)
        score = _LONGER if len(own) > 1 else _PART
        return Found(_DIFFERENT if is_family else score, (named, "one has more names than the other"), "", rests_on)
    if not rest_a or not rest_b:
        score = _FAMILY_LONGER if is_family else _LONGER
        return Found(score, (named, "one says more than the other"), "", rests_on)
    return _both_say_more(named, rests_on, rest_a, rest_b, is_family=is_family, many=len(own) > 1)


def _both_say_more(
    named: str, rests_on: str, rest_a: Sequence[str], rest_b: Sequence[str], *, is_family: bool, many: bool
) -> Found:
    """One name of their own, and different words that many share on both sides: "Acme Holdings", "Acme Logistics"."""
    if any(w.isdigit() for w in rest_a) and any(w.isdigit() for w in rest_b):
        return Found(_OTHER_PLACE, (named, "other numbers"), "", rests_on)
    structured = any(is_structure(w) for w in (*rest_a, *rest_b))
    if is_family and frequency(rests_on, "surname") < _FREQUENT and _strong().intersection((*rest_a, *rest_b)):
        is_family = False
    told_apart = all(_telling().intersection(rest) for rest in (rest_a, rest_b))
    if told_apart and not structured:
        return Found(_OTHER_PLACE, (named, "other places or by-names"), "", rests_on)
    if (structured or many) and not is_family:
        return Found(_AFFILIATE, (f"{named}: they may be affiliates",), "", rests_on)
    return Found(_OTHER_TRADE, (named, "other trades"), "", rests_on)


def _only_shared(count: int, rest_a: Sequence[str], rest_b: Sequence[str], rests_on: str) -> Found:
    """Nothing but words that many names share."""
    if rest_a and rest_b:
        return Found(0.4, ("they share only words of many names",), "", rests_on)
    rest = [*rest_a, *rest_b]
    if count >= 2 and all(is_structure(word) for word in rest):
        return Found(_LONGER, ("one says more than the other",), "", rests_on)
    if count >= 2 and not any(word in _places() or not is_shared(word) for word in rest):
        return Found(_PART, ("one says more than the other",), "", rests_on)
    return Found(_TOO_COMMON, ("they share only words of many names",), "", rests_on)


def _is_family(word: str) -> bool:
    return any(
        frequency(one, "surname") >= _FAMILY_NAME or frequency(one, "given") >= _FAMILY_NAME
        for one in (word, word.removesuffix("s"))
    )
