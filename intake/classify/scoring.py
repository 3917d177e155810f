"""From words to scored areas. Pure: the same text gives the same answer, with no network, clock or database."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from intake.classify.areas import areas, read_yaml, top_codes, top_of
from intake.classify.learned import NOT_LEGAL, UNCLEAR, features, learned, learned_below
from intake.classify.lexicon import Evidence, lexicon
from intake.language.guess import guess_language
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from intake.language.guess import Language

#: Characters that are read; the longest turn that is understood whole.
MAX_TEXT: Final = 20_000
#: Worth of the authored phrases beside what is learned from examples. Chosen by leaving out batches of long examples in
#: turn, and on half of our own posts; anything from 0.6 to 1.5 does nearly as well.
_AUTHORED: Final = 0.9
#: Evidence grows with the length of a text, certainty less so: the difference that makes one area 2.7 times as likely.
_SOFTNESS: Final = 2.5
_MORE_PER_WORD: Final = 0.01
#: A top area with less is not worth a place, unless it is among the best three.
_LEAST_SCORE: Final = 0.02
_SHOWN: Final = 3
_MOST_TOP: Final = 8
#: Evidence for a lower code that makes it worth naming, and how near to the best of its area it must be.
_LEAST_BELOW: Final = 2.5
_NEAR_BELOW: Final = 0.4
#: Below this, nothing was said that any area could be told by.
_LEAST_EVIDENCE: Final = 4.0
#: The same for what no lawyer deals with, which is said in few words of its own; and where none of them was authored.
#: Chosen by leaving out examples in turn, so that at most 3 in 1,000 legal matters are taken for none.
_LEAST_AGAINST: Final = 1.5
_LEAST_AGAINST_LEARNED: Final = 3.0
#: Where somebody plainly sells, greets or asks the way and speaks of no wrong, words of an area are said in passing.
_PLAIN_AGAINST: Final = 4.0
#: Somebody who plainly was wronged has a matter, whatever small talk is around it.
_PLAIN_TROUBLE: Final = 4.0
_IN_PASSING: Final = 0.4
_MOST_BELOW: Final = 3
#: Words of a text that is short: with nothing plain in it, it is unclear. And of one too long to be so.
_SHORT: Final = 20
_LONG: Final = 40
#: Somebody who writes as much as this to a law firm has a trouble, whatever else they mention.
_WORDY: Final = 80
#: Evidence that says plainly what the trouble is; and that it is about courts or lawyers themselves.
_PLAIN: Final = 2.0
_PLAIN_COURTS: Final = 7.0
#: In a short text without a plain word, doubt is allowed even where the learned words speak a little against it: an
#: area named as doubtful costs one question, a wrong one named as sure costs more.
_LEAST_ASKS: Final = -2.0
_COURTS: Final = "CO-00-00-00-00"


@dataclass(frozen=True, slots=True)
class AreaScore:
    """One area with its share (0 to 1; of the twenty at the top: they sum to 1 before small ones are left out).

    A lower code has at most the score of the third area at the top, so that the first three in order are the three
    that a client is offered; `within` is its share of its own area (1 for areas at the top).
    """

    code: str
    score: float
    why: str
    within: float = 1.0


@dataclass(frozen=True, slots=True)
class Areas:
    """What a text is about: `areas` best first. Empty, or with at least three at the top.

    `unclear`: a matter may be behind it, but it does not say which. `not_legal`: nothing that a law firm deals with.
    """

    areas: tuple[AreaScore, ...]
    unclear: bool
    not_legal: bool
    why: str

    @property
    def top(self) -> tuple[AreaScore, ...]:
        """The areas at the top alone, best first."""
        return tuple(area for area in self.areas if area.code == top_of(area.code))


def classify(text: str, *, language: Language) -> Areas:
    """The areas that `text` is about. Never raises on text.

    `language` is what the person speaks with us; a text that is plainly Spanish is read as such anyway.
    """
    words = words_of(text[:MAX_TEXT])
    stems = lexicon().stems(words)
    evidence = lexicon().read(stems, guess_language(text, language))
    taught = learned().read(stems)
    sums = {
        code: taught.get(code, 0.0) + _AUTHORED * evidence.top.get(code, 0.0) + _lean().get(code, 0.0)
        for code in top_codes()
    }
    best = max(sums.values())
    said = sum(evidence.top.values()) > 0 or best >= _LEAST_EVIDENCE
    if len(words) < _WORDY and _is_not_legal(evidence, taught, best):
        return Areas((), unclear=False, not_legal=True, why="nothing in it that a law firm deals with")
    if not said:
        return Areas((), unclear=True, not_legal=False, why="no word that any area could be told by")
    ranked = _ranked(sums, evidence, stems)
    unclear = _is_unclear(evidence, taught, best, len(stems))
    why = "little to go by: " + ranked[0].why if unclear else ranked[0].why
    return Areas(ranked, unclear=unclear, not_legal=False, why=why)


@lru_cache(maxsize=1)
def _lean() -> Mapping[str, float]:
    """What each area starts with: how common such matters are among people who write about their troubles."""
    return {top_of(short): float(worth) for short, worth in read_yaml("lean.yaml")["lean"].items()}


def _is_not_legal(evidence: Evidence, taught: Mapping[str, float], best: float) -> bool:
    """More was said of what no lawyer deals with than of any area, and nobody asked for one or was wronged."""
    against = _AUTHORED * (evidence.not_legal - evidence.trouble) + taught[NOT_LEGAL]
    plain = evidence.not_legal >= _PLAIN_AGAINST and evidence.trouble == 0
    least = _LEAST_AGAINST if evidence.not_legal > 0 else _LEAST_AGAINST_LEARNED
    matter = evidence.asks > 0 or evidence.trouble >= _PLAIN_TROUBLE
    return not matter and against > max(best * (_IN_PASSING if plain else 1), taught[UNCLEAR], least)


def _is_unclear(evidence: Evidence, taught: Mapping[str, float], best: float, length: int) -> bool:
    """Too little was said of any trouble. That somebody wants a lawyer or a court says nothing of what for."""
    strongest = max((worth for code, worth in evidence.top.items() if code != _COURTS), default=0.0)
    asks = taught[UNCLEAR] + _AUTHORED * evidence.asks
    if length < _SHORT:
        return strongest < _PLAIN and (asks > _LEAST_ASKS or best < _LEAST_EVIDENCE) and not _is_about_courts(evidence)
    return length < _LONG and strongest < _PLAIN and asks > best


def _is_about_courts(evidence: Evidence) -> bool:
    return evidence.top.get(_COURTS, 0.0) > _PLAIN_COURTS


def _ranked(sums: Mapping[str, float], evidence: Evidence, stems: Sequence[str]) -> tuple[AreaScore, ...]:
    shares = _shares(sums, _SOFTNESS + _MORE_PER_WORD * min(len(stems), 400))
    tops = [AreaScore(code, share, _why(code, evidence)) for code, share in shares.items()]
    return ordered(tops, _below(shares, evidence, stems))


def ordered(tops: Iterable[AreaScore], below: Iterable[AreaScore]) -> tuple[AreaScore, ...]:
    """Best first: the three best of `tops`, then the others worth a place and the lower codes of the three.

    A lower code's score is capped at the third area's, so that scores never rise along the list.
    """
    ranked = sorted(tops, key=lambda area: (-area.score, area.code))
    kept = [
        replace(area, score=round(area.score, 4))
        for at, area in enumerate(ranked)
        if at < _SHOWN or (at < _MOST_TOP and area.score >= _LEAST_SCORE)
    ]
    first, rest = kept[:_SHOWN], kept[_SHOWN:]
    parents = {area.code: area.score for area in first}
    lower = [
        replace(area, score=round(min(first[-1].score, parents[top_of(area.code)] * area.within), 4))
        for area in below
        if top_of(area.code) in parents
    ]
    rest = sorted((*rest, *lower), key=lambda area: (-area.score, area.code != top_of(area.code), area.code))
    return (*first, *rest)


def _shares(sums: Mapping[str, float], softness: float) -> dict[str, float]:
    best = max(sums.values())
    weights = {code: math.exp((value - best) / softness) for code, value in sums.items()}
    whole = sum(weights.values())
    return {code: weight / whole for code, weight in weights.items()}


def _below(shares: Mapping[str, float], evidence: Evidence, stems: Sequence[str]) -> list[AreaScore]:
    """The lower codes that something speaks for, of the three best areas; each with its share of its own area."""
    taught = learned_below().read(stems)
    found = []
    for top in sorted(shares, key=lambda code: (-shares[code], code))[:_SHOWN]:
        mine = {
            code: _AUTHORED * evidence.below.get(code, 0.0) + taught.get(code, 0.0)
            for code, area in areas().items()
            if area.parent == top
        }
        told = {
            code: worth for code, worth in mine.items() if worth >= max(_LEAST_BELOW, _NEAR_BELOW * max(mine.values()))
        }
        for code, worth in sorted(told.items(), key=lambda item: (-item[1], item[0]))[:_MOST_BELOW]:
            found.append(AreaScore(code, 0.0, _why(top, evidence), within=round(worth / sum(told.values()), 4)))
    return found


def _why(code: str, evidence: Evidence) -> str:
    said = [phrase for _, phrase in evidence.said.get(code, [])[:4]]
    if said:
        return "said: " + ", ".join(said)
    return "words that people use in such matters"


def heard(text: str) -> list[str]:
    """The features read from a text: for finding out why a text is scored as it is."""
    return features(lexicon().stems(words_of(text[:MAX_TEXT])))
