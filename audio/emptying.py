"""What the voice keeps of an utterance, emptied: words, states and the master. The rows stay, with their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

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


def empty(intake_id: UUID, utterances: frozenset[UUID]) -> int:
    """Empty the words of these utterances and of those that became no turn (its stage took none, or nobody could make
    words of it: it may be the story too), and delete their masters once the transaction commits."""
    gone = Q(id__in=utterances) | Q(session__intake_id=intake_id, turn_number__isnull=True)
    found = Utterance.objects.filter(gone)
    count = found.update(text_ct=b"", words_ct=b"", start_state_ct=b"")
    masters = Recording.objects.filter(utterance__in=Utterance.objects.filter(gone))
    names = list(masters.values_list("name", flat=True))
    masters.delete()
    ref = current_firm()
    transaction.on_commit(lambda: _delete(ref, names))
    return count


def _delete(ref: FirmRef, names: list[str]) -> None:
    with firm_scope(ref):
        for name in names:
            FirmStorage().delete(name)
