"""The gate: which frames of a live socket are worth keeping.

It runs on every socket, so it is cheap (WebRTC VAD, about 0.1 ms of CPU a second of audio) and
generous: speech opens it, it keeps 500 ms from before, and it closes only after 1.2 s without
speech, so that the endpointer behind it, which needs half a second of silence, always gets that.
It finds speech well and its end badly (in noise it may never close); the end is not its business.

Everything counts on the audio clock (`sample_pos`), never on arrival, so a burst after a
reconnect is judged as the same audio in real time would be.

**State.** `export()` returns all that the gate knows except audio: what a client said is never
in it. The frames of the last 500 ms, held back while the gate is closed, live in memory only;
`held_seq` is the first of them. A socket must not call those durable yet, and on resume asks
the client to send again from `held_seq`. A restored gate knows up to where it has judged
(`judged_pos`) and only puts such frames back into its hold, so that it goes on exactly as if the
cut had not been. The detector's adaptation to the room is part of the state: with a fresh one
the gate would open a frame sooner or later and the words could differ.
"""

from __future__ import annotations

import ctypes
import struct
from collections import deque
from dataclasses import dataclass
from typing import Final

import webrtcvad

from audio.errors import GateStateError
from audio.frames import SAMPLE_RATE, Frame

MODE: Final = 2
PRE_ROLL_SAMPLES: Final = SAMPLE_RATE // 2
HANGOVER_SAMPLES: Final = SAMPLE_RATE * 12 // 10
# 100 ms of uninterrupted speech open the gate. A click of 10 ms gives 80 with the detector's own
# hangover; the shortest word gives more than 150.
OPEN_SAMPLES: Final = SAMPLE_RATE // 10
SUB: Final = SAMPLE_RATE * 20 // 1000
HALF_SUB: Final = SUB // 2

# WebRTC's VadInstT is plain integers, without a pointer: 736 bytes, the last word being its init_flag
# (42 once set). Reading and writing it is the only way to carry the detector's state elsewhere.
_VAD_BYTES: Final = 736
_VAD_CHECK: Final = struct.pack("<i", 42)
_HEAD: Final = struct.Struct("<BB?QQI")
_VERSION: Final = 1

_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one frame led to.

    `keep`: the frames to journal, oldest first (with the held ones when the gate just opened).
    `opened`, `closed`: the gate changed with this frame.
    """

    keep: tuple[Frame, ...] = ()
    opened: bool = False
    closed: bool = False


_NOTHING: Final = GateResult()


class Gate:
    """The gate of one voice session. `feed` costs O(1) a frame; not thread-safe.

    Frames come in the order of `sample_pos`; a jump forward is a mute, and clears the hold.
    """

    __slots__ = ("_held", "_held_samples", "_last_speech", "_pointer", "_run", "_vad", "is_open", "judged_pos")

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(MODE)
        self._pointer = _address(self._vad)
        self._held: deque[Frame] = deque()
        self._held_samples = 0
        self._run = 0
        self._last_speech = 0
        self.is_open = False
        self.judged_pos = 0
        """One past the last sample that was judged."""

    @property
    def held_seq(self) -> int | None:
        """`seq` of the first frame that is kept in memory only, or None."""
        return self._held[0].seq if self._held else None

    def feed(self, frame: Frame) -> GateResult:
        """Judge one frame and say what is to be journaled because of it."""
        closed = frame.sample_pos > self.judged_pos and self._jump(frame.sample_pos)
        if frame.end_pos <= self.judged_pos:
            # Sent again after a resume: it was judged before the cut.
            return GateResult((frame,)) if self.is_open else self._hold(frame)
        opens = self._judge(frame)
        if self.is_open:
            if self.judged_pos - self._last_speech >= HANGOVER_SAMPLES:
                self.is_open = False
                return GateResult((frame,), closed=True)
            return GateResult((frame,))
        if opens:
            self.is_open = True
            keep = (*self._held, frame)
            self._drop_held()
            return GateResult(keep, opened=True, closed=closed)
        return self._hold(frame, closed=closed)

    def _jump(self, sample_pos: int) -> bool:
        """Pass over audio that was never sent; return whether that closed the gate."""
        self._drop_held()
        self._run = 0
        self.judged_pos = sample_pos
        closes = self.is_open and sample_pos - self._last_speech >= HANGOVER_SAMPLES
        if closes:
            self.is_open = False
        return closes

    def _judge(self, frame: Frame) -> bool:
        """Run the detector over the frame in sub-frames of 20 ms (the rest in 10 ms).

        Returns whether speech ran long enough in it to open the gate.
        """
        pcm = frame.pcm
        position = frame.sample_pos
        end = frame.end_pos
        is_speech = self._vad.is_speech
        opens = False
        offset = 0
        while end - position >= HALF_SUB:
            size = SUB if end - position >= SUB else HALF_SUB
            position += size
            if is_speech(pcm[offset : offset + 2 * size], SAMPLE_RATE, size):
                self._run += size
                opens = opens or self._run >= OPEN_SAMPLES
                if opens or self.is_open:
                    self._last_speech = position
            else:
                self._run = 0
            offset += 2 * size
        self.judged_pos = end
        return opens

    def _hold(self, frame: Frame, *, closed: bool = False) -> GateResult:
        self._held.append(frame)
        self._held_samples += frame.samples
        while self._held_samples - self._held[0].samples >= PRE_ROLL_SAMPLES:
            self._held_samples -= self._held.popleft().samples
        return GateResult(closed=True) if closed else _NOTHING

    def _drop_held(self) -> None:
        self._held.clear()
        self._held_samples = 0

    def export(self) -> bytes:
        """Return the state (under 800 bytes), without any audio.

        To be called when all that `feed` returned is in the journal: a frame that is sent again
        is judged by the gate's state now, not by that of its own time.
        """
        head = _HEAD.pack(_VERSION, MODE, self.is_open, self.judged_pos, self._last_speech, self._run)
        return head + ctypes.string_at(self._pointer, _VAD_BYTES)

    @classmethod
    def restore(cls, state: bytes) -> Gate:
        """Make a gate that goes on from `state`. Raises GateStateError."""
        if len(state) != _HEAD.size + _VAD_BYTES:
            raise GateStateError(f"{len(state)} bytes are no gate state")
        version, mode, is_open, judged, last_speech, run = _HEAD.unpack_from(state)
        if version != _VERSION or mode != MODE:
            raise GateStateError(f"gate state of version {version}, mode {mode}")
        gate = cls()
        gate.is_open, gate.judged_pos = is_open, judged
        gate._last_speech, gate._run = last_speech, run
        _write_vad(gate._vad, state[_HEAD.size :])
        return gate


def _address(vad: webrtcvad.Vad) -> int:
    pointer = _capsule_pointer(vad._vad, b"WebRtcVadPtr")
    if ctypes.string_at(pointer + _VAD_BYTES - 4, 4) != _VAD_CHECK:
        raise GateStateError("this build of webrtcvad keeps its state in another layout")
    return int(pointer)


def _write_vad(vad: webrtcvad.Vad, state: bytes) -> None:
    if state[-4:] != _VAD_CHECK:
        raise GateStateError("the detector's state is damaged")
    ctypes.memmove(_address(vad), state, _VAD_BYTES)
