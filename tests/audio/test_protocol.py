"""The schemas in docs/protocol, held against the server, the Python client and the web app.

Everything that the server says in tests is checked by `tests.audio.wire` and `tests.audio.house`; here is
what those cannot see.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from audio.frames import Frame, decode, encode
from tests.audio.wire import PROTOCOLS, check, shapes

ROOT = Path(__file__).parent.parent.parent
REALTIME = ROOT / "frontend" / "src" / "realtime"


def kinds(end: str) -> set[str]:
    return {branch["properties"]["type"]["const"] for branch in shapes(end)}


def test_each_type_has_one_shape() -> None:
    for end in ("client", "server"):
        consts = [branch["properties"]["type"]["const"] for branch in shapes(end)]
        assert len(consts) == len(set(consts))


def test_the_issues_names_are_all_there() -> None:
    transcription = "conversation.item.input_audio_transcription"
    assert kinds("server") >= {
        "session.created", "session.resumed", "session.going_away", "input_audio_buffer.ack",
        "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", f"{transcription}.partial",
        f"{transcription}.completed", f"{transcription}.failed", "turn", "pong", "error",
    }  # fmt: skip
    assert kinds("client") == {
        "session.resume", "session.close", "conversation.item.create", "input_audio_buffer.commit", "ping",
    }  # fmt: skip


def test_the_web_app_sends_only_what_the_schema_knows() -> None:
    source = "".join(path.read_text() for path in REALTIME.glob("*.ts") if ".test." not in path.name)
    said = set(re.findall(r'say\(\{\s*type: "([a-z_.]+)"', source))
    assert said
    assert said <= kinds("client")


def test_the_web_app_understands_what_the_server_says() -> None:
    source = (REALTIME / "events.ts").read_text()
    known = set(re.findall(r'"((?:session|input_audio_buffer)\.[a-z_]+|turn|pong|error)"', source))
    parts = re.findall(r"TRANSCRIPTION\}\.(\w+)", source)
    known |= {f"conversation.item.input_audio_transcription.{part}" for part in parts}
    assert known <= kinds("server")
    assert kinds("server") - known <= {"input_audio_buffer.committed"}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "session.resume", "session_id": "x", "resume_token": "t", "last_turn": 0},
        {"type": "conversation.item.create", "item": {"text": "so"}},
        {"type": "ping"},
        {"type": "session.update"},
        {"type": "session.close", "password": "x"},
    ],
)
def test_a_client_that_says_something_else_is_found(message: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check("client", message)


def test_a_server_that_says_something_else_is_found() -> None:
    event = {"type": "pong", "t": 1, "server_t": 2, "event_id": "e", "event_seq": 1, "session_id": str(uuid4())}
    check("server", event)
    for broken in ({**event, "more": 1}, {**event, "server_t": "2"}, {**event, "session_id": "mine"}):
        with pytest.raises(AssertionError):
            check("server", broken)


def test_the_frame_in_the_readme_is_the_frame_in_the_code() -> None:
    readme = (PROTOCOLS / "README.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\w+|`\w+`)", readme, re.MULTILINE)
    assert [(int(offset), int(size)) for offset, size, _ in rows] == [(0, 1), (1, 1), (2, 2), (4, 4), (8, 8)]
    data = encode(Frame(7, 640, bytes(1280), 8))
    assert data[:16] == bytes([1, 0, 8, 0, 7, 0, 0, 0, 0x80, 2, 0, 0, 0, 0, 0, 0])
    assert decode(data).sample_pos == 640


def test_every_code_in_the_code_stands_in_the_readme() -> None:
    readme = (PROTOCOLS / "README.md").read_text()
    names = ("live.py", "session.py", "sockets.py", "sweep.py")
    source = "".join((ROOT / "audio" / name).read_text() for name in names)
    codes = set(re.findall(r'(?:outbox\.error|_invalid)\(\s*"([a-z_]+)"', source))
    codes |= set(re.findall(r'(?:end|Refused)\((?:CLOSE_[A-Z_]+|\d+), "([a-z_]+)"', source))
    assert len(codes) > 10
    assert {code for code in codes if f"`{code}`" not in readme} == set()
    closes = set(re.findall(r"CLOSE_[A-Z_]+: Final = (\d+)", source))
    assert {code for code in closes if f"| {code} |" not in readme} == set()
    assert json.loads((PROTOCOLS / "server.schema.json").read_text())["$schema"].endswith("2020-12/schema")
