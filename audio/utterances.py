"""What listening gives: its events, its settings and the state an utterance begins with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from audio.errors import RecogniserStateError
from audio.recognisers import Word


@dataclass(frozen=True, slots=True)
class Config:
    """How to listen. Everything that replays one session has to use one config."""

    pre_roll_ms: int = 320
    speculative_ms: int = 160
    commit_ms: int = 480
    partial_ms: int = 250
    longest_ms: int = 30_000
    cut_window_ms: int = 3_000
    idle_ms: int = 4_000
    """So much silence makes a fresh start, so that a silent room keeps no journal."""


class Reason(StrEnum):
    """Why an utterance ended."""

    SILENCE = "silence"
    CUT = "cut"
    GAP = "gap"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Someone began to speak at `sample`; the utterance begins at `start_sample`."""

    sample: int
    start_sample: int


@dataclass(frozen=True, slots=True)
class Partial:
    """The words so far; replaces what was sent before it. At most one each 250 ms of audio."""

    text: str
    revision: int


@dataclass(frozen=True, slots=True)
class Speculative:
    """Probably the final text. A later `Partial` or `Final` of the utterance takes it back."""

    text: str
    revision: int


@dataclass(frozen=True, slots=True)
class Final:
    """An utterance, `[start_sample, end_sample)` of the audio clock.

    `text` may be empty: then there was nothing to understand, and it makes no turn. Word times are
    milliseconds on the session's audio clock. `next_state` is what the audio from `end_sample` on
    begins with. `pcm` is the master.
    """

    text: str
    words: tuple[Word, ...]
    start_sample: int
    end_sample: int
    start_state: str | None
    next_state: str | None
    reason: Reason
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Skipped:
    """There was no speech before `end_sample`; nothing before it is needed any more."""

    end_sample: int


Event = SpeechStarted | Partial | Speculative | Final | Skipped


@dataclass(frozen=True, slots=True)
class State:
    """What a stretch begins with, as stored with the commit before it.

    `continues`: it begins in the middle of speech, after a cut.
    """

    recogniser: str | None = None
    continues: bool = False

    def dump(self) -> str | None:
        """Return the stored form; None for the beginning of a session."""
        if self.recogniser is None and not self.continues:
            return None
        return json.dumps({"recogniser": self.recogniser, "continues": self.continues})

    @classmethod
    def load(cls, stored: str | None) -> State:
        """Read the stored form. Raises RecogniserStateError."""
        if stored is None:
            return cls()
        try:
            found = json.loads(stored)
            recogniser, continues = found["recogniser"], found["continues"]
        except (ValueError, KeyError, TypeError) as error:
            raise RecogniserStateError("the stored listening state cannot be read") from error
        if not isinstance(continues, bool) or not isinstance(recogniser, str | None):
            raise RecogniserStateError("the stored listening state has other types")
        return cls(recogniser, continues)
