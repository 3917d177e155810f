"""How hard a text is to read: a US school grade for English, an ease score for Spanish.

Syllables are counted by rules, without a dictionary. For running text the English rules are within a few
percent of one; a single rare word may be off by one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_VOWELS: Final = re.compile(r"[aeiouy]+")
#: Vowels that are written and not spoken: "named", "makes", "safe", "someone".
_SILENT: Final = re.compile(
    r"[^aeiouy](?<!l)e$|(?<![tdaeiouy])ed$|(?<=[^aeiouysxzcg])(?<!sh)(?<!ch)es$|[aeiouy]le$|(?<=som)e(?=[a-z])"
)
#: Two vowels that are spoken apart: "create", "violence", "quiet", "being", "actual", "material", "area"; and "didn't".
_APART: Final = re.compile(
    r"(?<![cts])ia|i(?:o|e)(?=[lt])|(?<![ct])ie(?=n[ct])|io$|eo(?!u|p)|ea(?=te)|[rd]ea$|[aeo]ing|yi|ua(?=[lt])|iu|ism$"
    r"|(?<=[ds])nt$"
)
_SENTENCE_END: Final = re.compile(r"[.!?]+(?=\s|$)")
_SPANISH_RUN: Final = re.compile(r"(?:[aeiouáéíóúü]|y(?![aeiouáéíóú]))+")
_STRONG: Final = frozenset("aeoáéóíú")


@dataclass(frozen=True, slots=True)
class Counts:
    """What both formulas need."""

    words: int
    sentences: int
    syllables: int


def english_syllables(word: str) -> int:
    """Syllables of an English word, at least 1. A figure counts as one for each digit."""
    if word.isdigit():
        return len(word)
    plain = "".join(c for c in re.sub(r"['\u2019]s$", "", word.lower()) if c.isalpha())
    count = len(_VOWELS.findall(plain)) + len(_APART.findall(plain))
    return max(1, count - len(_SILENT.findall(plain)))


def spanish_syllables(word: str) -> int:
    """Syllables of a Spanish word, at least 1: strong and accented vowels make one each, weak ones join them."""
    if word.isdigit():
        return len(word)
    plain = unicodedata.normalize("NFC", word.lower()).replace("qu", "q")
    plain = re.sub(r"gu(?=[eiéí])", "g", plain)
    return max(1, sum(max(1, sum(c in _STRONG for c in run[0])) for run in _SPANISH_RUN.finditer(plain)))


def count(texts: Iterable[str], language: str) -> Counts:
    """Words, sentences and syllables. A text that ends without a full stop ends a sentence too."""
    syllables = spanish_syllables if language == "es" else english_syllables
    words = sentences = total = 0
    for text in texts:
        for sentence in _SENTENCE_END.split(text):
            found = re.findall(r"\d+|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*", sentence)
            words += len(found)
            sentences += bool(found)
            total += sum(map(syllables, found))
    return Counts(words, sentences, total)


def flesch_kincaid_grade(texts: Iterable[str]) -> float:
    """The US school grade of English texts (Kincaid and others, 1975). 0 when there are no words."""
    found = count(texts, "en")
    if not found.words:
        return 0.0
    return 0.39 * found.words / found.sentences + 11.8 * found.syllables / found.words - 15.59


def fernandez_huerta(texts: Iterable[str]) -> float:
    """The ease of Spanish texts (Fernández Huerta, 1959): 70 to 80 is sixth grade, more is easier. 100: no words.

    With words per sentence, as the formula was meant and as Law's correction of its usual misprint has it.
    """
    found = count(texts, "es")
    if not found.words:
        return 100.0
    return 206.84 - 60.0 * found.syllables / found.words - 1.02 * found.words / found.sentences
