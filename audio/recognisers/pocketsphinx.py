"""The embedded recogniser: pocketsphinx, whose English model is inside its wheel.

Settings as measured: the two extra passes (`fwdflat`, `bestpath`) buy no accuracy and cost up to
3 s at the end of an utterance; `maxhmmpf=5000` halves the work for two points of WER. It is a
draft for the client to confirm, not a record: about 21 % WER on clean reading, 64 % on casual
speech.

**Cepstral mean (CMN).** The decoder subtracts a running mean of the voice and the room. It begins
with a fixed prior that fits nobody: 49 % WER against 38 % with the mean of the first second. So:
- a voice not heard yet (`Context.state is None`) waits for its first second, from which the mean
  is computed (by the decoder's own front end, searching for one phrase, at 3 % of a core); then
  the second is decoded and captions follow;
- the mean is refreshed each second of an utterance, counted in steps of audio;
- the mean after an utterance is its `Final.state`. An utterance without a word leaves it alone.

**What leaks between utterances of one decoder**, and is reset at each beginning: the noise
tracker of the front end (it changed words in 72 of 75 decodings), the feature ring and the mean
(all by `reinit_feat` and `set_cmn`), and the acoustic model's short list of densities, which
starts from the frames decoded last: 120 ms of fixed noise put there known ones (3 ms of CPU).
Scores still differ after that by a constant a frame, words and times do not.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING
from typing import Final as Constant

import numpy as np
from pocketsphinx import Decoder

from audio.errors import ModelUnavailable, RecogniserStateError
from audio.frames import BYTES_PER_SAMPLE, SAMPLE_RATE, STEP_SAMPLES
from audio.recognisers import Context, Final, Partial, Word

if TYPE_CHECKING:
    from pathlib import Path

NAME: Constant = f"pocketsphinx {version('pocketsphinx')}"
FRAME_MS: Constant = 10
WARM_UP_BYTES: Constant = SAMPLE_RATE * BYTES_PER_SAMPLE
STEP_BYTES: Constant = STEP_SAMPLES * BYTES_PER_SAMPLE
REFRESH_BYTES: Constant = SAMPLE_RATE * BYTES_PER_SAMPLE
# How many frames the decoder takes an initial mean to be worth (CMN_WIN in its source).
PRIOR_FRAMES: Constant = 500
# Fewer than this say too little about a voice.
LEAST_FRAMES: Constant = 30
LEAST_BYTES: Constant = LEAST_FRAMES * FRAME_MS * SAMPLE_RATE * BYTES_PER_SAMPLE // 1000
MEAN_SIZE: Constant = 13

_OPEN_SEARCH: Constant = "_default"
_PHRASE_SEARCH: Constant = "phrase"
_VARIANT: Constant = re.compile(r"\(\d+\)$")
_PRIMER: Constant = np.random.default_rng(7).integers(-2_000, 2_000, SAMPLE_RATE * 12 // 100).astype("<i2").tobytes()


class PocketSphinx:
    """The decoder, loaded once a process (0.3 s, about 100 MB). Not thread-safe.

    `model`: a folder like the wheel's `model/en-us`; without it, that one.
    """

    name = NAME

    def __init__(self, model: Path | None = None) -> None:
        try:
            self.decoder = Decoder(fwdflat=False, bestpath=False, maxhmmpf=5_000, loglevel="FATAL", **_files(model))
            self.decoder.add_keyphrase(_PHRASE_SEARCH, "hello")
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelUnavailable(f"pocketsphinx cannot load its model: {error}") from error
        self.prior: str = self.decoder.get_cmn(False)
        self._open: PocketSphinxSession | None = None

    def open(self, context: Context) -> PocketSphinxSession:
        """Begin an utterance; one still open is dropped. Raises RecogniserStateError."""
        if self._open is not None:
            self._open.close()
        mean = None if context.state is None else read_mean(context.state)
        self._open = PocketSphinxSession(self, mean)
        return self._open

    def begin(self, mean: str) -> None:
        """Start the decoder on an utterance, with nothing left of any before it."""
        self._run_phrase_search(self.prior, _PRIMER)
        self.decoder.activate_search(_OPEN_SEARCH)
        self.decoder.reinit_feat()
        self.decoder.set_cmn(mean)
        self.decoder.start_utt()

    def mean_of(self, pcm: bytes) -> str:
        """Return the cepstral mean of `pcm`, or the prior when there is too little in it.

        The decoder tells only the mean of prior and audio together, and leaves out frames without
        energy without saying how many. Two runs from two priors give both unknowns.
        """
        if len(pcm) < LEAST_BYTES:
            return self.prior
        zeros = np.zeros(MEAN_SIZE)
        ones = np.full(MEAN_SIZE, 100.0)
        low = _numbers(self._run_phrase_search(_text(zeros), pcm))
        high = _numbers(self._run_phrase_search(_text(ones), pcm))
        spread = float((high - low).mean())
        frames = PRIOR_FRAMES * 100.0 / spread - PRIOR_FRAMES if spread > 0 else 0.0
        if frames < LEAST_FRAMES:
            return self.prior
        return _text(low * (PRIOR_FRAMES + frames) / frames)

    def _run_phrase_search(self, mean: str, pcm: bytes) -> str:
        decoder = self.decoder
        decoder.activate_search(_PHRASE_SEARCH)
        decoder.reinit_feat()
        decoder.set_cmn(mean)
        decoder.start_utt()
        decoder.process_raw(pcm)
        decoder.end_utt()
        return str(decoder.get_cmn(True))


class PocketSphinxSession:
    """One utterance."""

    def __init__(self, engine: PocketSphinx, mean: str | None) -> None:
        self._engine = engine
        self._decoder = engine.decoder
        self._start_mean = mean
        self._waiting: bytearray | None = bytearray()
        self._since_refresh = 0
        self._text = ""
        self._is_open = True
        if mean is not None:
            self._start(mean)

    def accept(self, pcm: bytes) -> Partial | None:
        """Take a step of audio; return the hypothesis when it changed.

        A voice not heard yet gets no partial in its first second.
        """
        if self._waiting is not None:
            self._waiting += pcm
            if len(self._waiting) < WARM_UP_BYTES:
                return None
            self._start(self._engine.mean_of(bytes(self._waiting)))
        else:
            self._decode(pcm)
        text = self.hypothesis()
        if text == self._text:
            return None
        self._text = text
        return Partial(text)

    def hypothesis(self) -> str:
        """Return the words so far without ending the utterance."""
        if self._waiting is not None:
            return ""
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis is not None else ""

    def final(self) -> Final:
        """End the utterance and return its words and the mean after it."""
        if self._waiting is not None:
            self._start(self._engine.mean_of(bytes(self._waiting)))
        self._decoder.end_utt()
        self._is_open = False
        words = tuple(self._words())
        mean = self._decoder.get_cmn(True) if words else self._start_mean
        return Final(" ".join(word["word"] for word in words), words, mean)

    def close(self) -> None:
        """Drop the utterance."""
        if self._is_open and self._waiting is None:
            self._decoder.end_utt()
        self._is_open = False

    def _start(self, mean: str) -> None:
        self._engine.begin(mean)
        waiting, self._waiting = self._waiting or bytearray(), None
        for offset in range(0, len(waiting), STEP_BYTES):
            self._decode(bytes(waiting[offset : offset + STEP_BYTES]))

    def _decode(self, pcm: bytes) -> None:
        self._decoder.process_raw(pcm)
        self._since_refresh += len(pcm)
        if self._since_refresh >= REFRESH_BYTES:
            self._since_refresh = 0
            self._decoder.get_cmn(True)

    def _words(self) -> list[Word]:
        found: list[Word] = []
        for segment in self._decoder.seg() or ():
            word = segment.word
            if word[0] in "<[+" and word[-1] in ">]+":
                continue
            found.append(
                {
                    "word": _VARIANT.sub("", word),
                    "start_ms": segment.start_frame * FRAME_MS,
                    "end_ms": (segment.end_frame + 1) * FRAME_MS,
                }
            )
        return found


@cache
def shared() -> PocketSphinx:
    """The process's decoder, loaded at the first call. Raises ModelUnavailable."""
    return PocketSphinx()


def read_mean(state: str) -> str:
    """Check a stored mean: 13 finite numbers. Raises RecogniserStateError."""
    try:
        numbers = _numbers(state)
    except ValueError as error:
        raise RecogniserStateError("the stored cepstral mean is no list of numbers") from error
    if numbers.size != MEAN_SIZE or not np.isfinite(numbers).all():
        raise RecogniserStateError(f"a cepstral mean has {MEAN_SIZE} finite numbers")
    return state


def _files(model: Path | None) -> dict[str, str]:
    """The decoder's settings that name the model's files."""
    if model is None:
        return {}
    return {
        "hmm": str(model / "en-us"),
        "lm": str(model / "en-us.lm.bin"),
        "dict": str(model / "cmudict-en-us.dict"),
    }


def _numbers(text: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(part) for part in text.split(",")])


def _text(numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    return ",".join(f"{number:.6g}" for number in numbers)
