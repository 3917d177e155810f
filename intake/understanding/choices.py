"""Which of the offered choices: by number, by its words, by a synonym or a paraphrase."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Final

from rapidfuzz import fuzz

from intake.language.tokens import words_of
from intake.understanding.corrections import denied, pieces
from intake.understanding.facts import Choice, Found
from intake.understanding.heard import Heard, alike
from intake.understanding.mending import with_numbers
from intake.understanding.ranges import in_range
from intake.understanding.words import table, word_set

#: An age: "he is 22", "22 years old", "tiene 22".
_AGE: Final = re.compile(
    r"\b(?:is|hes|shes|aged|age|turned|just|tiene|cumplio) (\d{1,3})\b(?! (?:days|weeks|months|dias|meses))"
    r"|\b(\d{1,3}) (?:years|yrs|anos)\b"
)
_GROWN: Final = 18
#: The best choice must be this good, and this much better than the next.
_FLOOR = 0.34
_LEAD = 0.08
#: How much of a nearer idea's weight the wider one has that it implies.
_WIDER = 0.8
#: The weight of a whole area of law beside something nearer.
_AREA = 0.6


def read_choice(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """The choice meant; None when none is, or when two are about as likely."""
    if not choices:
        return None
    heard = _in_same_words(heard)
    for part in reversed(pieces(heard)):
        found = _in_part(part, choices)
        if found is not None:
            return found
    return None


def _in_same_words(heard: Heard) -> Heard:
    """With one word for those that say the same: "somebody" as "someone"."""
    same: dict[str, str] = table("choices")["same"]
    if same.keys().isdisjoint(heard.norms):
        return heard
    return Heard(
        heard.text, tuple(replace(one, norm=same.get(one.norm, one.norm)) for one in heard.tokens), heard.language
    )


def _in_part(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    chosen = _after_but(heard, choices) or _neither(heard, choices)
    if chosen is not None:
        return chosen
    exact = _by_age(heard, choices) or _exact(heard, choices)
    if exact is not None:
        return exact
    ranged = in_range(heard, choices)
    if ranged is not None:
        return ranged
    numbered = _by_number(heard, choices)
    if numbered is not None:
        return numbered
    return _by_meaning(heard, choices) or _first_clause(heard, choices)


def _first_clause(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """ "texting, he checks my calls": the clause before the first comma, where the whole leaves it open."""
    comma = next((i for i in range(1, min(len(heard), 60)) if "," in heard.gap(i)), 0)
    clause = heard.part(0, comma)
    return _exact(clause, choices) or _by_meaning(clause, choices) if comma else None


def _after_but(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """ "we speak Mam but Spanish is fine, put that": what a clause behind "but" chooses."""
    at = max((i for i, word in enumerate(heard.norms[:200]) if word in {"but", "pero"}), default=-1)
    if at < 1:
        return None
    clause = heard.part(at + 1)
    if not word_set("choices", "chosen") & set(clause.norms):
        return None
    return _exact(clause, choices) or _by_meaning(clause, choices)


def _neither(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """ "Neither, I live with my mama": the choice that is none of the others, where there is just one."""
    if heard.norm(0) not in word_set("choices", "neither_first"):
        return None
    others = [c for c in choices if not word_set("choices", "other_labels").isdisjoint(words_of(c.label))]
    return _found(heard, others[0], 0, 1, "none of the others", sure=False) if len(others) == 1 else None


def _found(heard: Heard, choice: Choice, start: int, end: int, why: str, *, sure: bool = True) -> Found:
    left, right = heard.span(start, max(end, start + 1))
    return Found(choice.label, left, right, why, "stated" if sure else "inferred")


def _by_age(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """ "For my son, he's 22" among a child and another adult: the age decides, where it is said."""
    age = _AGE.search(" ".join(with_numbers(heard).norms[:100]))
    if age is None:
        return None
    years = int(age[1] or age[2])
    kinds = {name: word_set("choices", name) for name in ("grown", "young")}
    meant = kinds["grown" if years >= _GROWN else "young"]
    named = [(choice, {word for words in _names(choice) for word in words}) for choice in choices]
    fitting = [choice for choice, words in named if words & meant]
    if len(fitting) != 1 or not any(words & (kinds["grown"] | kinds["young"]) - meant for _choice, words in named):
        return None
    return _found(heard, fitting[0], 0, len(heard), f"{years} years")


def _names(choice: Choice) -> list[tuple[str, ...]]:
    said = (choice.label, choice.code.replace("_", " ").replace("-", " "), *choice.synonyms)
    same: dict[str, str] = table("choices")["same"]
    return [tuple(same.get(word, word) for word in words) for words in map(words_of, said) if words]


def _exact(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """A choice's own words said in a row: the longest, and among equals the last not denied."""
    best: tuple[int, int, Choice] | None = None
    senses = table("choices")["other_sense"]
    for choice in choices:
        for words in _names(choice):
            at = heard.find(words)
            while at >= 0:
                key = (len(words), at)
                other = len(words) == 1 and heard.norm(at + 1) in senses.get(words[0], ())
                if (
                    not other
                    and not denied(heard, at)
                    and not _inside_number(words)
                    and (best is None or key > best[:2])
                ):
                    best = (len(words), at, choice)
                at = heard.find(words, at + 1)
    if best is None or _part_of_more(heard, best[1], best[0], best[2], choices):
        return None
    return _found(heard, best[2], best[1], best[1] + best[0], "its own words were said")


def _part_of_more(heard: Heard, at: int, size: int, choice: Choice, choices: Sequence[Choice]) -> bool:
    """Whether the words found are a part of a phrase that stands for another choice: "para mi" in "para mi mamá"."""
    known = _concepts()
    own = _ideas(" ".join(" ".join(name) for name in _names(choice)))
    others = {idea for c in choices if c is not choice for idea in _ideas(" ".join(" ".join(n) for n in _names(c)))}
    for longer in (4, 3, 2):
        for start in range(max(0, at + size - longer), at + 1):
            ideas = known.get(" ".join(heard.norms[start : start + longer]), frozenset())
            implied = {wide for idea in ideas for wide in table("choices")["implies"].get(idea, ())}
            if longer > size and any(idea in others and idea not in own for idea in ideas | implied):
                return True
    return False


def _inside_number(words: tuple[str, ...]) -> bool:
    return False if len(words) > 1 else words[0] in {"a", "i"}


def _by_number(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """ "the second one", "number three", "B", "la última"."""
    read = table("choices")
    heard = heard if heard.norms[-3:] != ("de", "en", "medio") else heard.part(len(heard) - 1)
    content = [w for w in heard.norms if w not in word_set("choices", "around_number")]
    for index, word in enumerate(heard.norms):
        place = read["ordinals"].get(word)
        after = heard.norm(index + 1)
        if after not in read["after_ordinal"] and after not in read["around_number"] and word != "1st":
            place = None  # "last month", "first thing"
        before = heard.norm(index - 1)
        if before in {"un", "una"}:
            continue  # "un cuarto" is a room
        introduced = before in read["number_words"]
        if place is None and (introduced or len(content) <= 1):
            place = read["cardinals"].get(word)
        if place is None and (introduced or len(content) <= 1) and len(word) == 1 and word.isalpha():
            place = ord(word) - ord("a") + 1
        if place is None and (introduced or len(content) <= 1) and word.isdigit():
            place = int(word[:4])
        if (
            place is None
            or denied(heard, index)
            or (len(content) > 3 and not introduced and heard.norm(index + 1) not in read["after_ordinal"])
        ):
            continue
        if place == 0 and len(choices) % 2:
            place = (len(choices) + 1) // 2
        place = len(choices) if place == -1 else len(choices) - 1 if place == -2 else place
        if 1 <= place <= len(choices):
            return _found(heard, choices[place - 1], index, index + 1, f"number {place} of the choices")
    return None


@cache
def _concepts() -> dict[str, frozenset[str]]:
    """Each word or phrase with the ideas it stands for."""
    found: dict[str, set[str]] = {}
    for idea, words in table("choices")["ideas"].items():
        for word in words:
            found.setdefault(str(word), set()).add(idea)
    return {word: frozenset(ideas) for word, ideas in found.items()}


@lru_cache(maxsize=4096)
def _ideas(said: str, away: frozenset[int] = frozenset()) -> dict[str, float]:
    """The ideas in a text with their weight: a phrase says more than a word, and keeps its words for itself."""
    words: list[str] = said.split()
    found: dict[str, float] = {}
    known = _concepts()
    for size, weight in ((4, 2.0), (3, 1.8), (2, 1.5), (1, 1.0)):
        for at in range(len(words) - size + 1):
            ideas = known.get(" ".join(words[at : at + size]))
            if ideas and at not in away:
                for idea in ideas:
                    found[idea] = max(found.get(idea, 0.0), weight)
                words[at : at + size] = [""] * size
    return found


def ideas_of(said: str) -> frozenset[str]:
    """The ideas that a label stands for."""
    return frozenset(_ideas(said))


def _with_wider(said: dict[str, float]) -> dict[str, float]:
    """The ideas said with those they imply. An area of law is told by many words that also tell something nearer."""
    found = {one: weight * (_AREA if one.endswith("_area") else 1.0) for one, weight in said.items()}
    for idea, weight in said.items():
        for one in table("choices")["implies"].get(idea, ()):
            found[one] = max(found.get(one, 0.0), weight * _WIDER)
    return found


def _own_words(heard: Heard, offered: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
    """The words that say something, each with the offered ideas of the phrase it is a part of: "turn my head"."""
    small, known, norms = word_set("choices", "small"), _concepts(), heard.norms[:200]
    senses = table("choices")["other_sense"]
    phrase: dict[int, frozenset[str]] = {}
    for size in (4, 3, 2):
        for at in range(len(norms) - size + 1):
            ideas = known.get(" ".join(norms[at : at + size]), frozenset()) & offered
            if ideas and at not in phrase:
                phrase.update(dict.fromkeys(range(at, at + size), ideas))
    return [
        (w, phrase.get(i) or known.get(w, frozenset()) & offered)
        for i, w in enumerate(norms)
        if w not in small and not denied(heard, i) and heard.norm(i + 1) not in senses.get(w, ())
    ]


def _stem(word: str) -> str:
    for ending in (
        "mente",
        "iendo",
        "ando",
        "ings",
        "ing",
        "ied",
        "ed",
        "es",
        "s",
        "ly",
        "al",
        "er",
        "or",
        "os",
        "as",
        "o",
        "a",
        "e",
        "y",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _by_meaning(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    small = word_set("choices", "small")
    offered = frozenset(i for c in choices for i in _ideas(" ".join(" ".join(name) for name in _names(c))))
    said = _own_words(heard, offered)
    text = " ".join(heard.norms[:200])
    away = frozenset(i for i in range(min(200, len(heard))) if denied(heard, i))
    theirs = _with_wider(_ideas(text, away))
    named = [[w for words in _names(c) for w in words if w not in small] for c in choices]
    spread = [{_stem(w) for w in words} for words in named]
    weight = {s: math.log(1 + len(choices) / sum(s in stems for stems in spread)) for stems in spread for s in stems}
    mine = _own_ideas(choices)
    scores = [
        _score(said, theirs, words, stems, weight, ideas)
        for ideas, words, stems in zip(mine, named, spread, strict=True)
    ]
    order = sorted(range(len(choices)), key=lambda i: -scores[i])
    best = order[0]
    if scores[best] < _FLOOR or (len(order) > 1 and scores[best] - scores[order[1]] < _LEAD):
        return None
    at = [i for i, w in enumerate(heard.norms) if w not in small]
    start, end = (at[0], at[-1] + 1) if at else (0, len(heard))
    return _found(heard, choices[best], start, end, "the choice nearest in meaning", sure=False)


def _own_ideas(choices: Sequence[Choice]) -> list[frozenset[str]]:
    """The ideas of each choice; a wider one that its own implies is left to the choice that says it."""
    ideas = [frozenset(_ideas(" ".join(" ".join(name) for name in _names(c)))) for c in choices]
    implies = table("choices")["implies"]
    wider = [frozenset(wide for one in each for wide in implies.get(one, ())) for each in ideas]
    return [
        frozenset(
            one
            for one in each
            if one not in wider[i]
            or not any(one in other and one not in wider[j] for j, other in enumerate(ideas) if j != i)
        )
        for i, each in enumerate(ideas)
    ]


def _score(
    own: list[tuple[str, frozenset[str]]],
    theirs: dict[str, float],
    words: list[str],
    stems: set[str],
    weight: dict[str, float],
    mine: frozenset[str],
) -> float:
    """Shared word stems weigh by how much they tell the choices apart; shared ideas count; so do near sounds."""
    said = [word for word, ideas in own if not ideas or not ideas.isdisjoint(mine)]
    heard = {_stem(w) for w in said}
    total = sum(weight[s] for s in stems) or 1.0
    shared = sum(weight[s] for s in stems & heard)
    near = 0.0
    for stem in stems - heard:
        close = max((alike(stem, other) for other in heard if abs(len(other) - len(stem)) <= 3), default=0.0)
        if close >= 0.72 and len(stem) > 3:
            near += weight[stem] * close * 0.8
    overlap = (shared + near) / (min(total, max(weight.values()) * 2) or 1)
    idea = max((theirs[one] for one in mine if one in theirs), default=0.0) / max(
        1.0, max(theirs.values(), default=0.0)
    )
    whole = fuzz.token_set_ratio(" ".join(said), " ".join(words)) / 100 if said and words else 0.0
    return min(1.0, 0.55 * min(1.0, overlap) + 0.55 * idea + (0.25 * whole if whole > 0.6 else 0.0))
