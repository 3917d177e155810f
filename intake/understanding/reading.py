"""`understand`: one turn, with what was asked, as facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

from intake.language.guess import Language
from intake.language.tokens import words_of
from intake.understanding.addresses import read_address
from intake.understanding.ages import read_old_enough
from intake.understanding.amounts import read_money
from intake.understanding.choice_areas import read_area_choice
from intake.understanding.choice_times import read_time_choice
from intake.understanding.choices import read_choice
from intake.understanding.corrections import is_correction
from intake.understanding.counts import read_count
from intake.understanding.dates import read_any_date, read_date, read_interval
from intake.understanding.emails import read_email
from intake.understanding.facts import Fact, Found, Question, Reading
from intake.understanding.heard import Heard
from intake.understanding.mending import (
    with_dates,
    with_email,
    with_house_numbers,
    with_numbers,
    without_hesitation,
    without_noise,
)
from intake.understanding.misheard_days import with_days
from intake.understanding.names import read_introduced_name, read_name
from intake.understanding.organisations import read_any_organisation, read_organisation
from intake.understanding.phones import read_phone
from intake.understanding.states import read_state
from intake.understanding.stock import (
    asks,
    has_none,
    refused,
    refused_contact,
    unknown,
    untold,
    unwilling,
    without_wishes,
)
from intake.understanding.yes_no import read_yes_no

#: Characters of one turn that are read.
MAX_TEXT: Final = 20_000
#: Words of a clause that names somebody or something.
_NAMING: Final = frozenset(
    {
        "says",
        "said",
        "called",
        "name",
        "named",
        "names",
        "goes",
        "llama",
        "llaman",
        "llamaba",
        "dice",
        "decia",
        "nombre",
    }
)
#: How a question begins to which "I don't know" is a no.
_DO_YOU_KNOW: Final = (
    ["do", "you", "know"],
    ["sabe", "usted", "de"],
    ["sabe", "usted", "que"],
    ["sabe", "usted", "si"],
)
#: What one has and gives, or does not want to.
_CONTACT: Final = frozenset({"phone", "email", "address"})
#: Asked with one of these, "mejor no" is a no and keeps nothing back.
_MAY_WE: Final = (
    "can we",
    "may we",
    "could we",
    "is it ok",
    "is it okay",
    "would you like",
    "do you want",
    "podemos",
    "quiere",
)
_YES_NO: Final = {"yes": "yes", "si": "yes", "no": "no"}
_Reader = Callable[[Heard, Question, date, str], "Found | None"]

_READERS: Final[dict[str, _Reader]] = {
    "name": lambda heard, question, today, country: read_name(heard),
    "phone": lambda heard, question, today, country: read_phone(heard, country),
    "email": lambda heard, question, today, country: read_email(heard) or read_email(with_email(heard)),
    "date": lambda heard, question, today, country: read_date(_dated(heard), today, question.text),
    "date_interval": lambda heard, question, today, country: read_interval(_dated(heard), today, question.text),
    "money": lambda heard, question, today, country: read_money(with_numbers(heard)),
    "count": lambda heard, question, today, country: read_count(with_numbers(heard), question=question.text),
    "yes_no": lambda heard, question, today, country: (
        read_old_enough(heard, question.text) or read_yes_no(heard, question.text)
    ),
    "choice": lambda heard, question, today, country: (
        (read_time_choice(heard, question.choices, today) if {"am", "pm"} & set(heard.norms[:40]) else None)
        or read_choice(heard, question.choices)
        or read_time_choice(heard, question.choices, today)
        or read_area_choice(heard, question.choices)
        or _yes_no_choice(heard, question)
    ),
    "state": lambda heard, question, today, country: read_state(heard, question=question.text),
    "address": lambda heard, question, today, country: read_address(with_house_numbers(heard)),
    "organisation": lambda heard, question, today, country: read_organisation(heard),
}


def _dated(heard: Heard) -> Heard:
    """With the numbers and names of a date put right that were misheard."""
    return with_dates(with_numbers(with_days(heard)))


def _yes_no_choice(heard: Heard, question: Question) -> Found | None:
    """Of choices that are a yes and a no ("Sí", "No", "No sé") the one that the answer comes to."""
    by_value = {_YES_NO[label]: c.label for c in question.choices if (label := " ".join(words_of(c.label))) in _YES_NO}
    found = read_yes_no(heard, question.text) if len(by_value) == 2 else None
    return replace(found, value=by_value[found.value]) if found is not None and found.value is not None else None


def understand(
    text: str, *, question: Question | None, language: Language, today: date, country: str = "US"
) -> Reading:
    """What `text` says. With a question: its answer first, then what else was clearly said; without: every typed fact.

    Pure: the same words give the same facts. Never raises on any text.
    """
    said = Heard.of(text[:MAX_TEXT], language)
    wishes = asks(said)
    yes_no = question is not None and question.type == "yes_no"
    heard = without_hesitation(said) if yes_no else without_noise(said)
    if wishes and question is not None and question.type in {"yes_no", "choice"}:
        heard = without_wishes(heard)
    if question is None:
        return Reading(tuple(_everything(heard, today, country)), False, is_correction(heard), wishes)
    answer = _answer(heard, question, today, country)
    facts = [answer] if answer is not None else []
    facts += [fact for fact in _beside(heard, question, today, country) if not _overlaps(fact, answer)]
    corrects = answer is not None and answer.value is not None and question.type != "yes_no" and is_correction(heard)
    return Reading(tuple(facts), answer is None, corrects, wishes)


def _answer(heard: Heard, question: Question, today: date, country: str) -> Fact | None:
    """The fact that answers the question; a refusal or "I do not know" is one."""
    key = question.key or question.type
    if not heard.tokens:
        return _by_sign(heard, key) if question.type == "yes_no" else None
    read = _READERS[question.type]
    refusal = refused(heard)
    if refusal is not None and question.type == "yes_no" and _declines(question, heard, refusal):
        start, end = heard.span(*refusal)
        return Fact(key, "no", "stated", start, end, "what was offered is declined")
    if refusal is not None:
        rest = _without(heard, refusal)
        again = refused(rest)
        rest = _without(rest, again) if again is not None else rest
        found = read(rest, question, today, country) if _may_answer(question, rest) else None
        if found is None or found.value is None:
            start, end = heard.span(*refusal)
            return Fact(key, None, "refused", start, end, "said that it is not to be told")
        return found.as_fact(key)
    lost = unknown(heard) or (untold(heard) if question.type != "yes_no" else None)
    if lost is not None and question.type == "yes_no" and words_of(question.text)[:3] in _DO_YOU_KNOW:
        start, end = heard.span(*lost)
        return Fact(key, "no", "stated", start, end, "does not know, which was the question")
    if lost is not None:
        return _despite_unknown(heard, lost, question, today, country)
    found = read(heard, question, today, country)
    if found is None and question.type in _CONTACT:
        if (no := unwilling(heard)) is not None:
            start, end = heard.span(*no)
            return Fact(key, None, "refused", start, end, "does not want to give it")
        if (other := refused_contact(heard)) is not None:
            start, end = heard.span(*other)
            return Fact(key, None, "refused", start, end, "said that another way is wanted")
    if found is None and question.type in {"phone", "email", "address", "organisation"}:
        nothing = has_none(heard)
        if nothing is not None:
            start, end = heard.span(*nothing)
            return Fact(key, None, "unknown", start, end, "said that there is none")
    return found.as_fact(key) if found is not None else None


def _by_sign(heard: Heard, key: str) -> Fact | None:
    """A thumb up or down is an answer too."""
    for sign, value in (("\U0001f44d", "yes"), ("\u2705", "yes"), ("\U0001f44e", "no"), ("\u274c", "no")):
        at = heard.text.find(sign)
        if at >= 0:
            return Fact(key, value, "inferred", at, at + 1, "a sign that means it")
    return None


def _declines(question: Question, heard: Heard, refusal: tuple[int, int]) -> bool:
    """ "Can we text you?" "Mejor no": a whole answer that declines what was offered."""
    asked = f" {' '.join(words_of(question.text[:300]))} "
    return refusal[1] - refusal[0] >= len(heard) - 2 and any(f" {words} " in asked for words in _MAY_WE)


def _despite_unknown(heard: Heard, lost: tuple[int, int], question: Question, today: date, country: str) -> Fact:
    """ "I don't know exactly, maybe around March": the guess counts as inferred; without one, unknown."""
    key = question.key or question.type
    rest = _without(heard, lost)
    clause = _named_after_but(heard, lost[1]) if question.type in {"name", "organisation"} else None
    if clause is not None and (named := _READERS[question.type](clause, question, today, country)) is not None:
        return replace(named, state="inferred").as_fact(key)
    if question.type in {"name", "organisation"} and (earlier := _sentence_before(heard, lost[0])) is not None:
        named = _READERS[question.type](earlier, question, today, country)
        if named is not None and named.value is not None:
            return named.as_fact(key)
    if _may_answer(question, rest) and not (question.type == "yes_no" and unknown(rest) is not None):
        found = _READERS[question.type](rest, question, today, country)
        told = question.type != "yes_no" or '"' in found.why if found is not None else False
        if found is not None and found.value is not None and told and not found.why.endswith("denies it"):
            return replace(found, state="inferred").as_fact(key)
    start, end = heard.span(*lost)
    return Fact(key, None, "unknown", start, end, "said not to be known")


def _named_after_but(heard: Heard, start: int) -> Heard | None:
    """ "don't know the exact name, but the sign says …": the clause, when it names something."""
    at = next((i for i in range(start, len(heard)) if heard.norm(i) in {"but", "pero"}), -1)
    clause = heard.part(at + 1) if at >= 0 else None
    return clause if clause is not None and _NAMING & set(clause.norms) else None


#: Words of a sentence that is but a name.
_ONLY_NAMED: Final = 6


def _sentence_before(heard: Heard, lost: int) -> Heard | None:
    """ "Buckeye Campus Rentals. There's a guy Greg but idk his last name": a short first sentence names the one asked
    for, and what is not known is somebody else's."""
    end = next((at for at in range(1, lost + 1) if heard.ends_sentence(at)), 0)
    return heard.part(0, end) if 0 < end <= _ONLY_NAMED else None


def _may_answer(question: Question, rest: Heard) -> bool:
    """Whether words beside "I don't know" can be taken for an answer: not for types that any word would fit."""
    return question.type not in {"name", "organisation", "choice"} and len(rest) > 0


def _without(heard: Heard, span: tuple[int, int]) -> Heard:
    return Heard(heard.text, heard.tokens[: span[0]] + heard.tokens[span[1] :], heard.language)


def _beside(heard: Heard, question: Question, today: date, country: str) -> list[Fact]:
    """What was said besides the answer, of the kinds that are recognised with certainty."""
    return [fact for fact in _certain(heard, country) if fact.key != question.type]


def _certain(heard: Heard, country: str) -> list[Fact]:
    """The kinds that are told by their form alone."""
    facts: list[Fact] = []
    _add(facts, "email", read_email(heard))
    _add(facts, "phone", read_phone(heard, country, asked=False))
    _add(facts, "address", read_address(heard, asked=False))
    _add(facts, "name", read_introduced_name(heard))
    return sorted(facts, key=lambda fact: fact.start)


def _everything(heard: Heard, today: date, country: str) -> list[Fact]:
    """Every typed fact in one breath, each taken once, the surest kinds first."""
    facts = _certain(heard, country)
    mended = with_numbers(heard)
    _add(facts, "organisation", read_any_organisation(heard))
    for key, found in read_any_date(_dated(heard), today):
        _add(facts, key, found)
    _add(facts, "money", read_money(mended, asked=False))
    _add(facts, "count", read_count(mended, asked=False))
    _add(facts, "state", read_state(heard, asked=False))
    return sorted(facts, key=lambda fact: fact.start)


def _add(facts: list[Fact], key: str, found: Found | None) -> None:
    """Adds a finding whose words are not taken yet."""
    if found is not None and found.value is not None:
        fact = found.as_fact(key)
        if not any(_overlaps(fact, other) for other in facts):
            facts.append(fact)


def _overlaps(fact: Fact, other: Fact | None) -> bool:
    return other is not None and fact.start < other.end and other.start < fact.end
