"""How like two words of a name are, and why."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import jellyfish
from rapidfuzz.distance import OSA

from intake.conflicts import sounds
from intake.conflicts.tables import family_lines, given_names, nicknames, spellings, surnames, translations

Part = Literal["given", "surname"]
PARTS: Final[tuple[Part, ...]] = ("given", "surname")


class Likeness(NamedTuple):
    """`score` from 0 to 1; `why` is empty for equal words and for unlike ones."""

    score: float
    why: str = ""


NONE: Final = Likeness(0.0)
SAME: Final = Likeness(1.0)
_NICKNAME, _SPELLING, _SCRIPT, SOUND, _TYPO, _INITIAL, _SHORTENED, _TRANSLATED = (
    0.97, 0.96, 0.95, 0.92, 0.90, 0.86, 0.88, 0.89,
)  # fmt: skip
#: People per million from which a name is established: a letter's difference to another such one is no typo.
_ESTABLISHED: Final = {"given": 30.0, "surname": 20.0}
_ELIDED: Final = re.compile(r"^d(?:[aei](?=[aeiou])|(?=[aeou]))")
#: How many times rarer a spelling may be than the other and still be a name of its own.
_FAR_RARER: Final = 60.0
_ONE_SEX: Final = 12.0


@lru_cache(1 << 16)
def likeness(a: str, b: str, part: Part, *, abjad: bool = False) -> Likeness:
    """Of two folded words that stand at the same `part` of a name. `abjad`: one was written without vowels."""
    if a == b:
        return SAME
    if len(a) == 1 or len(b) == 1:
        return Likeness(_INITIAL, "an initial") if a[:1] == b[:1] else NONE
    if abjad:
        return _without_vowels(a, b)
    if part == "given":
        found = _nickname(a, b) or _translated(a, b)
        if found or _sexes_differ(a, b):
            return found or NONE
    return _written(a, b, part)


def _written(a: str, b: str, part: Part) -> Likeness:
    if _is_spelling(a, b, part) or _same_ending(a, b, part):
        return Likeness(_SPELLING, f'"{a}" and "{b}" are spellings of one name')
    both_known = _are_two_names(a, b, part)
    if not (both_known and part == "given") and _romanised(a, b):
        return Likeness(_SCRIPT, f'"{a}" and "{b}" write one name of another script')
    if _sound_alike(a, b, both_known=both_known):
        return Likeness(SOUND, f'"{a}" sounds like "{b}"')
    if not both_known and _is_typo(a, b):
        return Likeness(_TYPO, f'"{a}" may be "{b}" misspelt')
    if part == "given" and not both_known and _is_shortened(*sorted((a, b), key=len)):
        return Likeness(_SHORTENED, f'"{a}" and "{b}" may be one name, shortened')
    return NONE


def _is_shortened(short: str, long: str) -> bool:
    """ "Christo" for "Christopher", "Femi" for "Olufemi", not "James" for "Jameson"."""
    if frequency(short, "given") >= _ESTABLISHED["given"]:
        return False
    return (len(short) >= 3 and long.startswith(short) and len(long) > len(short) + 1) or (
        len(short) >= 4 and long.endswith(short)
    )


def _same_ending(a: str, b: str, part: Part) -> bool:
    """Crow and Crowe, Minh and Min; a woman's given name may end in an e that a man's does not."""
    short, long = sorted((a, b), key=len)
    return len(short) >= 3 and long[:-1] == short and (long[-1] == "h" or (part == "surname" and long[-1] == "e"))


def without_mac(word: str) -> str:
    """ "MacIntyre" and "McIntyre" in one spelling; other words as they are."""
    return f"mc{word[3:]}" if word.startswith("mac") and len(word) > 6 else word


def _is_spelling(a: str, b: str, part: Part) -> bool:
    """The lists of Chinese and Korean family names do not hold for given names: Li and Lei are two."""
    if part == "surname" and a[:1] == b[:1] == "m" and without_mac(a) == without_mac(b):
        return True
    if part == "surname" and (_is_one_elision(a, b) or _is_given_name_respelt(a, b)):
        return True
    lines = spellings().get(a, frozenset()) & spellings().get(b, frozenset())
    return bool(lines) and (part == "surname" or any(line not in family_lines() for line in lines))


def without_elision(word: str) -> str:
    """ "D'Angelo", "DeAngelo" and "DiAngelo" without what was elided; other words as they are."""
    return _ELIDED.sub("", word)


def _is_one_elision(a: str, b: str) -> bool:
    """ "D'Angelo" and "DeAngelo"."""
    one, other = without_elision(a), without_elision(b)
    return one == other and len(one) >= 4 and one != a and other != b


def _is_given_name_respelt(a: str, b: str) -> bool:
    """Given names that are surnames too, written otherwise: "Noor" and "Nur", "Alexandre" and "Alexander"."""
    if a[0] != b[0] or a not in nicknames() or b not in nicknames() or nicknames()[a].isdisjoint(nicknames()[b]):
        return False
    return OSA.distance(a, b) <= 2 and sounds.consonants(a)[:2] == sounds.consonants(b)[:2]


def sounds_alike(a: str, b: str) -> bool:
    """By their consonants alone, for what a recogniser divided otherwise."""
    return a[:1] == b[:1] and jellyfish.metaphone(a) == jellyfish.metaphone(b)


def same_consonants(a: str, b: str) -> bool:
    """ "Nooruddin", "Nureddin": long names of Arabic by their consonants."""
    one = sounds.consonants(a)
    return len(one) >= 4 and a[:1] == b[:1] and one == sounds.consonants(b)


def _nickname(a: str, b: str) -> Likeness | None:
    names = nicknames()
    of_a, of_b = names.get(a, frozenset((a,))), names.get(b, frozenset((b,)))
    if b in of_a or a in of_b or not of_a.isdisjoint(of_b):
        return Likeness(_NICKNAME, f'"{a}" and "{b}" are forms of one given name')
    return None


def _translated(a: str, b: str) -> Likeness | None:
    """Juan, who is John or Johnny here."""
    for foreign, english in ((a, b), (b, a)):
        names = translations().get(foreign, frozenset())
        if english in names or not names.isdisjoint(nicknames().get(english, frozenset()) - {foreign}):
            return Likeness(_TRANSLATED, f'"{foreign}" is "{english}" in another language')
    return None


def sex(name: str) -> float:
    """Above 0 for a man's name, below 0 for a woman's, 0 for either or unknown."""
    men, women = given_names().get(name, (0.0, 0.0))
    if men > _ONE_SEX * women:
        return 1.0
    return -1.0 if women > _ONE_SEX * men else 0.0


def _sexes_differ(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    if sex(a) * sex(b) < 0 or (a[:-1] == b[:-1] and {a[-1], b[-1]} == {"a", "o"}):
        return True
    return long == short + "a"  # Karim and Karima


def frequency(word: str, part: Part) -> float:
    """People per million; 0 for a name that the tables lack."""
    return sum(given_names().get(word, (0.0, 0.0))) if part == "given" else surnames().get(word, 0.0)


def _are_two_names(a: str, b: str, part: Part) -> bool:
    """Whether both are established names, neither so rare that it may be the other misspelt."""
    if part == "given" and a in nicknames() and b in nicknames():
        return True
    rare, common = sorted((frequency(a, part), frequency(b, part)))
    return rare >= _ESTABLISHED[part] or (rare > 0 and common / rare < _FAR_RARER and common >= _ESTABLISHED[part])


def _sound_alike(a: str, b: str, *, both_known: bool) -> bool:
    shorter = min(len(a), len(b))
    if sounds.english(a) == sounds.english(b):
        # A long name that sounds the same is the same however it is written: Kristofer, Christopher.
        is_long = shorter >= 6 and len(sounds.english(a)) >= 5 and _is_near(a, b)
        return is_long or OSA.distance(a, b) <= (1 if shorter < 5 else 2 if both_known else 5)
    if shorter >= 4 and sounds.spanish(a) == sounds.spanish(b):
        # "Ernandez" is a spelling; Anna and Hannah are two names.
        return not both_known or (a[0] == "h") == (b[0] == "h")
    # Vowels are what a recogniser gets wrong in a name that it does not know.
    if not both_known and shorter >= 6 and _same_consonants(a, b) and OSA.distance(a, b) <= 3:
        return True
    if both_known and shorter >= 6 and sounds.loose(a) == sounds.loose(b) and OSA.distance(a, b) <= 2:
        return True
    is_heard = shorter >= 4 and len(sounds.heard(a)) >= 3 and sounds.heard(a) == sounds.heard(b)
    return not both_known and is_heard and _is_near(a, b)


def _is_near(a: str, b: str) -> bool:
    """Not "Koertlow" and "Courtell", which have no more than consonants in common."""
    return OSA.distance(a, b) * 2 <= max(len(a), len(b))


def _same_consonants(a: str, b: str) -> bool:
    return sounds.english(a)[:-1] == sounds.english(b)[:-1] and a[0] == b[0]


def _romanised(a: str, b: str) -> bool:
    shorter = min(len(a), len(b))
    if shorter >= 4 and sounds.slavic(a) == sounds.slavic(b) and len(sounds.slavic(a)) >= 3 and _is_slavic(a, b):
        return True
    if (
        shorter >= 4
        and not _are_two_names(a, b, "surname")
        and sounds.arabic(a) == sounds.arabic(b)
        and len(sounds.arabic(a)) >= 4
    ):
        return True
    if shorter >= 3 and sounds.korean(a) == sounds.korean(b):
        return True
    pinyin = (sounds.chinese(a), sounds.chinese(b))
    if a == pinyin[1] or b == pinyin[0]:
        return True
    return shorter >= 5 and _umlauts(a) == _umlauts(b)


def _is_slavic(a: str, b: str) -> bool:
    """Not for what both languages have: "Johns" and "Jones"."""
    return not _are_two_names(a, b, "surname") or any(word.endswith(("i", "y", "v", "va", "ich")) for word in (a, b))


def _umlauts(word: str) -> str:
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("aa", "a")


def _without_vowels(a: str, b: str) -> Likeness:
    one, other = sounds.consonants(a), sounds.consonants(b)
    if one and one == other:
        return Likeness(_SCRIPT, f'"{a}" and "{b}" write one name of another script')
    return NONE


def _is_typo(a: str, b: str) -> bool:
    shorter, longer = sorted((len(a), len(b)))
    if shorter < 4:
        return False
    distance = OSA.distance(a, b)
    if distance <= 1:
        return shorter >= 5 or (longer > shorter and a[0] == b[0]) or sorted(a) == sorted(b)
    return a[0] == b[0] and ((distance == 2 and shorter >= 7) or (distance == 3 and shorter >= 10))
