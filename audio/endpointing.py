"""Where speech begins and ends: Silero VAD, through onnxruntime alone.

The model is the ONNX file inside the `silero-vad` wheel. It is found without importing that
package (which imports torch) and its SHA-256 is checked, because the thresholds below were
measured with this very file. Of the files in the wheel `16k_sequence` is the cheapest: 2.2 to
2.9 ms of CPU a second of audio here, against 3.8 for `16k_op15`; their answers are the same.

Windows of 512 samples (32 ms) lie on the audio clock, counted from where the endpointer was
started. Equal samples in equal steps give equal answers, so a replay finds the same ends.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from audio.errors import ModelMismatch, ModelUnavailable

WINDOW: Final = 512
CONTEXT: Final = 64
"""Each window is judged together with the last 64 samples before it."""
MODEL_FILE: Final = "silero_vad_16k_sequence.onnx"
MODEL_SHA256: Final = "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"

# One threshold for both ends. Silero's own hysteresis (0.35 to stay in speech) finds the end 27 ms
# later at P95, which the speculative final cannot spare, and changed no utterance of ours.
SPEECH_PROBABILITY: Final = 0.5
ONSET_WINDOWS: Final = 2
"""So many windows in a row begin speech: one alone is often a click."""

Floats = npt.NDArray[np.float32]


def model_path() -> Path:
    """Return the ONNX file's path without importing `silero_vad`. Raises ModelUnavailable."""
    spec = find_spec("silero_vad")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / MODEL_FILE
        if path.is_file():
            return path
    raise ModelUnavailable(f"{MODEL_FILE} is not installed; it comes with the package silero-vad")


def checked(path: Path, sha256: str) -> bytes:
    """Read a model file. Raises ModelUnavailable when absent, ModelMismatch when another."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelMismatch(f"{path} has SHA-256 {found}, expected {sha256}")
    return content


class Silero:
    """The model; one a process, shared by its endpointers. State is the caller's."""

    def __init__(self, path: Path | None = None, sha256: str = MODEL_SHA256) -> None:
        content = checked(path or model_path(), sha256)
        options = onnxruntime.SessionOptions()
        # One thread: a slot is one process on its share of a core, and the sum of floats then
        # never depends on how many cores there are.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(self, windows: Floats, h: Floats, c: Floats) -> tuple[Floats, Floats, Floats]:
        """Judge `windows` of shape (n, 576); return n probabilities and the new state."""
        probabilities, h, c = self._session.run(None, {"input": windows, "h": h, "c": c})
        return probabilities, h, c


@cache
def silero() -> Silero:
    """The process's model, loaded at the first call (about 10 ms). Raises ModelUnavailable."""
    return Silero()


class Endpointer:
    """Finds one beginning and one end of speech. Made anew for each utterance.

    All positions are samples since its start. `feed` takes steps of any size; what does not fill
    a window waits for the next step.
    """

    __slots__ = ("_c", "_context", "_h", "_model", "_rest", "_run", "heard", "last_speech", "onset")

    def __init__(self, model: Silero | None = None, *, in_speech: bool = False) -> None:
        """`in_speech`: the audio begins in the middle of speech (after a forced cut)."""
        self._model = model or silero()
        self._h: Floats = np.zeros((1, 1, 128), np.float32)
        self._c: Floats = np.zeros((1, 1, 128), np.float32)
        self._context: Floats = np.zeros(CONTEXT, np.float32)
        self._rest: Floats = np.zeros(0, np.float32)
        self._run = 0
        self.heard = 0
        """Samples judged so far, a multiple of 512."""
        self.onset: int | None = 0 if in_speech else None
        """Where speech began, or None."""
        self.last_speech = 0
        """One past the last sample that was speech."""

    @property
    def silence(self) -> int:
        """Samples without speech up to `heard`; 0 before any speech."""
        return self.heard - self.last_speech if self.onset is not None else 0

    def feed(self, pcm: bytes) -> None:
        """Judge one step of 16-bit little-endian mono at 16 kHz."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768)
        samples = np.concatenate((self._rest, samples)) if self._rest.size else samples
        count = samples.size // WINDOW
        self._rest = samples[count * WINDOW :]
        if not count:
            return
        windows = np.empty((count, CONTEXT + WINDOW), np.float32)
        windows[:, CONTEXT:] = samples[: count * WINDOW].reshape(count, WINDOW)
        windows[0, :CONTEXT] = self._context
        windows[1:, :CONTEXT] = windows[:-1, -CONTEXT:]
        self._context = windows[-1, -CONTEXT:].copy()
        probabilities, self._h, self._c = self._model.run(windows, self._h, self._c)
        for probability in probabilities.tolist():
            self._judge(probability)

    def _judge(self, probability: float) -> None:
        self.heard += WINDOW
        is_speech = probability >= SPEECH_PROBABILITY
        if self.onset is not None:
            if is_speech:
                self.last_speech = self.heard
            return
        self._run = self._run + 1 if is_speech else 0
        if self._run == ONSET_WINDOWS:
            self.onset = self.heard - ONSET_WINDOWS * WINDOW
            self.last_speech = self.heard
