"""Errors of the voice.

    AudioError
    +-- FrameError                the client sent a binary frame that we do not take
    |   +-- FrameTooShort         shorter than the header, or no sample in it
    |   +-- FrameTooLarge         longer than the cap
    |   +-- OddFrame              half a sample at the end
    |   +-- UnknownFrameType
    |   +-- UnknownCodec
    |   +-- FrameDuration         outside 20 to 500 ms
    +-- ModelUnavailable          a model file is missing
    |   +-- ModelMismatch         it is there, but is not the one that was measured
    |   +-- RecogniserUnavailable the models service cannot be used now; nothing is wrong with the audio
    |       +-- ModelsUnreachable it does not answer, or lets go again and again
    |       +-- ModelsFull        all its slots are busy
    |       +-- ModelsRefused     it does not let us in, or does not understand us
    +-- RecogniserCrashed         this utterance ended the recogniser, twice
    +-- RecogniserStateError      a stored recogniser state cannot be read
    +-- GateStateError            a stored gate state cannot be read
    +-- SessionGone               the voice session is unknown here, or its journal has expired
    +-- JournalFull               no room for the audio of one more speaker
    +-- NoSpeech                  this client may not be listened to now
    |   +-- SpeakingClosed        this stage of the conversation takes no speech
    |   +-- LanguageNotHeard      the recogniser does not have the conversation's language
    |   +-- NotAgreed             the client does not agree that speech is turned into words
    +-- LeaseLost                 another listener may have the session now
    +-- RecordingError            the stored recording cannot be used
        +-- NotFlac               the bytes are no FLAC that we write
        +-- RangeNotSatisfiable   no such bytes in the recording

Each carries a `code`, the string that the protocol and problem details use.
"""

from __future__ import annotations


class AudioError(Exception):
    """Base of every error raised by `audio`."""

    code = "audio_error"


class FrameError(AudioError):
    """A binary frame that cannot be taken."""

    code = "invalid_message"


class FrameTooShort(FrameError):
    """Shorter than the header, or nothing after it."""

    code = "frame_too_short"


class FrameTooLarge(FrameError):
    """Longer than the cap of 64 kB."""

    code = "frame_too_large"


class OddFrame(FrameError):
    """The payload ends in half a sample."""

    code = "frame_odd_bytes"


class UnknownFrameType(FrameError):
    """The first byte is no frame type we know."""

    code = "unknown_frame_type"


class UnknownCodec(FrameError):
    """The codec byte is not PCM16LE, 16 kHz, mono."""

    code = "unsupported_codec"


class FrameDuration(FrameError):
    """A frame holds 20 to 500 ms of audio; this one does not."""

    code = "frame_duration"


class ModelUnavailable(AudioError):
    """A model file is missing; nothing can be heard without it."""

    code = "asr_unavailable"


class ModelMismatch(ModelUnavailable):
    """The model file is there, but is not the one that was measured."""


class RecogniserUnavailable(ModelUnavailable):
    """The models service cannot be used at this moment; what was said is to be heard later."""


class ModelsUnreachable(RecogniserUnavailable):
    """The models service does not answer, or its connections do not last."""

    code = "models_unreachable"


class ModelsFull(RecogniserUnavailable):
    """Every slot of the models service is busy."""

    code = "models_full"


class ModelsRefused(RecogniserUnavailable):
    """The models service does not take our token or our request; trying again would change nothing."""

    code = "models_refused"


class RecogniserCrashed(AudioError):
    """Twice the recogniser was lost while it heard this utterance."""

    code = "recogniser_crashed"


class RecogniserStateError(AudioError):
    """A stored recogniser state cannot be read."""

    code = "recogniser_state"


class GateStateError(AudioError):
    """A stored gate state cannot be read."""

    code = "gate_state"


class SessionGone(AudioError):
    """The voice session is unknown here, or its journal has expired."""

    code = "session_expired"
    status = 404


class JournalFull(AudioError):
    """The journal is near its memory limit: those who speak go on, nobody new begins. Typing works."""

    code = "journal_full"
    status = 503

    def __init__(self) -> None:
        super().__init__("Many people are speaking right now. Please type, or try to speak again in a few minutes.")
        self.extra = {"typing": True}


class NoSpeech(AudioError):
    """This client may not be listened to now. `sentence` is what they are told."""

    sentence = "The microphone cannot be used now. Please type."

    def __init__(self) -> None:
        super().__init__(self.sentence)


class SpeakingClosed(NoSpeech):
    """This stage of the conversation takes no speech."""

    code = "stage_closed"
    status = 409
    sentence = "The microphone is closed at this point of the conversation."


class LanguageNotHeard(NoSpeech):
    """The recogniser does not have the conversation's language."""

    code = "language_not_heard"
    status = 409
    sentence = "The microphone does not understand the language of this conversation. Please type."


class NotAgreed(NoSpeech):
    """The client does not agree, or no longer, that what they say is turned into words."""

    code = "transcription_consent_required"
    status = 403
    sentence = "The microphone opens once you agree that a computer turns what you say into words."


def no_speech(refusal: str) -> NoSpeech:
    """The error for a refusal of `intake.selectors.speech_refusal`."""
    return {error.code: error for error in (SpeakingClosed, LanguageNotHeard, NotAgreed)}[refusal]()


class LeaseLost(AudioError):
    """Another listener may have the session now; what this one does no longer counts."""

    code = "lease_lost"


class RecordingError(AudioError):
    """A stored recording cannot be used."""

    code = "recording_error"


class NotFlac(RecordingError):
    """The bytes are no 16 kHz mono FLAC."""

    code = "not_flac"


class RangeNotSatisfiable(RecordingError):
    """The asked bytes lie outside the recording."""

    code = "range_not_satisfiable"
