"""What a slow reader misses, and what it never misses."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

from audio.outbox import SEQ_PER_SOCKET, Outbox


class Reader:
    def __init__(self) -> None:
        self.got: list[Any] = []
        self.may_read = asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        await self.may_read.wait()
        self.got.append(json.loads(message["text"]) if message["type"] == "websocket.send" else message["code"])


async def test_captions_are_dropped_for_a_slow_reader_finals_never() -> None:
    outbox, reader = Outbox(uuid4(), 3), Reader()
    running = asyncio.create_task(outbox.run(reader.send))
    outbox.caption({"type": "partial", "item_id": "first", "revision": 0})
    await asyncio.sleep(0.01)
    for revision in range(1, 50):
        outbox.caption({"type": "partial", "item_id": "a", "revision": revision})
        outbox.ack(revision, revision - 5, 100)
        outbox.say("completed", item_id=f"item-{revision}")
    outbox.close(1000)
    reader.may_read.set()
    await running
    kinds = [event["type"] for event in reader.got[:-1]]
    assert kinds.count("completed") == 49
    assert [e["revision"] for e in reader.got[:-1] if e["type"] == "partial"] == [0, 49]
    assert [e["durable_seq"] for e in reader.got[:-1] if e["type"] == "input_audio_buffer.ack"] == [44]
    assert reader.got[-1] == 1000
    numbers = [event["event_seq"] for event in reader.got[:-1]]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 3 * SEQ_PER_SOCKET + 1


async def test_no_caption_follows_its_final() -> None:
    outbox, reader = Outbox(uuid4(), 1), Reader()
    outbox.caption({"type": "partial", "item_id": "a", "revision": 7})
    outbox.forget_caption("a")
    outbox.say("completed", item_id="a")
    outbox.close(1000)
    reader.may_read.set()
    await outbox.run(reader.send)
    assert [event["type"] for event in reader.got[:-1]] == ["completed"]


async def test_after_the_last_word_nothing_more_is_taken() -> None:
    outbox, reader = Outbox(uuid4(), 1), Reader()
    outbox.end(4009, "session_replaced", "Another socket.")
    outbox.say("turn")
    outbox.end(1011, "internal", "Later.")
    reader.may_read.set()
    await outbox.run(reader.send)
    assert [event["error"]["code"] for event in reader.got[:-1]] == ["session_replaced"]
    assert reader.got[-1] == 4009
