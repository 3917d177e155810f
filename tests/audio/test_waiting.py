"""A journal that hangs is no silence of the client's: its window is full, and it waits for us."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import uuid4

import pytest

from audio import journal, live
from audio.frames import Frame, encode
from audio.journal import MARK_END, SocketState
from audio.live import SILENT_SECONDS, LiveAudio
from audio.outbox import Outbox
from tenants import keys
from tests.audio.clips import clips

if TYPE_CHECKING:
    from audio.journal_writer import JournalWriter, Port
    from tenants.context import FirmRef

PCM = clips()[0].pcm[2 * clips()[0].first_voiced :]


class Clock:
    """`time.monotonic` as the test wants it."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


class HangingWriter:
    """Takes what a socket has, and says that it is stored when the test wants it."""

    def __init__(self) -> None:
        self.ports: list[Port] = []

    def submit(self, port: Port) -> None:
        self.ports.append(port)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(live, "time", made)
    return made


def test_what_waits_for_the_journal_is_not_ended(firm: FirmRef, clock: Clock) -> None:
    session_id = uuid4()
    audio = LiveAudio(
        session_id,
        keys.ring(),
        SocketState(1, b"", 0, False, "0-0"),
        Outbox(uuid4(), 1),
        cast("JournalWriter", HangingWriter()),
        lambda: None,
    )
    for seq in range(100):
        audio.take(encode(Frame(seq, 640 * seq, PCM[1280 * seq : 1280 * (seq + 1)])))
        clock.now += 0.04
    hanging = audio.collect()
    assert hanging is not None
    clock.now += 3 * SILENT_SECONDS
    audio.tick()
    assert not audio._records, "the client's window was full: it was we who were silent"
    audio.stored(hanging)
    audio.tick()
    assert not audio._records, "it has not had the time to go on"
    clock.now += SILENT_SECONDS + 0.1
    audio.tick()
    written = audio.collect()
    assert written is not None
    records = journal.open_entry(session_id, written.entry)
    assert [record.flags & MARK_END for record in records] == [MARK_END], "now it is silent"
