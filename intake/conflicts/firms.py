"""Two names of organisations compared: what is their own in them, and what many names share."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import jellyfish
from rapidfuzz.distance import OSA

from intake.conflicts import sounds
from intake.conflicts.firm_names import (
    FirmName,
    fields,
    is_number,
    is_shared,
    is_structure,
    known_as,
    other_trade,
    places_words,
    strong_words,
    structure_words,
    telling_words,
    trades_words,
)
from intake.conflicts.likeness import PARTS, frequency
from intake.conflicts.persons import Found
from intake.conflicts.tables import spellings, words

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Surnames and given names below this, in people per million, tie two organisations together.
_FAMILY_NAME: Final = 40.0
_FREQUENT: Final = 250.0
#: Taken off where a word is respelt and the rest of the name is another.
_GUESS_ON_GUESS: Final = 0.08
_SAME, _FUSED, _OTHER_ORDER, _KNOWN, _ACRONYM, _RESPELT = 1.0, 0.97, 0.95, 0.95, 0.88, 0.92
_LONGER, _AFFILIATE, _PART, _FAMILY_LONGER = 0.90, 0.85, 0.82, 0.81
_LINKS: Final = frozenset(["and", "at", "de", "for", "in", "of", "on", "the", "y"])
#: What a numbered branch of a union or a lodge is called.
_LODGES: Final = frozenset(["local", "union", "lodge", "post", "chapter", "district", "council", "branch"])
_TOO_COMMON, _DIFFERENT, _OTHER_PLACE, _OTHER_TRADE = 0.72, 0.5, 0.64, 0.70


def alike(a: str, b: str) -> float:
    """How like two words are, from 0 to 1. Numbers are equal or different."""
    if a == b:
        return 1.0
    if any(c.isdigit() for c in a + b):
        return 0.0
    a, b = a.replace("tech", "tek"), b.replace("tech", "tek")
    if a[:5] == b[:5] == "assoc":
        return 0.98
    if a.removesuffix("s") == b.removesuffix("s") or a.removesuffix("es") == b.removesuffix("es"):
        return 0.98
    if not spellings().get(a, frozenset()).isdisjoint(spellings().get(b, ())):
        return 0.95
    shorter = min(len(a), len(b))
    distance = OSA.distance(a, b)
    if _are_two_words(a, b):
        return 0.0
    if shorter >= 4 and distance <= (3 if shorter >= 8 else 2) and sounds.english(a) == sounds.english(b):
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
    found = _compared(a, b)
    own = tuple(word for word in a.own if any(alike(word, other) for other in b.own))
    # What a place or a number adds to words that many share tells as much as a name.
    return found._replace(own=own)


def _compared(a: FirmName, b: FirmName) -> Found:
    rest = (a.own or a.words)[0]
    if a.all_words == b.all_words or a.words == b.words:
        return Found(_SAME, ("the same name but for its legal form",), "", rest)
    if a.compact == b.compact or "".join(a.all_words) == "".join(b.all_words) or "".join(a.raw) == "".join(b.raw):
        return Found(_FUSED, ("the same letters, divided otherwise",), "", rest)
    if sorted(a.words) == sorted(b.words):
        return Found(_OTHER_ORDER, ("the same words in another order",), "", rest)
    number = known_as(a)
    if number is not None and number == known_as(b) and not other_trade(a, b):
        return Found(_KNOWN, ("known under both names",), "", rest)
    found = max(_aligned(a, b), _initials(a, b), _portmanteau(a, b), key=lambda found: found.score)
    if found.score < _PART and _fusions(a.raw, b.raw):
        # "AutoZone", "Auto Zone Stores": what we spell out for one hides it from the other.
        as_written = _aligned(replace(a, words=a.raw), replace(b, words=b.raw))
        found = max(found, as_written._replace(score=as_written.score * 0.98), key=lambda one: one.score)
    return found


def _portmanteau(a: FirmName, b: FirmName) -> Found:
    """ "Pemex" and "Petroleos Mexicanos": one word is made of the beginnings of the other's."""
    for short, long in ((a, b), (b, a)):
        parts = [word for word in long.raw if word not in structure_words()]
        if len(short.raw) != 1 or not 2 <= len(parts) <= 4 or short.raw[0] in parts or len(short.raw[0]) < 5:
            continue
        if begins_words(short.raw[0], parts):
            why = f'"{short.raw[0].title()}" is made of beginnings of the other name'
            return Found(_ACRONYM, (why,), "", short.raw[0])
    return _clipped(a, b)


def _clipped(a: FirmName, b: FirmName) -> Found:
    """ "Con Ed" and "Consolidated Edison", "So Cal Gas" and "Southern California Gas": words cut short, in order."""
    one, other = ([w for w in firm.raw if w not in structure_words()] for firm in (a, b))
    if len(one) != len(other) or len(one) < 2:
        return Found(0.0)
    short, long = sorted((one, other), key=lambda words: sum(map(len, words)))
    cut = [(s, w) for s, w in zip(short, long, strict=True) if s != w]
    if len(cut) < 2 or not all(2 <= len(s) <= 4 and len(w) > len(s) + 2 and w.startswith(s) for s, w in cut):
        return Found(0.0)
    return Found(_ACRONYM, (f'"{" ".join(short).title()}" is the other name cut short',), "", short[0])


def begins_words(short: str, words: Sequence[str]) -> bool:
    """Whether `short` is two letters or more of each word's beginning, in order."""
    if not words:
        return not short
    most = min(len(short), len(words[0]) - 1)
    return any(
        words[0].startswith(short[:size]) and begins_words(short[size:], words[1:]) for size in range(2, most + 1)
    )


def _initials(a: FirmName, b: FirmName) -> Found:
    """ "NBC Holdings" and "National Broadcasting Company": one word is made of the other's first letters."""
    if _numbers(a) and _numbers(b) and _numbers(a) != _numbers(b):
        return Found(0.0)
    for short, long in ((a, b), (b, a)):
        both = places_words().intersection(short.words, long.words)
        kept = [w for w in short.words if w != "local" and not is_number(w) and w not in both] or list(short.words)
        bare = [w for w in kept if w not in structure_words() and w not in trades_words()] or kept
        if len(bare) > 1 and all(len(word) == 1 for word in bare):
            bare = ["".join(bare)]
        if len(bare) != 1 or not 2 <= len(bare[0]) <= 8 or len(long.words) < 2 or bare[0] in long.words:
            continue
        options = acronyms_of(long)
        options.add(long.first_letters)
        if bare[0] in options and (len(bare[0]) > 2 or len(short.words) == 1):
            score = _ACRONYM if len(bare[0]) > 2 else _PART
            return Found(score, (f'"{bare[0].upper()}" are the first letters of the other name',), "", bare[0])
    return Found(0.0)


def _numbers(firm: FirmName) -> list[str]:
    return sorted(word for word in firm.words if is_number(word))


def acronyms_of(firm: FirmName) -> set[str]:
    """First letters of its words: with and without small ones, words of structure, and a branch's number."""
    halves = [half for word in firm.words for half in halves_of(word)]
    bare = [word for word in firm.words if not is_structure(word)]
    unlinked = [word for word in firm.all_words if word not in _LINKS]
    unnumbered = [word for word in firm.words if word != "local" and not is_number(word)]
    lodgeless = [word for word in unnumbered if word not in _LODGES] if unnumbered != list(firm.words) else []
    placeless = [word for word in firm.words if word not in places_words()]
    ways = (firm.words, firm.all_words, bare, firm.raw, halves, unlinked, unnumbered, lodgeless, placeless)
    return {"".join(word[0] for word in one) for one in ways if one}


def halves_of(word: str) -> tuple[str, ...]:
    """ "southeastern" is "s" and "e" in an acronym."""
    for first in ("north", "south"):
        if word.startswith((f"{first}east", f"{first}west")):
            return first, word[len(first) :]
    return (word,)


def _aligned(a: FirmName, b: FirmName) -> Found:
    pairs, rest_a, rest_b = _pairs(a.words, b.words)
    if not pairs and not (_joins(rest_a, rest_b)):
        return Found(0.0)
    if _joins(rest_a, rest_b):
        pairs.append(("".join(rest_a), "".join(rest_b), _RESPELT))
        rest_a, rest_b = [], []
    if len(rest_a) == 1 or len(rest_b) == 1:
        _misheard(pairs, rest_a, rest_b)
    weakest = min(score for _, _, score in pairs)
    found = _judged(pairs, rest_a, rest_b)
    if (
        (rest_a or rest_b)
        and weakest < _FUSED
        and all(len(one) < 6 for one, _, score in pairs if score < _FUSED)
        and (sum(not is_shared(one) for one, _, _ in pairs) < 2)
    ):
        weakest -= 0.08  # a short word with a letter changed is another word more often than a long one
    if found.score <= _AFFILIATE and weakest < _FUSED:
        weakest -= _GUESS_ON_GUESS
    if found.score < _PART and _begins(a.all_words, b.all_words):
        found = Found(_PART, ("one says more than the other",), "", found.surname)
    reasons = [f'"{one}" may be "{other}" written otherwise' for one, other, score in pairs if score < 0.98]
    return found._replace(score=found.score * min(1.0, weakest + 0.03), reasons=(*found.reasons, *reasons))


def _misheard(pairs: list[tuple[str, str, float]], rest_a: list[str], rest_b: list[str]) -> None:
    """ "Peterson Lumber", "Patterson Lumber Yard": names of the same consonants, the trade being the same; "Eli's
    Towing", "Ely Towing"."""
    if any(not is_shared(one) for one, _, _ in pairs):
        return
    for one in [word for word in rest_a if not is_shared(word)]:
        for other in [word for word in rest_b if not is_shared(word)]:
            sound = jellyfish.metaphone(one)
            as_long = len(sound) >= 4 and sound == jellyfish.metaphone(other)
            if one[0] == other[0] and (as_long or _is_respelt(one.removesuffix("s"), other.removesuffix("s"))):
                rest_a.remove(one)
                rest_b.remove(other)
                pairs.append((one, other, 0.9))
                return


def _is_respelt(one: str, other: str) -> bool:
    is_word = (one + other).isalpha() and min(len(one), len(other)) > 2
    return is_word and OSA.distance(one, other) <= 2 and sounds.english(one) == sounds.english(other)


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
    shorter = len(min(one, other, key=len))
    if one == other or (shorter >= 6 and OSA.distance(one, other) <= 1):
        return True
    if shorter >= 7 and one[0] == other[0] and len(sounds.heard(one)) >= 5 and sounds.heard(one) == sounds.heard(other):
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
    if _agree_in_trade(pairs, rest_a, rest_b):
        return Found(_PART, ("the same name and the same trade",), "", rests_on)
    if not own:
        return _only_shared(len(pairs), rest_a, rest_b, rests_on)
    named = f'both are named "{" ".join(own)}"'
    is_family = len(own) == 1 and _is_family(own[0])
    if left[0] and left[1]:
        return Found(_DIFFERENT, (named, "each has a name of its own besides"), "", rests_on)
    if left[0] or left[1]:
        plain = rest_b if left[0] else rest_a
        if not plain and len(pairs) > 1 and frequency(rests_on, "surname") < _FREQUENT:
            # "Saint Luke's Hospital", "Saint Luke's Episcopal Hospital"
            return Found(_PART, (named, "one has more names than the other"), "", rests_on)
        if any(not is_structure(word) for word in plain) and len(own) == 1:
            return Found(_OTHER_TRADE, (named, "each says something else besides"), "", rests_on)
        score = _LONGER if len(own) > 1 else _PART
        return Found(_DIFFERENT if is_family else score, (named, "one has more names than the other"), "", rests_on)
    if not rest_a or not rest_b:
        # With a trade that agrees a family's name is no longer any family's.
        score = _FAMILY_LONGER if is_family and len(pairs) == 1 else _LONGER
        return Found(score, (named, "one says more than the other"), "", rests_on)
    return _both_say_more(named, rests_on, rest_a, rest_b, is_family=is_family, many=len(own) > 1)


def _agree_in_trade(pairs: Sequence[tuple[str, str, float]], rest_a: Sequence[str], rest_b: Sequence[str]) -> bool:
    """ "Cedar Ridge Nursing Home", "Cedar Ridge Rehabilitation and Nursing Center": two words and a trade in common,
    and at most one of them says a further trade."""
    if not (rest_a and rest_b) or not all(is_shared(word) for word in (*rest_a, *rest_b)):
        return False
    trades = [one for one, _, _ in pairs if _says_what(one)]
    names = [one for one, _, _ in pairs if one not in trades and not is_structure(one)]
    if not trades and len(names) >= 2 and _one_field(rest_a, rest_b):
        # "Bright Horizons Daycare", "Bright Horizons Children's Centers"
        return not places_words().intersection(names)
    places = places_words().intersection((*rest_a, *rest_b)) or any(map(is_number, (*rest_a, *rest_b)))
    more = [any(_says_what(word) for word in rest) for rest in (rest_a, rest_b)]
    others = [w for w in (*rest_a, *rest_b) if not (is_structure(w) or w in trades_words() or w in words("generic"))]
    return bool(trades) and len(names) >= 2 and not places and not all(more) and not others


def _says_what(word: str) -> bool:
    return word in trades_words() and word not in words("generic") and word not in places_words()


def _one_field(rest_a: Sequence[str], rest_b: Sequence[str]) -> bool:
    """Whether both say trades of one field, and one of another."""
    return any(field.intersection(rest_a) and field.intersection(rest_b) for field in fields())


def _one_is_public(rest_a: Sequence[str], rest_b: Sequence[str]) -> bool:
    """ "Camden County", "Camden Property Trust"."""
    return bool(words("public").intersection(rest_a)) != bool(words("public").intersection(rest_b))


def _both_say_more(
    named: str, rests_on: str, rest_a: Sequence[str], rest_b: Sequence[str], *, is_family: bool, many: bool
) -> Found:
    """One name of their own, and different words that many share on both sides: "Acme Holdings", "Acme Logistics"."""
    if any(map(is_number, rest_a)) and any(map(is_number, rest_b)):
        return Found(_OTHER_PLACE, (named, "other numbers"), "", rests_on)
    if _one_is_public(rest_a, rest_b):
        return Found(_OTHER_TRADE, (named, "one is a public body"), "", rests_on)
    if _one_field(rest_a, rest_b) and frequency(rests_on, "surname") < _FREQUENT and len(rests_on) > 3:
        return Found(_FAMILY_LONGER, (f"{named}, in one field",), "", rests_on)
    structured = any(is_structure(w) for w in (*rest_a, *rest_b))
    if is_family and frequency(rests_on, "surname") < _FREQUENT and strong_words().intersection((*rest_a, *rest_b)):
        is_family = False
    told_apart = all(telling_words().intersection(rest) for rest in (rest_a, rest_b))
    if told_apart and not structured:
        return Found(_OTHER_PLACE, (named, "other places or by-names"), "", rests_on)
    with_place = bool(places_words().intersection((*rest_a, *rest_b)))
    if (
        with_place
        and not (is_family or told_apart or structured or many)
        and not all(map(_has_trade, (rest_a, rest_b)))
    ):
        return Found(_PART, (f"{named}, one of them with a place", "they may be affiliates"), "", rests_on)
    if (structured or many) and not is_family:
        return Found(_AFFILIATE, (f"{named}: they may be affiliates",), "", rests_on)
    if _is_distinctive(rests_on) and not told_apart:
        return Found(_FAMILY_LONGER, (f"{named}: they may be affiliates",), "", rests_on)
    return Found(_OTHER_TRADE, (named, "other trades"), "", rests_on)


def _is_distinctive(word: str) -> bool:
    """Long, no word of the language, and nobody's name that the tables have. "Riverbend" is two words."""
    one = word.removesuffix("s")
    if len(word) < 6 or one in words("ordinary") or one.endswith(tuple(words("halves"))):
        return False
    return not any(frequency(it, part) for it in (word, one) for part in PARTS)


def _has_trade(rest: Sequence[str]) -> bool:
    return any(word in trades_words() and word not in places_words() for word in rest)


def _only_shared(count: int, rest_a: Sequence[str], rest_b: Sequence[str], rests_on: str) -> Found:
    """Nothing but words that many names share."""
    if rest_a and rest_b:
        return Found(0.4, ("they share only words of many names",), "", rests_on)
    rest = [*rest_a, *rest_b]
    if count >= 2 and all(is_structure(word) for word in rest):
        return Found(_LONGER, ("one says more than the other",), "", rests_on)
    if count >= 2 and not any(word in places_words() or not is_shared(word) for word in rest):
        return Found(_PART, ("one says more than the other",), "", rests_on)
    return Found(_TOO_COMMON, ("they share only words of many names",), "", rests_on)


def _is_family(word: str) -> bool:
    return any(
        frequency(one, "surname") >= _FAMILY_NAME or frequency(one, "given") >= _FAMILY_NAME
        for one in (word, word.removesuffix("s"))
    )
