"""Staff hear what was said: the audio of one utterance, and the player on an intake's page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from audio.errors import RecordingError
from audio.frames import SAMPLE_RATE
from audio.models import Recording
from audio.recordings import read_range, recordings_of
from intake import audit, roles
from intake.admin.panels import Panel, register_panel
from intake.sealing import keeps_sealed, sealed_utterances
from tenants.errors import CannotDecrypt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from intake.models import Intake

_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int


def asked_span(header: str, size: int) -> Span | None:
    """What a Range header asks of `size` bytes (RFC 9110, 14.2).

    None: the whole, as for no header, several ranges, or one that cannot be read. A span whose
    `first` is beyond the end cannot be satisfied.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:
        return Span(max(0, size - int(last)) if int(last) else size, size - 1)
    if last and int(last) < int(first):
        return None
    return Span(int(first), min(int(last), size - 1) if last else size - 1)


@require_safe
def stream_recording(request: HttpRequest, utterance_id: UUID) -> HttpResponse:
    """The FLAC of one utterance, whole (200) or a range of it (206, 416). Staff only, audited.

    An utterance is at most 30 s, under 1 MB, so the answer is built at once, inside the firm's
    scope and its transaction; only the chunks that the range touches are decrypted. What is sealed is
    answered as what is not there.
    """
    if not roles.is_staff(request.user):
        raise PermissionDenied
    known = Recording.objects.select_related("utterance__session__intake")
    recording = known.filter(utterance=utterance_id).first()
    if recording is None or not _open_to_staff(recording.utterance.session.intake, [recording]):
        raise Http404
    tag = f'"{bytes(recording.sha256).hex()}"'
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", tag) != tag:
        wanted = ""
    span = asked_span(wanted, recording.size)
    if span is not None and span.first >= recording.size:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{recording.size}"
        return response
    response = _audio(request, recording, span or Span(0, recording.size - 1))
    if span is not None and response.status_code == 200:
        response.status_code = 206
        response["Content-Range"] = f"bytes {span.first}-{span.last}/{recording.size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    # It is a client's voice: no cache between us and this page, nor the browser's disk, keeps it.
    response["Cache-Control"] = "private, no-store"
    return response


def _audio(request: HttpRequest, recording: Recording, span: Span) -> HttpResponse:
    if request.method == "HEAD":
        response = HttpResponse(content_type="audio/flac")
        response["Content-Length"] = str(span.last + 1 - span.first)
        return response
    try:
        with transaction.atomic():
            # First the event, then the bytes: nobody hears what was not written down.
            note_heard(recording=recording, user=request.user, span=span)
            content = read_range(recording, span.first, span.last)
    except (RecordingError, CannotDecrypt):
        return HttpResponse("This recording cannot be read.", status=500, content_type="text/plain")
    return HttpResponse(content, content_type="audio/flac")


def note_heard(*, recording: Recording, user: object, span: Span) -> None:
    """Write down that a member of staff was given these bytes of a recording."""
    audit.record(
        action="recording.heard",
        chain=recording.utterance.session.intake_id,
        target_type="recording",
        target_id=recording.pk,
        actor=audit.staff(user.pk),  # type: ignore[attr-defined]
        data={"utterance": str(recording.utterance_id), "first_byte": span.first, "last_byte": span.last},
    )


def register_player() -> None:
    """Put the player on every intake's page."""
    register_panel(Panel("recordings", player_panel, scripts=("audio/player.js",), styles=("audio/player.css",)))


def player_panel(_request: HttpRequest, intake: Intake) -> SafeString | None:
    """An intake's recordings with their words, or None when nothing was kept. What was told before the firm is free
    to listen is not among them."""
    rows = [_row(recording) for recording in _open_to_staff(intake, recordings_of(intake.pk))]
    return render_to_string("audio/player.html", {"rows": rows}) if rows else None


def _open_to_staff(intake: Intake, recordings: Iterable[Recording]) -> list[Recording]:
    """Without those of sealed turns and, as long as any may be, of what became no turn: nobody knows what is in it."""
    sealed, before = sealed_utterances(intake), keeps_sealed(intake)
    return [
        one
        for one in recordings
        if one.utterance_id not in sealed and not (before and one.utterance.turn_number is None)
    ]


def _row(recording: Recording) -> dict[str, object]:
    utterance = recording.utterance
    # Word times are on the session's clock; the player counts from the master's first sample.
    start = recording.sample_pos * 1000 // SAMPLE_RATE
    return {
        "url": reverse("audio:recording", args=[utterance.pk]),
        "turn": utterance.turn_number,
        "seconds": round(recording.samples / SAMPLE_RATE, 1),
        "words": [
            {"word": word["word"], "start": word["start_ms"] - start, "end": word["end_ms"] - start}
            for word in utterance.words or ()
        ],
    }
