"""E-mail addresses, typed or spoken: "jane dot doe at gmail dot com", "juan guion bajo perez arroba …"."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from intake.understanding.digits import element
from intake.understanding.facts import Found
from intake.understanding.heard import Heard, alike
from intake.understanding.spelling import letter_at
from intake.understanding.words import phrases, plain_words, table

#: An "@" with a space beside it, "(at)", and a comma for a dot are slips of the hand.
_TYPED: Final = re.compile(
    r"[A-Za-z0-9._%+\-]{1,64}(?: ?@ ?|[(\[]at[)\]])[A-Za-z0-9\-]{1,63}"
    r"(?:(?:\.|,(?=com|net|org|edu)|[(\[]dot[)\]])[A-Za-z0-9\-]{1,63}){1,5}"
)
_LOOSE: Final = re.compile(r" ?@ ?|[(\[]at[)\]]")
_COMMA: Final = re.compile(r",|[(\[]dot[)\]]")
_TENS: Final = frozenset({"treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"})
_FILLERS: Final = frozenset({"pues", "este", "like", "so", "y", "eh"})
_MAX_LOCAL_WORDS: Final = 24
#: They follow ".com" though no dot was heard: "live punto com mx".
_COUNTRIES: Final = frozenset({"mx", "ar", "pe", "do", "gt", "sv"})
#: Names of letters that are no words.
_LETTER_NAMES: Final = {
    "efe": "f",
    "hache": "h",
    "jota": "j",
    "ele": "l",
    "eme": "m",
    "ene": "n",
    "erre": "r",
    "equis": "x",
    "zeta": "z",
    "uve": "v",
    "aitch": "h",
    "ge": "g",
    "pe": "p",
    "cu": "q",
    "doubleyou": "w",
    "ye": "y",
}


def read_email(heard: Heard) -> Found | None:
    """The last e-mail address in an answer: a second one corrects the first."""
    typed = list(_TYPED.finditer(heard.text, *heard.whole())) if heard.tokens else []
    if typed:
        found = typed[-1]
        value = _LOOSE.sub("@", _COMMA.sub(".", found[0])).strip(".-").lower()
        return Found(value, found.start(), found.end(), "written as an e-mail address")
    heard = _plain_at(_without_fillers(heard))
    best: Found | None = None
    for index in range(len(heard)):
        domain = _domain(heard, index)
        if domain is not None:
            read = _spoken(heard, index, domain)
            best = read or best
    return best


def _without_fillers(heard: Heard) -> Heard:
    """Without "pues" and "like" beside the signs of an address: "lupita pues guion bajo"."""
    if heard.is_cased:
        return heard
    signs = frozenset(table("emails")["signs"]) | frozenset(table("emails")["dot"]) | frozenset(table("emails")["at"])
    kept = tuple(
        token
        for i, token in enumerate(heard.tokens)
        if not (i and token.norm in _FILLERS and (heard.norm(i + 1) in signs or heard.norm(i - 1) in signs))
    )
    return Heard(heard.text, kept, heard.language)


def _plain_at(heard: Heard) -> Heard:
    """ "at the at sign gmail": the sign said once."""
    norms = heard.norms
    away: set[int] = set()
    for index, word in enumerate(norms):
        if word in {"sign", "symbol"} and norms[index - 1 : index] == ("at",):
            away.add(index)
            back = index - 2 if heard.norm(index - 2) != "the" else index - 3
            away.update(range(back + 1, index - 1))
            if heard.norm(back) == "at":
                away.add(back)
    kept = tuple(token for i, token in enumerate(heard.tokens) if i not in away)
    return Heard(heard.text, kept, heard.language) if away else heard


def _data(key: str) -> dict[str, str]:
    found: dict[str, str] = table("emails")[key]
    return found


def _domain(heard: Heard, index: int) -> tuple[str, int] | None:
    """The domain that starts at `index` ("gmail dot com") and the place after it."""
    provider = _provider(heard, index)
    if provider is not None:
        name, at = provider
        tail, end = _tail(heard, at, known=True)
        return (f"{name}{tail or _data('providers_tld').get(name, '.com')}", end)
    # Any other domain needs an "at" before it and a "dot" in it.
    if not _is_at(heard.norm(index - 1), sure=True):
        return None
    name, at = "", index
    while at < len(heard) and at - index < 12 and not _is_dot(heard.norm(at)):
        if name and heard.gap(at) == ".":
            break
        piece, step = _piece(heard, at)
        if piece is None:
            return None
        name, at = name + piece, step
    tail, end = _tail(heard, at, known=False)
    return (f"{name}{tail}", end) if tail and name else None


def _provider(heard: Heard, index: int) -> tuple[str, int] | None:
    providers = _data("providers")
    two = f"{heard.norm(index)} {heard.norm(index + 1)}"
    if two in providers:
        return providers[two], index + 2
    word = heard.norm(index)
    if word in providers:
        return providers[word], index + 1
    if _is_at(heard.norm(index - 1), sure=True) and len(word) > 3 and word not in {"mail", "email"}:
        for known, name in providers.items():
            if alike(word, known) >= 0.72:
                return name, index + 1
    return None


def _tail(heard: Heard, index: int, *, known: bool) -> tuple[str, int]:
    """ ".com", ".com.mx", ".k12.tx.us" from `index`; empty when none stands there."""
    tail, at = "", index
    while at < len(heard):
        word = heard.norm(at)
        dotted = _is_dot(word) or ("." in heard.gap(at) and not heard.gap(at).strip(".") and at > index - 1)
        name_at = at + 1 if _is_dot(word) else at
        name = heard.norm(name_at)
        ending = _data("endings").get(name)
        if ending is None and dotted and name and not tail:
            ending = name if letter_at(heard, name_at) is None and len(name) <= 12 and not known else None
            if ending is not None and _is_dot(heard.norm(name_at + 1)):
                tail, at = f"{tail}.{ending}", name_at + 1
                continue
        country = tail == ".com" and ending in _COUNTRIES and heard.norm(name_at + 1) in {"", "y", "and"}
        if ending is None or not (dotted or (known and not tail) or country):
            break
        tail, at = f"{tail}.{ending}", name_at + 1
    return tail, at


def _spoken(heard: Heard, index: int, domain: tuple[str, int]) -> Found | None:
    """The address whose domain starts at `index`; what stands before "at" is read backwards."""
    at = index - 1
    if _is_at(heard.norm(at), sure=False):
        at -= 1
    elif domain[0].split(".")[0] not in set(_data("providers").values()):
        return None
    first = _local_start(heard, at)
    local, position = "", first
    while position <= at:
        if local and heard.gap(position) in {".", "_", "-", "+"}:
            local += heard.gap(position)
        piece, position = _piece(heard, position)
        local += piece or ""
    local = re.sub(r"\.{2,}", ".", local).strip(".-")
    if not local:
        return None
    start, end = heard.span(first, domain[1])
    return Found(f"{local}@{domain[0]}", start, end, 'an "at" and a domain make an e-mail address')


def _local_start(heard: Heard, last: int) -> int:
    """The first word of the part before "at": after the nearest words that introduce it."""
    stops = frozenset(table("emails")["before"])
    index = last
    while index >= 0 and last - index < _MAX_LOCAL_WORDS:
        word = heard.norm(index)
        silent = next((len(p) for p in _silent() if heard.starts(index - len(p) + 1, p)), 0) if index < last + 1 else 0
        if silent:
            if index < last and _whole_again(heard, index - silent, index + 1):
                return index + 1
            index -= silent
            continue
        if word == "then" and len(heard.norm(index - 1)) == 1 and index < last:
            index -= 1  # "first initial j, then harper"
            continue
        if word == "y" and heard.norm(index - 1) in _TENS and index < last:
            index -= 1
            continue
        if index < last - 1 and _is_handle(heard.norm(last), heard.norm(last - 1)):
            return last  # "i'm daniel reyes dreyes at gmail"
        joined = _is_dot(heard.norm(index + 1)) or heard.norm(index + 1) in _data("signs") if index < last else False
        letters = (
            (
                index < last
                and len(word) == 1
                and not {heard.norm(index + 1), heard.norm(index - 1)}.isdisjoint(_LETTER_NAMES)
            )
            or (len(word) == 1 and index < last and 1 in {len(heard.norm(index + 1)), len(heard.norm(index - 1))})
            or (
                index == last and len(word) == 1 and len(heard.norm(index - 1)) == 1  # "r o s e at"
            )
        )
        initial = index == 0 and last > 0 and len(word) == 1 and _is_name(heard.norm(1))
        if word in stops and not joined and not letters and not initial:
            return index + 1
        if index < last and (_ends_here(heard, index + 1) or _before_chain(heard, index)):
            return index + 1
        index -= 1
    return index + 1


def _is_handle(word: str, before: str) -> bool:
    """ "dreyes" after "reyes": the name before an address is not a part of it."""
    return 3 < len(before) == len(word) - 1 and word.endswith(before)


def _is_name(word: str) -> bool:
    return word in plain_words("given") or word in plain_words("surnames")


def _before_chain(heard: Heard, index: int) -> bool:
    """Whether the word only stands before "daniela dot rojas": a chain of signs begins with one word or a name."""
    word, signs = heard.norm(index), _data("signs")
    if index == 0 or heard.norm(index + 2) not in signs or heard.norm(index + 1) in signs or word in signs:
        return False
    if word in {"as", "in", "like", "de"} and letter_at(heard, index - 1 - (heard.norm(index - 1) == "as")):
        return False  # "p as in peter"
    if len(word) == 1 or element(heard, index) is not None or len(heard.norm(index + 1)) == 1:
        return False
    return word not in plain_words("given") and word not in plain_words("surnames")


def _whole_again(heard: Heard, before: int, after: int) -> bool:
    """ "lisa lisa, no space, lisalisa at …": the word after says again, as one, what stands before."""
    word, said = heard.norm(after), heard.norm(before)
    return len(said) > 1 and word != said and word.endswith(said)


@cache
def _silent() -> tuple[tuple[str, ...], ...]:
    return phrases("emails", "silent")


@cache
def _silent_first() -> frozenset[str]:
    return frozenset(words[0] for words in _silent())


def _ends_here(heard: Heard, index: int) -> bool:
    """Whether a comma, colon or end of sentence before the word at `index` parts it from what went before."""
    gap = heard.gap(index)
    if any(mark in gap for mark in ":;!?\n") or ". " in gap:
        return True
    goes_on = letter_at(heard, index) or heard.norm(index) in _data("signs") or _is_at(heard.norm(index), sure=True)
    spelled = heard.norm(index - 2) in {"in", "like", "for", "de"} and letter_at(
        heard, index - 4 + (heard.norm(index - 3) != "as")
    )
    return ", " in gap and not goes_on and not spelled and not any(heard.starts(index, words) for words in _silent())


def _piece(heard: Heard, index: int) -> tuple[str | None, int]:
    """What the word at `index` puts into an address, and the place after it."""
    word, signs = heard.norm(index), _data("signs")
    pair = f"{word} {heard.norm(index + 1)}"
    if word == "pinto" and not _is_at(heard.norm(index + 1), sure=True) and index:
        return ".", index + 1  # "ana pinto sol": the dot as it is misheard; before "arroba" it is a name
    if pair in signs:
        return signs[pair], index + 2
    if word in signs:
        return signs[word], index + 1
    if word == "then":
        return "", index + 1
    if word in _silent_first():
        size = next((len(words) for words in _silent() if heard.starts(index, words)), 0)
        if size:
            return "", index + size
    digits = element(heard, index)
    if digits is not None:
        return digits
    letter = letter_at(heard, index, strict=True)
    if letter is not None:
        return ("n" if letter[0] == "ñ" else letter[0]), letter[1]
    if word in _LETTER_NAMES:
        return _LETTER_NAMES[word], index + 1
    return word, index + 1


def _is_at(word: str, *, sure: bool) -> bool:
    return word in table("emails")["at"] or (not sure and word in table("emails")["at_sounds"])


def _is_dot(word: str) -> bool:
    return word in table("emails")["dot"]
