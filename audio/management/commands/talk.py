"""`manage.py talk HOST FILE.flac...`: a client's whole conversation from a terminal, spoken by recordings.

Types name and other side, speaks the recordings in real time, shows captions as they change, presses Done
and Send. Exit status 0 only when the intake is complete and its reference printed.
"""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audio.client import IntakeClient, conversation
from audio.frames import SAMPLE_RATE
from audio.voice_client import ClientError

if TYPE_CHECKING:
    from argparse import ArgumentParser

TRANSCRIPTION: Final = "conversation.item.input_audio_transcription"
PAUSE_SECONDS: Final = 0.8
#: How long the server may take to hear what is left once the last word is sent.
FINISH_SECONDS: Final = 120.0
EXIT_FAILED: Final = 1
EXIT_INPUT: Final = 2


class Command(BaseCommand):
    """Speak recordings to a firm, as a client would."""

    help = "Speak FLAC recordings to a firm as a client would: captions, turns, Done, Send, reference."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("host", help="the firm's host, such as harbor.localhost")
        parser.add_argument("files", nargs="+", metavar="FILE.flac", type=Path)
        parser.add_argument("--name", default="Jordan Example", help="the client's name (default: %(default)s)")
        parser.add_argument("--other-side", default="Casey Sample", help="the other side (default: %(default)s)")
        parser.add_argument("--no-recording", action="store_true", help="do not agree to keeping the recording")
        parser.add_argument("--address", default="", help="where the server listens (default: what `make run` wrote)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError with a code in brackets."""
        pcm = b"".join(speech(path) for path in options["files"])
        running = settings.RUNNING.get("port")
        address = options["address"] or (f"127.0.0.1:{running}" if running else "")
        if not address:
            raise CommandError("nothing runs here; start it with `make run` [not_running]", returncode=EXIT_FAILED)
        try:
            reference = asyncio.run(self._talk(address, pcm, options))
        except ClientError as error:
            raise CommandError(f"{error} [{error.code}]", returncode=EXIT_FAILED) from None
        except TimeoutError:
            raise CommandError("the server did not answer in time [timeout]", returncode=EXIT_FAILED) from None
        self.stdout.write(f"Complete. Reference: {reference}")

    async def _talk(self, address: str, pcm: bytes, options: dict[str, Any]) -> str:
        port = address.rpartition(":")[2]
        host = options["host"] if ":" in options["host"] or port == "80" else f"{options['host']}:{port}"
        screen = Screen(self.stdout)
        async with conversation(
            address, host,
            keep_audio=not options["no_recording"], name=options["name"], other_side=options["other_side"],
        ) as client:  # fmt: skip
            for turn in client.snapshot["turns"]:
                screen.turn(turn)
            await _speak(client, pcm, screen)
            await client.to_review()
            for item in client.snapshot["review"]["story"]:
                screen.line(f"  review: {item['text']}")
            return await client.send()


async def _speak(client: IntakeClient, pcm: bytes, screen: Screen) -> None:
    voice = await client.open_voice(screen.event)
    await voice.connect()
    await voice.speak(pcm)
    await voice.finish(FINISH_SECONDS)
    await voice.close()


class Screen:
    """Captions on one line that is written over; turns each on their own."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._is_terminal = bool(getattr(sys.stdout, "isatty", bool)())
        self._shown = ""

    def event(self, event: dict[str, Any]) -> None:
        """Show what the server said, as far as it is for the eye."""
        kind = event["type"]
        if kind == f"{TRANSCRIPTION}.partial":
            self._caption(event["text"])
        elif kind == f"{TRANSCRIPTION}.failed":
            self.line(f"(not understood: {event['error']})")
        elif kind == "turn":
            self.turn(event)
        elif kind == "error":
            self.line(f"({event['error']['code']}: {event['error']['message']})")

    def turn(self, turn: dict[str, Any]) -> None:
        """One turn."""
        who = "You" if turn["role"] == "client" else turn["role"].capitalize()
        self.line(f"{who}: {turn['text']}")

    def line(self, text: str) -> None:
        """A line that stays; a caption in progress gives way."""
        clear = "\r\x1b[K" if self._is_terminal and self._shown else ""
        self._shown = ""
        self._out.write(f"{clear}{text}")
        self._out.flush()

    def _caption(self, text: str) -> None:
        if text == self._shown:
            return
        self._shown = text
        if self._is_terminal:
            self._out.write(f"\r\x1b[K... {text[-100:]}", ending="")
        else:
            self._out.write(f"... {text}")
        self._out.flush()


def speech(path: Path) -> bytes:
    """A recording as the microphone gives it: 16 kHz mono, 16 bits, with a pause after it.

    Raises:
        CommandError: unreadable (`no_file`), or no FLAC (`not_flac`).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror} [no_file]", returncode=EXIT_INPUT) from None
    if content[:4] != b"fLaC":
        raise CommandError(f"{path} is no FLAC file [not_flac]", returncode=EXIT_INPUT)
    try:
        import numpy as np
        import soundfile
        import soxr
    except ModuleNotFoundError as error:
        message = f"{error.name} is not installed here; in containers, talk from audio_worker [no_speech_parts]"
        raise CommandError(message, returncode=EXIT_FAILED) from None
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        raise CommandError(f"{path} is a damaged FLAC file [not_flac]", returncode=EXIT_INPUT) from None
    mono = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    pcm = np.clip(np.rint(mono * 32_768), -32_768, 32_767).astype("<i2").tobytes()
    return bytes(pcm) + bytes(2 * int(PAUSE_SECONDS * SAMPLE_RATE))
