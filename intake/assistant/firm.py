"""The current firm's language model, as this process knows it: looked up every few seconds, not on every turn."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings

from intake.assistant.chat import Server, listed_of
from intake.models import AssistantSettings
from tenants.context import current_firm
from tenants.errors import CannotDecrypt

if TYPE_CHECKING:
    from uuid import UUID

logger = logging.getLogger(__name__)

#: For so long a process may go on with what it knew before a change.
KEEP_SECONDS: Final = 10.0
_FIRMS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Model:
    """One model by its name, and what its vote weighs."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class FirmModel:
    """What a firm has set. `models`: the first one phrases and proposes; all of them vote."""

    firm: UUID
    server: Server
    models: tuple[Model, ...]
    total_seconds: float
    phrases: bool
    proposes: bool
    votes: bool
    is_on: bool = True


_known: dict[UUID, tuple[float, FirmModel | None]] = {}


def firm_model() -> FirmModel | None:
    """The current firm's model; None where it uses none. No query while what is known is fresh."""
    firm = current_firm().id
    now = time.monotonic()
    found = _known.get(firm)
    if found is None or found[0] <= now:
        if len(_known) >= _FIRMS:
            _known.clear()
        row = AssistantSettings.objects.filter(enabled=True).first()
        found = _known[firm] = (now + KEEP_SECONDS, model_of(row) if row is not None else None)
    return found[1]


def model_of(row: AssistantSettings) -> FirmModel | None:
    """What a row says, on or off; None when it cannot be used."""
    models = tuple(Model(str(name), float(weight)) for name, weight in row.weights)
    if not row.base_url or not models:
        return None
    try:
        key = row.key or ""
    except CannotDecrypt as error:
        logger.warning("assistant_key_unreadable", extra={"error": type(error).__name__})
        return None
    return FirmModel(
        firm=current_firm().id,
        server=Server(row.base_url, key, listed_of(settings.ASSISTANT_PRIVATE_HOSTS), newer_models()),
        models=models,
        total_seconds=row.timeout_ms / 1000,
        phrases=row.phrases,
        proposes=row.proposes,
        votes=row.votes,
        is_on=row.enabled,
    )


def newer_models() -> tuple[str, ...]:
    """Beginnings of the names of models that want `max_completion_tokens`."""
    return tuple(name for one in settings.ASSISTANT_COMPLETION_TOKENS if (name := one.strip().casefold()))


def forget() -> None:
    """What was known, of every firm: after a change."""
    _known.clear()
