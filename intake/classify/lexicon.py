"""Authored words and phrases with weights: what speaks for an area, in both languages at once, for people mix them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from intake.classify.areas import full_code, read_yaml, top_of
from intake.classify.words import Spelling, stem, stop_words
from intake.language.guess import LANGUAGES, Language
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: What a weight in the files is worth. Steeper than the numbers: one plain word outweighs several hints.
_WORTH: Final = {5: 6.0, 4: 4.0, 3: 2.0, 2: 1.0, 1: 0.4}
#: What somebody comes for is said at the start and at the end; the middle tells what else happened.
_FIRST: Final = 30
_LAST: Final = 20
_EDGE: Final = 1.25
#: A phrase that several areas share speaks less for each: its worth is divided by their number to this power.
_SHARED: Final = 0.5
#: What phrases speak for beside areas: small talk, a lawyer being asked for, somebody wronged. As in `words.yaml`.
NO_AREAS: Final = ("not_legal", "asks", "trouble")
Phrase = tuple[str, ...]
_Phrases = defaultdict[str, dict[Phrase, dict[str, float]]]


@dataclass(slots=True)
class Evidence:
    """What a text says for each area. `top` and `below` by code; `said`: phrases by top code, weightiest first."""

    top: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    below: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    said: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    not_legal: float = 0.0
    asks: float = 0.0
    trouble: float = 0.0


class Lexicon:
    """Phrases by their first word, so that a text is read once, word by word.

    English phrases are read in Spanish texts too, for people mix them ("me mandaron un eviction notice"), but for words
    that mean something else there; Spanish ones are read in Spanish texts alone.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._by_first: dict[Language, _Phrases] = {"en": defaultdict(dict), "es": defaultdict(dict)}
        self._as_written: dict[Phrase, str] = {}
        strong: set[str] = set()
        words_file = read_yaml("words.yaml")
        elsewhere = frozenset(words_of(words_file["not_in_spanish"]))
        for language, code, weights in _entries():
            for weight, phrases in weights.items():
                for phrase in phrases:
                    words = words_of(str(phrase))
                    if weight >= 3:
                        strong.update(words)
                    if language == "en":
                        self._add("en", words, code, _WORTH[weight])
                    if language == "es" or elsewhere.isdisjoint(words):
                        self._add("es", words, code, _WORTH[weight])
        self._spelling = Spelling(strong - stop_words(), {*known, *words_of(words_file["no_slips"]), *stop_words()})

    def _add(self, language: Language, words: Sequence[str], code: str, worth: float) -> None:
        phrase = tuple(stem(word) for word in words)
        self._as_written.setdefault(phrase, " ".join(words))
        codes = self._by_first[language][phrase[0]].setdefault(phrase, {})
        codes[code] = max(codes.get(code, 0.0), worth)

    def stems(self, words: Sequence[str]) -> list[str]:
        """Folded words, slips put right, without endings."""
        return [stem(self._spelling.put_right(word)) for word in words]

    def read(self, stems: Sequence[str], language: Language) -> Evidence:
        """The evidence in a text. A phrase that comes again counts for less each time.

        What lies within a longer phrase for the same area says nothing more ("my boss" is not also "boss").
        """
        phrases = self._by_first[language]
        heard: dict[tuple[Phrase, str], float] = defaultdict(float)
        worth: dict[tuple[Phrase, str], float] = {}
        told_until: dict[str, int] = {}
        last = len(stems) - _LAST
        for at, first in enumerate(stems):
            here = [p for p in phrases.get(first, ()) if len(p) == 1 or tuple(stems[at : at + len(p)]) == p]
            for phrase in sorted(here, key=len, reverse=True):
                for code, value in phrases[first][phrase].items():
                    if told_until.get(code, 0) <= at:
                        told_until[code] = at + len(phrase)
                        heard[phrase, code] += _EDGE if at < _FIRST or at >= last else 1.0
                        worth[phrase, code] = value
        return self._summed(heard, worth)

    def _summed(self, heard: Mapping[tuple[Phrase, str], float], worth: Mapping[tuple[Phrase, str], float]) -> Evidence:
        by_phrase: dict[Phrase, dict[str, float]] = defaultdict(dict)
        for (phrase, code), times in heard.items():
            by_phrase[phrase][code] = worth[phrase, code] * (1 + math.log(max(times, 1.0)))
        evidence = Evidence()
        for phrase, codes in by_phrase.items():
            _weigh(evidence, self._as_written[phrase], codes)
        for said in evidence.said.values():
            said.sort(reverse=True)
        return evidence


def _weigh(evidence: Evidence, written: str, codes: Mapping[str, float]) -> None:
    tops: dict[str, float] = {}
    for code, worth in codes.items():
        if code in NO_AREAS:
            setattr(evidence, code, getattr(evidence, code) + worth)
        else:
            tops[top_of(code)] = max(tops.get(top_of(code), 0.0), worth)
            if code != top_of(code):
                evidence.below[code] += worth
    for code, worth in tops.items():
        share = worth / len(tops) ** _SHARED
        evidence.top[code] += share
        evidence.said[code].append((share, written))


def _entries() -> Iterable[tuple[Language, str, Mapping[int, Sequence[Any]]]]:
    for language in LANGUAGES:
        for code, weights in read_yaml(f"lexicon.{language}.yaml").items():
            yield language, full_code(code), weights
    words_file = read_yaml("words.yaml")
    for kind in NO_AREAS:
        yield "en", kind, words_file[kind]
        yield "es", kind, words_file[kind]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The one of this process. The words of the examples are known, so that none of them is taken for a slip."""
    from intake.classify.learned import known_words

    return Lexicon(known_words())
