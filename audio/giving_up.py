"""Audio that is beyond recognition: kept if agreed, said, passed over.

The scheduler does it too, in a process without the speech parts, so nothing here listens.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from audio import services
from audio.frames import SAMPLE_RATE
from audio.journal import JournalReader, starting_point
from audio.metrics import RECOGNITION_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio.journal import Record
    from audio.lease import Lease
    from audio.models import VoiceSession

logger = logging.getLogger(__name__)

GIVE_UP_SAMPLES: Final = 30 * SAMPLE_RATE


def give_up(session: VoiceSession, lease: Lease, reason: str) -> bool:
    """Take what waits, up to 30 s of it, for beyond recognition: kept if agreed, said, passed over.

    Returns whether there was anything. Raises LeaseLost.
    """
    session.refresh_from_db()
    start = starting_point(session.id, session.committed_sample)
    reader = JournalReader(session.id, start)
    pcm, first = bytearray(), start
    for record in _records(reader):
        end = first + len(pcm) // 2
        if record.pcm and record.sample_pos > end:
            if pcm:
                break  # it does not join
            first = end = record.sample_pos
        pcm += record.pcm[max(0, end - record.sample_pos) * 2 :]
        if len(pcm) >= 2 * GIVE_UP_SAMPLES:
            break
    if not pcm:
        reader.trim(lease.epoch, reader.position)
        return False
    pcm = pcm[: 2 * GIVE_UP_SAMPLES]
    RECOGNITION_FAILED.labels(reason).inc()
    logger.error("recognition_given_up", extra={"reason": reason, "attempts": lease.attempts})
    services.give_up(session_id=session.id, epoch=lease.epoch, start=first, pcm=bytes(pcm), reason=reason)
    reader.trim(lease.epoch, first + len(pcm) // 2)
    return True


def _records(reader: JournalReader) -> Iterator[Record]:
    while records := reader.read(1):
        yield from records
