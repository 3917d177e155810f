"""The name of an organisation, read: in one spelling, without its legal form; its own words and the shared ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from intake.conflicts.tables import given_names, organisation_lists, surnames, words

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Legal forms that are nothing else, wherever they stand.
ALWAYS_LEGAL: Final = frozenset(
    ["inc", "incorporated", "llc", "llp", "lllp", "pllc", "corp", "ltd", "gmbh", "sarl", "srl"]
)
_WORD: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_LETTERS: Final = re.compile(r"\b(?:[a-z]\.\s?){2,}(?:[a-z]\b)?|\b[a-z](?:[ -][a-z]){1,3}\b")
#: People per million from which a family's name does not tie a person to an organisation.
FREQUENT_FAMILY: Final = 100.0
#: Ways to say that it is a lawyer's.
_LAW: Final = re.compile(
    r"\b(?:the )?law (?:offices?|firm|group|practice|chambers)\b(?: of\b)?|\battorneys?(?: and counselors?)? at law\b"
    r"|\blegal (?:offices?|group)\b|\bdespacho (?:juridico|legal)\b|\bbufete(?: de abogados)?\b|\bcounselors? at law\b"
)
_STATE_LAST: Final = re.compile(r"\b([A-Z]{2})\W*$")
_OF_LAST: Final = re.compile(r"^(.+?),\s*(.+?\bof(?: the)?)$")
_TENS: Final = {"twenty": 2, "thirty": 3, "forty": 4, "fifty": 5, "sixty": 6, "seventy": 7, "eighty": 8, "ninety": 9}
_UNITS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_ORDINALS: Final = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th",
    "seventh": "7th", "eighth": "8th", "ninth": "9th",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FirmName:
    """`words`: in one spelling, without legal forms and small words, in order. `own`: those that are its own.

    `all_words` has the small words too. `raw`: as it was spelt, without legal forms and small words.
    """

    words: tuple[str, ...]
    own: tuple[str, ...]
    all_words: tuple[str, ...]
    is_marked: bool
    first_letters: str = ""
    raw: tuple[str, ...] = ()

    @property
    def compact(self) -> str:
        return "".join(self.words)


@lru_cache(1 << 14)
def organisation(text: str) -> FirmName | None:
    """`text` (ASCII) read as an organisation's name; None when nothing of it is a letter or digit."""
    plain = text.lower().strip()
    if turned := _OF_LAST.match(plain):
        plain = f"{turned[2]} {turned[1]}"
    plain = re.sub(r"\b([a-z])-(\d)", r"\1\2", plain)
    plain = re.sub(r"\.(?:com|net|org)\b", " ", plain).replace("co-op", "coop")
    plain = re.sub(r"\bd\.?a\.?(?:'s)?(?: office)?$", "district attorney", _LAW.sub(" law ", plain))
    plain = re.sub(r"[&+]", " and ", plain).replace("/", " ")
    if not text.isupper():
        plain = _with_places(text, plain)
    plain = _LETTERS.sub(lambda found: " " + re.sub(r"[. -]", "", found[0]) + " ", plain)
    read = [word.replace("'", "") for word in _WORD.findall(plain.replace("`", "'"))]
    kept = _without_legal(read)
    if not kept:
        return None
    canonical = _spelt(_numbers(kept))
    content = tuple(word for word in canonical if word not in small_words()) or canonical
    own = tuple(word for word in content if not is_shared(word))
    marked = (
        len(kept) < len(read)
        or any(word in trades_words() or word in structure_words() for word in content)
        or "&" in text
    )
    first_letters = "".join(word[0] for word in read if word not in small_words())
    raw = tuple(word for word in kept if word not in small_words()) or tuple(kept)
    return FirmName(content, own, canonical, marked, first_letters, raw)


def family_of(firm: FirmName) -> str | None:
    """The only word of its own where that may be a family's name; else None. A place is none."""
    own = [word for word in firm.own if len(word) > 1 and word not in {"dr", "drs"}]
    if len(own) > 1 and own[0] == firm.words[0] and "and" not in firm.all_words and not any(map(_is_name, own[1:])):
        own = own[:1]  # words of trades that we do not know
    if len(own) != 1 or len(own[0]) < 4 or own[0].isdigit() or len(firm.words) < 2:
        return None
    return own[0]


def _is_name(word: str) -> bool:
    return word in surnames() or word in given_names() or word.removesuffix("s") in surnames()


def _with_places(text: str, plain: str) -> str:
    """ "Delta Dental of CA" is California's, "LA Metro" the city's: in capitals, else "la" is a Spanish article."""
    code = _STATE_LAST.search(text)
    state = organisation_lists()["states"].get(code[1].lower()) if code else None
    if state and len(text.split()) > 2:
        return re.sub(r"\b[a-z]{2}\W*$", state, plain)
    return re.sub(r"\bla\b", "los angeles", plain) if re.search(r"\bLA\b", text) else plain


def _numbers(read: list[str]) -> list[str]:
    """ "twenty one" as "21"."""
    found: list[str] = []
    for word in read:
        if found and found[-1] in _TENS and word in _UNITS:
            found[-1] = f"{_TENS[found[-1]]}{_UNITS[word]}"
        elif found and found[-1] in _TENS and word in _ORDINALS:
            found[-1] = f"{_TENS[found[-1]]}{_ORDINALS[word]}"
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
def small_words() -> frozenset[str]:
    """Words between words."""
    return words("small") | {"and"}


def _in_one_spelling(section: str) -> frozenset[str]:
    same = _one_spelling()
    return words(section) | {same.get(word, word) for word in words(section)}


@cache
def trades_words() -> frozenset[str]:
    """Words of trades and kinds."""
    return _in_one_spelling("trades")


@cache
def fields() -> tuple[frozenset[str], ...]:
    """Trades of one field, a set a field."""
    same = _one_spelling()
    return tuple(frozenset(same.get(word, word) for word in line.split()) for line in organisation_lists()["fields"])


@cache
def structure_words() -> frozenset[str]:
    """Words of how a group of companies is built."""
    return _in_one_spelling("structure")


@cache
def strong_words() -> frozenset[str]:
    """Those of them that only a group has."""
    return _in_one_spelling("strong_structure")


@cache
def places_words() -> frozenset[str]:
    """Places and directions."""
    return _in_one_spelling("places")


@cache
def telling_words() -> frozenset[str]:
    """Words that tell branches and namesakes apart: places, and "Sunrise" from "Sunset"."""
    return places_words() | _in_one_spelling("common")


@cache
def shared_words() -> frozenset[str]:
    """All words that many names share."""
    return trades_words() | structure_words() | places_words() | _in_one_spelling("common")


def is_shared(word: str) -> bool:
    """Whether many organisations have this word in their names; a plural counts with its singular."""
    return word in shared_words() or word.removesuffix("s") in shared_words() or word.isdigit()


def is_number(word: str) -> bool:
    """In digits or, up to ten, in letters."""
    return word.isdigit() or word in _UNITS or word == "ten"


def is_small(word: str) -> bool:
    """Whether it is a word between words."""
    return word in small_words()


def is_plain(word: str) -> bool:
    """Whether the word tells nothing of one organisation: a trade, a structure or a small word."""
    return word in trades_words() or word in structure_words() or word in small_words()


def is_structure(word: str) -> bool:
    """Whether the word says how a group of companies is built."""
    return word in structure_words()


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
    bare = [word for word in name.words if word not in structure_words()]
    barer = [word for word in bare if word not in trades_words()]
    spoken = [word for word in name.all_words if word not in structure_words() and word not in trades_words()]
    stateless = name.all_words[2:] if name.words[:2] == ("united", "states") else ()
    # "ABC Roofing" is not the broadcaster.
    short = len(barer) == 1 and is_shared(barer[0])
    for one in (name.all_words, name.words, bare, *(() if short else (barer, spoken, stateless))):
        number = known.get("".join(one)) if one else None
        if number is not None:
            return number
    return None


def other_trade(a: FirmName, b: FirmName) -> bool:
    """Whether each says a trade, and not one in common: "Chase Bank", "Chase Plumbing"."""
    trades = [{word for word in one.words if word in trades_words()} for one in (a, b)]
    return all(trades) and trades[0].isdisjoint(trades[1]) and any(len(one.own) < 2 for one in (a, b))
