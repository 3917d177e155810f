"""A name as it was written, divided: who else it says it is, titles, suffixes, given names and surnames."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from intake.conflicts.script import MAX_NAME, has_family_first, is_abjad, latin
from intake.conflicts.tables import family_first_surnames, given_names, nicknames, person_words

#: Names under which one party is compared, its own first.
MAX_FORMS: Final = 8
#: Why a form is one of a party: it was given as such; the name itself says so.
ALIAS: Final = "an alias"
OTHER_NAME: Final = "also known by another name"
_ALSO: Final = re.compile(
    r"\b(?:d\s*/\s*b\s*/\s*a|dba|d\.b\.a\.?|doing business as|trading as|t/a|operating as|f\s*/\s*k\s*/\s*a|fka"
    r"|f\.k\.a\.?|formerly(?: known as)?|previously(?: known as)?|a\s*/\s*k\s*/\s*a|aka|a\.k\.a\.?|also known as"
    r"|known as|n\s*/\s*k\s*/\s*a|nka|now known as|conocid[oa] como|tambien conocid[oa] como|antes|alias|que opera como"
    r"|haciendo negocios como|better known as|who goes by|goes by|formerly called)(?=\W|$)",
    re.IGNORECASE,
)
_BORN: Final = re.compile(
    r"[,(]?\s*\b(?:n[ee]e|born|maiden name|de soltera|nacida|previously|formerly)\b:?\s*", re.IGNORECASE
)
_IN_BRACKETS: Final = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_IN_QUOTES: Final = re.compile(r'"([^"]+)"|(?<=\s)\'([^\']+)\'(?=\s|$)')
_GENERATIONS: Final = {
    "jr": 2, "junior": 2, "sr": 1, "senior": 1, "ii": 2, "2nd": 2, "iii": 3, "3rd": 3, "iv": 4, "4th": 4,
}  # fmt: skip
_INITIAL: Final = re.compile(r"[A-Za-z]\.\s")
_GIVEN_NAMES: Final = 3
#: Short given names that the tables lack.
_NOT_INITIALS: Final = frozenset(["an", "in", "on", "ed", "al", "ul", "ur", "st", "mc"])


@dataclass(frozen=True, slots=True)
class Word:
    """One name within a name, folded; `core` is it without "de la", "al-", "van der"."""

    text: str
    core: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """`words` in the order first name, last name. `surnames`: how many at the end are surely surnames; 0: unknown.

    `generation`: 1 senior, 2 junior or II, ... ; 0 unsaid. `sex`: 1 a man's title, -1 a woman's, 0 none.
    """

    words: tuple[Word, ...]
    surnames: int = 0
    generation: int = 0
    sex: int = 0
    family_first: bool = False
    abjad: bool = False
    is_hyphenated: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One of the names of a party, in ASCII, and why it is one ("" for its own)."""

    text: str
    why: str = ""
    family_first: bool = False
    abjad: bool = False


def forms(name: str, aliases: tuple[str, ...] = ()) -> list[Form]:
    """The names of a party: its own, those it says it has or had, and its aliases. At most MAX_FORMS."""
    found: dict[str, Form] = {}
    for number, text in enumerate((name, *aliases[:MAX_FORMS])):
        text = text[:MAX_NAME]
        if not any(map(str.isalnum, text)):
            continue  # an emoji has letters in ASCII
        family_first, abjad = has_family_first(text), is_abjad(text)
        of_text = _forms_of(latin(text))
        if number and len(text.split()) == 1:
            of_text += _with_rest(latin(text), latin(name[:MAX_NAME]))
        for form in of_text:
            why = form.why or (ALIAS if number else "")
            key = " ".join(form.text.lower().split())
            if key:
                found.setdefault(key, Form(form.text, why, family_first, abjad))
    return list(found.values())[:MAX_FORMS]


def _with_rest(alias: str, name: str) -> list[Form]:
    """An alias of one word instead of the given name: "Sochi" of "Xochitl Ramos"."""
    last, comma, _ = name.partition(",")
    words = last.split() if comma else name.split()[1:]
    if not alias.strip() or not 0 < len(words) <= _GIVEN_NAMES:
        return []
    return [Form(" ".join([alias.strip(), *words]), "a nickname among the aliases")]


def _forms_of(text: str) -> list[Form]:
    """ "John Smith d/b/a Smith Plumbing", "Mary Poe (nee Jones)", 'William "Bill" Smith' taken apart."""
    plain = " ".join(text.split())
    parts = [part.strip(" ,;()[]") for part in _ALSO.split(plain)]
    found = [Form(part, OTHER_NAME if number else "") for number, part in enumerate(parts) if part]
    more: list[Form] = []
    for form in found:
        more += _aside(form)
    return more or [Form(plain)]


def _aside(form: Form) -> list[Form]:
    """A form without its brackets, quotes and maiden name, and with each of these in its place."""
    text = form.text
    asides = [next(filter(None, one), "") for one in _IN_BRACKETS.findall(text)]
    text = _IN_BRACKETS.sub(" ", text)
    quoted = [next(filter(None, one), "") for one in _IN_QUOTES.findall(text)]
    bare = _IN_QUOTES.sub(" ", text)
    if not bare.strip():
        bare, quoted = text.replace('"', " "), []
    born = _BORN.split(bare, maxsplit=1)
    if len(born) == 2 and born[0].strip() and born[1].strip():
        bare = born[0].strip(" ,(")
        asides.append(born[1])
    found = [Form(" ".join(bare.split()), form.why)]
    words = found[0].text.split()
    for one in (*quoted, *asides):
        one = _BORN.sub(" ", one).strip(" ,()")
        if not one or not words:
            continue
        if len(one.split()) > 1:
            found.append(Form(one, OTHER_NAME))
        elif one in quoted:
            found.append(Form(" ".join([one, *words[1:]]), "a nickname in the name"))
        else:
            found.append(Form(" ".join([*words[:-1], one]), "a former name"))
            found.append(Form(" ".join([one, *words[1:]]), "a nickname in the name"))
    return found


def person(form: Form) -> PersonName | None:
    """`form` read as a person's name; None when nothing of it is a name."""
    parts = [_plain_words(part) for part in form.text.lower().split(",")]
    parts = [part for part in parts if part]
    generation, sex = 0, 0
    cleaned: list[list[str]] = []
    for number, part in enumerate(parts):
        kept, older, title = (part, 0, 0)
        if not form.abjad:
            kept, older, title = _without_titles(part, alone=len(parts) > 1 and number > 0)
        generation, sex = generation or older, sex or title
        if kept:
            cleaned.append(kept)
    if not cleaned:
        return None
    if len(cleaned) >= 2 and len(cleaned[1]) <= _GIVEN_NAMES:
        last, first = _joined(cleaned[0], starts=False), _joined(cleaned[1], starts=True)
        return PersonName((*first, *last), len(last), generation, sex, abjad=form.abjad)
    flat = [word for part in cleaned for word in part]
    if _INITIAL.match(form.text) and len(flat) > 1:
        words = [Word(flat[0], flat[0]), *_joined(flat[1:], starts=False)]  # "O. Ferreira" is no "O'Ferreira"
    else:
        words = _joined(flat if form.abjad else _initials_divided(flat), starts=True)
    if form.family_first and len(words) >= 2:
        words = [*words[1:], words[0]]
        return PersonName(tuple(words), 1, generation, sex, family_first=True, abjad=form.abjad)
    count = _hyphenated(form.text)
    return PersonName(tuple(words), count, generation, sex, abjad=form.abjad, is_hyphenated=count > 0)


def _initials_divided(words: list[str]) -> list[str]:
    """ "JP Morales", "AJ Stone": two letters that are no name are two."""
    first = words[0]
    if len(words) < 2 or len(first) != 2 or first in _NOT_INITIALS or first in nicknames() or first in given_names():
        return words
    if first in family_first_surnames() or first in person_words("particles"):
        return words
    return [*first, *words[1:]] if first[1] not in "aeiouyh" or first[1:] == first[:1] else words


def _plain_words(part: str) -> list[str]:
    """Letters and digits; a hyphen and a point divide, an apostrophe does not."""
    return "".join(c if c.isalnum() else "" if c == "'" else " " for c in part).split()


def _hyphenated(text: str) -> int:
    """2 for "Mary Smith-Jones": both are surnames."""
    last = text.split()[-1:] or [""]
    halves = [half for half in last[0].split("-") if len(half) > 2]
    return 2 if len(halves) == 2 and len(text.split()) > 1 else 0


def _without_titles(words: list[str], *, alone: bool) -> tuple[list[str], int, int]:
    """The words without titles before and letters after them, the generation, and the title's sex."""
    generation, sex, least = 0, 0, 0 if alone else 1
    while len(words) > 1 and words[0] in person_words("titles") and not (words[0] == "don" and len(words) == 2):
        sex = sex or (1 if words[0] in person_words("men") else -1 if words[0] in person_words("women") else 0)
        words = words[1:]
    while len(words) > least:
        length = next((n for n in (1, 2, 3) if len(words) - n >= least and _is_after(words[-n:], alone=alone)), 0)
        if not length:
            break
        generation = generation or _GENERATIONS.get("".join(words[-length:]), 0)
        words = words[:-length]
    return words, generation, sex


def _is_after(words: list[str], *, alone: bool) -> bool:
    if len(words) > 1 and not all(len(word) <= 2 for word in words):
        return False
    joined = "".join(words)
    if joined in _GENERATIONS:
        return len(words) == 1
    return joined in person_words("after") and (alone or joined not in {"do", "ma", "od", "pe", "usa", "ret"})


def _joined(words: list[str], *, starts: bool) -> list[Word]:
    """Particles joined with what follows: "de la cruz" is one word with the core "cruz"."""
    found: list[Word] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) - 1 and _is_particle(words, end, first=starts and at == 0 and end == 0):
            end += 1
        joined = "".join(words[at : end + 1])
        core = joined if any(word in person_words("prefixes") for word in words[at:end]) else words[end]
        found.append(Word(joined, core))
        at = end + 1
    return found


def _is_particle(words: list[str], at: int, *, first: bool) -> bool:
    word = words[at]
    if first:
        # "Van Nguyen", "La Toya", "Abdul Khan": alone before one more word it may be the given name.
        return word in person_words("first_particles") and (
            len(words) > at + 2 or word in person_words("prefixes") - {"d"}
        )
    if len(word) == 1:
        return (word in {"o", "d"} and len(words[at + 1]) > 2) or (word == "y" and at > 0)
    return word in person_words("particles")
