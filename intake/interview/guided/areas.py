"""The areas of trouble as the client is offered them: what a line of theirs may be about, and their names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from intake.classify import Vote, answered, areas, classify, combine, questions, questions_between, top_codes, top_of
from intake.interview.events import Option
from intake.interview.guided.reading import language
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES, lists, word_list
from intake.language.tokens import words_of
from intake.playbooks.model import Choice, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

OFFERED: Final = 3
#: A subject less likely than this gives its place to further parts of the likeliest: somebody who is to be evicted
#: would wonder why we ask about tribal matters.
_LEAST: Final = 0.002
#: Authored questions between close areas: the client sees the three best anyway, more would be an interrogation.
MOST_PARTING: Final = 1
#: A longer answer describes something.
_SHORT: Final = 8
#: Stands for "none of these" in a record of what was answered.
NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Guess:
    """`scores`: codes, best first, for staff. `offered`: the areas to choose from; empty when there is nothing to
    go by. `parting`: id of the authored question that tells the best two apart, empty when none is needed."""

    scores: tuple[tuple[str, float], ...]
    offered: tuple[str, ...]
    not_legal: bool
    unclear: bool
    parting: str


def name(code: str, locale: str) -> str:
    """An area's name for clients; the code of one we do not know."""
    area = areas().get(code)
    return (area.names.get(locale) or area.names[DEFAULT_LOCALE]) if area else code


def guess(text: str, locale: str, parted: Sequence[str] = (), votes: Sequence[Vote] = ()) -> Guess:
    """What `text` may be about. `parted`: the authored questions that were put, each as `id:choice`. `votes`: what
    language models said of it."""
    found = combine(votes, classify(text, language=language(text, locale)))
    for one in parted:
        question, _, choice = one.partition(":")
        if choice != NONE:
            found = answered(found, questions()[question], choice)
    scores = tuple((area.code, round(float(area.score), 4)) for area in found.areas)
    likely = [code for code, score in scores if score >= _LEAST] or [code for code, _score in scores[:1]]
    tops = tuple(dict.fromkeys(top_of(code) for code in likely))
    best = tuple(dict.fromkeys((*_deeper(scores, tops), *_parts_of(scores, tops), *tops)))[:OFFERED]
    put = [one.partition(":")[0] for one in parted]
    parting = questions_between(found, put, text) if len(put) < MOST_PARTING else None
    return Guess(scores, best, found.not_legal, found.unclear, parting.id if parting else "")


@cache
def _by_name() -> dict[str, str]:
    """Names of areas, and of their parts, in both languages -> code; top areas win."""
    found: dict[str, str] = {}
    for code in (*top_codes(), *areas()):
        for locale in LOCALES:
            for words in (name(code, locale), *_parts(code, locale)):
                found.setdefault(" ".join(words_of(words)), code)
    return found


def named(text: str) -> str:
    """The area that a short answer names; empty when it names none."""
    words = words_of(text[:100])
    bare = [word for word in words if word not in word_list("around_area")]
    return _by_name().get(" ".join(words), "") or _by_name().get(" ".join(bare), "")


def none_named(text: str) -> bool:
    """Whether a short answer says that it is none of those offered."""
    words = words_of(text[:200])
    said = f" {' '.join(words)} "
    return len(words) <= _SHORT and any(f" {phrase} " in said for phrase in lists()["none_of_these"])


def parting_text(key: str, locale: str) -> str:
    """The words of an authored question."""
    texts = questions()[key].texts
    return texts.get(locale) or texts[DEFAULT_LOCALE]


def parting_options(key: str, locale: str) -> tuple[Option, ...]:
    """Its answers."""
    return tuple(
        Option(choice.id, choice.labels.get(locale) or choice.labels[DEFAULT_LOCALE])
        for choice in questions()[key].choices
    )


@cache
def parting_question(key: str) -> Question:
    """An authored question as a choice question, to read an answer in words against."""
    choices = tuple(
        Choice(choice.id, {locale: choice.labels[locale] for locale in LOCALES}, {})
        for choice in questions()[key].choices
    )
    return Question("area", "events", "choice", "required", dict(questions()[key].texts), choices=choices)


def _deeper(scores: tuple[tuple[str, float], ...], tops: tuple[str, ...]) -> tuple[str, ...]:
    """The best-scored code of each of the first areas: "Eviction" says more to a client than "Housing"."""
    best: list[str] = []
    for top in tops[:OFFERED]:
        below = [code for code, _score in scores if code != top and top_of(code) == top]
        best.append(below[0] if below else top)
    return tuple(best)


def _parts_of(scores: tuple[tuple[str, float], ...], tops: tuple[str, ...]) -> tuple[str, ...]:
    """Further parts of the likeliest area, where there is room for them: the area itself keeps a place, for whom
    none of its parts fits."""
    room = OFFERED - len(tops[:OFFERED])
    below = [code for code, _score in scores if tops and code != tops[0] and top_of(code) == tops[0]]
    return tuple(below[:room])


@cache
def as_question(codes: tuple[str, ...]) -> Question:
    """The offered areas as a choice question, to read an answer in words against."""
    choices = tuple(
        Choice(
            code,
            {locale: name(code, locale) for locale in LOCALES},
            {locale: _parts(code, locale) for locale in LOCALES},
        )
        for code in codes
    )
    return Question("area", "events", "choice", "required", {}, choices=choices)


def _parts(code: str, locale: str) -> tuple[str, ...]:
    """ "Lease, deposit, roommates" is meant by each of them."""
    parts = name(code, locale).replace(" or ", ", ").replace(" and ", ", ").replace(" o ", ", ").replace(" y ", ", ")
    several = tuple(part.strip() for part in parts.split(",") if len(part.strip()) > 3)
    return several if len(several) > 1 else ()


__all__ = [
    "NONE", "OFFERED", "Guess", "as_question", "guess", "name", "named", "parting_options", "parting_question",
    "parting_text", "top_codes",
]  # fmt: skip
