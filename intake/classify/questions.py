"""Authored questions that tell close areas apart, and what an answer does to the scores. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from intake.classify.areas import full_code, read_yaml, top_codes, top_of
from intake.classify.scoring import Areas, AreaScore, ordered
from intake.classify.words import stem
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

#: More are an interrogation: the person decides among the three best anyway.
MOST_QUESTIONS: Final = 3
#: The second area is close when it has this part of the first one's score.
_CLOSE: Final = 0.4
#: What an area chosen is worth beside one of the same question that was not.
_CHOSEN: Final = 8.0
#: The question for somebody who has not said what it is about.
START: Final = "start"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: `codes` are the areas it speaks for, `labels` by language, `said` stems that mean it was said."""

    id: str
    codes: tuple[str, ...]
    labels: Mapping[str, str]
    said: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class AuthoredQuestion:
    """A question by `id`, its wording by language, and its answers."""

    id: str
    between: frozenset[str]
    texts: Mapping[str, str]
    choices: tuple[Choice, ...]

    def tells_apart(self, first: str, second: str) -> bool:
        """Whether some answer speaks for one of the two and not for the other."""
        pair = {first, second}
        return pair <= self.between and any(len(pair & set(choice.codes)) == 1 for choice in self.choices)

    def was_answered_in(self, stems: Sequence[str]) -> bool:
        """Whether the person's words hold one of the answers."""
        return any(_holds(stems, said) for choice in self.choices for said in choice.said)


@lru_cache(maxsize=1)
def questions() -> Mapping[str, AuthoredQuestion]:
    """Every authored question by its id, in the order in which they are tried."""
    rows = read_yaml("questions.yaml")["questions"]
    return MappingProxyType(
        {
            row["id"]: AuthoredQuestion(
                id=row["id"],
                between=frozenset(full_code(code) for code in row["between"]),
                texts=MappingProxyType(row["text"]),
                choices=tuple(
                    Choice(
                        id=str(choice["id"]),
                        codes=tuple(full_code(code) for code in choice["codes"]),
                        labels=MappingProxyType(choice["label"]),
                        said=tuple(tuple(map(stem, words_of(str(said)))) for said in choice.get("said", ())),
                    )
                    for choice in row["choices"]
                ),
            )
            for row in rows
        }
    )


def questions_between(areas: Areas, asked: Collection[str], said: str = "") -> AuthoredQuestion | None:
    """The next question to ask, or None: the best two are apart, three were asked, or no question tells them apart.

    `asked`: ids of those asked so far; `said`: the person's words, so that nothing is asked that was said.
    """
    if len(asked) >= MOST_QUESTIONS or areas.not_legal:
        return None
    top = areas.top
    if not top or (areas.unclear and START not in asked):
        return None if START in asked else questions()[START]
    first, second = top[0], top[1]
    if second.score < _CLOSE * first.score:
        return None
    stems = [stem(word) for word in words_of(said)]
    for question in questions().values():
        apart = question.id not in asked and question.tells_apart(first.code, second.code)
        if apart and not question.was_answered_in(stems):
            return question
    return None


def answered(areas: Areas, question: AuthoredQuestion, choice_id: str) -> Areas:
    """`areas` with the answer folded in: what was chosen gains over what the question offers beside it.

    The person's own word settles that the matter is not unclear. Raises KeyError for a choice the question lacks.
    """
    choice = {choice.id: choice for choice in question.choices}[choice_id]
    floor = 1 / len(top_codes())
    shares = {area.code: area.score for area in areas.top} or dict.fromkeys(top_codes(), floor)
    for code in choice.codes:
        shares[code] = _CHOSEN * max(shares.get(code, 0.0), floor)
    whole = sum(shares.values())
    reason = f"chosen: {choice.labels['en']}"
    whys = {area.code: area.why for area in areas.areas}
    tops = [
        AreaScore(code, share / whole, reason if code in choice.codes else whys.get(code, "not chosen"))
        for code, share in shares.items()
    ]
    below = [area for area in areas.areas if area.code != top_of(area.code)]
    return Areas(ordered(tops, below), unclear=False, not_legal=False, why=reason)


def _holds(stems: Sequence[str], phrase: Sequence[str]) -> bool:
    wide = len(phrase)
    return any(tuple(stems[at : at + wide]) == tuple(phrase) for at in range(len(stems) - wide + 1))
