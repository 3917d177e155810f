"""What a name sounds like: keys that two spellings of one name share. Words come in lower-case ASCII."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import jellyfish

_CACHE: Final = 1 << 16
_Rules = tuple[tuple[str, re.Pattern[str], str], ...]
_LITERAL: Final = re.compile(r"\^?([a-z]+)(?![a-z]*[|*+?])")


def _rules(pairs: tuple[tuple[str, str], ...]) -> _Rules:
    """Each rewriting with letters without which it cannot apply, so that most need no regular expression."""
    found = []
    for pattern, put in pairs:
        needed = _LITERAL.match(pattern) if "|" not in re.sub(r"\([^)]*\)", "", pattern) else None
        found.append((needed[1] if needed else "", re.compile(pattern), put))
    return tuple(found)


_FIRST_VOWELS: Final = re.compile(r"[aeiouyw]*[aeiouy][aeiouyw]*")
_SILENT_E: Final = re.compile(r"[aeiou][^aeiouyw]e$")


@lru_cache(_CACHE)
def english(word: str) -> str:
    """Metaphone with the sort of the first vowel, so that John and Jean, Hall and Hill stay apart."""
    if not word:
        return ""
    found = _FIRST_VOWELS.search(word[1:] if word[0] in "yw" else word)
    long = "e" if _SILENT_E.search(word) and len(word) < 6 else ""
    return f"{jellyfish.metaphone(word)}{_vowel(found[0] if found else '')}{long}"


_HEARD: Final = _rules((
    (r"^mac(?=[bcdfgjklmnpqrstvwxyz])", "mc"), (r"tsch", "ch"), (r"sch", "sh"), (r"wicz$|wich$|vitch$", "vich"),
    (r"cz", "ch"), (r"sz", "sh"), (r"rz|zh", "j"), (r"^gi(?=[aou])", "j"), (r"^x", "s"), (r"^kn", "n"), (r"^pf", "f"),
    (r"eaux?$|eault$|aux$|ault$", "o"), (r"agh(?=er)", "ah"), (r"ough(?=l)|augh(?=l)|ach(?=l)", "ok"),
    (r"owski$", "ofski"), (r"ou", "u"), (r"ae|ai|ay", "ey"), (r"ph", "f"), (r"tz", "ts"), (r"dt$", "t"),
))  # fmt: skip


@lru_cache(_CACHE)
def heard(word: str) -> str:
    """`english` with the letters of German, Polish, French and Gaelic names put as an English ear takes them."""
    return english(_rewritten(word, _HEARD))


_LOOSE: Final = _rules((
    (r"^ma[cg]g?(?=[uiaoe])", "mcg"), (r"^mac(?=[bcdfgjklmnpqrstvwxz])", "mc"), (r"dge?(?=[a-z])", "j"), (r"dt", "t"),
    (r"nson$|nsen$", "son"), (r"(?<=[aeiou])nt(?=son|zon)", "n"), (r"ck", "k"), (r"ae|ai|ay|ei|ey", "a"),
    (r"ough|augh", "o"), (r"(.)\1+", r"\1"),
))  # fmt: skip


@lru_cache(_CACHE)
def loose(word: str) -> str:
    """Consonants of a long surname as they are heard through a telephone: "Burkhardt", "Ridgway", "McGuire"."""
    plain = _rewritten(word, _LOOSE)
    found = _FIRST_VOWELS.search(plain)
    return f"{jellyfish.metaphone(plain)}{_vowel(found[0] if found else '')}"


def _vowel(group: str) -> str:
    if not group:
        return ""
    if group[0] == "a":
        return "o" if group[1:2] in {"u", "w"} else "a"
    if group[0] == "e" and group[1:2] in {"y", "i"}:
        return "a"
    if group[0] == "e" and group[1:2] in {"u", "w"}:
        return "o"
    return "i" if group[0] in "eiy" else "o"


_SPANISH: Final = _rules((
    (r"^ps", "s"), (r"^x", "j"), (r"x", "j"), (r"gu(?=[ei])", "g"), (r"qu(?=[eiao])", "k"), (r"c(?=[eiy])", "s"),
    (r"g(?=[ei])", "j"), (r"ch", "#"), (r"ph", "f"), (r"^hu(?=[aeio])", "w"), (r"^gu(?=[ao])", "w"), (r"h", ""),
    (r"ll", "y"), (r"ny", "n"), (r"[ckq]", "k"), (r"z", "s"), (r"v", "b"), (r"y$", "i"), (r"^y(?![aeiou])", "i"),
    (r"m(?=[pb])", "n"), (r"(.)\1+", r"\1"),
))  # fmt: skip


@lru_cache(_CACHE)
def spanish(word: str) -> str:
    """How a speaker of American Spanish says it: b and v, s, z and soft c, ll and y, j and soft g are one; no h."""
    return _rewritten(word, _SPANISH)


_SLAVIC: Final = _rules((
    (r"shch|sch|szcz", "s"), (r"tch|tsch|tz(?=[aeiouy])", "c"), (r"cz|ch|ts|tz", "c"), (r"sh|sz", "s"),
    (r"zh|rz", "z"), (r"kh|h", "g"), (r"x", "ks"), (r"w|ff|ph|f", "v"), (r"ck", "k"),
    (r"sk(?:ii|iy|ij|yi|yj|y|i|aya|aia|aja|a)$", "ski"), (r"ck(?:i|y)$", "cki"), (r"c(?=k)", "c"),
    (r"ov(?:a|na|ich)$", "ov"), (r"ev(?:a|na|ich)$", "ev"), (r"in(?:a)$", "in"), (r"vich?$|vic$|vits$", "vic"),
    (r"^[yji](?=[eouaiy])", ""), (r"[yji]", "i"), (r"i+(?=[aeou])", ""), (r"iy?$", "i"), (r"(.)\1+", r"\1"),
))  # fmt: skip


@lru_cache(_CACHE)
def slavic(word: str) -> str:
    """One form for the ways to write a Russian, Ukrainian or Polish name in Latin letters; a wife's ending is none."""
    return _rewritten(word, _SLAVIC)


_ARABIC: Final = _rules((
    (r"^(?:al|el|ul|ad|as|ar|an|ash)-?(?=[bcdfghjklmnqrstvwxyz]{1,2}[aeiou])", ""), (r"ph", "f"), (r"th", "t"),
    (r"dh", "d"), (r"kh|gh|h$", "h"), (r"ch", "s"), (r"sh", "s"), (r"[qc]", "k"), (r"z", "s"), (r"j|dj", "g"),
    (r"ou|oo|u|o", "u"), (r"ee|ei|ey|ie|y|e|i", "i"), (r"aa", "a"), (r"(?<=[aiu])h", "h"), (r"w", "u"),
    (r"(.)\1+", r"\1"),
))  # fmt: skip


@lru_cache(_CACHE)
def arabic(word: str) -> str:
    """One form for the ways to write an Arabic or Persian name in Latin letters."""
    return _rewritten(word, _ARABIC).replace("ai", "i").replace("au", "u")


@lru_cache(_CACHE)
def consonants(word: str) -> str:
    """What a script without vowels keeps of an Arabic or Hebrew name."""
    return re.sub("[aiuy']", "", _rewritten(word, _ARABIC).replace("h", ""))


_KOREAN: Final = _rules((
    (r"yeo|you|yoo|yu", "yu"), (r"eo|eu|oo|o|u", "u"), (r"ui|ee|ie|i|y(?![aeou])", "i"), (r"ae|e", "e"),
    (r"h(?=i)|gh", "h"), (r"ch|j", "j"), (r"[kg]", "g"), (r"[pb]", "b"), (r"[td]", "d"),
    (r"[rl]", "l"), (r"(.)\1+", r"\1"),
))  # fmt: skip


@lru_cache(_CACHE)
def korean(word: str) -> str:
    """One form for the ways to write a Korean name in Latin letters; the word itself where it is none."""
    return _rewritten(word, _KOREAN) if _KOREAN_MARK.search(word) else word


_KOREAN_MARK: Final = re.compile(
    r"eo|eu|oo|ung|ong|young|hy|hee|hui|y[eou]|jin|jun|joon|min|jae|chae|oo|su|sun|ji|kyu|gyu"
)
_SYLLABLE: Final = re.compile(
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|er|ia|ie"
    r"|iu|in|ua|uo|ui|un|ue|a|e|i|o|u)(?=(?:[bpmfdtnlgkhjqxrzcsyw]|$))"
)
_WADE_GILES: Final = _rules((
    (r"^zhi$|^chi$", "chih"), (r"^shi$", "shih"), (r"^ri$", "jih"), (r"^zi$|^ci$", "tzu"), (r"^si$", "szu"),
    (r"^zh", "c!"), (r"^ch", "c!"), (r"^x", "hs"), (r"^q", "c!"), (r"^j", "c!"), (r"^z", "ts"), (r"^c(?!!)", "ts"),
    (r"^b", "p"), (r"^d", "t"), (r"^g", "k"), (r"^r", "j"), (r"^c!", "ch"), (r"ong$", "ung"), (r"ian$", "ien"),
    (r"^yan$", "yen"), (r"ie$", "ieh"), (r"ue$", "ueh"), (r"^you$", "yu"), (r"^ye$", "yeh"),
))  # fmt: skip


_PINYIN_ENDS: Final = frozenset("aeioungr")


@lru_cache(_CACHE)
def chinese(word: str) -> str:
    """Pinyin in Wade-Giles without its apostrophes; empty for what is no pinyin."""
    at = 0
    found: list[str] = []
    if word[-1:] not in _PINYIN_ENDS:
        return ""
    while at < len(word):
        syllable = _SYLLABLE.match(word, at)
        if syllable is None or len(found) == 3:
            return ""
        found.append(_rewritten(syllable[0], _WADE_GILES))
        at = syllable.end()
    return "".join(found)


def _rewritten(word: str, rules: _Rules) -> str:
    for needed, pattern, put in rules:
        if needed in word:
            word = pattern.sub(put, word)
    return word
