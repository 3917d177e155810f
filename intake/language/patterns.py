"""Sequences of words, written down as data and found fast in a `View`.

A pattern is one line of elements between spaces:

    word            that word
    one|two|th_ree  one of them; `_` stands for a space inside an alternative; `word*` for any ending
    @set            one of a named set; may be mixed: `@family|boss`; in a set, `@a+@b` is each of a before each of b
    x?              x, or nothing
    ~3              at most three words of any kind, never across the end of a sentence
    !x              the next word is not x;  !4:x  x is not within the next four words
    ^  $            the start, the end of a sentence

Only patterns whose rarest words occur in the text are tried, and only near those words, so that the time
grows with the length of the text and not with the number of patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from intake.language.tokens import fold
from intake.language.views import View

_GAP_WORD: Final = r"[^ .?][^ ]* "
_MAX_HITS: Final = 200
_HERE: Final = "\0"
_MUST: Final = f"{_HERE} "


class BadPattern(ValueError):
    """A pattern that cannot be read. `args[0]` says which and why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled line. `reach`: the most words it can span. `anchors`: words of which one must be there."""

    source: str
    owner: str
    anchors: tuple[str, ...]
    reach: int
    words: frozenset[str]
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def regex(self) -> re.Pattern[str]:
        """The expression, built when the pattern is first tried: most never are in one process's life."""
        return _compiled(self.parts)


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern found in a view: words `start` up to `end`. `loose`: the numbers of those that only a gap covers."""

    pattern: Pattern
    start: int
    end: int
    loose: frozenset[int]


Sets = Mapping[str, tuple[str, ...]]


def read_sets(raw: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Named sets of words; a set may hold another (`@other`), if that comes before it."""
    sets: dict[str, tuple[str, ...]] = {}
    for name, words in raw.items():
        sets[name] = tuple(dict.fromkeys(_expanded(words.split(), sets, name)))
    return sets


def _expanded(items: Iterable[str], sets: Sets, where: str) -> Iterator[str]:
    for item in items:
        if "+" in item:
            left, right = (tuple(_expanded([half], sets, where)) for half in item.split("+", 1))
            yield from (f"{first}_{second}" for first in left for second in right)
        elif item.startswith("@") and item[1:] in sets:
            yield from sets[item[1:]]
        elif "@" in item or "!" in item:
            raise BadPattern(f"{where}: there is no set {item}")
        else:
            yield fold(item)


def read_patterns(block: str, sets: Sets, owner: str) -> tuple[Pattern, ...]:
    """The patterns of a block, a line each; empty lines and lines that start with # are left out."""
    lines = (line.split(" #")[0].strip() for line in block.splitlines())
    return tuple(compile_pattern(line, sets, owner) for line in lines if line and not line.startswith("#"))


def compile_pattern(source: str, sets: Sets, owner: str) -> Pattern:
    """One line as a regular expression over a view. Raises BadPattern."""
    parts: list[tuple[str, tuple[str, ...]]] = []
    anchors: tuple[str, ...] = ()
    words: set[str] = set()
    reach = 0
    for element in _ordered(source.split()):
        part, options, width = _element(element, sets, source)
        parts.append((part, options))
        reach += width
        if part == _MUST:
            words.update(word for option in options for word in option.split())
            if not anchors or _rarity(options) > _rarity(anchors):
                anchors = options
    if not anchors:
        raise BadPattern(f"{source!r}: it needs at least one word that must be there")
    return Pattern(source, owner, anchors, reach, frozenset(words), tuple(parts))


@cache
def _compiled(parts: tuple[tuple[str, tuple[str, ...]], ...]) -> re.Pattern[str]:
    return re.compile("(?<= )" + "".join(part.replace(_HERE, _choice(options)) for part, options in parts))


def _ordered(elements: list[str]) -> list[str]:
    """`~2 !x` as `!2:x ~2`: a gap must not step over what is excluded."""
    for number in range(len(elements) - 1):
        gap, excluded = elements[number], elements[number + 1]
        if gap.startswith("~") and re.match(r"!(?!\d+:)", excluded):
            elements[number], elements[number + 1] = f"!{gap[1:]}:{excluded[1:]}", gap
    return elements


def _rarity(options: tuple[str, ...]) -> float:
    """Few and long words are rare; an alternative that ends in * stands for several."""
    return min(len(option.split()[0].rstrip("*")) for option in options) - 0.35 * len(options)


def _element(element: str, sets: Sets, source: str) -> tuple[str, tuple[str, ...], int]:
    """The expression (`_HERE` stands for its alternatives), the alternatives and the greatest width."""
    if element in ("^", "$"):
        return ("(?<= [.?] )" if element == "^" else "(?=[.?] )"), (), 0
    if gap := re.fullmatch(r"~(\d)", element):
        return f"((?:{_GAP_WORD}){{0,{gap[1]}}}?)", (), int(gap[1])
    ahead = re.fullmatch(r"!(?:(\d+):)?(.+)", element)
    plain = ahead[2] if ahead else element.removesuffix("?")
    options = tuple(option.replace("_", " ") for option in _expanded(plain.split("|"), sets, source))
    if any(not option.strip(" *") for option in options):
        raise BadPattern(f"{source!r}: {element!r} has an empty alternative")
    if ahead:
        skip = f"(?:{_GAP_WORD}){{0,{ahead[1]}}}" if ahead[1] else ""
        return f"(?!{skip}{_HERE} )", options, 0
    width = max(option.count(" ") + 1 for option in options)
    return (f"(?:{_HERE} )?" if element.endswith("?") else _MUST), options, width


def _choice(options: Iterable[str]) -> str:
    # Longest first, so that "at the door" wins over "at". Words have no character that means more in a pattern.
    ordered = sorted(set(options), key=lambda option: (-len(option), option))
    return "(?:" + "|".join(re.escape(option).replace(r"\ ", " ").replace(r"\*", "[^ ]*") for option in ordered) + ")"


class Finder:
    """Finds many patterns in a view."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._by_word: dict[str, list[Pattern]] = {}
        self._by_start: dict[str, list[Pattern]] = {}
        self._starts: set[int] = set()
        for pattern in patterns:
            for first in {anchor.split()[0] for anchor in pattern.anchors}:
                if first.endswith("*"):
                    self._by_start.setdefault(first[:-1], []).append(pattern)
                    self._starts.add(len(first) - 1)
                else:
                    self._by_word.setdefault(first, []).append(pattern)

    def find(self, view: View) -> list[Hit]:
        """Every place of every pattern, in order of place; overlapping places of one pattern once."""
        near: dict[int, tuple[Pattern, list[int]]] = {}
        known: dict[str, list[Pattern]] = {}
        for number, word in enumerate(view.words):
            candidates = known.get(word)
            if candidates is None:
                candidates = known[word] = self._candidates(word)
            for pattern in candidates:
                near.setdefault(id(pattern), (pattern, []))[1].append(number)
        hits = [hit for pattern, numbers in near.values() for hit in _near(pattern, numbers, view)]
        return sorted(hits, key=lambda hit: (hit.start, hit.end, hit.pattern.owner, hit.pattern.source))

    def _candidates(self, word: str) -> list[Pattern]:
        found = list(self._by_word.get(word, ()))
        for length in self._starts:
            if length <= len(word):
                found += [p for p in self._by_start.get(word[:length], ()) if p not in found]
        return found


def _near(pattern: Pattern, numbers: list[int], view: View) -> Iterator[Hit]:
    """The pattern's hits in the stretches around `numbers`, which rise."""
    last, found = 0, 0
    stretches: list[tuple[int, int]] = []
    for number in numbers:
        start, end = max(number - pattern.reach, 0), min(number + pattern.reach + 1, len(view.words))
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    for start, end in stretches:
        # One word and one mark more on each side: patterns look around themselves.
        stop = view.offsets[min(end + 2, len(view.offsets) - 1)] if end + 2 < len(view.offsets) else len(view.text)
        for match in pattern.regex.finditer(view.text, max(view.offsets[max(start - 1, 0)], last), stop):
            last = match.end()
            first = view.index_at(match.start())
            yield Hit(pattern, first, max(view.index_at(match.end() - 1) + 1, first + 1), _loose(match, view))
            found += 1
            if found >= _MAX_HITS:
                return


def _loose(match: re.Match[str], view: View) -> frozenset[int]:
    numbers: set[int] = set()
    for group in range(1, match.re.groups + 1):
        start, end = match.span(group)
        if end > start:
            numbers.update(range(view.index_at(start), view.index_at(end - 1) + 1))
    return frozenset(numbers)
