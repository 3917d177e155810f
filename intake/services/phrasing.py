"""What a language model adds to a client's turn, asked for before the turn's transaction begins.

The engine is pure, so it is run once on what is stored now, without a lock, to see what would be said. A model is
asked about that, and nothing is held while it answers. Then the turn is taken under the lock as always; the model's
part counts only if no event came in between. Whatever goes wrong, the answer is "nothing", and the guided words go out.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import redis
from django.db import connection
from django.utils import timezone

from intake import interviews
from intake.assistant import asking, prompting, reading
from intake.assistant.firm import firm_model
from intake.errors import IntakeError
from intake.interview.assistant import GUIDED, Assistant
from intake.interview.engine import advance
from intake.interview.events import NotNow, Said
from intake.interview.guided import frame
from intake.interview.guided.saying import question_text
from intake.interview.guided.telling import TELLS
from intake.interview.rephrasing import Worded, judged, to_rephrase
from intake.interview.stages import AFTER_GATE, OPEN_STAGES
from intake.language.tokens import words_of
from intake.models import Intake, ModelUse, Turn
from intake.text import clean_turn
from tenants.cache import redis_key
from tenants.redis import cache_redis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from intake.assistant.chat import Reply
    from intake.assistant.firm import FirmModel
    from intake.classify import Vote
    from intake.interview.events import Decision
    from intake.interview.guided.talk import Talk

logger = logging.getLogger(__name__)

#: The consent without which no model gets anything of a conversation.
CONSENT: Final = "ai_processing"
#: Two turns of one client keep their order although the first one waits: the second waits for it this long.
_ORDER_SECONDS: Final = 6.0
_LOOK_SECONDS: Final = 0.03
_PROMPTS: Final[dict[ModelUse.Task, prompting.Task]] = {
    ModelUse.Task.PHRASE: "phrase", ModelUse.Task.FACTS: "facts", ModelUse.Task.AREAS: "areas",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a model said for the turn after event `event`. `for_reply`, `for_said`: what to note beside which turn."""

    event: int = -1
    assistant: Assistant = GUIDED
    votes: tuple[Vote, ...] = ()
    for_reply: tuple[dict[str, Any], ...] = ()
    for_said: tuple[dict[str, Any], ...] = ()

    def at(self, event: int) -> Prepared:
        """This, if the conversation is still where it was; else nothing."""
        return self if event == self.event else NOTHING


NOTHING: Final = Prepared()


@contextmanager
def prepared(*, intake_id: UUID, text: str, client_ref: UUID, about: str | None) -> Iterator[Prepared]:
    """What a model adds to this typed turn; nothing for a firm that uses none. Take the turn inside the block."""
    model = firm_model()
    if model is None or not (model.phrases or model.votes):
        yield NOTHING
        return
    with _in_order(intake_id):
        yield _prepare(model, intake_id, text, client_ref, about)


@contextmanager
def _in_order(intake_id: UUID) -> Iterator[None]:
    """One turn of a conversation at a time, as far as models are concerned. A Redis that is away orders nothing."""
    _let_go_of_the_database()
    lock = cache_redis().lock(
        redis_key("assistant", intake_id), timeout=_ORDER_SECONDS, sleep=_LOOK_SECONDS, blocking_timeout=_ORDER_SECONDS
    )
    try:
        is_first = lock.acquire()
    except redis.RedisError as error:
        logger.warning("assistant_order_unknown", extra={"error": type(error).__name__})
        is_first = False
    try:
        yield
    finally:
        if is_first:
            try:
                lock.release()
            except redis.RedisError as error:  # away, or it took longer than the lock lives
                logger.warning("assistant_order_kept", extra={"error": type(error).__name__})


def _prepare(model: FirmModel, intake_id: UUID, text: str, client_ref: UUID, about: str | None) -> Prepared:
    intake = Intake.objects.filter(pk=intake_id).first()
    before = interviews.talk_of(intake) if intake is not None else None
    if intake is None or before is None or CONSENT not in before.consents or before.stage not in OPEN_STAGES:
        return NOTHING
    if Turn.objects.filter(intake=intake, client_ref=client_ref).exists():
        return NOTHING
    try:
        event = Said(
            turn=intake.last_turn + 1, text=clean_turn(text), about=about, at=timezone.now(),
            locale=intake.locale, zone=intake.zone, playbook=intake.playbook,
        )  # fmt: skip
        after, decision = advance(interviews.guided_named(intake.playbook), before, event)
    except (NotNow, IntakeError):
        return NOTHING  # the turn itself will say so
    if decision.alerts or decision.check_conflict or decision.locale:
        return NOTHING
    _let_go_of_the_database()
    if _may_vote(model, before, after, event):
        return _votes(model, intake, event)
    return _words(model, intake, after, decision, event)


def _let_go_of_the_database() -> None:
    """A model is not waited for with a connection in hand."""
    if not connection.in_atomic_block:
        connection.close()


# -- words


def _words(model: FirmModel, intake: Intake, after: Talk, decision: Decision, event: Said) -> Prepared:
    # Before the firm knows that it is free to listen, no word of the client's leaves the house; and thanks for a name
    # are not worth waiting for.
    is_free = after.gate_passed and after.stage in AFTER_GATE and decision.open_area is None
    asked = to_rephrase(decision.say) if model.phrases and is_free else None
    if asked is None:
        return NOTHING
    playbook = interviews.guided_named(intake.playbook)
    question = question_text(after, playbook, after.asking, intake.locale) if after.asking else ""
    messages = prompting.to_phrase(asked, locale=intake.locale, question=question, heard=event.text)
    found = asking.ask(
        model, "phrase", messages, patience=asking.at_once(model),
        judge=lambda _name, reply: judged(reply.text, asked, intake.locale, event.text).reason,
    )  # fmt: skip
    if not found:
        return NOTHING
    name, reply = next(iter(found.items()))
    return Prepared(
        intake.last_event,
        Worded(asked, judged(reply.text, asked, intake.locale, event.text).text, event.text),
        for_reply=(use(ModelUse.Task.PHRASE, name, reply, [asked.key]),),
    )


# -- votes


def _may_vote(model: FirmModel, before: Talk, after: Talk, event: Said) -> bool:
    """A subject in a few words, which is what was asked for. More is the beginning of the story, and stays sealed."""
    return (
        model.votes
        and before.asking == frame.TOPIC
        and event.about is None
        and after.asking == frame.AREA
        and len(words_of(event.text)) < TELLS
    )


def _votes(model: FirmModel, intake: Intake, event: Said) -> Prepared:
    weights = {one.name: one.weight for one in model.models}
    cast: dict[str, Vote] = {}

    def judge(name: str, reply: Reply) -> str:
        vote = reading.vote_of(reply.text, model=name, weight=weights[name])
        if vote is None:
            return "unfit"
        cast[name] = vote
        return ""

    found = asking.ask(
        model, "areas", prompting.to_sort(event.text), patience=asking.at_once(model), judge=judge, everybody=True
    )
    votes = tuple(cast[name] for name in found)
    if not votes:
        return NOTHING
    uses = tuple(use(ModelUse.Task.AREAS, name, reply, list(cast[name].codes)) for name, reply in found.items())
    return Prepared(intake.last_event, votes=votes, for_said=uses)


def use(task: ModelUse.Task, name: str, reply: Reply, keys: list[str]) -> dict[str, Any]:
    """The fields of the row that says what a model did; its turn is not known yet."""
    prompt = prompting.prompt(_PROMPTS[task])
    return {
        "task": task, "model": name, "prompt": prompt.id, "keys": keys,
        "first_ms": reply.first_ms, "total_ms": reply.total_ms,
    }  # fmt: skip
