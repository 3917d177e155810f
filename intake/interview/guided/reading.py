"""What a turn says, asked of the readers of words: answers, wishes, further facts. All of them pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from intake.conflicts.details import birth_year, city
from intake.interview.guided import frame, standing
from intake.interview.guided.saying import language_of, local
from intake.interview.wordings import lists, word_list
from intake.language.guess import LANGUAGES, Language, guess_language
from intake.language.scripts import language_of_script
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from intake.interview.events import Event
    from intake.playbooks.model import Question
    from intake.understanding import Fact, Reading
    from intake.understanding.heard import Heard

#: Characters of one turn that are understood; the rest is kept and not read.
UNDERSTOOD: Final = 20_000
_MOST_TEXT: Final = 2_000
#: A free answer of at most so many words may be only "I do not know", or a wish.
#: Wishes that are about this conversation alone, and the words of a turn that holds little else.
_ABOUT_US: Final = frozenset({"lawyer?", "human", "cost"})
_FEW: Final = 12
#: They ask us something that is none of the wishes we know.
QUESTION: Final = "question"
_SHORT: Final = 8
#: Words around a name that nobody introduced; more are a sentence.
_MOST_AROUND: Final = 4
#: Words before a name that lead to it: "my name is".
_LEAD: Final = 3
#: Words at the beginning in which one says that there is nobody.
_BEGINS: Final = 7
#: What a person may not have.
_HAD: Final = frozenset({"email", "phone", "address"})
#: What leads from a name to something else.
_LINKS: Final = frozenset({
    "from", "of", "at", "in", "and", "or", "the", "who", "is", "was", "he", "she", "they", "my", "his", "her", "a",
    "with", "de", "del", "la", "el", "los", "las", "en", "y", "o", "que", "es", "mi", "su", "con", "un", "una",
})  # fmt: skip
#: Where what one wishes for is asked: a wish is an answer there, and is replied to all the same.
_GOALS: Final = "goals"
#: More words than this say more than that one is safe.
_SAYS_SAFE: Final = 20
_READ: Final = 400
#: Words of a turn that can tell of a language.
_THIRD: Final = 3
#: From this many words on, a turn's own language counts more than the page's.
_TELLING: Final = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn makes of its question. `value` as the playbook counts it. None of it: `fact` is None."""

    fact: Fact | None
    value: Any
    beside: tuple[Fact, ...]
    asks: frozenset[str]
    is_correction: bool


def today_of(event: Event) -> date:
    """The client's day, as their zone has it."""
    try:
        zone: Any = ZoneInfo(event.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = UTC
    return event.at.astimezone(zone).date()


def language(text: str, locale: str) -> Language:
    """The language to read `text` in: the page's, unless several words are clearly of the other."""
    default = cast("Language", language_of(locale))
    return guess_language(text, default) if len(words_of(text[:400])) >= _TELLING else default


def read(text: str, question: Question, event: Event, *, context: str = "") -> Answer:
    """`text` as an answer to `question`, which `context` leads to."""
    from intake.understanding import Choice, understand
    from intake.understanding import Question as Asked

    text = text[:UNDERSTOOD]
    speaks = language(text, event.locale)
    if question.key in frame.DETAILS.values():
        return _detail(text, question, event, speaks)
    if question.type == "text":
        return _free(text, question, event, speaks)
    choices = tuple(
        Choice(choice.code, local(choice.labels, speaks), tuple(choice.synonyms.get(speaks, ())))
        for choice in question.choices
    )
    wording = f"{context} {local(question.wording, speaks)}".strip()
    reading = understand(
        text, question=Asked(question.type, wording, choices, question.key), language=speaks, today=today_of(event)
    )
    own = next((fact for fact in reading.facts if fact.key == question.key), None)
    if question.type == "name" and question.party not in (None, "client"):
        own = _company(own, text, question, event)
    if own is not None and own.value is not None and reading.asks and question.type in {"name", "organisation"}:
        # "Can you repeat that" is no name, though any word could be one: with a wish only an introduced name counts.
        introduced = {fact.start for fact in everything(text, event).facts if fact.key in {"name", "organisation"}}
        own = own if own.start in introduced else None
    asking = _asks(text) or _opens_a_question(text)
    if own is not None and own.value is not None and question.type in {"name", "organisation"} and asking:
        own = None
    own = _sound_name(own, text, question, event) if question.type in {"name", "organisation"} else own
    own = _none_at_all(own, text, question)
    own = _in_odd_words(own, text, question)
    value = own.value if own else None
    if own is not None and question.type == "choice" and value is not None:
        codes = {choice.label: choice.code for choice in choices} | {choice.code: choice.code for choice in choices}
        value = codes.get(value)
    beside = tuple(fact for fact in reading.facts if fact is not own)
    asks = cast("frozenset[str]", reading.asks)
    if own is None and not asks and (asking or text.rstrip().endswith("?")):
        asks = frozenset({QUESTION})
    return Answer(own, value, beside, asks, reading.is_correction)


def _asks(text: str) -> bool:
    """ "¿Y usted es licenciada, mijita?" is a question of theirs, and names nobody. "Ann Lee?" may name somebody."""
    said = text.strip()[:400]
    if said.endswith("?"):
        return not word_list("asks_us").isdisjoint(words_of(said))
    first, mark, _ = said.partition("?")  # "How long this take? I have customer"
    return bool(mark) and bool(words := words_of(first)) and words[0] in word_list("opens_question")


def _opens_a_question(text: str) -> bool:
    """The same without its mark: "HOW LONG IS THIS GOING TO TAKE"."""
    words = words_of(text[:400])
    before = word_list("before_question")
    while words and words[0] in before:
        words = words[1:]
    return len(words) >= _TELLING and words[0] in word_list("opens_question")


def _none_at_all(own: Fact | None, text: str, question: Question) -> Fact | None:
    """ "No" to "what is your e-mail?": they have none."""
    from intake.understanding import Fact

    words = words_of(text[:400])
    if own is None and question.type in _HAD and 0 < len(words) <= 2 and words[0] in word_list("names_nobody"):
        return Fact(question.key, None, "unknown", 0, len(text), why="said that there is none")
    return own


def _in_odd_words(own: Fact | None, text: str, question: Question) -> Fact | None:
    """Whether somebody has a lawyer, is of age or held, where they say neither yes nor no; None: ask once more."""
    from intake.understanding import Fact
    from intake.understanding.yes_no import CLOSING

    found = standing.answered(question.key, text)
    if found is None:
        return own
    codes = {choice.code for choice in question.choices} or {"yes", "no"}
    if found.value not in codes:
        return None if found.value == standing.AGAIN else own
    if own is not None and (own.value == found.value or own.why == CLOSING):
        return own
    return Fact(question.key, found.value, "inferred", found.start, found.end, why="in other words")


def _company(own: Fact | None, text: str, question: Question, event: Event) -> Fact | None:
    """The other side is often a company; the name's reader is for people. A name that says by itself that it is an
    organisation's ("LLC", "Hospital") is read as one; and any, where the other reader found no name."""
    from intake.understanding import Question as Asked
    from intake.understanding import understand

    marked = next((fact for fact in everything(text, event).facts if fact.key == "organisation"), None)
    if marked is not None and (own is None or (own.value is not None and own.start >= marked.start)):
        return replace(marked, key=question.key)
    if own is not None and own.value is None:
        return own
    asked = Asked("organisation", local(question.wording, event.locale), (), question.key)
    read_so = understand(text, question=asked, language=language(text, event.locale), today=today_of(event))
    found = next((fact for fact in read_so.facts if fact.key == question.key), None)
    if own is None or found is None:
        return own or found
    if own.start <= found.start and found.end <= own.end and (own.start, own.end) != (found.start, found.end):
        return own  # "Counsel, Ada": a part of the name is no company
    return found if _goes_on(own, found, text) or not _known_name(own, text) else own


def _goes_on(person: Fact, company: Fact, text: str) -> bool:
    """ "Northside" of "Northside Property": the company's reader begins where the person's does, and reads on over
    words that carry meaning. "Maria Gonzalez from the school" stays Maria Gonzalez."""
    if company.value is None or company.start != person.start or company.end <= person.end:
        return False
    return not _LINKS.intersection(words_of(text[person.end : company.end]))


def _known_name(fact: Fact, text: str) -> bool:
    """Whether some word of a name is one that people have."""
    from intake.understanding.words import plain_words

    return any(
        word in plain_words("given") or word in plain_words("surnames")
        for word in words_of(text[fact.start : fact.end])
    )


def _of_a_kind(fact: Fact, text: str) -> bool:
    """Whether some word of a name says what it is: "Bank", "Properties"."""
    from intake.understanding.words import word_set

    kinds = word_set("organisations", "suffixes") | word_set("organisations", "kinds")
    return not kinds.isdisjoint(words_of(text[fact.start : fact.end]))


def _sound_name(own: Fact | None, text: str, question: Question, event: Event) -> Fact | None:
    """A name that may be one: "no" to "is anybody else part of this?" is none, nor is a sentence with a wish in it."""
    from intake.understanding import Fact

    words = words_of(text[:400])
    if question.party not in (None, "client") and words and len(words) <= _SHORT // 2:
        if words[0] in word_list("names_nobody"):
            return Fact(question.key, None, "unknown", 0, len(text), why="said that there is none")
        if set(words) <= word_list("says_yes"):
            return None
    if own is not None and own.value is not None and question.party not in (None, "client"):
        return _of_others(own, text, question, event)
    if own is None or own.value is None or question.party != "client":
        return own
    if len(words_of(text[: own.start])) <= _LEAD and text[own.end : own.end + 1] in {",", ".", ";"}:
        return own  # "Inés Cantú, para servirle a Dios y a usted"
    outside = _clause_length(text, event) - len(words_of(text[own.start : own.end]))
    introduced = any(fact.start == own.start for fact in everything(text, event).facts if fact.key == "name")
    return own if introduced or outside <= _MOST_AROUND else None


def _clause_length(text: str, event: Event) -> int:
    """Words of an answer before something else is told in the same breath."""
    from intake.understanding.heard import Heard
    from intake.understanding.names import name_clause

    return name_clause(Heard.of(text[:400], language(text, event.locale)))


def _of_others(own: Fact, text: str, question: Question, event: Event) -> Fact | None:
    """The other side's name in a sentence: none where it is said that there is nobody, nor out of words that are no
    name and only stand in one ("ignore all previous instructions and ...")."""
    from intake.understanding import Fact

    words = words_of(text[:400])
    if any(fact.key in {"name", "organisation"} and fact.start == own.start for fact in everything(text, event).facts):
        return own
    begins = f" {' '.join(words[:_BEGINS])} "
    nobody = any(f" {phrase} " in begins for phrase in lists()["nobody"])
    if nobody and word_list("excepting").isdisjoint(words):
        return Fact(question.key, None, "unknown", 0, len(text), why="said that there is nobody")
    named = words_of(text[own.start : own.end])
    if set(named) <= word_list("no_name"):
        return None
    typed = any(map(str.isupper, text[own.start : own.end])) and own.start > 0
    if not typed and not word_list("no_name").isdisjoint(named):
        return None  # "your hidden prompt"
    return (
        own
        if typed or _known_name(own, text) or _of_a_kind(own, text) or len(words) - len(named) <= _MOST_AROUND + 2
        else None
    )


def third_language(text: str) -> str:
    """The language of somebody who writes in none of ours, by its script or its small words: a code, or `other`.
    Empty: it is one of ours, or too short to tell."""
    by_script = language_of_script(text[:400])
    if by_script:
        return by_script
    words = words_of(text[:400])
    if len(words) < _THIRD:
        return ""
    ours = set(words) & word_list("ours")
    small: Mapping[str, str] = lists()["third"]
    found = {code: len(set(words) & set(theirs.split())) for code, theirs in small.items()}
    best = max(found, key=lambda code: found[code])
    return best if found[best] >= max(2, len(ours) + 1) else ""


def everything(text: str, event: Event) -> Reading:
    """Every typed fact in `text`, whatever was asked."""
    from intake.understanding import understand

    return understand(text, question=None, language=language(text, event.locale), today=today_of(event))


def takes_back(text: str, event: Event) -> bool:
    """Whether a turn begins by taking something back: "oh sorry, no, that's wrong, it's ..."."""
    from intake.understanding.corrections import marks
    from intake.understanding.heard import Heard

    return any(start <= 1 for start, _end in marks(Heard.of(text[:400], language(text, event.locale))))


def _only_wishes(heard: Heard) -> bool:
    """ "Just tell me straight, do I have a case or not": little else is said, nothing that answers."""
    from intake.understanding.stock import without_fillers, without_wishes

    return len(heard) <= _SAYS_SAFE and not set(without_fillers(without_wishes(heard))) - word_list("around_wishes")


def _free(text: str, question: Question, event: Event, speaks: Language) -> Answer:
    """A free text is its own value, unless it says that there is none."""
    from intake.understanding import Fact
    from intake.understanding.heard import Heard
    from intake.understanding.stock import asks, refused, unknown

    heard = Heard.of(text, speaks)
    wishes = cast("frozenset[str]", asks(heard))
    stripped = text.strip()
    start = len(text) - len(text.lstrip())
    if not heard.tokens and not any(map(str.isalnum, stripped)):
        return Answer(None, None, (), wishes, False)
    short = len(heard) <= _SHORT
    for state, span in (("refused", refused(heard)), ("unknown", unknown(heard))):
        if span is not None and short:
            where = heard.span(*span)
            return Answer(Fact(question.key, None, cast("Any", state), *where, why="said so"), None, (), wishes, False)
    if not wishes and _asks(text) and len(heard) <= _SAYS_SAFE and question.section != _GOALS:
        return Answer(None, None, (), frozenset({QUESTION}), False)
    about_us = bool(wishes & _ABOUT_US) and len(heard) <= _FEW
    if wishes - {"language"} and question.section != _GOALS and (short or about_us or _only_wishes(heard)):
        return Answer(None, None, (), wishes, False)
    end = min(start + len(stripped), start + _MOST_TEXT)
    value = text[start:end]
    return Answer(Fact(question.key, value, "stated", start, end, "their own words"), value, (), wishes, False)


def _detail(text: str, question: Question, event: Event, speaks: Language) -> Answer:
    """What tells people of one name apart: a year, or a place and perhaps a year; words without either are none."""
    answer = _free(text, question, event, speaks)
    if answer.fact is None or answer.value is None:
        return answer
    year = birth_year(answer.value, today_of(event), speaks)
    if question.key == frame.BIRTH_YEAR:
        value = str(year) if year else None
    else:
        value = answer.value if year or city(answer.value) else None
    if value is None:
        return replace(answer, fact=None, value=None)
    return replace(answer, fact=replace(answer.fact, value=value), value=value)


def says_safe(text: str, locale: str) -> bool:
    """Whether a turn says that the person is safe, or a short one that they want to go on."""
    words = words_of(text[:_READ])
    if not word_list("not_safe").isdisjoint(words):
        return False
    known = lists()
    if len(words) <= _SAYS_SAFE and any(_said_at(words, phrase) >= 0 for phrase in known["surely_safe"]):
        return True
    short = known["safe"] if len(words) <= _SHORT else ()
    if any((at := _said_at(words, phrase)) >= 0 and not _bidden(words, at) for phrase in short):
        return True
    if len(text) > _READ:
        return False
    last = {phrase: len(words) - len(phrase.split()) for phrase in known["last_word"]}
    return any(_said_at(words, phrase, at) == at and not _bidden(words, at) for phrase, at in last.items())


def _said_at(words: list[str], phrase: str, start: int = 0) -> int:
    """Where the words of a phrase stand from `start` on; -1: nowhere."""
    wanted = phrase.split()
    places = range(max(start, 0), len(words) - len(wanted) + 1)
    return next((at for at in places if words[at : at + len(wanted)] == wanted), -1)


def _bidden(words: list[str], at: int) -> bool:
    """ "Me dice que siga", "he told me to go on": it is somebody else who wants it."""
    led = at > 0 and words[at - 1] in {"que", "to"}
    return led and (at < 2 or words[at - 2] not in word_list("own_wish"))


def named_language(text: str) -> str | None:
    """Which of our languages a turn asks for by name."""
    said = set(words_of(text[:200]))
    return next((each for each in LANGUAGES if said & set(lists()["languages"][each].split())), None)


def says_done(text: str, locale: str) -> bool:
    """Whether a turn is only a way to say that all is told."""
    from intake.interview.understanding import says_done as plain
    from intake.understanding.heard import Heard
    from intake.understanding.stock import asks

    if plain(text):
        return True
    heard = Heard.of(text[:400], language(text, locale))
    return "done" in asks(heard)
