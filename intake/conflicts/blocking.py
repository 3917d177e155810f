"""Which names are worth comparing: keys that two spellings of one name share. Pure.

A name has keys under which it is kept and keys under which it is looked for. They are strings in the clear;
the index keeps only keyed hashes of them. Change anything here or in the tables that it reads, and `RULES`
goes up: entries of older rules are made anew by `manage.py conflicts reindex`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import jellyfish

from intake.conflicts import sounds
from intake.conflicts.comparing import readings
from intake.conflicts.firm_names import (
    FREQUENT_FAMILY,
    FirmName,
    family_of,
    is_plain,
    is_shared,
    is_small,
    is_structure,
    known_as,
)
from intake.conflicts.firms import acronyms_of
from intake.conflicts.likeness import PARTS, frequency, without_elision, without_mac
from intake.conflicts.reading import Word
from intake.conflicts.script import MAX_NAME
from intake.conflicts.tables import compounds, family_first_surnames, nicknames, spellings, surnames, translations
from intake.names import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from intake.conflicts.comparing import Name
    from intake.conflicts.reading import PersonName

RULES: Final = 7
#: Keys of one name; what is beyond is the least telling.
MAX_KEYS: Final = 160
# Marks of names that are romanised in several ways. Both ways have one, or sound alike in English.
_SLAVIC: Final = re.compile(
    r"(?:sk[iy]|cki|[oe]v|[oe]ff|[oe]va|ich|icz|vic|enko|[uy]k|in|ina|oy|oi|ei|ey|te[iy]n)[yi]?[ay]?$|[cs]z|zh|kh|shch|ts|rz|tch"
)
_EASTERN: Final = re.compile(
    r"^(?:al|el|ab[du])|q|ou|oo|aa|ee|dh|kh|gh|h$|iy|ei|ai|eo|eu|ae|ay|i$|yun|yeo|(?:ss|m|z)[aei][dnrm]$|hy|uh"
)
_VOWELS: Final = str.maketrans("", "", "aeiouy")
_MAX_WORDS: Final = 5
#: Letters that are left of a word cut short (intake.conflicts.firms).
_CUT: Final = 4
#: People per million of one skeleton, above which the given name has to tell more than its first sound.
_FREQUENT: Final = 250.0


@lru_cache(1024)
def asked(name: Name) -> frozenset[str]:
    """The keys under which a party like this is looked for."""
    return frozenset(_keys(name, keep=False)[:MAX_KEYS])


def kept(name: Name) -> frozenset[str]:
    """The keys under which the index has a party."""
    return frozenset(_keys(name, keep=True)[:MAX_KEYS])


def _keys(name: Name, *, keep: bool) -> list[str]:
    """All keys of all forms, the most telling first."""
    found: dict[str, None] = {}
    for text in (name.name, *name.aliases):
        plain = normalise(text[:MAX_NAME])
        if plain:
            found[f"x:{plain}"] = None
    for reading in readings(name):
        if reading.firm:
            found.update(dict.fromkeys(_firm_keys(reading.firm, keep=keep)))
        if reading.person:
            found.update(dict.fromkeys(_person_keys(reading.person, keep=keep)))
        elif reading.firm:
            found.update(dict.fromkeys(_bearers(reading.firm)))
    return list(found)


def _person_keys(name: PersonName, *, keep: bool) -> Iterator[str]:
    """What is kept stands in the order in which it was written; what is asked is turned round as well."""
    words = [word for word in name.words[:_MAX_WORDS] if word.core]
    last = len(words) - 1
    if last < 1:
        yield from (f"w:{word.core}" for word in words)
        return
    yield from _typo_keys(words[0].core, words[last].core)
    yield from _of_family(words[0].core, words[last].core, keep=keep)
    yield f"h:{jellyfish.metaphone(''.join(word.text for word in words))}"  # however it was divided
    if len(words[0].core) >= 4 and not frequency(words[0].core, "given"):
        yield f"e:{words[0].core[-4:]}|{sounds.english(words[last].core)}"  # "Femi", "Olufemi"
    for at in range(1, last + 1):
        yield from _pair_keys(words[0], words[at], name, keep=keep)
    for at in range(1, last):
        yield from _pair_keys(words[at], words[last], name, keep=keep, is_first=False)
    if last == 3:
        # "Fernanda López" of "María Fernanda López Gutiérrez"
        yield from _pair_keys(words[1], words[2], name, keep=keep, is_first=False)
    if last == 2 and words[0].core in family_first_surnames():
        # "Park Ji-sung" for "Jisung Park"
        joined = words[1].text + words[2].text
        yield from _pair_keys(Word(joined, joined), words[0], name, keep=keep)
    if keep and last == 1 and words[0].core in family_first_surnames():
        yield from _pair_keys(words[1], words[0], name, keep=keep)
    if last > 0 and words[last].text != words[last].core:
        yield from _typo_keys(words[0].core, words[last].text)
    if keep and last == 2 and words[2].core in family_first_surnames():
        joined = words[0].text + words[1].text  # "Mei-Ling Chan"
        yield from _pair_keys(Word(joined, joined), words[2], name, keep=keep)
    if not keep:
        yield from _typo_keys(words[last].core, words[0].core)
        yield from _pair_keys(words[1], words[0], name, keep=keep)
        if last > 1:
            joined = words[0].text + words[1].text  # "Fitz Patrick"
            yield from _pair_keys(Word(joined, joined), words[last], name, keep=keep)
            yield from _pair_keys(words[last], words[0], name, keep=keep)
    if last == 2 and not name.surnames and not (keep and any(frequency(words[1].core, part) for part in PARTS)):
        joined = words[1].text + words[2].text  # "gold stein"
        yield from _pair_keys(words[0], Word(joined, joined), name, keep=keep)


def _pair_keys(one: Word, other: Word, name: PersonName, *, keep: bool, is_first: bool = True) -> Iterator[str]:
    """Of a given name and a surname."""
    given, surname = one.core, other.core
    if is_first and given in compounds():
        first = compounds()[given][0]  # "Chema" is José María
        yield from _pair_keys(Word(first, first), other, name, keep=keep)
    if one.text != given and is_first:
        yield from _pair_keys(Word(one.text, one.text), other, name, keep=keep)
    if len(surname) == 1 or (len(given) == 1 and not is_first):
        return
    skeletons = _skeletons(surname) if other.text == surname else _skeletons(surname) | _skeletons(other.text)
    if len(given) == 1:
        # An initial meets whole names, and whole names meet initials, each in a drawer of its own.
        yield f"{'i' if keep else 'f'}:{given}|{sounds.english(surname)}"
        yield from (f"j:{given}|{skeleton}" for skeleton in skeletons)
        return
    if is_first:
        yield f"{'f' if keep else 'i'}:{given[0]}|{sounds.english(surname)}"
        yield from _without_vowels(given, surname, keep=keep, abjad=name.abjad)
    for skeleton in skeletons:
        # So many are called Smith that the first letter of the given name would tell too little.
        for first in _sounds(given) if _weight_of(skeleton) > _FREQUENT else _first_sounds(given):
            yield f"p:{first}|{skeleton}"


def _without_vowels(given: str, surname: str, *, keep: bool, abjad: bool) -> Iterator[str]:
    """Names of scripts without vowels meet those with them; those with them do not meet each other here."""
    key = f"{sounds.consonants(given)}|{sounds.consonants(surname)}"
    if abjad:
        yield f"v:{key}"
        if not keep:
            yield f"V:{key}"
    elif len(key) > 3:
        yield f"{'V' if keep else 'v'}:{key}"


def _typo_keys(given: str, surname: str) -> Iterator[str]:
    if len(surname) >= 5 and len(given) > 1:
        forms = nicknames().get(given) or (given,)
        yield from (f"t:{form}|{shorter}" for form in forms for shorter in _one_letter_less(surname[:12]))


@lru_cache(1 << 15)
def _skeletons(word: str) -> frozenset[str]:
    """A surname by each way of reading it in which two spellings may be one (intake.conflicts.likeness)."""
    plain = jellyfish.metaphone(word)
    found = {sounds.english(word), sounds.spanish(word), sounds.heard(word)}
    if _SLAVIC.search(word):
        found.add("'" + sounds.slavic(word).translate(_VOWELS))
    if _EASTERN.search(word):
        found |= {sounds.consonants(word), sounds.korean(word)}
    if len(word) > 3 and word[-1] in "eh":
        found.add(sounds.english(word[:-1]))  # Crowe, Crow
    if len(plain) >= 4 and len(word) >= 6:
        found.add(plain)
    found.update(f"#{number}" for number in spellings().get(word, ()))
    if word.startswith(("mac", "mc")):
        found.add(sounds.english(without_mac(word)))
    if len(word) >= 6:
        found.add(f"={sounds.loose(word)}")
    if without_elision(word) != word:
        found.add(sounds.english(without_elision(word)))
    if pinyin := sounds.chinese(word):
        found.add(f"~{pinyin}")
        found.add(f"~{word}")
    return frozenset(one for one in found if one) or frozenset((word,))


@cache
def _weights() -> Mapping[str, float]:
    """How frequent the surnames of each skeleton are together, in people per million."""
    found: dict[str, float] = {}
    for word, weight in surnames().items():
        for skeleton in _skeletons.__wrapped__(word):
            found[skeleton] = found.get(skeleton, 0.0) + weight
    return found


def _weight_of(skeleton: str) -> float:
    return _weights().get(skeleton, 0.0)


@lru_cache(1 << 15)
def _first_sounds(word: str) -> frozenset[str]:
    return frozenset(sound for name in _names_of(word) for sound in _first_sound(name))


@lru_cache(1 << 15)
def _sounds(word: str) -> frozenset[str]:
    """More telling than the first sound: what it may be short for, how it sounds, and its first and last letter."""
    read = {sounds.english(word), sounds.spanish(word), sounds.korean(word), sounds.chinese(word)}
    return _names_of(word) | {one for one in read if one} | {f"{word[0]}-{word[-1]}"}


def _names_of(word: str) -> frozenset[str]:
    return nicknames().get(word, frozenset()) | translations().get(word, frozenset()) | {word}


def _first_sound(word: str) -> Iterator[str]:
    for sound in (jellyfish.metaphone(word).lower()[:1], sounds.spanish(word)[:1], word[0], sounds.chinese(word)[:1]):
        if sound:
            if sound == "h":
                yield "j"  # "Hesus"
            yield "a" if sound in "aeiouy" else "k" if sound in "ckq" else sound


def _one_letter_less(word: str) -> frozenset[str]:
    return frozenset((word, *(word[:at] + word[at + 1 :] for at in range(len(word)))))


def _firm_keys(firm: FirmName, *, keep: bool) -> Iterator[str]:
    yield f"c:{firm.compact}"
    yield f"c:{''.join(firm.raw)}"
    yield from _family_keys(firm, keep=keep)
    yield from _beginnings_of_words(firm, keep=keep)
    number = known_as(firm)
    if number is not None:
        yield f"k:{number}"
    yield from _beginnings(firm)
    # An acronym meets long names, and long names meet acronyms; two long names do not meet by their first letters.
    long, short = _initials(firm)
    yield from (f"{'A' if keep else 'a'}:{one}" for one in long)
    yield from (f"{'a' if keep else 'A'}:{one}" for one in short)
    own = firm.own[:_MAX_WORDS]
    for word in own:
        for sound in _word_keys(word):
            yield from _own_word(sound, word, firm, keep=keep)
    for one, other in pairwise(firm.words[: _MAX_WORDS + 1]):
        if not (is_shared(one) and is_shared(other)):
            yield from (f"o:{key}" for key in _word_keys(one + other))
    if len(own) <= 2:
        for word in own:
            if len(word) >= 5:
                yield from (f"d:{one}" for one in _one_letter_less(word.removesuffix("s")))


def _family_keys(firm: FirmName, *, keep: bool) -> Iterator[str]:
    """Of a business named after a family; persons look in the other drawer (`_of_family`)."""
    family = family_of(firm)
    if family is None:
        return
    initials = [word for word in firm.all_words if len(word) == 1][:1]
    for one in {family, family.removesuffix("s")}:
        for skeleton in (sounds.english(one), *(f"#{number}" for number in spellings().get(one, ()))):
            yield f"{'n' if keep else 'N'}:{'|'.join((*initials, skeleton))}"


def _of_family(given: str, surname: str, *, keep: bool) -> Iterator[str]:
    is_frequent = frequency(surname, "surname") > FREQUENT_FAMILY
    for skeleton in (sounds.english(surname), *(f"#{number}" for number in spellings().get(surname, ()))):
        yield f"{'N' if keep else 'n'}:{given[0]}|{skeleton}"
        if not is_frequent:
            yield f"{'N' if keep else 'n'}:{skeleton}"


def _beginnings_of_words(firm: FirmName, *, keep: bool) -> Iterator[str]:
    """Of one word that may be made of several words' beginnings, or is two of them joined; and of several."""
    one, several = ("g", "G") if keep else ("G", "g")
    parts = [word for word in firm.raw if not is_structure(word)]
    if len(firm.raw) > 1:
        if 2 <= len(parts) <= 4:
            yield f"{several}:{parts[0][:2]}|{parts[1][:2]}"
            # "Con Ed" meets whole words, and whole words meet those cut short
            yield f"{'L' if keep else 'l'}:{parts[0][:2]}|{parts[1][:2]}"
            if sum(len(part) <= _CUT for part in parts) > 1:
                yield f"{'l' if keep else 'L'}:{parts[0][:2]}|{parts[1][:2]}"
        yield from (f"{several}:={first}{second}" for first, second in pairwise(firm.raw[:_MAX_WORDS]))
    if len(firm.raw) == 1 and 5 <= len(firm.raw[0]) <= 16:
        yield from (f"{one}:{firm.raw[0][:2]}|{firm.raw[0][at : at + 2]}" for at in range(2, len(firm.raw[0]) - 1))
    yield from (f"{one}:={word}" for word in parts[:3] if len(word) >= 6)


def _beginnings(firm: FirmName) -> Iterator[str]:
    """Of names that have nothing of their own, too: "United Airlines", "El Super"."""
    first = firm.all_words[:2]
    if len(first) == 2 and not all(map(is_plain, first)):
        yield f"b:{' '.join(first)}"
    if not firm.own:
        words = sorted({word for word in firm.words if not is_structure(word)} or set(firm.words))
        yield f"q:{' '.join(words)}"
        telling = [word for word in words if not is_plain(word)][:4]
        yield from (f"q:{one}|{other}" for one in telling for other in words[:6] if other != one)


def _own_word(sound: str, word: str, firm: FirmName, *, keep: bool) -> Iterator[str]:
    """So many firms are named after a Smith that the rest of the name has to tell them apart."""
    if max(frequency(one, "surname") for one in (word, word.removesuffix("s"))) < _FREQUENT:
        yield f"o:{sound}"
        return
    others = [other for other in firm.words[: _MAX_WORDS + 1] if other != word]
    if others:
        yield f"{'m' if keep else 's'}:{sound}"
    else:
        yield f"s:{sound}"
        if not keep:
            yield f"m:{sound}"
    for other in others:
        yield f"o:{'|'.join(sorted((sound, min(_word_keys(other)))))}"


def _word_keys(word: str) -> frozenset[str]:
    plain = word.replace("tech", "tek")
    plain = plain.removesuffix("s") if len(plain) > 3 else plain
    return frozenset((jellyfish.metaphone(plain).lower() or plain, *(f"#{n}" for n in spellings().get(word, ()))))


def _initials(firm: FirmName) -> tuple[set[str], set[str]]:
    """The acronyms that the name may have, and those that it may be."""
    found = {firm.first_letters, *acronyms_of(firm)}
    found.update("".join(w[0] for w in firm.words[at:]) for at in (1, 2) if len(firm.words) - at > 2)
    long = {one for one in found if 2 <= len(one) <= 8} if len(firm.words) > 1 else set()
    alone = [word for word in firm.words if not is_shared(word)] or list(firm.words)
    short = {alone[0]} if len(alone) == 1 and 2 <= len(alone[0]) <= 8 else set()
    if len(firm.words) > 1 and all(len(word) == 1 for word in firm.words):
        short.add("".join(firm.words))
    return long, short


def _bearers(firm: FirmName) -> Iterator[str]:
    """A person's name in an organisation's: "Law Office of John Smith"."""
    words: Sequence[str] = [word for word in firm.all_words[:8] if word == "and" or not is_small(word)]
    for at, one in enumerate(words):
        if len(one) < 2 or (is_shared(one) and not frequency(one, "given") and one not in nicknames()):
            continue
        near = words[at + 1 : at + 3] if words[at + 1 : at + 2] != ["and"] else []
        for other in near:
            if other != "and" and len(other) > 1 and not is_structure(other):
                for skeleton in _skeletons(other):
                    telling = _sounds(one) if _weight_of(skeleton) > _FREQUENT else _first_sounds(one)
                    yield from (f"p:{first}|{skeleton}" for first in telling)
