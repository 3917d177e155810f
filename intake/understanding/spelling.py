"""Spelled letters: "s m y t h", "S as in Sam", "doble ele", "be de burro"; and "Smith with a y"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from intake.understanding.heard import Heard, alike
from intake.understanding.words import table

_MARKS: Final = {
    "hyphen": "-", "dash": "-", "guion": "-", "apostrophe": "'", "apostrofe": "'", "apostrofo": "'", "space": " ",
    "espacio": " ",
}  # fmt: skip
_SKIP: Final = frozenset({"capital", "mayuscula", "lowercase", "minuscula", "then", "uh", "um", "and"})
_TWICE: Final = frozenset({"double", "doble", "dos", "two"})
_WITH: Final = frozenset({"with", "con", "width", "whit", "w"})
_WITHOUT: Final = frozenset({"without", "sin"})
_ARTICLES: Final = frozenset({"a", "an", "the", "una", "un", "la", "el", "letra", "letter", "of", "de", "just", "only"})


#: "people always go with R E E C E": not how it is spelled.
_OTHERS: Final = frozenset({"people", "everybody", "everyone", "folks", "always", "gente", "todos", "siempre"})


@dataclass(frozen=True, slots=True)
class Spelled:
    """Letters and the words they take."""

    letters: str
    start: int
    end: int


@cache
def _names(language: str) -> dict[str, str]:
    read = table("letters")
    other = "en" if language == "es" else "es"
    return {**read[other], **read["alphabet"], **read[language]}


_RARE: Final = frozenset("xqzw")
#: After "I": a clause begins, it is no letter.
_AFTER_SPEAKER: Final = frozenset(
    {"know", "think", "guess", "mean", "said", "am", "was", "have", "do", "dont", "believe", "live", "need", "lot"}
)


def letter_at(heard: Heard, index: int, *, strict: bool = False) -> tuple[str, int] | None:
    """The letter the word at `index` names, and the place after it. `strict`: only letters written as such."""
    word = heard.norm(index)
    if not word or word[0].isdigit():
        return None
    pairs = table("letters")["pairs"]
    pair = f"{word} {heard.norm(index + 1)}"
    if pair in pairs:
        return _as_in(heard, pairs[pair], index + 2)
    if pair == "double you":
        return "w", index + 2
    if len(word) == 1:
        return _as_in(heard, heard.raw(index).lower()[:1], index + 1)
    if word in _TWICE and heard.norm(index + 1) not in _TWICE:
        after = letter_at(heard, index + 1)
        if after is not None and len(after[0]) == 1:
            return after[0] * 2, after[1]
        return None
    if strict:
        return None
    if heard.raw(index).lower() == "eñe":
        return _as_in(heard, "ñ", index + 1)
    letter = _names(heard.language).get(word)
    return _as_in(heard, letter, index + 1) if letter is not None else None


def _as_in(heard: Heard, letter: str, index: int) -> tuple[str, int]:
    """Steps over "as in Sam", "de dado": a word that begins with the letter."""
    first = "n" if letter == "ñ" else letter
    for phrase in table("letters")["as_in"]:
        words = tuple(str(phrase).split())
        word = heard.norm(index + len(words))
        if heard.starts(index, words) and len(word) > 2 and word.startswith(first):
            return letter, index + len(words) + 1
    return letter, index


def spelled(heard: Heard) -> list[Spelled]:
    """Every run of at least three letters, or of two that are written as single letters."""
    found, index = [], 0
    while index < len(heard):
        run = _run(heard, index)
        if run is not None and _OTHERS.isdisjoint(heard.norms[max(0, run.start - 5) : run.start]):
            found.append(run)
        index = run.end if run is not None else index + 1
    return found


def _run(heard: Heard, start: int) -> Spelled | None:
    if letter_at(heard, start) is None:
        return None
    letters, index, certain, end, parts = "", start, 0, start, 0
    while index < len(heard):
        word = heard.norm(index)
        if parts and ":" in heard.gap(index):
            break
        read = letter_at(heard, index)
        if parts and word in {"i", "a"} and heard.norm(index + 1) in _AFTER_SPEAKER and heard.language == "en":
            break
        if read is not None and word == "y" and heard.norm(index + 1) in {"de", "el", "mi", "su", "apellido"}:
            break  # "… i griega, y de apellido"
        if read is not None:
            certain += len(word) == 1 or word in _TWICE or read[1] - index > 1
            letters, index, end, parts = letters + read[0], read[1], read[1], parts + 1
        elif word in _MARKS and letter_at(heard, index + 1):
            letters, index = letters + _MARKS[word], index + 1
        elif word in _SKIP and letter_at(heard, index + 1):
            index += 1
        else:
            break
    sure = certain * 2 >= parts or (parts >= 4 and certain * 3 >= parts)
    if parts < 2 or not sure or (parts == 2 and len(letters) < 3):
        return None
    return Spelled(letters, start, end)


def with_letter(heard: Heard, words: list[str], index: int) -> tuple[list[str], int] | None:
    """`words` changed by the "with a y" that stands at `index`, and the place after it. None: none stands there."""
    joint = heard.norm(index)
    no = joint in _WITHOUT or (joint in {"no", "not"} and bool(words))
    if joint not in _WITH and not no:
        return None
    at = index + 1
    count = 1
    pair = table("letters")["pairs"].get(f"{heard.norm(at)} {heard.norm(at + 1)}")
    if pair is not None:
        return _changed(words, pair, 1, without=no), at + 2
    while heard.norm(at) in _ARTICLES or heard.norm(at) in {"two", "dos", "one", "no", "double", "doble"}:
        if heard.norm(at) == "a" and not _letters(heard, at + 1)[0]:
            break
        count = 2 if heard.norm(at) in {"two", "dos", "double", "doble"} else count
        single = heard.norm(at) in {"one", "un", "una"} and joint in _WITH
        no = no or heard.norm(at) == "no"
        count = 0 if single and heard.norm(at) == "one" else count
        at += 1
    letters, end = _letters(heard, at)
    if not letters:
        return None
    if heard.norm(end) in {"s", "es"}:
        end += 1
    return _changed(words, letters, count, without=no), end


def _letters(heard: Heard, index: int) -> tuple[str, int]:
    """One letter or two that stand together ("p h"); "ts" for more than one t."""
    word = heard.norm(index)
    if len(word) == 2 and word[1] == "s" and word[0] not in "aeiou":
        return word[0], index + 1
    if len(word) == 2 and word in table("letters")["swaps"]:
        return word, index + 1
    read = letter_at(heard, index)
    if read is None:
        return "", index
    following = letter_at(heard, read[1], strict=True)
    if following is not None and read[0] + following[0] in table("letters")["swaps"]:
        return read[0] + following[0], following[1]
    return read


def _changed(words: list[str], letters: str, count: int, *, without: bool) -> list[str]:
    """The last word that can take the letter gets it; none when a rare letter is in one already."""
    if not without and letters in _RARE and any(letters in word.lower() for word in words):
        return words
    for place in range(len(words) - 1, -1, -1):
        new = _reworded(words[place], letters, count, without=without)
        if new is not None:
            return [*words[:place], new, *words[place + 1 :]]
    return words


def _reworded(word: str, letters: str, count: int, *, without: bool) -> str | None:
    low = word.lower()
    if without:
        return _cased(word, low.replace(letters, "", 1)) if letters in low[1:] or low.startswith(letters) else None
    if count == 2:
        if letters * 2 in low:
            return word
        return _cased(word, low.replace(letters, letters * 2, 1)) if letters in low else None
    if count == 0 and letters * 2 in low:
        return _cased(word, low.replace(letters * 2, letters, 1))
    if letters in low or (letters[:1] == letters[1:2] and letters in low):
        return word
    if len(letters) == 2 and letters[0] == letters[1] and letters[0] in low:
        return _cased(word, low.replace(letters[0], letters, 1))
    for old in table("letters")["swaps"].get(letters, ()):
        at = low.rfind(old) if old not in low[:1] or low.count(old) > 1 else 0
        if at >= 0 and old in low:
            return _cased(word, low[:at] + letters + low[at + len(old) :])
    if letters == "e":
        return _cased(word, low + "e")
    if letters == "h":
        return _cased(word, _with_h(low))
    return None


def _with_h(low: str) -> str:
    """Where a silent h goes: "Sarah", "John", "Theresa", "Helena"."""
    if low[-1] in "aeo":
        return low + "h" if low[0] not in "aeiou" else "h" + low
    if low[0] in "aeiou":
        return "h" + low
    for left, right in (("on", "ohn"), ("t", "th"), ("c", "ch"), ("r", "rh")):
        if left in low:
            return low.replace(left, right, 1)
    return low + "h"


def _cased(like: str, low: str) -> str:
    return low[:1].upper() + low[1:] if like[:1].isupper() else low


def fits(letters: str, word: str) -> float:
    """0 to 1: how likely `letters` spell `word`."""
    return alike(letters.replace(" ", "").lower(), word.lower())
