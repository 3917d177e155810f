"""One slot: a process with the recogniser, asked over a socket pair, one question and one answer at a time.

A message is one packet, its first byte says what it is:

    O state      open an utterance (JSON: a string or null)     -> K, or E code, newline, sentence
    A samples    one step of audio                              -> P text, or = when nothing changed
    F            end the utterance                              -> R {"text", "words", "state"}
    D            drop the utterance, if one is open             -> K

The slot ends when the other end does. What it cannot survive, it does not: the parent starts another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from audio.errors import RecogniserStateError
from audio.recognisers import Context

if TYPE_CHECKING:
    import socket

    from audio.recognisers import Recogniser, Session

OPEN: Final = b"O"
STEP: Final = b"A"
FINISH: Final = b"F"
DROP: Final = b"D"

DONE: Final = b"K"
PARTIAL: Final = b"P"
SAME: Final = b"="
RESULT: Final = b"R"
REFUSED: Final = b"E"

# The largest packet: a final of 30 s has about 10 kB, a step at most 64 kB.
MAX_PACKET: Final = 128 * 1024


def serve(channel: socket.socket, recogniser: Recogniser) -> None:
    """Answer until the other end has gone."""
    session: Session | None = None
    while packet := channel.recv(MAX_PACKET):
        kind, body = packet[:1], packet[1:]
        if kind == STEP and session is not None:
            partial = session.accept(body)
            answer = SAME if partial is None else PARTIAL + partial.text.encode()
        elif kind == OPEN:
            try:
                session = recogniser.open(Context(json.loads(body)))
                answer = DONE
            except RecogniserStateError as error:
                session, answer = None, REFUSED + f"{error.code}\n{error}".encode()
        elif kind == FINISH and session is not None:
            final = session.final()
            session = None
            answer = RESULT + json.dumps({"text": final.text, "words": final.words, "state": final.state}).encode()
        elif kind == DROP:
            if session is not None:
                session.close()
            session, answer = None, DONE
        else:
            raise RuntimeError(f"a slot was asked {kind!r} out of turn")
        channel.send(answer)
