"""A recogniser and a detector that cost nothing, for what needs many hours of audio."""

from __future__ import annotations

from typing import Any

import numpy as np

from audio.endpointing import WINDOW, Silero
from audio.recognisers import Context, Final, Partial


class LoudIsSpeech(Silero):
    """Speech is what has an RMS over 1 % of full scale."""

    def __init__(self) -> None:
        """Needs no file."""

    def run(self, windows: Any, h: Any, c: Any) -> tuple[Any, Any, Any]:
        loud = np.sqrt((windows[:, -WINDOW:] ** 2).mean(axis=1)) > 0.01
        return np.where(loud, 0.9, 0.05).astype(np.float32), h, c


class EchoSession:
    """Its words are its audio: a final lists the steps' first samples."""

    def __init__(self, context: Context) -> None:
        self.heard: list[str] = []
        self.state = context.state

    def accept(self, pcm: bytes) -> Partial | None:
        self.heard.append(f"{int.from_bytes(pcm[:2], 'little', signed=True)}/{len(pcm)}")
        return Partial(self.hypothesis())

    def hypothesis(self) -> str:
        return " ".join(self.heard)

    def final(self) -> Final:
        words = tuple(
            {"word": word, "start_ms": 40 * index, "end_ms": 40 * index + 40} for index, word in enumerate(self.heard)
        )
        count = int(self.state or "0") + len(self.heard)
        return Final(self.hypothesis(), words, str(count))  # type: ignore[arg-type]

    def close(self) -> None:
        self.heard = []


class Echo:
    """The recogniser of `EchoSession`s."""

    name = "echo"

    def open(self, context: Context) -> EchoSession:
        return EchoSession(context)
