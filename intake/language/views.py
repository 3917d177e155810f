"""A text as readers compare it: short forms written out, fillers and stutters left out, sentences marked.

Each word still knows its place in the text as it was said.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from intake.language.guess import Language
from intake.language.tokens import Token, fold, tokenise

STOP: Final = "."
ASK: Final = "?"
# A full stop ends a sentence where space or nothing follows; "..." and "a.m." do not.
_ENDS: Final = re.compile(r"[!?;\n\u2026]|(?<!\.)\.(?=[\s\"')\u201d\u00bb]|$)|\u00bf|\u00a1| - | \u2014 |\u2014")
_ABBREVIATED: Final = frozenset(
    ["mr", "mrs", "ms", "dr", "st", "sr", "sra", "srta", "lic", "vs", "a", "p", "m", "u", "s", "jr"]
)
_NO_COMMA: Final = frozenset({"no", "yes", "si"})
_APOSTROPHE: Final = frozenset("'\u2019\u02bc")


@dataclass(frozen=True, slots=True)
class View:
    """`text`: words between single spaces, "." or "?" where a sentence ends, and one at each end."""

    text: str
    words: tuple[str, ...]
    offsets: tuple[int, ...]
    places: tuple[tuple[int, int], ...]

    def index_at(self, offset: int) -> int:
        """The number of the word that starts at or before `offset` of `text`."""
        return max(bisect_right(self.offsets, offset) - 1, 0)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text as it was said of the words from `start` up to `end` (numbers of words)."""
        spans = [place for place in self.places[start:end] if place[1] > place[0]]
        return (min(s for s, _ in spans), max(e for _, e in spans)) if spans else (0, 0)


@dataclass(frozen=True, slots=True)
class _Forms:
    fillers: frozenset[str]
    always: dict[str, tuple[str, ...]]
    apostrophe: dict[str, tuple[str, ...]]
    after_is: frozenset[str]


def view_of(text: str, language: Language) -> View:
    """The words of `text` in one shape, for a reader in `language`. Any text; time grows with its length."""
    forms = _forms(language)
    words: list[str] = [STOP]
    places: list[tuple[int, int]] = [(0, 0)]
    before: Token | None = None
    tokens = tokenise(text)
    for number, token in enumerate(tokens):
        mark = _mark(text, before, token)
        if mark and words[-1] not in (STOP, ASK):
            words.append(mark)
            places.append((0, 0))
        before = token
        if token.norm in forms.fillers or (token.norm == words[-1] and not token.norm[0].isdigit()):
            continue
        following = tokens[number + 1].norm if number + 1 < len(tokens) else ""
        for word in _written_out(token, text, forms, following):
            words.append(word)
            places.append((token.start, token.end))
    words.append(ASK if before and "?" in text[before.end : before.end + 8] else STOP)
    places.append((0, 0))
    return _joined(words, places)


def _joined(words: list[str], places: list[tuple[int, int]]) -> View:
    offsets, at = [], 1
    for word in words:
        offsets.append(at)
        at += len(word) + 1
    return View(f" {' '.join(words)} ", tuple(words), tuple(offsets), tuple(places))


def _mark(text: str, before: Token | None, token: Token) -> str:
    """The mark between two words: "." or "?" where a sentence ends, "" where it goes on."""
    if before is None:
        return ""
    between = text[before.end : token.start]
    if between == " ":
        return ""
    if len(between) > 200:
        between = between[:200]
    if "?" in between:
        return ASK
    ends = _ENDS.search(between)
    if ends is None:
        # "No, he is here" does not deny what follows it.
        return STOP if "," in between and before.norm in _NO_COMMA else ""
    return "" if ends[0] == STOP and before.norm in _ABBREVIATED else STOP


def _written_out(token: Token, text: str, forms: _Forms, following: str) -> tuple[str, ...]:
    found = forms.always.get(token.norm)
    if found is not None or not forms.apostrophe:
        return found or (token.norm,)
    raw = text[token.start : token.end]
    if not _APOSTROPHE.intersection(raw):
        return (token.norm,)
    if raw[-1:] in ("s", "S") and raw[-2:-1] in _APOSTROPHE and _is_verb_next(following, forms):
        whose = token.norm[:-1]
        return (*forms.always.get(whose, (whose,)), "is")
    return forms.apostrophe.get(token.norm, (token.norm,))


def _is_verb_next(following: str, forms: _Forms) -> bool:
    """ "Someone's in my house", "my ex's hitting": the s is "is"; in "my ex's house" it is not."""
    return following.endswith("ing") or following in forms.after_is


@cache
def _forms(language: Language) -> _Forms:
    read: dict[str, Any] = load_yaml(Path(__file__).with_name("forms.yaml"))[language]

    def table(name: str) -> dict[str, tuple[str, ...]]:
        return {fold(str(key)): tuple(str(value).split()) for key, value in read[name].items()}

    return _Forms(
        frozenset(read["fillers"].split()), table("always"), table("apostrophe"), frozenset(read["after_is"].split())
    )


def load_yaml(path: Path) -> Any:
    """A data file that ships with the code. Errors are the author's: they are raised."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader either way
