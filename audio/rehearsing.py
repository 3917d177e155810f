"""Rehearsals aloud: lines are spoken by espeak-ng and heard by the gate, the endpointer and the recogniser of this
installation, then committed as a slot commits. Only socket, journal and lease are left out: what goes through them
is committed, and stays (`intake/rehearsal/holding.py` says why nothing may)."""

from __future__ import annotations

import io
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import numpy as np

from audio import services
from audio.errors import AudioError
from audio.frames import SAMPLE_RATE, STEP_SAMPLES, Frame
from audio.gate import Gate
from audio.listening import Listener
from audio.models import Utterance, VoiceSession
from audio.recognisers.choice import EMBEDDED, chosen
from audio.utterances import Final as Heard
from tenants.tokens import hash_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio.recognisers import Recogniser
    from intake.models import Intake

PROGRAM: Final = "espeak-ng"
#: espeak-ng's voices for our languages, and words a minute: somebody who takes their time.
VOICES: Final = {"en": "en-us", "es": "es-419"}
_RATE: Final = "150"
_LONGEST: Final = 2_000
_PAUSE_SECONDS: Final = 1.2
_SECONDS: Final = 60
_EPOCH: Final = 1


class CannotSpeak(AudioError):
    """This machine cannot speak or hear that; the message says what to do."""

    code = "cannot_speak"


def synthesise(text: str, locale: str) -> bytes:
    """`text` spoken: 16 kHz mono, 16 bits, with a quiet room before and after. Raises CannotSpeak."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise CannotSpeak("espeak-ng is not installed here: `apt-get install espeak-ng`, or rehearse without --voice")
    try:
        import soundfile
        import soxr
    except ModuleNotFoundError as error:
        raise CannotSpeak(f"{error.name} is not installed here; in containers, rehearse in audio_worker") from None
    command = [program, "-v", VOICES.get(locale, VOICES["en"]), "-s", _RATE, "--stdin", "--stdout"]
    try:
        said = subprocess.run(
            command, input=text[:_LONGEST].encode(), capture_output=True, check=True, timeout=_SECONDS
        )
        samples, rate = soundfile.read(io.BytesIO(said.stdout), dtype="float32", always_2d=True)
    except (OSError, subprocess.SubprocessError, soundfile.SoundFileError) as error:
        raise CannotSpeak(f"espeak-ng does not speak: {type(error).__name__}; try `espeak-ng hello`") from None
    mono = soxr.resample(samples.mean(axis=1), rate, SAMPLE_RATE)
    spoken = np.clip(np.rint(mono * 32_768), -32_768, 32_767).astype("<i2").tobytes()
    return _room(0) + bytes(spoken) + _room(1)


def _room(seed: int) -> bytes:
    """A quiet room, the same each time."""
    noise = np.random.default_rng(seed).normal(0.0, 8.0, int(_PAUSE_SECONDS * SAMPLE_RATE))
    return bytes(noise.round().astype("<i2").tobytes())


def check_speech(locale: str) -> None:
    """Raises CannotSpeak where no rehearsal in this language can be spoken and heard here."""
    synthesise("a", locale)
    if locale != "en" and chosen().name.startswith(EMBEDDED):
        raise CannotSpeak(
            "the recogniser here (pocketsphinx) knows English alone: take a persona who speaks English, "
            "or set AUDIO_RECOGNISER=remote and MODELS_URL"
        )


def heard_in(pcm: bytes, recogniser: Recogniser | None = None) -> str:
    """The words in a recording, as a voice slot would have them."""
    listener = Listener(0, recogniser=recogniser or chosen())
    return " ".join(one.text for one in _listened(listener, Gate(), pcm, 0) if one.text)


def _listened(listener: Listener, gate: Gate, pcm: bytes, start: int) -> Iterator[Heard]:
    """What is heard in audio that begins at sample `start`; at its end the microphone is closed."""
    step = STEP_SAMPLES * 2
    for number in range(len(pcm) // step):
        frame = Frame(number, start + number * STEP_SAMPLES, pcm[number * step : (number + 1) * step])
        for kept in gate.feed(frame).keep:
            yield from (event for event in listener.feed(kept.pcm, kept.sample_pos) if isinstance(event, Heard))
    yield from (event for event in listener.commit() if isinstance(event, Heard))


class Spoken:
    """A persona's voice in one conversation (`intake.rehearsal.holding.Voice`)."""

    def __init__(self) -> None:
        self._session: VoiceSession | None = None
        self._listener: Listener | None = None
        self._gate = Gate()
        self._at = 0

    def speak(self, intake: Intake, text: str) -> bool:
        """Say it, and commit what was heard. Whether a turn came of it. Raises CannotSpeak, ModelUnavailable."""
        pcm = synthesise(text, intake.locale)
        recogniser = chosen()
        if self._session is None or self._listener is None:
            # The row alone: a journal of its own would outlive the rollback.
            self._session = VoiceSession(intake=intake, resume_hash=hash_secret(str(intake.id).encode()))
            self._session.save(force_insert=True)
            self._listener = Listener(0, recogniser=recogniser)
        took = False
        for heard in _listened(self._listener, self._gate, pcm, self._at):
            done = services.commit_utterance(
                session_id=self._session.id, epoch=_EPOCH, heard=heard, recogniser=recogniser.name
            )
            took = took or (done.created and done.status not in {Utterance.Status.EMPTY, Utterance.Status.FAILED})
        self._at += len(pcm) // 2 // STEP_SAMPLES * STEP_SAMPLES
        return took
