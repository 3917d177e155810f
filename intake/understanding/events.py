"""Yes or no by telling what happened: "they shoved a tablet at me and I scribbled" to "did you sign anything?"."""

from __future__ import annotations

from functools import cache
from typing import Final

from intake.language.tokens import words_of
from intake.understanding.facts import Found
from intake.understanding.heard import Heard
from intake.understanding.words import table, word_set

#: Words that "*" in a phrase may stand for.
_GAP: Final = 3
_MAX_WORDS: Final = 120
_Phrase = tuple[str, ...]


@cache
def _topics() -> tuple[tuple[tuple[_Phrase, ...], dict[str, tuple[tuple[str, _Phrase], ...]]], ...]:
    """Each topic: what asks about it, and its phrases with their answer by their first word, the longest first."""
    found = []
    for topic in table("events")["topics"].values():
        by_first: dict[str, list[tuple[str, _Phrase]]] = {}
        for value in ("yes", "no"):
            for said in topic[value]:
                phrase = tuple(str(said).split())
                by_first.setdefault(phrase[0], []).append((value, phrase))
        ordered = {word: tuple(sorted(group, key=lambda one: -len(one[1]))) for word, group in by_first.items()}
        found.append((tuple(tuple(str(ask).split()) for ask in topic["asks"]), ordered))
    return tuple(found)


def read_event(heard: Heard, question: str) -> Found | None:
    """ "yes" or "no", inferred, by what is told. None: nothing told, or told both ways."""
    asked = tuple(words_of(question[:500]))
    told: list[tuple[str, int, int]] = []
    for asks, phrases in _topics():
        if any(_stands(asked, ask) for ask in asks):
            told += _told(heard, phrases)
    answers = {value for value, _, _ in told}
    if len(answers) != 1:
        return None
    first, last = min(at for _, at, _ in told), max(end for _, _, end in told)
    start, end = heard.span(first, last)
    value = told[0][0]
    return Found(value, start, end, f"what is told means {value}", "inferred")


def _stands(words: tuple[str, ...], phrase: _Phrase) -> bool:
    return any(words[at : at + len(phrase)] == phrase for at in range(len(words) - len(phrase) + 1))


def _told(heard: Heard, phrases: dict[str, tuple[tuple[str, _Phrase], ...]]) -> list[tuple[str, int, int]]:
    """What is told of a topic: the answer with its words. A "yes" that is denied is a "no"."""
    found: list[tuple[str, int, int]] = []
    index = 0
    while index < min(len(heard), _MAX_WORDS):
        match = next(
            ((value, end) for value, p in phrases.get(heard.norm(index), ()) if (end := _end(heard, index, p))), None
        )
        if match is None:
            index += 1
            continue
        value, end = match
        before = heard.norms[max(0, index - 3) : index]
        denied = any(word in word_set("yes_no", "negatives") for word in before)
        if not any(word in word_set("events", "unreal") for word in before) and not (denied and value == "no"):
            found.append(("no" if denied else value, index, end))
        index = end
    return found


def _end(heard: Heard, index: int, phrase: _Phrase) -> int:
    """The place after `phrase` that stands at `index`; 0 when it does not."""
    at = index
    for place, word in enumerate(phrase):
        if word == "*":
            wanted = phrase[place + 1]
            at = next((i for i in range(at, at + _GAP + 1) if heard.norm(i) == wanted), -1)
            if at < 0:
                return 0
        elif heard.norm(at) == word:
            at += 1
        else:
            return 0
    return at
