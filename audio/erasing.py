"""What the voice deletes when its client takes a consent back (intake.erasers)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Q

from audio import journal
from audio.models import Recording, Utterance, VoiceSession
from intake.erasers import Eraser, register_eraser
from tenants.storage import FirmStorage

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

BATCH: Final = 50


def register_erasers() -> None:
    """Called once, when the app is ready."""
    register_eraser(Eraser("recordings", frozenset({"keep_audio"}), erase_recordings))
    journals = frozenset({"service", "transcription"})
    register_eraser(Eraser("voice_journal", journals, drop_journals, may_be_held=False))


def erase_recordings(intake_id: UUID, until: datetime | None) -> int:
    """Delete masters, each file before its row; then files of commits that were cut off, and what was learned of
    the voice. How many recordings and files went; call again until none do."""
    storage = FirmStorage()
    sessions = VoiceSession.objects.filter(intake_id=intake_id)
    stored = Recording.objects.filter(utterance__session__in=sessions)
    rows = list((stored.filter(created_at__lt=until) if until else stored).order_by("id")[:BATCH])
    for row in rows:
        storage.delete(row.name)
    Recording.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if rows:
        return len(rows)
    spoken = Utterance.objects.filter(session__in=sessions)
    spoken = spoken.filter(at__lt=until) if until else spoken
    spoken.exclude(start_state_ct=b"").update(start_state_ct=b"")
    return 0 if until else _delete_unnamed(sessions.values_list("id", flat=True), storage)


def _delete_unnamed(session_ids: object, storage: FirmStorage) -> int:
    """Files that a commit wrote and did not live to name."""
    folders = tuple(f"recordings/{session_id}/" for session_id in session_ids)  # type: ignore[attr-defined]
    if not folders:
        return 0
    found = [name for name in storage.names() if name.startswith(folders)]
    for name in found:
        storage.delete(name)
    return len(found)


def drop_journals(intake_id: UUID, until: datetime | None) -> int:
    """Forget what was said and not committed, and what the recogniser learned of the voice. How many journals went.

    Raises DatabaseError where a commit has a session at this moment: it is asked again soon.
    """
    began = Q(created_at__lt=until) if until else Q()
    # A commit locks its session before the intake, which we hold: waiting for it here would be for ever.
    sessions = VoiceSession.objects.select_for_update(nowait=True, no_key=True).filter(began, intake_id=intake_id)
    gone = 0
    for session in sessions:
        gone += journal.withdraw_session(session.id)
        if session.state_ct:
            VoiceSession.objects.filter(pk=session.pk).update(state_ct=b"")
    return gone
