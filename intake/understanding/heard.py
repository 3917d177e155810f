"""One utterance as the readers see it: folded words that point back into the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from rapidfuzz.distance import Levenshtein

from intake.language.guess import Language
from intake.language.tokens import Token, tokenise

#: Words of one turn that are read: 20,000 characters of speech or prose hold fewer than this.
MAX_TOKENS: Final = 5_000


@dataclass(frozen=True)
class Heard:
    """A text, or a part of it, as folded words."""

    text: str
    tokens: tuple[Token, ...]
    language: Language

    @classmethod
    def of(cls, text: str, language: Language) -> Heard:
        return cls(text, tuple(tokenise(text)[:MAX_TOKENS]), language)

    def part(self, start: int, end: int | None = None) -> Heard:
        """The words from `start` to `end`, with the places they have in the whole text."""
        return Heard(self.text, self.tokens[start:end], self.language)

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def norms(self) -> tuple[str, ...]:
        """The folded words."""
        return tuple(token.norm for token in self.tokens)

    def norm(self, index: int) -> str:
        """The word at `index`; empty outside."""
        return self.tokens[index].norm if 0 <= index < len(self.tokens) else ""

    def raw(self, index: int) -> str:
        """The word at `index` as it was said."""
        token = self.tokens[index]
        return self.text[token.start : token.end]

    def gap(self, index: int) -> str:
        """What stands between the word before `index` and the word there."""
        if not 0 < index < len(self.tokens):
            return ""
        return self.text[self.tokens[index - 1].end : self.tokens[index].start]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the words from `start` to before `end`."""
        if start >= end or not self.tokens:
            return (0, 0)
        return self.tokens[start].start, self.tokens[min(end, len(self.tokens)) - 1].end

    def whole(self) -> tuple[int, int]:
        """The characters of all the words."""
        return self.span(0, len(self.tokens))

    def ends_sentence(self, index: int) -> bool:
        """Whether a sentence ends before the word at `index`."""
        return any(mark in self.gap(index) for mark in ".!?;\n")

    @cached_property
    def is_cased(self) -> bool:
        """Whether the text uses capitals the way typed text does: some, but not everywhere."""
        letters = [c for c in self.text[:2000] if c.isalpha()]
        return any(map(str.isupper, letters)) and any(map(str.islower, letters))

    def find(self, phrase: Sequence[str], start: int = 0) -> int:
        """Where the words of `phrase` stand one after the other; -1: nowhere."""
        first, size = phrase[0], len(phrase)
        norms = self.norms
        for index in range(start, len(norms) - size + 1):
            if norms[index] == first and norms[index : index + size] == tuple(phrase):
                return index
        return -1

    def starts(self, index: int, phrase: Sequence[str]) -> bool:
        """Whether the words of `phrase` stand at `index`."""
        return self.norms[index : index + len(phrase)] == tuple(phrase)


_SAME_SOUND: Final = (
    ("ph", "f"), ("ght", "t"), ("gh", ""), ("kn", "n"), ("wr", "r"), ("wh", "w"), ("ck", "k"), ("sch", "sk"),
    ("tch", "ch"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("qu", "k"), ("x", "ks"), ("z", "s"), ("v", "b"),
    ("ll", "y"), ("dge", "j"), ("c", "k"), ("q", "k"),
)  # fmt: skip
_CLOSE: Final = str.maketrans("dgvzmyw", "tkbsniu")


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """Roughly how a word sounds: consonants in classes, the first vowel kept."""
    for written, heard in _SAME_SOUND:
        word = word.replace(written, heard)
    word = word.translate(_CLOSE)
    kept = word[:1] + "".join(c for c in word[1:] if c not in "aeiouh")
    return "".join(c for i, c in enumerate(kept) if i == 0 or kept[i - 1] != c)


@lru_cache(maxsize=50_000)
def alike(left: str, right: str) -> float:
    """0 to 1: how easily one word is heard as the other."""
    if left == right:
        return 1.0
    written = Levenshtein.normalized_similarity(left, right)
    heard = Levenshtein.normalized_similarity(sound(left), sound(right))
    return 0.6 * written + 0.4 * heard


def nearest(word: str, words: Iterable[str], floor: float) -> str | None:
    """The one of `words` that sounds most like `word`, if it is at least `floor` alike."""
    best, score = None, floor
    for other in words:
        found = alike(word, other)
        if found > score or (found == score and best is None):
            best, score = other, found
    return best
