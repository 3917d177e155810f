"""The models service's socket: who may come in, what is refused and how, Deepgram's way, what it tells of itself."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.typing import Subprotocol

from audio.errors import ModelsRefused
from audio.recognisers import Context, Final
from audio.recognisers.pocketsphinx import shared
from audio.recognisers.remote import Remote, address_of
from tests.audio.clips import seconds
from tests.audio.models_house import (
    AUDIO,
    EXACT,
    METRICS_TOKEN,
    OTHER_TOKEN,
    TOKEN,
    Service,
    finish,
    padded,
    said,
    say,
    steps,
    utterance,
)

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]


# -- who may come in, and with what


def refused(service: Service, query: str = AUDIO, **named: Any) -> tuple[int, str, str]:
    with pytest.raises(InvalidStatus) as caught, service.socket(query, **named):
        pass
    response = caught.value.response
    body = json.loads(response.body or b"")
    assert body["err_code"] == response.headers["dg-error"]
    assert body["request_id"] == response.headers["dg-request-id"]
    return response.status_code, body["err_code"], body["err_msg"]


def test_a_token_opens_the_socket_in_each_form_and_nothing_else_does(service: Service) -> None:
    assert refused(service, token="")[:2] == (401, "token_missing")
    for wrong in ("wrong", TOKEN[:-1], TOKEN.upper() + "é".encode().hex(), f"{TOKEN}{TOKEN}"):
        assert refused(service, token=wrong)[:2] == (401, "token_invalid")
    assert refused(service, token="", headers={"Authorization": f"Basic {TOKEN}"})[:2] == (401, "token_missing")
    odd = service.get("/v1/listen", Authorization="Token \xe9\xff", Upgrade="websocket")
    assert (odd[0], odd[2]["dg-error"]) == (401, "token_invalid")
    for right in (TOKEN, OTHER_TOKEN):
        with service.socket(token=right), service.socket(token="", headers={"Authorization": f"Bearer {right}"}):
            pass
        service.wait_until(busy=0)
        with service.socket(token="", subprotocols=[Subprotocol("token"), Subprotocol(right)]) as socket:
            assert socket.subprotocol == "token"
        service.wait_until(busy=0)
    with pytest.raises(ModelsRefused, match="MODELS_TOKEN") as caught:
        Remote(service.address, "wrong").open(Context(None))
    assert caught.value.code == "models_refused"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("encoding=linear16&sample_rate=8000", "sample_rate=16000"),
        ("encoding=linear16", "sample_rate=16000"),
        ("encoding=opus&sample_rate=16000", "encoding=linear16"),
        (f"{AUDIO}&channels=2", "channels=1"),
        (f"{AUDIO}&interim_results=perhaps", "true or false"),
        (f"{AUDIO}&language=de", "language=en"),
        (f"{AUDIO}&replay=roughly", "replay=exact"),
    ],
)
def test_what_would_be_heard_wrongly_is_refused_with_a_sentence(service: Service, query: str, says: str) -> None:
    status, code, message = refused(service, query)
    assert (status, code) == (400, "invalid_parameter")
    assert says in message
    assert service.health()["busy"] == 0


def test_other_places_and_wishes(service: Service) -> None:
    assert service.get("/")[0] == service.get("/v2/listen")[0] == 404
    with service.socket(f"{AUDIO}&model=nova-3&smart_format=true&language=en-US&punctuate=true"):
        pass


def ended(socket: ClientConnection) -> tuple[str, int, str]:
    error = said(socket)
    assert error["type"] == "Error"
    assert error["description"]
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    return error["code"], closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize("query", [AUDIO, EXACT])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        "[]",
        "7",
        "{}",
        '{"type": 7}',
        '{"type": "Speak"}',
        "[" * 5000,
        '{"type": "Begin", "state": 5}',
    ],
)
def test_text_that_is_no_message_of_ours_ends_the_socket(service: Service, query: str, text: str) -> None:
    with service.socket(query) as socket:
        socket.send(text)
        assert ended(socket) == ("invalid_message", 1008, "invalid_message")
    service.wait_until(busy=0, ready=2)


def test_other_bad_input(service: Service) -> None:
    with service.socket(EXACT) as socket:
        socket.send(bytes(1280))
        assert ended(socket)[0] == "invalid_message"
    with service.socket(EXACT) as socket:
        say(socket, type="Finalize")
        assert ended(socket)[0] == "invalid_message"
    with service.socket(EXACT) as socket:
        say(socket, type="Begin", state=None)
        said(socket)
        socket.send(bytes(1281))
        assert ended(socket)[:2] == ("audio_odd_bytes", 1008)
    with service.socket(EXACT) as socket:
        say(socket, type="Begin", state="nonsense")
        assert ended(socket)[:2] == ("recogniser_state", 1008)
    with service.socket() as socket:
        socket.send(json.dumps({"type": "KeepAlive", "pad": "x" * 9_000}))
        assert ended(socket)[:2] == ("message_too_large", 1008)
    with service.socket() as socket:
        socket.send(bytes(70_000))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    service.wait_until(busy=0, ready=2)
    remote = service.remote()
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    remote.close()


@pytest.mark.parametrize("url", ["", "models:8090", "ftp://models", "ws://", "http:///v1/listen"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ModelsRefused, match="MODELS_URL"):
        Remote(url, TOKEN)


def test_addresses() -> None:
    assert address_of("http://models:8090").startswith("ws://models:8090/v1/listen?encoding=linear16")
    assert address_of("wss://asr.example.org/eu/v1/listen").startswith("wss://asr.example.org/eu/v1/listen?")


# -- Deepgram's way


def plain_words(final: Final, before: float) -> list[tuple[str, float, float]]:
    return [
        (word["word"], round(before + word["start_ms"] / 1000, 3), round(before + word["end_ms"] / 1000, 3))
        for word in final.words
    ]


def results_until_final(socket: ClientConnection) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or not found[-1]["is_final"]:
        message = said(socket)
        assert message["type"] == "Results"
        found.append(message)
    return found


def test_deepgrams_way_in_pieces_of_any_size(service: Service) -> None:
    first = utterance(shared(), 0, None)[1]
    second = utterance(shared(), 1, first.state)[1]
    with service.socket(f"{AUDIO}&interim_results=true") as socket:
        before = 0.0
        for index, wanted in ((0, first), (1, second)):
            pcm = padded(index)
            for offset in range(0, len(pcm), 999):
                socket.send(pcm[offset : offset + 999])
            say(socket, type="KeepAlive")
            say(socket, type="Finalize")
            *interim, final = results_until_final(socket)
            assert len(interim) > 5
            assert all(not one["is_final"] and not one["channel"]["alternatives"][0]["words"] for one in interim)
            best = final["channel"]["alternatives"][0]
            assert best["transcript"] == wanted.text
            assert [(w["word"], w["start"], w["end"]) for w in best["words"]] == plain_words(wanted, before)
            assert final["speech_final"]
            assert final["from_finalize"]
            assert (final["start"], final["duration"]) == (round(before, 3), round(len(pcm) / 32_000, 3))
            before += len(pcm) / 32_000
        say(socket, type="Finalize")
        assert results_until_final(socket)[0]["channel"]["alternatives"][0]["transcript"] == ""
        say(socket, type="CloseStream")
        summary = said(socket)
        assert (summary["type"], summary["channels"]) == ("Metadata", 1)
        assert summary["duration"] == round(before, 3)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000


def test_close_stream_drains_and_without_interim_results_only_finals_come(service: Service) -> None:
    with service.socket() as socket:
        for offset in range(0, len(padded(3)), 60_000):
            socket.send(padded(3)[offset : offset + 60_000])
        say(socket, type="CloseStream")
        (final,) = results_until_final(socket)
        assert final["channel"]["alternatives"][0]["transcript"] == utterance(shared(), 3, None)[1].text
        assert not final["from_finalize"]
        assert said(socket)["type"] == "Metadata"


def test_half_a_minute_is_a_final_of_its_own(service: Service) -> None:
    pcm = (padded(0) * 20)[: 2 * seconds(31)]
    with service.socket() as socket:
        for offset in range(0, len(pcm), 32_000):
            socket.send(pcm[offset : offset + 32_000])
        (first,) = results_until_final(socket)
        assert (first["duration"], first["speech_final"]) == (30.0, False)
        say(socket, type="Finalize")
        (second,) = results_until_final(socket)
        assert (second["start"], second["duration"]) == (30.0, 1.0)


@pytest.mark.slow
def test_a_silent_socket_is_closed_and_its_slot_is_free(service: Service) -> None:
    with service.socket() as talking, service.socket() as silent:
        for _ in range(4):
            time.sleep(3)
            say(talking, type="KeepAlive")
        assert ended(silent) == ("idle", 1011, "NET-0001")
        service.wait_until(busy=1)
        say(talking, type="CloseStream")
        assert said(talking)["type"] == "Metadata"
    remote = service.remote()
    utterance(remote, 0, None)
    time.sleep(10.5)
    service.wait_until(busy=0)
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    remote.close()


# -- what it tells


def test_metrics_are_for_who_may_read_them(service: Service) -> None:
    assert service.get("/metrics")[0] == service.get("/metrics", Authorization=f"Bearer {TOKEN}")[0] == 403
    remote = service.remote()
    utterance(remote, 0, None)
    text = service.metrics()
    assert "legal_intake_models_slots 2.0" in text
    assert "legal_intake_models_slots_busy 1.0" in text
    assert "legal_intake_models_utterances_total 1.0" in text
    heard = float(
        next(line for line in text.splitlines() if "audio_seconds_total" in line and line[0] != "#").split()[1]
    )
    assert heard == pytest.approx(len(padded(0)) / 32_000, abs=0.01)
    assert service.get("/metrics", Authorization=f"Bearer {METRICS_TOKEN}")[2]["Content-Type"].startswith("text/plain")
    remote.close()


def test_no_word_of_what_was_said_is_logged_and_every_line_is_json(service: Service) -> None:
    service.env["LOG_LEVEL"] = "DEBUG"
    service.kill()
    service.start()
    remote = service.remote()
    session = remote.open(Context(None))
    heard = finish(session, steps(1))
    with service.socket(EXACT) as socket:
        say(socket, type="Begin", state="a secret state")
        said(socket)
    session = remote.open(Context(heard.state))
    session.accept(steps(0)[0])
    service.kill_slots()
    session.final()
    remote.close()
    log = service.log.read_text()
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert {"models_checked", "models_ready", "slot_ready", "slot_lost", "socket_ended"} <= set(events)
    assert TOKEN not in log
    assert "secret state" not in log
    assert not [pair for pair in itertools.pairwise(heard.text.split()) if " ".join(pair) in log]
