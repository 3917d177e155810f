"""Whether a client's words tell of danger or of an urgent matter.

Two levels. `danger_now`: self-harm, violence, a medical emergency, or a child or elder in danger, happening now.
`urgent`: abuse or stalking as history, detention, a lock-out, a court date, papers served, days left.

How the kinds are chosen where the list of kinds has no word of its own:

- violence or threats by a partner or somebody close that go on now: `violence_now`; as history or habit: `stalking`,
  the kind that stands for "somebody they must be kept safe from", and urgent;
- rape or assault just now or tonight: `violence_now`; before that: `stalking`, urgent;
- a court order sought for protection, or broken: `stalking`, urgent;
- an adult who tells of abuse as a child: `child_or_elder_abuse`, urgent; abuse of a child or elder that is told in
  the present tense or as recent: `child_or_elder_abuse`, danger now;
- somebody close who may take their life, and an attempt of the client's that is not said to be long ago: `self_harm`;
- the client who may hurt others: `violence_now`;
- fire, a crash just now, poison: `medical_emergency`; a warrant, a raid, deportation: `detention`;
- a foreclosure sale, a missed hearing, wages about to be taken, a status about to end: `deadline`.

It would rather ask once too often than miss somebody: it is a net, not a diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from intake.language.guess import Language
from intake.language.patterns import Hit
from intake.language.views import ASK, STOP, View, view_of
from intake.safety.loading import KINDS, Concept, Knowledge, Level, knowledge
from intake.safety.sensing import CHANCE, Mark, Sense, kind_of, sense

# How far around a finding its context is read, in words: speech has no full stops to end a sentence.
_NEAR_TIME: Final = 12
_NEAR_NOW: Final = 8
_NEAR_STORY: Final = 14
_NEAR_DENIAL: Final = 3
_NEAR_TRAFFIC: Final = 14
_NEAR_NOT: Final = 4
_SENSED: Final = ":sensed"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a turn tells. `spans`: places in the text as it was said; `fingerprints`: one for each fact.

    A fingerprint is `level:kind:concept`: a caller who keeps those it has acted on can leave out the facts that
    were said before, and still sees a matter that became a danger.
    """

    alarm: bool
    level: Level
    kinds: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    why: str
    fingerprints: tuple[str, ...] = ()

    @property
    def sensed(self) -> bool:
        """Whether it only sounds like danger: no concept was found."""
        return bool(self.fingerprints) and all(one.endswith(_SENSED) for one in self.fingerprints)


@dataclass(frozen=True, slots=True)
class _Finding:
    concept: Concept
    start: int
    end: int


def watch(text: str, *, language: Language, answers: bool = False) -> Alarm:
    """The danger or urgency in `text`, in `language`. Any text; never raises.

    `answers`: it plainly answers a closed question that was asked. What it then only sounds like must be surer; what
    people are known to say of danger counts as everywhere.
    """
    view = view_of(text, language)
    looked = look(view, language)
    sensed = sense(view, language, looked.marks)
    heard = sensed.speech()
    meant = [one for one in looked.findings if one.concept.sure or (heard and sensed.score > CHANCE[one.concept.level])]
    if meant:
        return _alarm(meant, view)
    return _sensed(sensed, view, language) if sensed.alone(language, answers=answers) else _NOTHING


@dataclass(frozen=True, slots=True)
class Looked:
    """What the concepts say of a view. `marks`: what was found, in its context or out of it, and where."""

    findings: list[_Finding]
    marks: list[Mark]


def look(view: View, language: Language) -> Looked:
    """What was found in a view, and what of it is meant in its context."""
    known = knowledge(language)
    hits = known.finder.find(view)
    contexts = {name: [hit for hit in hits if hit.pattern.owner == f"~{name}"] for name in _CONTEXTS}
    findings = [
        finding
        for hit in hits
        if not hit.pattern.owner.startswith("~")
        for finding in _weighed(hit, view, contexts, known)
    ]
    marks = [(hit.pattern.owner, hit.start, hit.end) for hit in hits]
    for finding in findings:
        marks += [(name, finding.start, finding.end) for name in (f"is {finding.concept.key}", "is")]
    return Looked(findings, marks)


_NOTHING: Final = Alarm(alarm=False, level="none", kinds=(), spans=(), why="nothing of danger or urgency is said")


def _sensed(sensed: Sense, view: View, language: Language) -> Alarm:
    """What the examples say where no concept was found."""
    kind, level = kind_of(sensed, language)
    return Alarm(
        alarm=True,
        level=level,
        kinds=(kind,),
        spans=(view.span(sensed.stretch.start, sensed.stretch.end),),
        why=f"{kind}: it sounds like what people in this say",
        fingerprints=(f"{level}:{kind}{_SENSED}",),
    )


_CONTEXTS: Final = ("idiom", "traffic", "distant", "past", "fiction", "unreal", "denied", "now")
_Contexts = dict[str, list[Hit]]


def _weighed(hit: Hit, view: View, contexts: _Contexts, known: Knowledge) -> Iterable[_Finding]:
    """The finding that `hit` stands for in its context; nothing, if it is not meant."""
    concept = known.concepts[hit.pattern.owner]
    if (not concept.sure and _covered(hit, contexts["idiom"])) or _denied(hit, view, contexts["denied"], known):
        return
    now = bool(_near(hit, view, contexts["now"], _NEAR_NOW))
    if _near(hit, view, contexts["fiction"], _NEAR_STORY) and not (now and concept.level == "danger_now"):
        return
    if any(mark.end <= hit.start + 1 for mark in _near(hit, view, contexts["unreal"], 6)):
        return
    if concept.traffic and _near(hit, view, contexts["traffic"], _NEAR_TRAFFIC):
        return
    if concept.past and _near(hit, view, contexts["past"], 6):
        return
    long_ago = [m for m in contexts["distant"] if m.end <= hit.start or m.start >= hit.end or m.start in hit.loose]
    if _near(hit, view, long_ago, _NEAR_TIME) and not now:
        distant = _long_ago(concept, known)
        if distant is not None:
            yield _Finding(distant, hit.start, hit.end)
        return
    if concept.now and now:
        concept = known.concepts[concept.now]
    yield _Finding(concept, hit.start, hit.end)


def _long_ago(concept: Concept, known: Knowledge) -> Concept | None:
    if concept.distant == "drop":
        return None
    if concept.distant == "urgent":
        return replace(concept, level="urgent")
    if concept.distant == "history":
        return known.concepts[concept.history]
    return concept


def _covered(hit: Hit, idioms: list[Hit]) -> bool:
    """An idiom takes the words of the finding, or most of them."""
    return any(mark.start < hit.end and hit.start < mark.end for mark in idioms)


def _near(hit: Hit, view: View, marks: list[Hit], words: int) -> list[Hit]:
    """The marks within so many words of the finding and in its sentence."""
    return [
        mark
        for mark in marks
        if mark.end > hit.start - words
        and mark.start < hit.end + words
        and not _parted(view, min(mark.end, hit.end), max(mark.start, hit.start))
    ]


def _parted(view: View, start: int, end: int) -> bool:
    return any(word in (STOP, ASK) for word in view.words[start:end])


def _denied(hit: Hit, view: View, frames: list[Hit], known: Knowledge) -> bool:
    """Whether the finding is said not to be so. A pattern that itself denies ("not feed") is not denied by that."""
    small = known.small
    before = range(max(hit.start - _reach(view.words[hit.start], known), 0), hit.start)
    for number in (*before, *hit.loose):
        if view.words[number] not in small["denying"] or view.words[number + 1] in small["other"]:
            continue
        if number >= hit.start or not _parted(view, number, hit.start):
            return True
    return any(_denies(mark, hit, view) for mark in frames)


def _reach(first: str, known: Knowledge) -> int:
    """How many words before a finding may deny it: none where it begins with its own subject."""
    if first in known.small["subjects"]:
        return 0
    return 1 if first in known.small["clitics"] else _NEAR_NOT


def _denies(mark: Hit, hit: Hit, view: View) -> bool:
    """Whether the frame stands shortly before the finding, or in a gap of it."""
    if mark.start >= hit.start:
        return mark.start in hit.loose
    return hit.start - mark.end <= _NEAR_DENIAL and mark.start < hit.start and not _parted(view, mark.start, hit.start)


def _alarm(findings: list[_Finding], view: View) -> Alarm:
    level: Level = "danger_now" if any(f.concept.level == "danger_now" for f in findings) else "urgent"
    facts = {f"{f.concept.level}:{f.concept.kind}:{f.concept.name}": f.concept for f in findings}
    kinds = {f.concept.kind for f in findings}
    return Alarm(
        alarm=True,
        level=level,
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        spans=tuple(sorted({view.span(f.start, f.end) for f in findings})),
        why="; ".join(dict.fromkeys(f"{concept.kind}: {concept.says}" for concept in facts.values())),
        fingerprints=tuple(sorted(facts)),
    )


def not_yet_seen(alarm: Alarm, seen: Iterable[str]) -> Alarm:
    """`alarm` without the facts whose fingerprints are in `seen`: the same fact does not trigger twice."""
    fresh = tuple(f for f in alarm.fingerprints if f not in set(seen))
    if len(fresh) == len(alarm.fingerprints):
        return alarm
    if not fresh:
        return Alarm(alarm=False, level="none", kinds=(), spans=(), why="said before and acted on")
    kinds = {f.split(":")[1] for f in fresh}
    level: Level = "danger_now" if any(f.startswith("danger_now:") for f in fresh) else "urgent"
    return replace(alarm, level=level, kinds=tuple(k for k in KINDS if k in kinds), fingerprints=fresh)
