"""Whether the assistant may say a sentence.

Blocked: advice however soft, merits, odds, value, which law applies, time limits, promises, acting for the person,
and pretending to be a person or a lawyer (rules R9 to R11 of the domain notes; duty 6 of the design). Let pass:
warm words, questions, reading back what was said, how this service works, and saying what is not ours to say.

What no rule knows is judged by what it sounds like (`sensing`), and a rule that is not sure of itself only speaks
where the sentence also sounds forbidden.

The fixed words that people wrote and checked are let pass by their hash, whatever they say.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from intake.guard.allowing import allowed
from intake.guard.loading import Knowledge, knowledge
from intake.guard.sensing import forbidden
from intake.language.guess import Language
from intake.language.patterns import Hit
from intake.language.views import ASK, STOP, View, view_of

# Where one sentence ends and the next begins; "Mr. Smith" and "1,250.50" are whole.
_SENTENCES: Final = re.compile(
    r"(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSr\.)(?<!\bSra\.)(?<!\bMrs\.)(?<!\bSt\.)"
    r"(?<=[.!?\u2026])[\"'\u201d)]*\s+|\n+"
)
# A clause of its own: "..., and you ...", "...; that ...".
_CLAUSES: Final = re.compile(
    r"[,;:]\s+(?:and|but|so|which|y|pero|as\u00ed que|lo cual|por lo que)\s+(?=\w)"
    r"|[;\u2014]\s*|,\s+(?=you\b|he\b|she\b|they\b|usted\b)"
)
_ENDED: Final = re.compile(r"[.!?\u2026][\"'\u201d)\s]*$")
_LABEL: Final = 14
_SHORT: Final = 5  # words, the marks at both ends counted
_MOST_CLAUSES: Final = 12
_FRAMES: Final = frozenset({"service", "decline", "repeat", "ours"})
OFF_SCRIPT: Final = "off_script"
#: How surely a sentence must sound forbidden, as the logarithm of the odds, to be stopped with no rule broken: a
#: statement, an honest question, and a label. The first was chosen by leaving out speakers in turn. Below the last, a
#: broken rule is taken for a chance likeness.
STATEMENT: Final[dict[Language, float]] = {"en": 0.0, "es": 0.25}
QUESTION: Final = 2.0
LABEL: Final = 4.0
HARMLESS: Final = -2.0
_REPEATED_MAY: Final = frozenset({"value", "time_limit", "merits", "conclusion", "law", "advice", "odds"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rules`: the names of the rules that it breaks, in a fixed order; `why`: the same in words."""

    allow: bool
    rules: tuple[str, ...]
    why: str


def judge(sentence: str, *, language: Language) -> Verdict:
    """Whether `sentence` (or several) may be said in `language`. Any text; never raises."""
    if not sentence.strip() or allowed(sentence):
        return Verdict(allow=True, rules=(), why="fixed words" if sentence.strip() else "nothing is said")
    known = knowledge(language)
    broken: dict[str, None] = {}
    for part in sentences_of(sentence):
        if not allowed(part):
            broken.update(dict.fromkeys(_broken(part, language, known)))
    rules = tuple(name for name in (*known.rules, OFF_SCRIPT) if name in broken)
    if not rules:
        return Verdict(allow=True, rules=(), why="breaks no rule")
    return Verdict(allow=False, rules=rules, why="; ".join(_says(name, known) for name in rules))


def sentences_of(text: str) -> list[str]:
    """The sentences of `text`, in order, without the space between them."""
    return [part.strip() for part in _SENTENCES.split(text) if part.strip()]


def _says(name: str, known: Knowledge) -> str:
    return "sounds like what may not be said" if name == OFF_SCRIPT else known.rules[name].says


def _broken(part: str, language: Language, known: Knowledge) -> list[str]:
    view = view_of(part, language)
    hits = known.finder.find(view)
    marks: dict[str, list[Hit]] = {}
    found: list[Hit] = []
    for hit in hits:
        if hit.pattern.owner.startswith("~"):
            marks.setdefault(hit.pattern.owner[1:], []).append(hit)
        else:
            found.append(hit)
    asked = _is_question(view, marks)
    label = _is_label(part, view)
    framed = label or not marks.keys().isdisjoint(_FRAMES)
    broken = [
        hit.pattern.owner
        for hit in found
        if not (asked and not known.rules[hit.pattern.owner].asks)
        and not (framed and known.rules[hit.pattern.owner].framed)
        and not any(mark.start < hit.end and hit.start < mark.end for mark in marks.get("ours", ()))
        and not _framed(hit, marks, view)
    ]
    score = forbidden(view, {hit.pattern.owner for hit in hits}, language)
    sure = [name for name in broken if known.rules[name].sure]
    if sure and max(score, _worst_clause(part, language, known)) > HARMLESS:
        return sure
    if score > (QUESTION if asked else LABEL if label else STATEMENT[language]):
        return broken or [OFF_SCRIPT]
    return []


def _worst_clause(part: str, language: Language, known: Knowledge) -> float:
    """How forbidden the clause sounds that sounds it most, where `part` has several."""
    clauses = [clause for clause in _CLAUSES.split(part, maxsplit=_MOST_CLAUSES) if clause]
    worst = -math.inf
    for clause in clauses if len(clauses) > 1 else ():
        view = view_of(clause, language)
        if len(view.words) >= _SHORT:
            worst = max(worst, forbidden(view, {hit.pattern.owner for hit in known.finder.find(view)}, language))
    return worst


def _is_label(part: str, view: View) -> bool:
    """The label of a choice, a heading: short, and nothing ends it. It states nothing."""
    return len(view.words) <= _LABEL and not _ENDED.search(part)


def _is_question(view: View, marks: dict[str, list[Hit]]) -> bool:
    """An honest question: it ends as one, is formed as one, and leads nowhere."""
    return view.words[-1] == ASK and bool(marks.get("question")) and not marks.get("leading")


def _framed(hit: Hit, marks: dict[str, list[Hit]], view: View) -> bool:
    """Whether the words are what is not said ("I cannot say whether ...") or what the person said."""
    frames = list(marks.get("decline", ()))
    if hit.pattern.owner in _REPEATED_MAY:
        frames += marks.get("repeat", ())
    turns = marks.get("turn", [])
    return any(frame.start <= hit.start + 1 and not _ended(frame, hit, turns, view) for frame in frames)


def _ended(frame: Hit, hit: Hit, turns: list[Hit], view: View) -> bool:
    """Whether a clause of our own begins between the frame and the finding."""
    if any(word in (STOP, ASK) for word in view.words[frame.start : hit.start]):
        return True
    return any(frame.start < turn.start <= hit.start + 1 and turn.end >= frame.end for turn in turns)
