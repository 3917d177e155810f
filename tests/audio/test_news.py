"""What a returning client is told, when its `session.resume` crosses a look into the database."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from audio import selectors, session
from audio.outbox import Outbox
from audio.selectors import Entry, News, UtteranceView
from audio.session import VoiceSocket
from tenants.context import current_firm

UTTERANCE = UtteranceView(
    id=uuid4(), start_sample=640, text="words", words=[], audio_start_ms=40, audio_end_ms=900, turn=6, error="",
    audio_retained=False,
)  # fmt: skip


class Said(Outbox):
    """Keeps what it was told to send."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__(session_id, 1)
        self.completed = asyncio.Event()

    def say(self, kind: str, **fields: Any) -> None:
        if kind.endswith(".completed"):
            self.completed.set()


async def test_a_resume_while_the_news_are_read_still_replays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The news in flight were asked for a client that has everything; this one lacks turn 6 and its words."""
    session_id, reading, go_on = uuid4(), asyncio.Event(), asyncio.Event()
    asked: list[dict[str, Any]] = []

    async def run_db(fn: Any, *_args: Any, **options: Any) -> Any:
        if fn is selectors.resumable:
            return True
        assert fn is selectors.news
        asked.append(options)
        if len(asked) == 1:
            reading.set()
            await go_on.wait()
            return News([], [])
        return News([], [UTTERANCE])

    monkeypatch.setattr(session, "run_db", run_db)
    entry = Entry(uuid4(), 7, "story", 640, refusal="", ring=None)  # type: ignore[arg-type]
    outbox = Said(session_id)
    scope = {"target": SimpleNamespace(host="harbor.localhost")}
    socket = VoiceSocket(scope, current_firm(), session_id, entry, outbox)
    socket.audio = SimpleNamespace(resume=lambda _seq: None, expected=3)  # type: ignore[assignment]
    following = asyncio.create_task(socket.follow_database())
    socket.wake()
    await reading.wait()
    await socket._resume(
        {
            "type": "session.resume",
            "session_id": str(session_id),
            "resume_token": "t",
            "last_turn": 5,
            "next_audio_seq": 3,
        }
    )
    go_on.set()
    async with asyncio.timeout(5):
        await outbox.completed.wait()
    assert asked[1]["replay_from"] == 5
    assert asked[1]["turn"] == 5
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
