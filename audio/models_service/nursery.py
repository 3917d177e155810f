"""Where slots come from: `python -m audio.models_service.nursery FD FOLDER`, started by the service.

It loads the model once and forks for each slot, so that all slots share its memory (a child of pocketsphinx
has 25 MB of its own instead of 100) and a slot that died is replaced in milliseconds. It has one thread and
decodes nothing. Over FD, a socket pair, it says first who it is, in JSON; then each packet that brings a
socket is answered by the number of the process that now serves on it. It ends when the service does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audio.errors import ModelUnavailable
from audio.models_service import manifest, slot
from audio.models_service.errors import ManifestError

if TYPE_CHECKING:
    from audio.recognisers import Recogniser


def load(folder: Path) -> Recogniser:
    """The recogniser that the folder's manifest names. Raises ManifestError, ModelUnavailable."""
    found = manifest.read(folder)
    from audio.recognisers.pocketsphinx import PocketSphinx

    return PocketSphinx(folder / found.model)


def main(arguments: list[str]) -> int:
    """Load, then fork until the service has gone."""
    control = socket.socket(fileno=int(arguments[0]))
    # A terminal's Ctrl-C reaches the whole group: the service ends us when its clients are done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        recogniser = load(Path(arguments[1]))
    except (ManifestError, ModelUnavailable) as error:
        control.send(json.dumps({"error": str(error)}).encode())
        return 1
    control.send(json.dumps({"recogniser": recogniser.name}).encode())
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 16, 1)
        if not descriptors:
            return 0
        channel = socket.socket(fileno=descriptors[0])
        child = os.fork()
        if child == 0:
            control.close()
            _live(channel, recogniser)
        channel.close()
        control.send(str(child).encode())


def _live(channel: socket.socket, recogniser: Recogniser) -> None:
    """A slot's life. Nothing of the nursery's goes on in the child."""
    status = 1
    try:
        slot.serve(channel, recogniser)
        status = 0
    except OSError:
        status = 0  # the service has gone
    except BaseException as error:  # noqa: BLE001 - its text could hold words; its kind cannot
        sys.stderr.write(json.dumps({"level": "error", "event": "slot_failed", "error": type(error).__name__}) + "\n")
    finally:
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
