"""What language models say a matter is about, weighed together with what we make of it ourselves.

A model names at most three areas at the top, best first; how sure it says it is counts for nothing. Pure: votes are
part of the record, so that nobody is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from intake.classify.areas import top_codes, top_of
from intake.classify.scoring import Areas, AreaScore, ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What the first, second and third area of a vote are worth.
_RANKS: Final = (0.6, 0.25, 0.15)
#: Our own weight, and what is left of it where we found little to go by.
OURS: Final = 1.0
_UNCLEAR: Final = 0.25
#: Every area keeps this much, so that there are always three to offer.
_FLOOR: Final = 0.001


@dataclass(frozen=True, slots=True)
class Vote:
    """One model's: `codes` at the top, best first. Neither codes nor `not_legal`: it could not say, and counts not."""

    model: str
    weight: float
    codes: tuple[str, ...] = ()
    not_legal: bool = False


def combine(votes: Sequence[Vote], ours: Areas, *, our_weight: float = OURS) -> Areas:
    """The areas by all voices together; `ours` unchanged without a vote that says anything.

    Not legal, when more than half of the weight that said anything says so.
    """
    said = [_sound(vote) for vote in votes]
    said = [vote for vote in said if vote.codes or vote.not_legal]
    if not said:
        return ours
    own = our_weight * (_UNCLEAR if ours.unclear else 1.0) if ours.areas or ours.not_legal else 0.0
    against = sum(vote.weight for vote in said if vote.not_legal) + (own if ours.not_legal else 0.0)
    whole = sum(vote.weight for vote in said) + own
    named = ", ".join(dict.fromkeys(vote.model for vote in said))
    if against > whole / 2:
        return Areas(
            (), unclear=False, not_legal=True, why=f"not legal, say {named}" if not ours.not_legal else ours.why
        )
    sums = dict.fromkeys(top_codes(), _FLOOR)
    for vote in said:
        for code, share in zip(vote.codes, _shares(len(vote.codes)), strict=True):
            sums[code] += vote.weight * share
    own_whole = sum(area.score for area in ours.top)
    for area in ours.top:
        sums[area.code] += own * area.score / own_whole if own_whole else 0.0
    total = sum(sums.values())
    whys = {area.code: area.why for area in ours.areas}
    for vote in said:
        for code in vote.codes:
            whys[code] = "; ".join(dict.fromkeys((*filter(None, [whys.get(code)]), f"named by {vote.model}")))
    tops = [AreaScore(code, worth / total, whys.get(code, "nothing speaks for it")) for code, worth in sums.items()]
    below = [area for area in ours.areas if area.code != top_of(area.code)]
    ranked = ordered(tops, below)
    return Areas(ranked, unclear=False, not_legal=False, why=ranked[0].why)


def _sound(vote: Vote) -> Vote:
    """Only areas that there are, each once, three at most; a weight below nothing counts as none."""
    known = tuple(dict.fromkeys(code for code in vote.codes if code in top_codes()))[: len(_RANKS)]
    if vote.weight <= 0:
        return Vote(vote.model, 0.0)
    return Vote(vote.model, vote.weight, () if vote.not_legal else known, vote.not_legal)


def _shares(count: int) -> list[float]:
    whole = sum(_RANKS[:count])
    return [rank / whole for rank in _RANKS[:count]]
