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
#: Longer answers are stories: what fits any question is not looked for in them.
_SHORT: Final = 14
_ASKED_WHO: Final = frozenset({"why", "what", "que", "huh", "how", "quien", "who", "when", "cuando"})
_Phrase = tuple[str, ...]
#: Phrases with their answer by their first word, the longest first.
_Answers = dict[str, tuple[tuple[str, _Phrase], ...]]


@cache
def _topics() -> tuple[tuple[tuple[_Phrase, ...], tuple[_Phrase, ...], _Answers], ...]:
    """Each topic: what asks about it, what shows that the opposite is asked, its phrases with their answer."""
    found = []
    for topic in table("events")["topics"].values():
        by_first: dict[str, list[tuple[str, _Phrase]]] = {}
        for value in ("yes", "no"):
            for said in topic[value]:
                phrase = tuple(str(said).split())
                by_first.setdefault(phrase[0], []).append((value, phrase))
        ordered = {word: tuple(sorted(group, key=lambda one: -len(one[1]))) for word, group in by_first.items()}
        asks, unless = ([tuple(str(ask).split()) for ask in topic.get(key, ())] for key in ("asks", "unless"))
        found.append((tuple(asks), tuple(unless), ordered))
    return tuple(found)


def read_event(heard: Heard, question: str) -> Found | None:
    """ "yes" or "no", inferred, by what is told. None: nothing told, or told both ways."""
    asked = tuple(words_of(question[:500]))
    told: list[tuple[str, int, int]] = []
    for asks, unless, phrases in _topics():
        if any(_stands(asked, ask) for ask in asks) and not any(_stands(asked, ask) for ask in unless):
            told += _told(heard, phrases)
    answers = {value for value, _, _ in told}
    if len(answers) != 1:
        return None
    first, last = min(at for _, at, _ in told), max(end for _, _, end in told)
    start, end = heard.span(first, last)
    value = told[0][0]
    return Found(value, start, end, f"what is told means {value}", "inferred")


def read_outcome(heard: Heard, question: str) -> Found | None:
    """ "yes" or "no", inferred, by what any such question may be answered with: "I never got around to it", "twice".

    Only for short answers, and never when the question asks about something that went wrong.
    """
    asked = frozenset(words_of(question[:500]))
    if not asked or len(heard) > _SHORT or asked & word_set("events", "bad_news"):
        return None
    if _ASKED_WHO & asked or (heard.norms[:1] and heard.norm(0) in _ASKED_WHO):
        return None
    no = _place(heard, "not_done")
    if no is not None:
        start, end = heard.span(*no)
        return Found("no", start, end, "what is told means no", "inferred")
    yes = _place(heard, "done")
    if yes is not None and not any(word in word_set("yes_no", "negatives") for word in heard.norms):
        start, end = heard.span(*yes)
        return Found("yes", start, end, "what is told means yes", "inferred")
    return None


def _place(heard: Heard, key: str) -> tuple[int, int] | None:
    """Where the first phrase of this list stands."""
    by_first = _by_first(key)
    for index in range(len(heard)):
        for phrase in by_first.get(heard.norm(index), ()):
            if heard.starts(index, phrase):
                return index, index + len(phrase)
    return None


@cache
def _by_first(key: str) -> dict[str, tuple[_Phrase, ...]]:
    found: dict[str, list[_Phrase]] = {}
    for said in table("events")[key]:
        phrase = tuple(str(said).split())
        found.setdefault(phrase[0], []).append(phrase)
    return {first: tuple(group) for first, group in found.items()}


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
