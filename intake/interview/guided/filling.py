"""What the story, or one answer, says about questions that are still to come.

Only what is certain enough fills a question: of its type, tied to it by a word that no other question of
that type has, and said once. The rest is asked. The client sees and can change all of it at the review.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from intake.interview.guided import standing
from intake.interview.guided.reading import UNDERSTOOD, everything, read
from intake.interview.wordings import word_list
from intake.language.tokens import fold, tokenise, words_of
from intake.playbooks.evaluating import holds
from intake.playbooks.model import Test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intake.interview.events import Event
    from intake.interview.guided.talk import Talk
    from intake.playbooks.model import Playbook, Question
    from intake.understanding import Fact

#: Which facts may answer which type of question.
_FITS: Final = {
    "date": ("date",), "date_interval": ("date", "date_interval"), "money": ("money",), "count": ("count",),
    "phone": ("phone",), "email": ("email",), "state": ("state",), "address": ("address",),
}  # fmt: skip
#: Types that hardly ever mean anything but the client's own, when "my" or "me" stands near.
_OWN: Final = frozenset({"phone", "email"})
#: A turn of so many words is hardly anything but the number or address in it.
_HARDLY_MORE: Final = 9
_PIECE: Final = re.compile(r"[^.!?;\n]+")
_LONGEST_PIECE: Final = 160
#: Characters before and after a fact whose words tell what it is about.
_BEFORE: Final = 80
_AFTER: Final = 60
_CLAUSE: Final = re.compile(r"[,;]|\b(?:and|but|then|y|pero|luego|e)\b", re.IGNORECASE)
_KIND: Final = {"date_interval": "date"}
#: Characters that are searched for further facts; a longer text is read, and its answers are asked for.
_SEARCHED: Final = 6_000


@dataclass(frozen=True, slots=True)
class Filled:
    """An answer that was read out of other words: where it stands in the turn's text."""

    question: Question
    value: Any
    start: int
    end: int


def fill(playbook: Playbook, talk: Talk, text: str, event: Event, *, before_gate: bool) -> tuple[Filled, ...]:
    """Answers in `text` to questions that have none yet. Before the gate only to those that tell no story."""
    return tuple(
        one
        for one in told(playbook, talk, text, event)
        if one.question.key not in talk.known and (one.question.before_gate or not before_gate)
    )


def told(playbook: Playbook, talk: Talk, text: str, event: Event) -> tuple[Filled, ...]:
    """Every answer in `text` to a question that may be asked, whether it has one already or not."""
    wanted = tuple(_possible(playbook, talk))
    types = {question.type for question in wanted}
    found: list[Filled] = []
    pieces = list(_pieces(text[: min(UNDERSTOOD, _SEARCHED)]))
    for start, piece in pieces:
        facts = everything(piece, event).facts if types & _FITS.keys() else ()
        found += _typed(playbook, wanted, piece, start, facts, event)
    found += _chosen(wanted, pieces)
    found += _standing(wanted, talk, text[: min(UNDERSTOOD, _SEARCHED)])
    return tuple(_certain(playbook, talk, found))


def _standing(wanted: tuple[Question, ...], talk: Talk, text: str) -> Iterator[Filled]:
    """What somebody says for sure of their age or of being held, and why they ask although they have a lawyer."""
    by_key = {question.key: question for question in wanted}
    said = [*standing.volunteered(text)] if by_key.keys() & standing.KEYS else []
    if talk.asking == standing.HAS_LAWYER and (reason := standing.reason_beside(text)) is not None:
        said.append(reason)
    for one in said:
        question = by_key.get(one.key)
        if question is not None and (not question.choices or one.value in {each.code for each in question.choices}):
            yield Filled(question, one.value, one.start, one.end)


def _possible(playbook: Playbook, talk: Talk) -> Iterator[Question]:
    for question in playbook.questions:
        if question.party is None and (question.ask_if is None or holds(question.ask_if, talk.answers) is not False):
            yield question


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Sentences, and parts of long ones: speech comes without full stops."""
    for found in _PIECE.finditer(text):
        start, end = found.span()
        while end - start > _LONGEST_PIECE:
            cut = text.rfind(" ", start + _LONGEST_PIECE // 2, start + _LONGEST_PIECE)
            cut = cut if cut > start else start + _LONGEST_PIECE
            yield start, text[start:cut]
            start = cut
        if text[start:end].strip():
            yield start, text[start:end]


def _typed(
    playbook: Playbook, wanted: tuple[Question, ...], piece: str, offset: int, facts: Iterable[Fact], event: Event
) -> Iterator[Filled]:
    words = words_of(piece)
    usable = [fact for fact in facts if fact.value is not None and fact.state == "stated"]
    for fact in usable:
        fitting = [question for question in wanted if fact.key in _FITS.get(question.type, ())]
        left, right = _around_fact(piece, fact, usable)
        best = _best(playbook, fitting, piece[left:right], words, fact)
        if best is not None:
            value = fact.value
            if best.type in {"date", "date_interval"}:
                # A court day lies ahead, a first day behind: the question says which.
                again = read(piece[left:right], best, event, context=context_of(playbook, best)).fact
                value = again.value if again is not None and again.value is not None else value
            if best.type == "date_interval" and "/" not in str(value):
                value = f"{value}/{value}"
            yield Filled(
                best, tuple(value) if isinstance(value, list) else value, offset + fact.start, offset + fact.end
            )


def _around_fact(piece: str, fact: Fact, facts: Iterable[Fact]) -> tuple[int, int]:
    """The part of a sentence that speaks of this fact: what leads to a date stands before it, back to another of its
    kind; after it, where another follows, up to the end of its clause."""
    alike = [one for one in facts if one is not fact and _KIND.get(one.key, one.key) == _KIND.get(fact.key, fact.key)]
    left = max((one.end for one in alike if one.end <= fact.start), default=0)
    right = min((one.start for one in alike if one.start >= fact.end), default=len(piece))
    if right < len(piece):
        clause = _CLAUSE.search(piece, fact.end, right)
        right = clause.start() if clause else right
    return max(left, fact.start - _BEFORE), min(right, fact.end + _AFTER)


def _best(playbook: Playbook, fitting: list[Question], around: str, words: list[str], fact: Fact) -> Question | None:
    if not fitting:
        return None
    if fact.key in _OWN:
        is_own = not word_list("mine").isdisjoint(words) or len(words) <= _HARDLY_MORE
        return fitting[0] if len(fitting) == 1 and is_own else None
    if fact.key in {"state", "address"}:
        return fitting[0] if len(fitting) == 1 else None
    near = set(words_of(around))
    own = {question.key: _telling(question) for question in fitting}
    wider = {question.key: _around(playbook, question) for question in fitting}
    scored = sorted(((_tie(one.key, own, wider, near), one.key, one) for one in fitting), reverse=True)
    score = scored[0][0]
    return scored[0][2] if score >= 1 and (len(scored) == 1 or scored[1][0] < score) else None


_Words = dict[str, frozenset[str]]


def _tie(key: str, own: _Words, around: _Words, near: set[str]) -> int:
    """How much the words near a fact speak of this question and of no other of its type: its own count twice."""
    others = {word for other, words in own.items() if other != key for word in words}
    wider = others | {word for other, words in around.items() if other != key for word in words}
    stems = {_stem(word) for word in near}
    return 2 * len((own[key] - others) & stems) + len((around[key] - wider) & stems)


@lru_cache(1024)
def _telling_words(key: str, wordings: tuple[str, ...]) -> frozenset[str]:
    words = {fold(part) for part in key.split("_")}
    for wording in wordings:
        words |= set(words_of(wording))
    return frozenset(_stem(word) for word in words if word not in word_list("small") and len(word) > 2)


def _telling(question: Question) -> frozenset[str]:
    return _telling_words(question.key, tuple(question.wording.values()))


def _around(playbook: Playbook, question: Question) -> frozenset[str]:
    """The words of the question whose answer calls for this one ("Is any rent unpaid?" - "How much?")."""
    caller = _called_by_yes(playbook, question.key)
    return _telling(caller) if caller else frozenset()


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _chosen(wanted: tuple[Question, ...], pieces: list[tuple[int, str]]) -> Iterator[Filled]:
    """A choice whose own words stand in the text, when no other choice's do."""
    said = [(token, start) for start, piece in pieces for token in tokenise(piece)]
    norms = [token.norm for token, _start in said]
    joined = f" {' '.join(norms)} "
    for question in wanted:
        if question.type != "choice":
            continue
        hits: dict[str, str] = {}
        for choice in question.choices:
            phrases = [phrase for each in choice.synonyms.values() for phrase in each] + list(choice.labels.values())
            for phrase in phrases:
                folded = _folded(phrase)
                if len(folded) >= 4 and f" {folded} " in joined and folded not in word_list("small"):
                    hits.setdefault(choice.code, folded)
        if len(hits) == 1 and "other" not in hits:
            code, phrase = next(iter(hits.items()))
            first = joined[: joined.index(f" {phrase} ")].count(" ")
            last = first + phrase.count(" ")
            if last < len(said):
                (one, start), (end, end_start) = said[first], said[last]
                yield Filled(question, code, start + one.start, end_start + end.end)


@lru_cache(8192)
def _folded(phrase: str) -> str:
    return " ".join(words_of(phrase))


def _certain(playbook: Playbook, talk: Talk, found: list[Filled]) -> Iterator[Filled]:
    """What was said once; and the yes on which such an answer depends."""
    by_key: dict[str, list[Filled]] = {}
    for one in found:
        by_key.setdefault(one.question.key, []).append(one)
    for key, several in by_key.items():
        if len({str(one.value) for one in several}) > 1:
            continue
        yield several[0]
        gate = _called_by_yes(playbook, key)
        if gate is not None and gate.key not in talk.known and gate.key not in by_key:
            yield Filled(gate, "yes", several[0].start, several[0].end)


def context_of(playbook: Playbook, question: Question) -> str:
    """The words before a follow-up: "What day is it?" alone does not say that it is a day in court."""
    caller = _called_by_yes(playbook, question.key)
    return " ".join(caller.wording.values()) if caller else ""


def _called_by_yes(playbook: Playbook, key: str) -> Question | None:
    for question in playbook.questions:
        for follow_up in question.follow_ups:
            test: Test = follow_up.test
            if key in follow_up.ask and question.type == "yes_no" and test.operator == "is" and test.value == "yes":
                return question
    return None
