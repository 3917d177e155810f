"""Recognisers: one small protocol, `open(context) -> accept(pcm) -> Partial | None -> final()`.

**Equal input gives equal words and times.** Everything that an utterance's result depends on is in
its `Context` (the state that it begins with) and its audio, fed in the same steps. What comes out
with the final is the state the next utterance may begin with. An adapter whose engine keeps more
than that between utterances has to reset it. A replay after a crash rests on this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypedDict


class Word(TypedDict):
    """A word and when it was said, in milliseconds since the utterance's first sample."""

    word: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Context:
    """What an utterance begins with.

    `state`: what `Final.state` of the utterance before it was, or None for a voice not heard yet.
    It describes the voice and the room: it is to be kept like the words themselves.
    """

    state: str | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """What was understood so far; replaces the partial before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """The utterance's result. `text` is the words joined by spaces, and may be empty."""

    text: str
    words: tuple[Word, ...]
    state: str | None


class Session(Protocol):
    """One utterance."""

    def accept(self, pcm: bytes) -> Partial | None:
        """Take a step of audio; return the hypothesis when it changed."""
        ...

    def hypothesis(self) -> str:
        """Return the words so far without ending the utterance."""
        ...

    def final(self) -> Final:
        """End the utterance. The session is used up."""
        ...

    def close(self) -> None:
        """Drop the utterance. May be called after `final`, and more than once."""
        ...


class Recogniser(Protocol):
    """An engine with its model loaded, here or elsewhere. One utterance at a time."""

    @property
    def name(self) -> str:
        """The engine and its version, as stored with every utterance."""
        ...

    def open(self, context: Context) -> Session:
        """Begin an utterance; one still open is dropped. Raises RecogniserStateError."""
        ...
