"""What a voice gives when nothing is cut or killed: gate and listener alone, in one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audio.gate import Gate
from audio.listening import Listener
from audio.utterances import Event, Final
from audio.voice_client import FRAME_BYTES
from tests.audio.clips import framed


@dataclass(frozen=True)
class Said:
    """One utterance, as it has to be whatever happens on the way."""

    start_sample: int
    end_sample: int
    text: str
    words: list[dict[str, Any]]


def undisturbed(pcm: bytes) -> list[Said]:
    """The utterances of a voice that says `pcm` and then presses Done."""
    said: list[Said] = []
    gate, listener = Gate(), Listener(0)

    def take(events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Final):
                words: list[dict[str, Any]] = [dict(word) for word in event.words]
                said.append(Said(event.start_sample, event.end_sample, event.text, words))

    def end() -> None:
        nonlocal listener
        take(listener.commit())
        position, state = listener.received_pos, listener.state
        listener.close()
        listener = Listener(position, state)

    for frame in framed(pcm + bytes(-len(pcm) % FRAME_BYTES)):
        result = gate.feed(frame)
        for kept in result.keep:
            take(listener.feed(kept.pcm, kept.sample_pos))
        if result.closed and not result.opened:
            end()
    end()
    return [one for one in said if one.text]
