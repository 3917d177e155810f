"""What the voice keeps of an utterance, emptied: words, states and the master. The rows stay, with their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from audio.models import Recording, Utterance
from intake.emptying import register_emptier
from tenants.context import current_firm, firm_scope
from tenants.storage import FirmStorage

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.context import FirmRef


def register() -> None:
    """Called once, when the app is ready."""
    register_emptier("recordings", empty)


def empty(utterances: frozenset[UUID]) -> int:
    """Empty the words of these utterances, and delete their masters once the transaction commits."""
    found = Utterance.objects.filter(id__in=utterances)
    count = found.update(text_ct=b"", words_ct=b"", start_state_ct=b"")
    masters = Recording.objects.filter(utterance__in=utterances)
    names = list(masters.values_list("name", flat=True))
    masters.delete()
    ref = current_firm()
    transaction.on_commit(lambda: _delete(ref, names))
    return count


def _delete(ref: FirmRef, names: list[str]) -> None:
    with firm_scope(ref):
        for name in names:
            FirmStorage().delete(name)
