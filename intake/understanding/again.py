"""A name said more than once: "Fifth Third, yeah, Fifth Third Bank", "Marcus. Marcus Deshawn Tillery"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz

from intake.understanding.heard import Heard

#: Between two sayings of a name: the second one puts the first right.
_TURNS: Final = frozenset({"no", "think", "actually", "creo", "mean", "digo", "nope", "rather", "singular", "plural"})
_ALIKE: Final = 80
_Span = tuple[int, int]


def said_again(heard: Heard, best: _Span, runs: Sequence[_Span]) -> _Span:
    """The saying of a name that counts: one repeated; the fuller; after a turn the later one. `best` when said once."""
    groups = {run: [other for other in runs if _same(heard, run, other)] for run in runs}
    often = max(len(group) for group in groups.values())
    if often < 2:
        return best
    group = groups[best] if len(groups.get(best, ())) > 1 else next(g for g in groups.values() if len(g) == often)
    chosen = max(group, key=lambda run: run[1] - run[0])
    last = group[-1]
    return last if last[1] - last[0] > 1 and _TURNS & set(heard.norms[group[0][1] : last[0]]) else chosen


def _same(heard: Heard, left: _Span, right: _Span) -> bool:
    """Whether two runs of words are the same name, whole or in part."""
    if left == right:
        return True
    one, two = " ".join(heard.norms[slice(*left)]), " ".join(heard.norms[slice(*right)])
    return min(len(one), len(two)) > 3 and fuzz.token_set_ratio(one, two) >= _ALIKE


def nickname_before(heard: Heard, best: Sequence[int], others: Sequence[Sequence[int]]) -> int:
    """How many words of a name, given by their places, only stand before one said elsewhere too: "Cuca, Ana Salas"."""
    words = [heard.norm(i) for i in best]
    for other in others:
        said = [heard.norm(i) for i in other]
        if len(said) > 1:
            cut = next((k for k in range(1, len(words) - len(said) + 1) if words[k : k + len(said)] == said), 0)
            if cut:
                return cut
    return 0
