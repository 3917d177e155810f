"""The firm's language model: set by an administrator, tried on a sentence of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import connection, transaction

from intake import audit
from intake.assistant import asking, firm, prompting
from intake.assistant.addresses import BadAddress, base_of
from intake.assistant.chat import Failed, listed_of
from intake.errors import AssistantUnusable
from intake.guard import judge
from intake.interview.events import Saying
from intake.interview.rephrasing import judged
from intake.interview.wordings import texts
from intake.models import AssistantSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tenants.accounts.models import User

#: Within what a whole answer has to come: a client waits for it, and the order of turns is kept for six seconds.
SHORTEST_MS: Final = 1_200
LONGEST_MS: Final = 5_000
MOST_MODELS: Final = 5
_MOST_KEY: Final = 400
_MOST_NAME: Final = 100
_MOST_WEIGHT: Final = 100.0
#: What a model is tried on: nobody's words.
CANNED: Final = {
    "en": "The heat in my flat has been off since last week and nobody comes to look at it.",
    "es": "La calefacción de mi apartamento no funciona desde la semana pasada y nadie viene a verla.",
}
REASONS: Final = {
    "": "It may be said.",
    "empty": "It said nothing.",
    "refused": "It refused.",
    "unfit": "It is more, or other, than words of thanks: the guided words would go out.",
    "guarded": "The guard stops it: the guided words would go out.",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an administrator wants. `key`: None keeps the one there is, "" takes it away."""

    enabled: bool
    base_url: str
    weights: Sequence[tuple[str, float]]
    key: str | None
    timeout_ms: int
    no_train_note: str
    phrases: bool
    proposes: bool
    votes: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a try. `verdict`: whether its words may be said, and why not."""

    model: str
    prompt: str
    line: str
    outcome: str
    text: str = ""
    first_ms: int = 0
    total_ms: int = 0
    verdict: str = ""
    rules: str = ""


def current() -> AssistantSettings:
    """The firm's row, or one that is not saved and off."""
    return AssistantSettings.objects.first() or AssistantSettings()


@transaction.atomic
def save_settings(*, wanted: Wanted, user: User) -> AssistantSettings:
    """Set the firm's model. A key goes nowhere but where it was meant for: with another address it has to be given
    anew. Raises AssistantUnusable."""
    row = AssistantSettings.objects.select_for_update().first() or AssistantSettings()
    _check(wanted)
    before = _plain(row)
    key = wanted.key
    if key is None and _origin(row.base_url) != _origin(wanted.base_url):
        key = ""
    row.enabled, row.base_url, row.no_train_note = wanted.enabled, wanted.base_url.strip(), wanted.no_train_note.strip()
    row.weights = [[name, weight] for name, weight in wanted.weights]
    row.timeout_ms = wanted.timeout_ms
    row.phrases, row.proposes, row.votes = wanted.phrases, wanted.proposes, wanted.votes
    had_key = bool(row.key_ct)
    if key is not None:
        row.key = key.strip() or None
    row.save()
    after = _plain(row)
    changed = [name for name, value in after.items() if before[name] != value]
    changed += ["key"] if key or had_key != bool(row.key_ct) else []
    audit.record(
        action="assistant.changed", chain=None, target_type="assistant", target_id=row.id,
        actor=audit.staff(user.pk),
        data={"changed": sorted(changed), "enabled": row.enabled, "models": [name for name, _weight in row.weights]},
    )  # fmt: skip
    transaction.on_commit(_forget)
    return row


def _forget() -> None:
    firm.forget()
    asking.forget()


def _check(wanted: Wanted) -> None:
    names = [name for name, _weight in wanted.weights]
    listed = listed_of(settings.ASSISTANT_PRIVATE_HOSTS)
    if wanted.base_url.strip() or wanted.enabled:
        try:
            base = base_of(wanted.base_url, listed)
        except BadAddress as bad:
            raise AssistantUnusable(str(bad)) from None
        if wanted.enabled and base.is_listed_as not in listed and not wanted.no_train_note.strip():
            raise AssistantUnusable("Write down where the provider says that it does not train on what it is sent.")
    if wanted.enabled and not names:
        raise AssistantUnusable("Name at least one model.")
    if len(names) > MOST_MODELS or len(set(names)) < len(names):
        raise AssistantUnusable(f"Name at most {MOST_MODELS} models, each once.")
    if any(not name or len(name) > _MOST_NAME or not 0 < weight <= _MOST_WEIGHT for name, weight in wanted.weights):
        raise AssistantUnusable("A model has a name and a weight above 0 and up to 100, such as: small-model 1")
    if not SHORTEST_MS <= wanted.timeout_ms <= LONGEST_MS:
        raise AssistantUnusable(f"An answer may take {SHORTEST_MS} to {LONGEST_MS} ms: a client waits for it.")
    if wanted.key and (len(wanted.key) > _MOST_KEY or not wanted.key.isascii() or not wanted.key.isprintable()):
        raise AssistantUnusable("This is no key: it has letters, digits and signs in one line.")


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        base = base_of(url, listed_of(settings.ASSISTANT_PRIVATE_HOSTS))
    except BadAddress:
        return None
    return base.scheme, base.host, base.port


def _plain(row: AssistantSettings) -> Mapping[str, Any]:
    names = ("enabled", "base_url", "weights", "timeout_ms", "no_train_note", "phrases", "proposes", "votes")
    return {name: getattr(row, name) for name in names}


def try_out(*, user: User, locale: str = "en") -> Trial:
    """Ask the model that is set, on or off, for other words for a line of ours. Recorded. Raises AssistantUnusable."""
    row = AssistantSettings.objects.first()
    model = firm.model_of(row) if row is not None else None
    if row is None or model is None:
        raise AssistantUnusable("Save an address and a model first.")
    asked = Saying("story_more.0", texts("story_more", locale)[0])
    messages = prompting.to_phrase(asked, locale=locale, question="", heard=CANNED[locale])
    trial = Trial(model.models[0].name, prompting.prompt("phrase").id, asked.text, "ok")
    if not connection.in_atomic_block:
        connection.close()
    try:
        reply = asking.try_out(model, "phrase", messages)
    except Failed as failed:
        status = f" (status {failed.status})" if failed.status else ""
        trial = Trial(trial.model, trial.prompt, trial.line, failed.kind, verdict=f"{failed.why}{status}")
    else:
        found = judged(reply.text, asked, locale, CANNED[locale])
        verdict = judge(reply.text[:1_000], language="es" if locale == "es" else "en")
        trial = Trial(
            trial.model, trial.prompt, trial.line, found.reason or "ok", reply.text[:1_000], reply.first_ms,
            reply.total_ms, REASONS[found.reason], "" if verdict.allow else verdict.why,
        )  # fmt: skip
    with transaction.atomic():
        audit.record(
            action="assistant.tried", chain=None, target_type="assistant", target_id=row.id,
            actor=audit.staff(user.pk),
            data={"model": trial.model, "outcome": trial.outcome, "first_ms": trial.first_ms, "ms": trial.total_ms},
        )  # fmt: skip
    return trial
