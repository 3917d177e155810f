"""Listening through the models service: the same words, times and states as here, whatever is lost on the way."""

from __future__ import annotations

import json
import signal
import threading
import time
from socket import SHUT_RDWR

import pytest
from websockets.exceptions import InvalidStatus

from audio.errors import ModelsFull, ModelsUnreachable, RecogniserCrashed, RecogniserStateError
from audio.listening import Listener, transcribe_master
from audio.recognisers import Context, Final, Recogniser
from audio.recognisers.pocketsphinx import shared
from audio.utterances import Event
from audio.utterances import Final as Heard
from tests.audio.clips import conversation, framed
from tests.audio.models_house import EXACT, TOKEN, Service, finish, padded, said, say, steps, utterance
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]


# -- the same as here


def test_words_times_states_and_partials_are_the_local_ones_utterance_by_utterance(service: Service) -> None:
    remote, here, there = service.remote(), None, None
    for index in (0, 1, 2, 3, 1):
        local, away = utterance(shared(), index, here), utterance(remote, index, there)
        assert away == local
        assert local[1].words
        here, there = local[1].state, away[1].state
    assert remote.name == shared().name
    remote.close()


def test_a_listener_hears_the_same_events_and_masters_repeat(service: Service) -> None:
    remote = service.remote()

    def listen(recogniser: Recogniser) -> list[Event]:
        listener = Listener(0, recogniser=recogniser)
        return [event for frame in framed(conversation()) for event in listener.feed(frame.pcm, frame.sample_pos)]

    there = listen(remote)
    assert there == listen(shared())
    for heard in [event for event in there if isinstance(event, Heard)]:
        again = transcribe_master(heard.pcm, heard.start_sample, heard.start_state, recogniser=remote)
        assert again == (heard.text, heard.words)
    remote.close()


def test_dropped_utterances_leave_nothing_and_silence_changes_no_state(service: Service) -> None:
    remote = service.remote()
    state = utterance(shared(), 0, None)[1].state
    for count in (0, 3, 60):
        session = remote.open(Context(state))
        for step in steps(2)[:count]:
            session.accept(step)
        if count == 3:
            session.close()
    assert utterance(remote, 3, state) == utterance(shared(), 3, state)
    silent = remote.open(Context(state))
    assert finish(silent, [bytes(1280)] * 10) == Final("", (), state)
    remote.close()


@pytest.mark.parametrize("broken", ["", "nonsense", "1,2,3"])
def test_a_broken_state_is_the_same_error_as_here(service: Service, broken: str) -> None:
    remote = service.remote()
    with pytest.raises(RecogniserStateError):
        remote.open(Context(broken))
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    remote.close()


# -- what is lost in the middle


def test_a_slot_killed_in_mid_utterance_changes_nothing(service: Service) -> None:
    remote = service.remote()
    session = remote.open(Context(None))
    partials = [session.accept(step) for step in steps(1)[:70]]
    service.kill_slots()
    partials += [session.accept(step) for step in steps(1)[70:]]
    assert (partials, session.final()) == utterance(shared(), 1, None)
    service.wait_until(ready=2)
    assert 'legal_intake_models_slot_deaths_total{code="slot_died"} 2.0' in service.metrics()
    remote.close()


def test_an_utterance_that_costs_two_slots_is_given_back_as_a_crash(service: Service) -> None:
    remote = service.remote()
    session = remote.open(Context(None))
    session.accept(steps(1)[0])
    service.kill_slots()
    session.accept(steps(1)[1])
    service.wait_until(ready=2)
    service.kill_slots()
    with pytest.raises(RecogniserCrashed, match="slot_died"):
        session.accept(steps(1)[2])
    service.wait_until(ready=2)
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    remote.close()


@pytest.mark.slow
def test_a_slot_that_is_stuck_is_ended_and_replaced(service: Service) -> None:
    remote = service.remote()
    session = remote.open(Context(None))
    first = steps(0)[:20]
    for step in first:
        session.accept(step)
    with service.socket():  # has the other slot, so that the new one is the only one free
        for one in service.slots():
            one.send_signal(signal.SIGSTOP)
        assert finish(session, steps(0)[20:]) == utterance(shared(), 0, None)[1]
    assert 'slot_deaths_total{code="slot_stuck"}' in service.metrics()
    remote.close()


def test_the_process_that_loads_the_model_is_replaced_too(service: Service) -> None:
    nursery = service.nursery
    slots = service.slots()
    nursery.kill()
    for one in slots:
        one.kill()
    gone = {one.pid for one in (nursery, *slots)}
    wait_for(
        lambda: len({one.pid for one in service.slots()} - gone) == 2 and service.health()["ready"] == 2,
        60,
        service.log,
    )
    assert service.nursery.pid != nursery.pid
    remote = service.remote()
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    remote.close()


def test_a_service_killed_and_started_again_in_mid_utterance_changes_nothing(service: Service) -> None:
    remote = service.remote()
    session = remote.open(Context(None))
    for step in steps(1)[:50]:
        session.accept(step)
    family = [service.nursery, *service.slots()]
    service.kill()
    starting = threading.Timer(0.5, service.start)
    starting.start()
    assert finish(session, steps(1)[50:]) == utterance(shared(), 1, None)[1]
    starting.join()
    wait_for(lambda: not any(one.is_running() for one in family), 60, service.log)
    remote.close()


def test_a_service_that_stays_away_is_a_clear_error_in_bounded_time(service: Service) -> None:
    remote = service.remote(patience=1.0)
    session = remote.open(Context(None))
    session.accept(steps(0)[0])
    service.kill()
    began = time.monotonic()
    with pytest.raises(ModelsUnreachable, match="look whether it runs") as caught:
        session.accept(steps(0)[1])
    assert caught.value.code == "models_unreachable"
    assert time.monotonic() - began < 30
    with pytest.raises(ModelsUnreachable):
        remote.open(Context(None))
    session.close()


def test_who_is_to_leave_does_not_wait_for_the_service(service: Service) -> None:
    leaving = threading.Event()
    remote = service.remote(leaving=leaving)
    session = remote.open(Context(None))
    service.kill()
    telling = threading.Timer(0.5, leaving.set)
    telling.start()
    began = time.monotonic()
    with pytest.raises(ModelsUnreachable):
        session.accept(steps(0)[0])
    assert time.monotonic() - began < 30
    telling.join()


def test_told_to_stop_it_hears_out_who_speaks_and_takes_nobody_new(service: Service) -> None:
    remote, idle = service.remote(), service.remote()
    utterance(idle, 0, None)
    session = remote.open(Context(None))
    for step in steps(0)[:30]:
        session.accept(step)
    service.process.send_signal(signal.SIGTERM)
    wait_for(lambda: service.get("/healthz")[0] == 503, 60, service.log)
    assert service.health()["status"] == "draining"
    with pytest.raises(InvalidStatus) as refused, service.socket():
        pass
    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["dg-error"] == "models_draining"
    assert finish(session, steps(0)[30:]) == utterance(shared(), 0, None)[1]
    assert service.process.wait(60) == 0
    service.start()
    for one in (remote, idle):
        assert utterance(one, 0, None) == utterance(shared(), 0, None)
        one.close()


# -- slots


def test_without_a_free_slot_a_socket_is_refused_before_it_opens(service: Service) -> None:
    remote = service.remote(patience=1.5)
    with service.socket(), service.socket():
        assert service.health()["busy"] == 2
        with pytest.raises(InvalidStatus) as refused, service.socket():
            pass
        response = refused.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
        assert response.headers["dg-error"] == "models_full"
        assert json.loads(response.body or b"")["err_code"] == "models_full"
        with pytest.raises(ModelsFull, match="every slot") as caught:
            remote.open(Context(None))
        assert caught.value.code == "models_full"
    service.wait_until(busy=0)
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    assert 'legal_intake_models_refused_total{code="models_full"}' in service.metrics()
    remote.close()


def test_who_waits_for_a_slot_gets_the_next_one(service: Service) -> None:
    remote = service.remote()
    with service.socket(), service.socket() as second:
        leaving = threading.Timer(0.6, second.close)
        leaving.start()
        assert utterance(remote, 0, None) == utterance(shared(), 0, None)
        leaving.join()
    remote.close()


def test_slots_come_back_whatever_became_of_their_socket(service: Service) -> None:
    for _ in range(6):
        with service.socket(EXACT) as socket:
            say(socket, type="Begin", state=None)
            assert said(socket) == {"type": "Begun"}
            socket.send(padded(0)[:1280])
            socket.socket.shutdown(SHUT_RDWR)  # no closing handshake, in the middle of an utterance
        service.wait_until(busy=0, ready=2)
    plain = service.get("/v1/listen", Authorization=f"Token {TOKEN}")
    assert plain[0] == 426
    assert service.health()["busy"] == 0
