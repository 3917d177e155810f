"""Whether two names may be one party's, how surely, and why. Pure: no database, no clock, no network.

A hit says that a person has to look, not that it is the same party. How frequent a name is decides nothing
here: `Comparison.per_million` says it, and whoever knows among how many parties was searched asks for a
further detail before a frequent name stops anyone (`intake.conflicts.index`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from intake.conflicts.firm_names import FREQUENT_FAMILY, FirmName, family_of, organisation
from intake.conflicts.firms import compare_firms
from intake.conflicts.likeness import frequency, likeness
from intake.conflicts.persons import Found, compare_persons
from intake.conflicts.reading import ALIAS, OTHER_NAME, Form, PersonName, forms, person
from intake.conflicts.tables import nicknames, thresholds, words

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["person", "organisation", "unknown"]
Detail = Literal["year", "city", "differs", "unknown"]
KINDS: Final[tuple[Kind, ...]] = ("person", "organisation", "unknown")
_BEARS_NAME, _BEARS_FAMILY, _SAID_OTHERWISE, _BORN_OTHERWISE, _OTHER_CITY = 0.84, 0.81, 0.99, 0.5, 0.97
#: Organisations in a million with the same words that many share; one in how many of a family's name is of one trade;
#: and how frequent a word is that is nobody's surname.
_NOTHING_OWN, _OF_ONE_TRADE, _RARE_WORD = 5.0, 0.01, 0.5
#: Of an index's parties of a family's name, how many are organisations that have no other name of their own.
_NAMED_AFTER: Final = 0.05
#: How many more names than one are like it.
_FUZZ: Final = 4.0
_SAME_FAMILY: Final = 0.96
#: A score of organisations from which they have one name, not only a part of it.
AKIN: Final = 0.89
_SURE_MARKS: Final = frozenset(
    ["llc", "inc", "incorporated", "corp", "corporation", "llp", "pllc", "ltd", "gmbh", "lp", "plc"]
)


@dataclass(frozen=True, slots=True)
class Name:
    """A party as it was named. `birth_year` and `city` are further details, where somebody gave them."""

    name: str
    kind: Kind = "unknown"
    aliases: tuple[str, ...] = ()
    birth_year: int | None = None
    city: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`score` from 0 to 1. `per_million`: unrelated people of such a name among a million. `detail`: which further
    detail agrees (the year, where both do), whether one speaks against it, or "unknown"."""

    hit: bool
    score: float
    reasons: tuple[str, ...]
    per_million: float = 0.0
    detail: Detail = "unknown"
    #: Organisations that share a name and differ in the rest.
    is_akin: bool = False
    #: A person and an organisation named after a family: no birth year or city tells whether it is this one's.
    is_family: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One form of a party's name, read both ways where both are possible."""

    form: Form
    person: PersonName | None
    firm: FirmName | None


def compare(a: Name, b: Name) -> Comparison:
    """Two parties. Symmetric in its score. Anything that is a string is a name; an empty one is nobody's."""
    return compare_readings(a, readings(a), b, readings(b))


@lru_cache(4096)
def readings(name: Name) -> tuple[Reading, ...]:
    """Every form of the name, read."""
    found = [_read(form, name.kind) for form in forms(name.name, name.aliases)]
    return tuple(one for one in found if one.person or one.firm)


def compare_readings(a: Name, of_a: tuple[Reading, ...], b: Name, of_b: tuple[Reading, ...]) -> Comparison:
    """`compare` for names that were read before."""
    best = Found(0.0)
    best_why: tuple[str, ...] = ()
    for one in of_a:
        for other in of_b:
            found = _compare(one, other)
            asides = tuple(dict.fromkeys(form.why for form in (one.form, other.form) if form.why))
            score = found.score * (_SAID_OTHERWISE if asides else 1.0)
            if score > best.score:
                best, best_why = found._replace(score=score), (*found.reasons, *asides)
    if not best.score:
        return Comparison(hit=False, score=0.0, reasons=("nothing in common",))
    return _with_details(a, b, best, tuple(one for one in best_why if one))


def _read(form: Form, kind: Kind) -> Reading:
    is_marked = not _SURE_MARKS.isdisjoint(form.text.lower().replace(".", "").replace(",", " ").split())
    if kind == "person" and not is_marked and form.why not in {OTHER_NAME, ALIAS}:
        return Reading(form, person(form), None)
    firm = organisation(form.text)
    if kind == "person" and form.why == ALIAS and not is_marked:
        return Reading(form, person(form), firm if firm and firm.is_marked else None)
    if is_marked or (kind == "organisation" and not form.why):
        return Reading(form, None, firm)
    if kind == "unknown" and firm is not None and firm.is_marked and not _may_be_person(form):
        return Reading(form, None, firm)
    return Reading(form, person(form), firm)


def _may_be_person(form: Form) -> bool:
    """ "Bill Banks", "Taylor Price": words of trades are surnames too."""
    first = form.text.lower().split()
    return 2 <= len(first) <= 3 and (
        frequency(first[0], "given") > 0 or first[0] in nicknames() or first[0][-1:] == ","
    )


def _compare(a: Reading, b: Reading) -> Found:
    found = Found(0.0)
    if a.person and b.person:
        found = compare_persons(a.person, b.person)
    if a.firm and b.firm:
        found = max(found, compare_firms(a.firm, b.firm), key=lambda one: one.score)
    for one, other in ((a, b), (b, a)):
        if one.person and other.firm and not (one.firm and other.person):
            found = max(found, _bears_name(one.person, other.firm), key=lambda it: it.score)
    return found


def _bears_name(who: PersonName, firm: FirmName) -> Found:
    """ "John Smith" and "Law Office of John Smith", "John Smith Plumbing LLC", "Estate of John Smith"."""
    if len(who.words) < 2:
        return Found(0.0)
    given, surname = who.words[0], who.words[-1]
    said = firm.all_words
    for at, word in enumerate(said):
        if likeness(surname.text, word, "surname").score < 0.9 and likeness(surname.core, word, "surname").score < 0.9:
            continue
        near = [*said[max(0, at - 2) : at], *said[at + 1 : at + 2]]
        between_and = "and" in said[max(0, at - 1) : at]
        if any(likeness(given.text, one, "given").score >= 0.95 for one in near) and not between_and:
            return Found(_BEARS_NAME, ("the organisation bears the person's name",), given.core, surname.core)
    return _bears_family_name(given.text, surname.core, firm)


def _bears_family_name(given: str, surname: str, firm: FirmName) -> Found:
    """ "Armen Haroutunian", "Haroutunian Jewelers"; a frequent name only with an initial: "J. Castellanos Trucking"."""
    family = family_of(firm)
    if family is None or not _is_family_name(surname, family):
        return Found(0.0)
    initials = [word for word in firm.all_words if len(word) == 1 and word.isalpha()]
    if initials[:1] == [given[0]]:
        return Found(_BEARS_NAME, ("the organisation bears the family's name and the initial",), given[0], surname)
    if initials or max(frequency(surname, "surname"), frequency(family, "surname")) > FREQUENT_FAMILY:
        return Found(0.0)
    why = ("the organisation bears the family's name",)
    return Found(_BEARS_FAMILY, why, "", surname, (surname,), _NAMED_AFTER)


def _is_family_name(surname: str, family: str) -> bool:
    """ "Ferragamo's" has an s too many. A short word respelt is another word: "Deere", "Deer"."""
    if surname in {family, family.removesuffix("s")}:
        return True
    return (
        len(surname) >= 7 and max(likeness(surname, one, "surname").score for one in _without_s(family)) >= _SAME_FAMILY
    )


def _without_s(word: str) -> tuple[str, str]:
    return word, word.removesuffix("s")


def _with_details(a: Name, b: Name, found: Found, reasons: tuple[str, ...]) -> Comparison:
    detail: Detail = "unknown"
    score = found.score
    more: list[str] = []
    if found.given or found.own is not None:
        detail, factor, more = _details(a, b)
        score *= factor
    per_million = _per_million(found)
    if per_million >= 1 and detail == "unknown" and found.given and score >= thresholds()["note"]:
        more.append("a common name: ask for a birth year or a city")
    return Comparison(
        hit=score >= thresholds()["hit"],
        score=round(min(score, 1.0), 3),
        reasons=(*reasons, *more),
        per_million=per_million,
        detail=detail,
        is_akin=found.own is not None and found.score < AKIN,
        is_family=found.share > 0,
    )


def _details(a: Name, b: Name) -> tuple[Detail, float, list[str]]:
    """What birth year and city say, a factor for the score, and reasons."""
    years = (a.birth_year, b.birth_year)
    cities = tuple("".join(c for c in city.casefold() if c.isalnum()) for city in (a.city, b.city))
    if years[0] and years[1]:
        if abs(years[0] - years[1]) > 1 and sorted(str(years[0])) != sorted(str(years[1])):
            return "differs", _BORN_OTHERWISE, ["born in different years"]
        if abs(years[0] - years[1]) <= 1:
            return "year", 1.0, ["born in the same year" if years[0] == years[1] else "born within a year"]
    if cities[0] and cities[1]:
        if cities[0] == cities[1]:
            return "city", 1.0, ["in the same city"]
        return "differs", _OTHER_CITY, ["in different cities"]
    return "unknown", 1.0, []


def _per_million(found: Found) -> float:
    """People of such a name among a million, by the tables: given name and surname taken as independent."""
    if not found.given:
        if found.share:
            return found.share * max(frequency(found.surname, "surname"), _RARE_WORD)
        return _organisations_per_million(found.own)
    given = frequency_of_given(found.given)
    surname = max(frequency(found.surname, "surname"), 2.0)
    fuzz = 1.0 if found.score >= 0.97 else _FUZZ
    return given * surname * fuzz / 1e6


def _organisations_per_million(own: tuple[str, ...] | None) -> float:
    """A rough guess: how many organisations are called so, whose own words are common or surnames."""
    if own is None:
        return 0.0
    if not own:
        return _NOTHING_OWN
    families = [max(frequency(word, "surname"), frequency(word.removesuffix("s"), "surname")) for word in own]
    found = 1e6
    for family in families:
        found *= max(family, _RARE_WORD) / 1e6
    return found * (_OF_ONE_TRADE if len(own) == 1 else 1.0)


def frequency_of_given(word: str) -> float:
    """People per million with this given name or another form of it; with an initial, all that begin with it."""
    if len(word) == 1:
        return 60_000.0
    names = nicknames().get(word, frozenset())
    return max(sum(frequency(name, "given") for name in names | {word}), 10.0)


def kind_of(given: object) -> Kind:
    """The kind that was given, in the words people use for it; else "unknown"."""
    spoken = str(given or "").strip().lower()[:40]
    known: Mapping[str, Kind] = {
        "person": "person", "individual": "person", "people": "person", "human": "person", "persona": "person",
        "organisation": "organisation", "organization": "organisation", "company": "organisation",
        "org": "organisation",
        "business": "organisation", "entity": "organisation", "firm": "organisation", "corporation": "organisation",
        "organizacion": "organisation", "empresa": "organisation", "agency": "organisation",
    }  # fmt: skip
    return known.get(spoken, "unknown")


__all__ = ["KINDS", "Comparison", "Detail", "Kind", "Name", "compare", "readings", "words"]
