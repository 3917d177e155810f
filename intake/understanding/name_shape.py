"""How a name is written: capitals, particles, "O'Brien", "McDonald"."""

from __future__ import annotations

from intake.understanding.words import word_set


def shown(words: list[str], *, cased: bool) -> str:
    """The words of a name in one; `cased`: their capitals were typed and stay."""
    return " ".join(_capital(word, first=i == 0, cased=cased) for i, word in enumerate(words))


def _capital(word: str, *, first: bool, cased: bool) -> str:
    """A name's own capitals where typed; else each word's first letter, but not a particle's."""
    if cased and any(map(str.isupper, word)) and not (word.isupper() and len(word) > 3):
        return word
    low = word.lower()
    plain = low.replace("'", "").replace("\u2019", "")
    if low in word_set("names", "particles") and not first:
        return low
    if plain in word_set("names", "o_names"):
        return f"O'{plain[1:].capitalize()}"
    if low in word_set("names", "mc_safe"):
        cut = 3 if low.startswith("mac") else 2
        return f"{low[:cut].capitalize()}{low[cut:].capitalize()}"
    for mark in ("'", "\u2019"):
        if low[1:2] == mark:
            return f"{low[0].upper()}{mark}{low[2:].capitalize()}"
    return "-".join(part.capitalize() for part in low.split("-"))


def without_echo(words: list[str]) -> list[str]:
    """ "Hargrove, Leticia Hargrove": the name said whole after a part of it, once."""
    if len(words) > 2 and words[0].lower() == words[-1].lower():
        return words[1:]
    return words
