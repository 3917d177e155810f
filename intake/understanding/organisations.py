"""An organisation's name: a company, bank, hospital, agency."""

from __future__ import annotations

import re
from typing import Final

from intake.understanding.again import said_again
from intake.understanding.corrections import pieces
from intake.understanding.facts import Found
from intake.understanding.heard import Heard
from intake.understanding.mending import without_dots
from intake.understanding.stock import without_fillers
from intake.understanding.words import phrases, plain_words, table, word_set

_MAX_WORDS: Final = 8
#: Letters of a name as they are spelled: "L-V-N-V Funding".
_LETTERS: Final = re.compile(r"\b(?:[A-Z]-){2,}[A-Z]\b")
_NO_COMPANY: Final = (("no", "company"), ("no", "employer"), ("not", "a", "company"), ("ninguna", "compania"))
#: After "on" and "in": no part of a name.
_THEIRS: Final = frozenset(
    {"the", "my", "his", "her", "their", "our", "that", "this", "a", "every", "all", "it", "there"}
)
#: Words of an answer that may as a whole say that there is no employer.
_FEW: Final = 6
_UPPER: Final = {
    "llc": "LLC", "llp": "LLP", "inc": "Inc", "corp": "Corp", "usa": "USA", "us": "US", "lp": "LP",
    "pllc": "PLLC", "sa": "SA",
    "ups": "UPS", "usps": "USPS", "cvs": "CVS", "att": "AT&T", "ltd": "Ltd", "fedex": "FedEx", "ibm": "IBM",
}  # fmt: skip

#: Written small before a name in capitals these are no part of it.
_ARTICLES: Final = frozenset({"el", "la", "los", "las", "the"})


def read_organisation(heard: Heard) -> Found | None:
    """The name in an answer to "which company?"; what introduces it and what follows it left out."""
    if " ".join(without_fillers(heard)) in word_set("organisations", "no_employer") and len(heard) <= _FEW:
        start, end = heard.whole()
        return Found(None, start, end, "said that there is none", "unknown")
    if any(heard.starts(0, words) for words in _NO_COMPANY):
        start, end = heard.span(0, 2)
        return Found(None, start, end, "said that there is none", "unknown")
    heard = heard if heard.is_cased else without_dots(heard)
    for part in reversed(pieces(heard)):
        found = _best(part)
        if found is not None:
            return found
    known = [words for name in table("organisations")["known"] if heard.find(words := tuple(str(name).split())) >= 0]
    if not known or heard.is_cased:
        return None
    at = heard.find(known[0])
    return _found(heard, at, at + len(known[0]))


def _best(heard: Heard) -> Found | None:
    """The likeliest of the runs between words that are no name; the earlier of equals."""
    introduced = _starts(heard)
    best: tuple[float, int, int] | None = None
    runs: list[tuple[int, int]] = []
    index = 0
    while index < min(len(heard), 200):
        start, end = _run(heard, index)
        if end <= start:
            index = start + 1
            continue
        score = _score(heard, start, end) + max(
            (v for at, v in introduced.items() if index <= at <= start), default=0.0
        )
        score += 0.9 * _beside_its_kind(heard, start, runs)
        score += 1.2 if _without_echo(heard, start, end) != (start, end) else 0.0
        runs.append((start, end))
        if best is None or score > best[0]:
            best = (score, start, end)
        index = max(end, index + 1)
    if best is None:
        return None
    start, end = said_again(heard, best[1:], runs) if len(runs) > 1 else best[1:]
    start = _past_kind(heard, start, end)
    return _found(heard, *_with_article(heard, *_without_echo(heard, start, end)))


def _beside_its_kind(heard: Heard, start: int, runs: list[tuple[int, int]]) -> bool:
    """ "the school district, Fresno Unified": a name after a comma, behind the kind of thing it is."""
    kinds = word_set("organisations", "suffixes") | word_set("organisations", "kinds")
    if not runs or runs[-1][1] != start or "," not in heard.gap(start):
        return False
    return heard.norm(start - 1) in kinds and not heard.raw(start - 1)[:1].isupper()


def _with_article(heard: Heard, start: int, end: int) -> tuple[int, int]:
    """ "se llama el súper", "El Rincón": an article that is a part of the name."""
    if heard.norm(start - 1) not in {"el", "la", "los", "las"}:
        return start, end
    named = heard.norm(start - 2) in {"llama", "llamaba", "called", "named"}
    typed = start == 1 and heard.is_cased and heard.raw(0)[:1].isupper() and heard.raw(1)[:1].isupper()
    known = table("organisations")["known"]
    return (start - 1, end) if named or (typed and heard.norm(start) not in known) else (start, end)


def _without_echo(heard: Heard, start: int, end: int) -> tuple[int, int]:
    """ "j t b freight lines jtb": not the letters said again as one word; nor the first word said twice."""
    letters = "".join(word for word in heard.norms[start:end] if len(word) == 1)
    if len(letters) > 1 and heard.norm(end - 1) == letters:
        end -= 1
    while len(letters) > 1 and heard.norm(start) == letters and end - start > 1 and len(heard.norm(end - 1)) == 1:
        end -= 1  # "abc towing a b c"
    again = next(
        (i for i in range(start + 2, end - 1) if heard.norms[i : i + 2] == heard.norms[start : start + 2]), end
    )
    return (again, end) if end - again >= again - start else (start, again)


def _starts(heard: Heard) -> dict[int, float]:
    """The places after words that introduce a name, with how much each tells."""
    found = {0: 0.3}
    for phrase in phrases("organisations", "before"):
        at = heard.find(phrase)
        while at >= 0:
            place = at + len(phrase)
            if phrase == ("by",) and heard.norm(place) in {"the", "my"}:
                break  # "by the airport" is a place
            sure = 0.6 * (phrase[-1] in word_set("organisations", "naming"))
            found[place] = max(found.get(place, 0.0), 0.5 + 0.25 * len(phrase) + sure)
            at = heard.find(phrase, at + 1)
    if heard.norm(0) in {"the", "my", "our", "el", "la", "mi", "su", "their", "his", "her"}:
        verb = next(
            (i for i in range(1, min(5, len(heard) - 1)) if heard.norm(i) in {"is", "was", "es", "era", "fue"}), 0
        )
        found[verb + 1 if verb else 0] = 1.5 if verb else 0.3
    return found


def _score(heard: Heard, start: int, end: int) -> float:
    kinds = (
        word_set("organisations", "suffixes")
        | word_set("organisations", "kinds")
        | {"county", "city", "state", "local"}
    )
    norms = heard.norms[start:end]
    known = any(heard.starts(start, tuple(str(name).split())) for name in table("organisations")["known"])
    if all(word in kinds for word in norms) and not known:
        return -0.5
    score = 1.0 if not all(word in plain_words("common") or word in kinds for word in norms) else 0.2
    if heard.is_cased and any(heard.raw(i)[:1].isupper() and i > 0 for i in range(start, end)):
        score += 1.5
    if any(heard.raw(i).lower().endswith(("'s", "\u2019s")) for i in range(start, end)) and norms[-1] in kinds:
        score -= 0.8  # "Dr. Patel's office"
    if heard.norms[max(0, start - 2) : start] == ("out", "of") or heard.norm(start - 1) == "near":
        score -= 0.8  # "a moving company out of Reno, Big Sky Movers"
    score -= 0.6 if norms[0] in word_set("names", "titles") and not kinds & set(norms) else 0.0
    score += 0.7 if len(norms) > 1 and kinds & set(norms) else 0.0
    return score + (1.5 if known else 0.0)


def read_any_organisation(heard: Heard) -> Found | None:
    """One nobody asked for: well known, or by its kind ("… LLC", "… Hospital") after words that introduce one."""
    for name in table("organisations")["known"]:
        words = tuple(str(name).split())
        at = heard.find(words)
        if at >= 0 and name not in word_set("organisations", "unsure"):
            return _found(heard, at, at + len(words))
    for phrase in phrases("organisations", "sure"):
        at = heard.find(phrase)
        if at >= 0:
            found = _from(heard, at + len(phrase))
            if found is not None and (
                (heard.is_cased and heard.text[found.start].isupper()) or _has_suffix(heard, found)
            ):
                return found
    if heard.is_cased:
        return _typed_with_suffix(heard)
    return None


def _from(heard: Heard, index: int) -> Found | None:
    start, end = _run(heard, index)
    return _found(heard, start, end) if end > start else None


def _run(heard: Heard, index: int) -> tuple[int, int]:
    """The first run of words from `index` that can be a name; an empty one: there is none."""
    never, ends = word_set("organisations", "never"), word_set("organisations", "ends")
    before = never | ends | word_set("stock", "fillers")
    start = index
    while (
        start < len(heard)
        and (heard.norm(start) in before or _is_kind_alone(heard, start))
        and not _is_capital(heard, start)
    ):
        start += 1
    end = start
    suffixes = word_set("organisations", "suffixes")
    while end < len(heard) and end - start < _MAX_WORDS:
        word = heard.norm(end)
        if end > start and (
            heard.ends_sentence(end) and len(heard.norm(end - 1)) > 1 and heard.norm(end - 1) not in {"st", "inc", "co"}
        ):
            break
        if end > start and "," in heard.gap(end) and word not in suffixes:
            break
        if word in ends and not _is_capital(heard, end):
            break
        if end > start and _leaves_name(heard, end):
            break
        if end > start and word in {"la", "el", "los", "las"} and heard.norm(end + 1) in {"de", "que", "del"}:
            break
        if word in {"de", "del"} and heard.norm(end + 1) in {"un", "una", "unos", "mi", "su", "esos", "esas"}:
            break
        end += 1
    end = _end_of_known(heard, start, end)
    place = next((i for i in range(start + 1, end - 1) if heard.norm(i) == "at"), 0)
    if place and not _is_capital(heard, start):  # "a cna at Oakwood Manor"
        start = next((i for i in range(place + 1, end) if heard.norm(i) not in never), start)
    if heard.is_cased and start < end and not heard.raw(start)[:1].isupper():
        # typed: the name begins at its first capital
        start = next((i for i in range(start, end) if _is_capital(heard, i)), start)
        start = _with_body(heard, start)
    while (
        end > start
        and heard.norm(end - 1) in word_set("organisations", "inner") | {"and", "y"}
        and not _is_capital(heard, end - 1)
    ):
        end -= 1
    return start, end


def _with_body(heard: Heard, start: int) -> int:
    """ "the city of Fresno", "el distrito escolar de Yakima": what a public body is belongs to its name."""
    if heard.norm(start - 1) not in {"of", "de"} or heard.norm(start - 2) not in word_set("organisations", "bodies"):
        return start
    return start - 3 if heard.norm(start - 3) in word_set("organisations", "bodies") else start - 2


def _leaves_name(heard: Heard, index: int) -> bool:
    """ "Penske Logistics LLC on the check", "the burger king on fifth street": where other words begin."""
    following = heard.norm(index + 1)
    if heard.norm(index) == "downtown":
        return index + 1 == len(heard) or "," in heard.gap(index + 1)
    if heard.norm(index) not in {"on", "in", "off"} or _is_capital(heard, index):
        return False
    ahead = heard.norms[index + 1 : index + 5]
    on_a_road = any(word in table("addresses")["suffixes"] or word == "exit" for word in ahead)
    return on_a_road or following in _THEIRS or following in table("numbers")["ordinal"]


def _past_kind(heard: Heard, start: int, end: int) -> int:
    """Where the name begins after what it is: "a nursing home golden oaks", "dr patel's office valley dental"."""
    kinds = word_set("organisations", "kinds") | word_set("organisations", "suffixes") | {"home"}
    at = next((i for i in range(start, end - 2) if heard.raw(i).lower().endswith(("'s", "\u2019s"))), -1)
    if at >= 0 and heard.norm(at + 1) in {"office", "clinic", "practice"} and not heard.is_cased:
        return at + 2
    if heard.is_cased or heard.norm(start - 1) not in {"a", "an", "una", "un"}:
        return start
    known = any(heard.starts(start, tuple(str(name).split())) for name in table("organisations")["known"])
    if known or heard.norm(start) not in kinds:
        return start
    at = start
    while at < end and heard.norm(at) in kinds:
        at += 1
    rest = heard.norm(at)
    return at if at < end and rest not in word_set("organisations", "inner") and rest not in {"para", "con"} else start


def _end_of_known(heard: Heard, start: int, end: int) -> int:
    """After a well known name ("amazon the warehouse") only its own kind belongs to it ("amazon logistics llc")."""
    for name in table("organisations")["known"]:
        words = tuple(str(name).split())
        after = start + len(words)
        if (
            heard.starts(start, words)
            and after < end
            and heard.norm(after) not in word_set("organisations", "suffixes")
        ):
            return after if heard.norm(after) in word_set("organisations", "inner") | {"warehouse", "store"} else end
    return end


def _is_kind_alone(heard: Heard, index: int) -> bool:
    """ "an agency, Labor Express": a kind of company before the name itself."""
    return heard.norm(index) in word_set("organisations", "suffixes") and "," in heard.gap(index + 1)


def _is_capital(heard: Heard, index: int) -> bool:
    return heard.is_cased and heard.raw(index)[:1].isupper() and index > 0 and not _opens(heard, index)


def _opens(heard: Heard, index: int) -> bool:
    """Whether the word is written with a capital because a sentence begins: "My checks say …"."""
    return heard.ends_sentence(index) and heard.norm(index) in word_set("organisations", "never")


def _has_suffix(heard: Heard, found: Found) -> bool:
    suffixes = word_set("organisations", "suffixes")
    return any(found.start <= t.start < found.end and t.norm in suffixes for t in heard.tokens)


def _typed_with_suffix(heard: Heard) -> Found | None:
    """ "… with Blue Ridge Properties LLC …": capitals before a kind of company."""
    suffixes = word_set("organisations", "suffixes")
    for index in range(1, len(heard)):
        if heard.norm(index) in suffixes and heard.raw(index)[:1].isupper():
            start = index
            while (
                start > 0
                and heard.raw(start - 1)[:1].isupper()
                and heard.norm(start - 1) != "i"
                and not heard.ends_sentence(start)
                and "," not in heard.gap(start)
            ):
                start -= 1
            end = index + 1
            while end < len(heard) and heard.norm(end) in suffixes and heard.raw(end)[:1].isupper():
                end += 1
            if end - start >= 2 and heard.norm(start) not in {"my", "the"}:
                return _found(heard, start, end)
    return None


def _found(heard: Heard, start: int, end: int) -> Found:
    if end - start > 1 and heard.is_cased and heard.raw(start) in _ARTICLES and heard.raw(start + 1)[:1].isupper():
        start += 1  # "el Distrito Escolar"; "La Michoacana" keeps its own
    left, right = heard.span(start, end)
    if (
        end - start == 1
        and end < len(heard)
        and heard.norm(start) not in word_set("organisations", "known")
        and heard.raw(start).lower().endswith(("'s", "\u2019s"))
    ):
        right -= 2  # "geico's my insurance"
    said = heard.text[left:right] if heard.is_cased else _without_slips(heard, start, end, right)
    value = said if heard.is_cased and any(map(str.isupper, said)) else _titled(_joined(said))
    value = value[:1].upper() + value[1:] if heard.norm(start) in word_set("organisations", "bodies") else value
    value = _LETTERS.sub(lambda m: m[0].replace("-", ""), value)
    return Found(" ".join(value.split()), left, right, "words that name an organisation")


def _without_slips(heard: Heard, start: int, end: int, right: int) -> str:
    """The words of a name as said, less what was only heard in it: "bank uh of a america"."""
    left = heard.tokens[start].start
    if any(not c.isalnum() and not c.isspace() for i in range(start + 1, end) for c in heard.gap(i)):
        return heard.text[left:right]
    kept = [i for i in range(start, end) if not (heard.norm(i) == "a" and heard.norm(i - 1) == "of")]
    return " ".join(heard.text[heard.tokens[i].start : min(heard.tokens[i].end, right)] for i in kept)


def _joined(said: str) -> str:
    """ "j t b freight lines" as "JTB freight lines": letters in a row are one word."""
    words: list[str] = []
    for word in said.split():
        if len(word) == 1 and word.isalpha() and words and words[-1].isupper():
            words[-1] += word.upper()
        else:
            words.append(word.upper() if len(word) == 1 and word.isalpha() else word)
    return " ".join(words)


def _titled(said: str) -> str:
    inner = word_set("organisations", "inner")
    words = said.split()
    spelled = table("organisations")["spelled"]
    if said.lower() in spelled:
        return str(spelled[said.lower()])
    return " ".join(
        _UPPER.get(w.lower())
        or spelled.get(w.lower())
        or (w.lower() if w.lower() in inner and i else w[:1].upper() + w[1:])
        for i, w in enumerate(words)
    )
