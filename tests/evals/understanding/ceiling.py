"""How much of a labelled set is still there once its words were misheard: no reader can find more.

A word that a label hangs on is gone when it was lost, or when another of its kind was heard for it: "sixty" for
"sixteen", "june" for "july", any word for a name. A digit heard as a word that is none ("fire" for "five") is not gone.
Which words a label hangs on is told by the reader itself: it no longer finds the label where the word is left out of
the text as spoken. Labels it does not find there at all are left aside.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from intake.language.tokens import fold
from intake.understanding.lines import answer
from intake.understanding.numbers import word_value
from intake.understanding.words import plain_words, table
from tests.evals.noise import changes
from tests.evals.understanding.score import in_parts, same

Line = dict[str, Any]
_NUMBERS: Final = frozenset({"oh", "hundred", "point", "punto"})


def left(line: Line, rate: float, seed: int) -> Counter[str]:
    """How many labels of a line could be told as spoken, and how many of these still can be as heard."""
    language = line.get("lang", "en")
    pairs = changes(line["text"], language, rate=rate, seed=seed)
    said = [word for word, _ in pairs]
    labels = _met(line, said, in_parts(line["facts"]))
    lost = [i for i, (word, heard) in enumerate(pairs) if not heard or (heard[0] != word and _gone(word, heard[0]))]
    kept = labels
    for place in lost:
        if kept:
            kept = _met(line, said[:place] + said[place + 1 :], kept)
    return Counter(told=len(labels), left=len(kept))


def _met(line: Line, words: list[str], labels: list[Line]) -> list[Line]:
    """Those of the labels that the reader finds in these words."""
    found = in_parts(answer(" ".join(words), line.get("lang", "en"), line)["facts"])
    return [label for label in labels if any(same(label, fact) for fact in found)]


def _gone(said: str, heard: str) -> bool:
    """Whether nobody could tell from `heard` that `said` was said."""
    kinds = (_kind(fold(said)), _kind(fold(heard)))
    if kinds[0] == kinds[1]:
        return True
    word = fold(said)
    names = plain_words("given") | plain_words("surnames")
    return kinds[0] == "" and (word in names or word not in plain_words("common"))


def _kind(word: str) -> str:
    """The kind of a word of which there are few: a number, a month, a weekday, a length of time. Empty: of none."""
    dates = table("dates")
    if word in _NUMBERS or word in table("numbers")["ordinal"] or word_value(word, "es") is not None:
        return "number"
    return next((key for key in ("months", "weekdays", "units", "seasons") if word in dates[key]), "")
