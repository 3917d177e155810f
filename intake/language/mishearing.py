"""A text as a bad recogniser gives it, for the readers that learn from examples: what they learn must not hang on any
one word. The same text is always misheard in the same way. It sees no label and no list of words."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from intake.language.tokens import words_of

#: Of a hundred words of each copy, so many are lost and so many are other words with the same beginning.
COPIES: Final = ((6, 9), (12, 14))
#: Fewer words have none to spare.
LEAST_WORDS: Final = 4
_ENDINGS: Final = "aeiou"


def misheard(text: str, copies: tuple[tuple[int, int], ...] = COPIES) -> Iterator[str]:
    """Copies of the text with some words lost or wrong; none of a text that is too short."""
    words = words_of(text)
    if len(words) < LEAST_WORDS:
        return
    for number, (lost, wrong) in enumerate(copies):
        chances = [_chance(f"{text}{number}{at}") for at in range(len(words))]
        kept = [(word, chance) for word, chance in zip(words, chances, strict=True) if chance >= lost]
        yield " ".join(_wrong(word, chance) if chance < lost + wrong else word for word, chance in kept)


def _wrong(word: str, chance: int) -> str:
    """Mostly the beginning of a word is heard."""
    return word[: max(1, len(word) // 2)] + _ENDINGS[chance % len(_ENDINGS)] if len(word) > 2 else word


def _chance(seed: str) -> int:
    return zlib.crc32(seed.encode("utf-8", "surrogatepass")) % 100
