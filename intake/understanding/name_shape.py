"""How a name is written: capitals, particles, "O'Brien", "McDonald"; and said again with another spelling."""

from __future__ import annotations

from intake.understanding.spelling import fits
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


def once(was: list[str], now: list[str]) -> list[str]:
    """ "Steven Brown, Steven with a ph": the changed word takes the place of the one said before."""
    last = len(was) - 1
    first = next((i for i, word in enumerate(was[:last]) if word.lower() == was[last].lower()), None)
    if first is None or now[last] == was[last]:
        return now
    return [*now[:first], now[last], *now[first + 1 : last]]


def restated(was: list[str], now: list[str], more: list[str]) -> list[str]:
    """ "Karla with a K Montes" goes on; "Karla with a K, Karla Montes" says the name again."""
    changes = {old.lower(): new for old, new in zip(was, now, strict=False)}
    if any(word.lower() in changes for word in more):
        return [changes.get(word.lower(), word) for word in more]
    if len(more) > 1 and fits(more[0], now[0]) >= 0.7:
        return more  # said again as it is spelled
    return [*now, *more]
