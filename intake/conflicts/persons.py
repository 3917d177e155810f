"""Two names of persons compared: which words answer which, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from intake.conflicts.likeness import (
    NONE,
    SAME,
    SOUND,
    Likeness,
    frequency,
    likeness,
    same_consonants,
    sex,
    sounds_alike,
)
from intake.conflicts.reading import Word
from intake.conflicts.tables import compounds, family_first_surnames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.conflicts.likeness import Part
    from intake.conflicts.reading import PersonName

_PARTICLE, _SWAPPED, _BY_MIDDLE, _OTHER_SURNAME, _MORE_WORDS, _FUSED = 0.98, 0.95, 0.93, 0.95, 0.985, 0.97
_CONTRADICTED: Final = 0.62
_GENERATION: Final = 0.55
_ONLY_SURNAME: Final = 0.6
#: How many times more frequent a word must be as the one to be taken for no other.
_SURELY: Final = 5.0


class Found(NamedTuple):
    """`given` and `surname`: the words of the first name that the match rests on, for how frequent they are.

    `own`: of organisations, the words of their own that agree; None of persons. `share`: of those named so, how many
    are in question.
    """

    score: float
    reasons: tuple[str, ...] = ()
    given: str = ""
    surname: str = ""
    own: tuple[str, ...] | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class _Order:
    """One way to divide a name: the given name, what may be a middle name or a first surname, the last surname."""

    given: Word | None
    between: tuple[Word, ...]
    last: tuple[Word, ...]
    weight: float = 1.0
    why: str = ""
    #: Whether `last` was put together of two words: then it answers only what sounds the same.
    is_fused: bool = False

    @property
    def surnames(self) -> list[tuple[Word, bool]]:
        """Each with whether it is surely one."""
        return [(word, True) for word in self.last] + [(word, False) for word in self.between]


@dataclass(slots=True)
class _Match:
    given: Likeness
    surname: Likeness
    reasons: list[str] = field(default_factory=list)
    factor: float = 1.0


def compare_persons(a: PersonName, b: PersonName) -> Found:
    """The best reading of both. Symmetric."""
    if not a.words or not b.words:
        return Found(0.0)
    if [word.text for word in a.words] == [word.text for word in b.words]:
        found = Found(1.0, ("the same name",), _text(a.words[0]), _text(a.words[-1]))
    elif len(a.words) == 2 and [word.text for word in a.words] == [word.text for word in reversed(b.words)]:
        found = Found(_SWAPPED, ("the same names in another order",), _text(a.words[0]), _text(a.words[-1]))
    elif "".join(word.text for word in a.words) == "".join(word.text for word in b.words):
        found = Found(_FUSED, ("the same letters, divided otherwise",), _text(a.words[0]), _text(a.words[-1]))
    else:
        pairs = product(_orders(a), _orders(b))
        found = max((_of_orders(one, other, abjad=a.abjad != b.abjad) for one, other in pairs), key=lambda f: f.score)
    return _against(found, a, b)


def _text(word: Word) -> str:
    return word.core


def _orders(name: PersonName) -> list[_Order]:
    words = name.words
    if len(words) == 1:
        return [_Order(None, (), words)]
    count = min(name.surnames or 1, len(words) - 1)
    found = [_Order(words[0], words[1:-count], words[-count:])]
    is_hyphenated_given = name.is_hyphenated and words[0].core in family_first_surnames()  # "Chiang Kai-shek"
    if is_hyphenated_given or (not name.surnames and not name.family_first and _may_be_surname(words[0])):
        # "Zhang Wei", "Smith John": the surname first, without a comma.
        if len(words[1].text) > 1:
            found.append(_Order(words[1], words[2:], words[:1], _SWAPPED, "in another order"))
        if len(words) > 2 and len(words[-1].text) > 1:
            found.append(_Order(words[-1], words[1:-1], words[:1], _SWAPPED, "in another order"))
    if len(words) > 2 and not name.surnames and len(words[-2].text) > 1:
        # "fish burn", "hugh lit", as a recogniser divides it.
        joined = Word(words[-2].text + words[-1].text, words[-2].text + words[-1].text)
        found.append(_Order(words[0], words[1:-2], (joined,), _FUSED, is_fused=True))
    return found


def _may_be_surname(word: Word) -> bool:
    """Not a word that is a given name more often: in "Karen Betty Crain" nobody is called Karen by family."""
    if word.core in family_first_surnames() or (word.text != word.core and frequency(word.text, "given") == 0):
        return True
    return len(word.text) > 1 and frequency(word.core, "surname") >= frequency(word.core, "given")


def _of_orders(a: _Order, b: _Order, *, abjad: bool) -> Found:
    best = Found(0.0)
    weight = min(a.weight, b.weight)
    if a.why and b.why and not (_is_family_first(a) and _is_family_first(b)):
        return best
    for (one, is_last), (other, other_is_last) in product(a.surnames, b.surnames):
        if not (is_last or other_is_last) or len(one.text) == 1 or len(other.text) == 1:
            continue
        if one.text != other.text and not all(
            _may_be_surname(w) for w, last in ((one, is_last), (other, other_is_last)) if not last
        ):
            continue
        surname = _like(one, other, "surname", abjad=abjad)
        if surname.score and not ((a.is_fused or b.is_fused) and surname.score < SOUND):
            factor = weight * (1.0 if is_last and other_is_last else _OTHER_SURNAME)
            best = max(best, _with_given(a, b, one, other, surname, factor, abjad=abjad), key=lambda f: f.score)
    return best


def _is_family_first(order: _Order) -> bool:
    """ "Deng Xiaoping": a surname of a people that says it first."""
    return order.last[0].core in family_first_surnames()


def _with_given(
    a: _Order, b: _Order, one: Word, other: Word, surname: Likeness, factor: float, *, abjad: bool
) -> Found:
    """The surnames `one` and `other` answer each other; now the given names, then what is left over."""
    if a.given is None or b.given is None:
        return Found(_ONLY_SURNAME * surname.score, ("only one name of two agrees",), "", one.core)
    match = _given_match(a, b, {id(one), id(other)}, abjad=abjad)
    if match is None:
        return Found(0.0)
    given, used = match
    rest_a = [w for w in (a.given, *a.between, *a.last) if w is not one and id(w) not in used]
    rest_b = [w for w in (b.given, *b.between, *b.last) if w is not other and id(w) not in used]
    reasons = [reason for reason in (given.why, surname.why, a.why or b.why) if reason]
    left, reason = _left_over(rest_a, rest_b, abjad=abjad)
    if reason:
        reasons.append(reason)
    low, high = sorted((given.score, surname.score))
    score = (0.6 * low + 0.4 * high) * factor * left
    given_name = max(a.given.core, b.given.core, key=lambda word: frequency(word, "given"))
    family = max(one.core, other.core, key=lambda word: frequency(word, "surname"))
    if min(len(a.given.core), len(b.given.core)) == 1:
        given_name = min(a.given.core, b.given.core, key=len)
    return Found(score, tuple(dict.fromkeys(reasons or ["the same name"])), given_name, family)


def _given_match(a: _Order, b: _Order, taken: set[int], *, abjad: bool) -> tuple[Likeness, set[int]] | None:
    """The best pair of given names, and the ids of the words it used."""
    assert a.given is not None and b.given is not None  # noqa: S101, PT018 - the caller has looked
    best, used = _like(a.given, b.given, "given", abjad=abjad), {id(a.given), id(b.given)}
    for order, middle, first in ((a, b.between, a.given), (b, a.between, b.given)):
        del order
        for word in middle:
            if id(word) in taken or len(word.text) == 1 or len(first.text) == 1:
                continue
            found = _like(first, word, "given", abjad=abjad)
            score = found.score * _BY_MIDDLE
            if score > best.score:
                best, used = Likeness(score, "known by a middle name"), {id(first), id(word)}
    for order, other in ((a, b), (b, a)):
        fused = _fused_given(order, other, taken)
        if fused is not None and best.score < _FUSED:
            best, used = Likeness(_FUSED), fused
    return (best, used) if best.score else None


def _fused_given(a: _Order, b: _Order, taken: set[int]) -> set[int] | None:
    """ "Mary Ann" and "Maryann"."""
    if a.given is None or b.given is None or not a.between or id(a.between[0]) in taken:
        return None
    joined = a.given.text + a.between[0].text
    two = compounds().get(b.given.text)
    if two is not None and all(
        likeness(word.text, said, "given").score >= 0.9 for word, said in zip((a.given, a.between[0]), two, strict=True)
    ):
        return {id(a.given), id(a.between[0]), id(b.given)}
    is_sound = sounds_alike(joined, b.given.text) and abs(len(joined) - len(b.given.text)) < 2
    same = likeness(joined, b.given.text, "given").score >= SOUND or (is_sound and len(joined) > 5)
    same = same or same_consonants(joined, b.given.text)
    if len(a.between[0].text) > 1 and len(b.given.text) > 3 and same:
        return {id(a.given), id(a.between[0]), id(b.given)}
    return None


def _left_over(rest_a: Sequence[Word], rest_b: Sequence[Word], *, abjad: bool) -> tuple[float, str]:
    """A factor, and what to say: words that only one has are no contradiction, different ones are."""
    if not rest_a and not rest_b:
        return 1.0, ""
    few, many = sorted((list(rest_a), list(rest_b)), key=len)
    if not few:
        return _MORE_WORDS, "one has more names than the other"
    for word in few:
        found = max(
            (max(_like(word, w, "given", abjad=abjad), _like(word, w, "surname", abjad=abjad)) for w in many),
            default=NONE,
        )
        if not found.score and _are_of_one_part(word, many):
            return _CONTRADICTED, f'"{word.text}" stands where the other has "{many[0].text}"'
    return (1.0, "") if len(few) == len(many) else (_MORE_WORDS, "one has more names than the other")


def _are_of_one_part(word: Word, others: Sequence[Word]) -> bool:
    """Whether `word` stands where `others` do. Of "Karen Ann Holt", who is "Karen Holt Meyers" since she married, a
    second given name and a surname are left: they do not answer each other."""
    pair = (word, others[0])
    return len(others) > 1 or not any(_is_surely_given(x) and _is_surely_surname(y) for x, y in (pair, pair[::-1]))


def _is_surely_given(word: Word) -> bool:
    return frequency(word.core, "given") > _SURELY * max(1.0, frequency(word.core, "surname"))


def _is_surely_surname(word: Word) -> bool:
    return len(word.core) > 3 and frequency(word.core, "surname") > _SURELY * max(1.0, frequency(word.core, "given"))


def _like(a: Word, b: Word, part: Part, *, abjad: bool) -> Likeness:
    whole = likeness(a.text, b.text, part, abjad=abjad)
    if whole.score == 1.0 or (a.core == a.text and b.core == b.text):
        return whole
    core = likeness(a.core, b.core, part, abjad=abjad)
    core = Likeness(core.score * _PARTICLE, core.why)
    return max(whole, core)


def _against(found: Found, a: PersonName, b: PersonName) -> Found:
    """What titles and suffixes say."""
    if a.generation and b.generation and a.generation != b.generation:
        return found._replace(
            score=found.score * _GENERATION, reasons=(*found.reasons, "one is the elder by the suffix")
        )
    if bool(a.generation) != bool(b.generation):
        found = found._replace(score=found.score * 0.98, reasons=(*found.reasons, "only one has a suffix"))
    if a.sex * b.sex < 0:
        return found._replace(
            score=found.score * _CONTRADICTED, reasons=(*found.reasons, "a man's and a woman's title")
        )
    return found


def is_probably_person(words: Sequence[str]) -> bool:
    """Whether words without a mark of an organisation look like a person's name."""
    return len(words) >= 2 and (
        frequency(words[0], "given") > 0 or frequency(words[-1], "surname") > 0 or sex(words[0]) != 0
    )


__all__ = ["SAME", "Found", "compare_persons", "is_probably_person"]
