"""Three servers with Sentinels, started by the chart's scripts: the leader is killed, or ends as a pod does, while our
own clients write. They go on by themselves, and what was acknowledged is there."""

from __future__ import annotations

import asyncio
import itertools
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dramatiq
import pytest
import redis
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.cache import cache
from django.test import override_settings

from audio import journal
from audio.journal_writer import JournalWriter, Write
from tenants.context import firm_scope
from tenants.redis import broker_redis, cache_redis, close_async_clients, journal_redis, layer_host, make_client
from tenants.watched_broker import WatchedBroker
from tests.audio.voices import Voice, make_voice
from tests.support.failover_house import PASSWORD, Node, Three

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(150)]


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    """All roles on three servers that are set as the journal's are."""
    running = Three(tmp_path, "journal")
    urls = {f"REDIS_{role}_URL": running.url[:-1] + str(db) for db, role in enumerate(("BROKER", "JOURNAL", "CACHE"))}
    try:
        running.begin()
        with override_settings(**urls, JOURNAL_REPLICAS=2, BROKER_REPLICAS=1):
            yield running
            for used in (broker_redis(), journal_redis(), cache_redis()):
                # Not those in use: a thread that listens has one, and goes back to the suite's own Redis by itself.
                used.connection_pool.disconnect(inuse_connections=False)
                used.connection_pool.sentinel_manager.close()  # type: ignore[attr-defined]
    finally:
        running.stop()


class Speaker:
    """A socket as the writer knows it: always has one more entry, and remembers which were called stored."""

    def __init__(self, voice: Voice) -> None:
        state = journal.take_socket(voice.session_id)
        assert state is not None
        self._keys, self._epoch = journal.session_keys(voice.session_id), state.epoch
        self._waits: Write | None = None
        self.stored_ids: list[str] = []
        self.stored_at: list[float] = []
        self.told_down = 0

    @property
    def stream(self) -> str:
        return self._keys.stream

    def collect(self) -> Write:
        if self._waits is None:
            seq = len(self.stored_ids)
            self._waits = Write(self._keys, self._epoch, b"", seq + 1, True, f"{seq + 1}-0", b"x" * 1300)
        return self._waits

    def stored(self, write: Write) -> None:
        self.stored_ids.append(write.entry_id)
        self.stored_at.append(time.monotonic())
        self._waits = None

    def refused(self) -> None:
        raise AssertionError("the session has no other socket")

    withdrawn = refused

    def journal_is_down(self) -> None:
        self.told_down += 1


class Load:
    """Our clients at work, in threads, until `stop`."""

    def __init__(self, voice: Voice) -> None:
        self.voice, self._ended = voice, threading.Event()
        self.speaker = Speaker(voice)
        self.cached: list[tuple[float, int]] = []
        self.heard: list[tuple[float, int]] = []
        self.sent: list[tuple[float, int]] = []
        self.done: set[int] = set()
        self.broker = self._make_broker()
        self.worker = dramatiq.Worker(self.broker, worker_threads=1, worker_timeout=100)
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._jobs, self._cache, lambda: asyncio.run(self._loop()))
        ]

    @staticmethod
    def _make_broker() -> WatchedBroker:
        from django.conf import settings

        return WatchedBroker(client=make_client(settings.REDIS_BROKER_URL), replicas=1, middleware=[])

    def start(self) -> None:
        actor: Any = dramatiq.actor(broker=self.broker, queue_name="failover", actor_name="note")(self.done.add)
        self._send = actor.send
        self.worker.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        self.worker.stop()
        self.broker.close()
        if self.broker.bell._listener is not None:
            self.broker.bell._listener.join(10)
        close(self.broker.client)

    def _jobs(self) -> None:
        number = 0
        while not self._ended.wait(0.02):
            number += 1
            with suppress(redis.RedisError, dramatiq.DramatiqError):
                self._send(number)
                self.sent.append((time.monotonic(), number))

    def _cache(self) -> None:
        number = 0
        while not self._ended.wait(0.02):
            number += 1
            with firm_scope(self.voice.firm), suppress(redis.RedisError):
                cache.set("failover", number)
                if cache.get("failover") == number:
                    self.cached.append((time.monotonic(), number))

    async def _loop(self) -> None:
        from django.conf import settings

        with firm_scope(self.voice.firm):
            running = JournalWriter()
        layer = RedisPubSubChannelLayer(hosts=[layer_host(settings.REDIS_CACHE_URL)], prefix="li")
        channel = await layer.new_channel()
        await layer.group_add("failover", channel)
        listening, calling = asyncio.create_task(self._listen(layer, channel)), asyncio.create_task(self._call(layer))
        while not self._ended.is_set():
            running.submit(self.speaker)
            await asyncio.sleep(0.01)
        # One after the other: the layer's connection does not survive being cancelled in the middle of a command.
        await calling
        await asyncio.sleep(1)  # the writer has nothing more to do
        running._task.cancel()
        layer.channels.clear()
        listening.cancel()
        await asyncio.wait({listening, running._task}, timeout=10)
        asked = [shard._redis.connection_pool.sentinel_manager for shard in layer._get_layer()._shards]
        await layer.flush()
        for manager in asked:
            await manager.aclose()
        await close_async_clients()

    async def _call(self, layer: Any) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            with suppress(redis.RedisError, OSError):
                await layer.group_send("failover", {"type": "x", "number": number})
            await asyncio.sleep(0.05)

    async def _listen(self, layer: Any, channel: str) -> None:
        while True:
            message = await layer.receive(channel)
            self.heard.append((time.monotonic(), message["number"]))

    def after(self, when: float) -> dict[str, float | None]:
        """How long after `when` each was served again."""
        series = {
            "journal": self.speaker.stored_at,
            **{name: [at for at, _ in getattr(self, name)] for name in ("sent", "cached", "heard")},
        }
        return {name: next((at - when for at in times if at > when + 0.05), None) for name, times in series.items()}

    def is_served(self, when: float) -> bool:
        return all(value is not None for value in self.after(when).values())


@pytest.fixture
def load(three: Three, live_firms: Any) -> Iterator[Load]:
    with firm_scope(live_firms[0]):
        made = Load(make_voice(live_firms[0]))
    made.start()
    try:
        three.wait(lambda: made.is_served(time.monotonic() - 1), 20)
        yield made
    finally:
        made.stop()
        made.close()


def close(client: redis.Redis) -> None:
    """Its connections, and those to the Sentinels."""
    client.close()
    client.connection_pool.disconnect()
    client.connection_pool.sentinel_manager.close()  # type: ignore[attr-defined]


@pytest.fixture
def client(three: Three) -> Iterator[redis.Redis]:
    made = make_client(three.url)
    yield made
    close(made)


def server(three: Three, node: Node) -> redis.Redis:
    return redis.Redis("127.0.0.1", node.port, password=PASSWORD)


def cut_off(three: Three, leader: Node) -> None:
    """No replica follows the leader any more; it does not refuse by itself, which may come late."""
    for node in three.nodes:
        if node is not leader:
            with server(three, node) as replica:
                replica.config_set("masterauth", "wrong")
    with server(three, leader) as client:
        client.config_set("min-replicas-to-write", 0)
        client.client_kill_filter(_type="replica")


def mend(three: Three, leader: Node) -> None:
    for node in three.nodes:
        if node is not leader:
            with server(three, node) as replica:
                replica.config_set("masterauth", PASSWORD)


def nothing_is_lost(three: Three, load: Load) -> None:
    """Each entry that a socket was told of is on the leader; each job that was sent was done."""
    kept = {name.decode() for name, _ in journal_redis().xrange(load.speaker.stream)}  # type: ignore[union-attr]
    assert set(load.speaker.stored_ids) - kept == set()
    three.wait(lambda: {number for _, number in load.sent} <= load.done, 30)


def tell(record_property: Any, what: str, times: dict[str, float | None]) -> None:
    for name, seconds in times.items():
        record_property(f"{what}: {name}", round(seconds or -1, 1))


def test_a_leader_that_is_killed_takes_nothing_with_it(three: Three, load: Load, record_property: Any) -> None:
    leader = three.leader()
    assert leader is not None
    time.sleep(2)
    # For a second it writes on without its replicas: what it takes then goes down with it, so nobody may be told.
    cut_off(three, leader)
    time.sleep(1)
    killed = time.monotonic()
    three.kill(leader)
    mend(three, leader)
    elected = three.wait(lambda: three.leader() not in (None, leader), 40)
    three.wait(lambda: load.is_served(killed), 60)
    tell(record_property, "killed", {"elected": elected, **load.after(killed)})
    assert load.speaker.told_down, "who speaks was told that nothing is saved for now"
    # It comes back as the replica that it now is, and gives up what nobody was told of.
    three.start(leader)
    three.wait(lambda: all(three.is_well(node) for node in three.nodes), 60)
    assert three.leader() is not leader
    load.stop()
    nothing_is_lost(three, load)


def test_a_pod_that_ends_hands_over_first(three: Three, load: Load, record_property: Any) -> None:
    leader = three.leader()
    assert leader is not None
    time.sleep(2)
    began = time.monotonic()
    three.end(leader)
    ended = time.monotonic() - began
    assert three.leader() not in (None, leader)
    three.wait(lambda: load.is_served(began + ended), 60)
    gaps = {name: max_gap(times) for name, times in {
        "journal": load.speaker.stored_at, "sent": [at for at, _ in load.sent], "cached": [at for at, _ in load.cached],
        "heard": [at for at, _ in load.heard],
    }.items()}  # fmt: skip
    tell(record_property, "handed over", {"ended": ended, **gaps})
    assert ended < 15
    three.start(leader)
    three.wait(lambda: all(three.is_well(node) for node in three.nodes), 60)
    load.stop()
    nothing_is_lost(three, load)


def max_gap(times: list[float]) -> float:
    return max(after - before for before, after in itertools.pairwise(times))


def test_a_replica_that_is_away_stops_the_journal_for_a_moment_and_nothing_else(three: Three, load: Load) -> None:
    leader = three.leader()
    away = next(node for node in three.nodes if node is not leader)
    time.sleep(1)
    began = time.monotonic()
    three.kill(away)
    three.wait(lambda: load.is_served(began + 5), 20)
    assert max_gap(load.speaker.stored_at) < 5, "all must have it, or one when the other has been away for 3 s"
    assert max_gap([at for at, _ in load.cached]) < 3
    assert three.leader() is leader
    load.stop()
    nothing_is_lost(three, load)


def test_a_leader_that_comes_back_without_its_volume_does_not_empty_the_others(
    three: Three, client: redis.Redis
) -> None:
    leader = three.leader()
    assert leader is not None
    client.set("kept", "yes")
    client.execute_command("WAIT", 2, 1000)
    three.kill(leader)
    for path in sorted((leader.folder / "data").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    three.start(leader)
    three.wait(lambda: three.leader() not in (None, leader), 40)
    three.wait(lambda: all(three.is_well(node) for node in three.nodes), 60)
    assert client.get("kept") == b"yes"
    with server(three, leader) as again:
        assert again.get("kept") == b"yes"


def test_all_are_stopped_and_come_back_with_what_they_had(three: Three, client: redis.Redis) -> None:
    leader = three.leader()
    client.set("kept", "yes")
    for node in three.nodes:
        three.kill(node)
    client.connection_pool.disconnect()
    for node in three.nodes:
        three.start(node)
    three.wait(lambda: all(three.is_well(node) for node in three.nodes), 60)
    assert client.get("kept") == b"yes"
    assert three.leader() is leader, "whose disk has everything that was acknowledged"


def test_a_replica_that_was_left_behind_is_found_out(three: Three) -> None:
    leader = three.leader()
    lost = next(node for node in three.nodes if node is not leader)
    assert three.script(lost, "health.sh", "follows").returncode == 0
    with server(three, lost) as replica:
        # As if no Sentinel knew it; they mend it themselves after a while, since here they do.
        replica.replicaof("localhost", 1)
        wait_for_link = three.wait(lambda: replica.info("replication")["master_link_status"] == "down", 5)
    said = three.script(lost, "health.sh", "follows")
    assert (said.returncode, wait_for_link < 5) == (1, True)
    assert leader is not None
    assert said.stdout == f"it follows localhost:1, and {leader.name} leads\n"
    three.kill(lost, "server")
    three.start(lost, "server")
    three.wait(lambda: three.is_well(lost), 20)


def test_with_one_of_three_nobody_may_write(three: Three, client: redis.Redis) -> None:
    leader = three.leader()
    client.set("kept", "yes")
    for node in three.nodes:
        if node is not leader:
            three.kill(node)
    time.sleep(1.5)  # it looks at its replicas once a second
    with pytest.raises(redis.ConnectionError):
        client.set("kept", "no")
    assert client.get("kept") == b"yes"


def test_a_leader_that_hangs_is_replaced_and_believes_it_no_longer(three: Three, client: redis.Redis) -> None:
    leader = three.leader()
    assert leader is not None
    client.set("kept", "yes")
    leader.running["server"].send_signal(signal.SIGSTOP)
    three.wait(lambda: three.leader() not in (None, leader), 40)
    client.connection_pool.disconnect()
    client.set("kept", "still")
    leader.running["server"].send_signal(signal.SIGCONT)
    three.wait(lambda: all(three.is_well(node) for node in three.nodes), 60)
    with server(three, leader) as old:
        three.wait(lambda: old.get("kept") == b"still", 20)
        assert old.role()[0] == b"slave"
