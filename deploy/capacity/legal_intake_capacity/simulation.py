"""The same world event by event, to check the formulas against: people come, speak and pause, slots are taken.

It shares no formula with the model. Conversations come at random (Poisson); each lasts an exponential time; a
spoken one is stretches of speech with pauses between them. A stretch asks for a slot, waits in line when none is
free, and keeps it for its length and `tail` seconds. Who waits does not begin the next stretch, as in life.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Event = tuple[float, int, "Callable[[], None]"]


@dataclass(frozen=True, slots=True)
class House:
    """What comes in, in seconds and events a second."""

    arrivals: float
    session: float
    voice_share: float
    talk_share: float
    stretch: float
    tail: float
    slots: int
    limit: float


@dataclass(slots=True)
class Seen:
    """What was seen after the warm-up."""

    seconds: float = 0.0
    sessions: float = 0.0
    streams: float = 0.0
    busy: float = 0.0
    asked: int = 0
    waited: int = 0
    waited_long: int = 0

    @property
    def waiting_share(self) -> float:
        """Of the stretches, those that waited at all."""
        return self.waited / max(1, self.asked)

    @property
    def long_share(self) -> float:
        """Of the stretches, those that waited longer than the limit."""
        return self.waited_long / max(1, self.asked)


@dataclass(slots=True)
class Clock:
    """Events in the order of time."""

    now: float = 0.0
    _events: list[Event] = field(default_factory=list)
    _count: int = 0

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do `act` so many seconds from now."""
        self._count += 1  # two at one moment: in the order in which they were planned
        heapq.heappush(self._events, (self.now + seconds, self._count, act))

    def run(self, until: float) -> None:
        """Let it go on until then."""
        while self._events and self._events[0][0] <= until:
            self.now, _, act = heapq.heappop(self._events)
            act()
        self.now = until


class Slots:
    """Servers with one line, first come, first served."""

    def __init__(self, clock: Clock, count: int, seen: Seen, limit: float) -> None:
        self.clock, self.free, self.seen, self.limit = clock, count, seen, limit
        self.line: deque[tuple[float, Callable[[], None]]] = deque()

    def ask(self, begin: Callable[[], None]) -> None:
        """Take a slot, now or when the line has come to this one; then `begin`."""
        if self.free:
            self._start(self.clock.now, begin)
        else:
            self.line.append((self.clock.now, begin))

    def give_back(self) -> None:
        """A slot is free again."""
        self.free += 1
        if self.line:
            self._start(*self.line.popleft())

    def _start(self, asked: float, begin: Callable[[], None]) -> None:
        self.free -= 1
        waited = self.clock.now - asked
        self.seen.asked += 1
        self.seen.waited += waited > 0
        self.seen.waited_long += waited > self.limit
        begin()


class _World:
    def __init__(self, house: House, seed: int) -> None:
        self.house, self.clock, self.seen = house, Clock(), Seen()
        self.rng = random.Random(seed)  # noqa: S311 - no secret
        self.slots = Slots(self.clock, house.slots, self.seen, house.limit)
        self.sessions = self.streams = self.busy = 0
        self._last = 0.0

    def arrive(self) -> None:
        self._count()
        self.clock.after(self.rng.expovariate(self.house.arrivals), self.arrive)
        self.sessions += 1
        until = self.clock.now + self.rng.expovariate(1 / self.house.session)
        self.clock.after(until - self.clock.now, self.leave)
        if self.rng.random() < self.house.voice_share:
            self.pause(until)

    def leave(self) -> None:
        self._count()
        self.sessions -= 1

    def pause(self, until: float) -> None:
        quiet = self.house.stretch * (1 - self.house.talk_share) / self.house.talk_share
        length = self.rng.expovariate(1 / quiet)
        if self.clock.now + length < until:
            self.clock.after(length, lambda: self.slots.ask(lambda: self.speak(until)))

    def speak(self, until: float) -> None:
        self._count()
        self.streams += 1
        self.busy += 1
        length = self.rng.expovariate(1 / self.house.stretch)
        self.clock.after(length, lambda: self.stop(until))

    def stop(self, until: float) -> None:
        self._count()
        self.streams -= 1
        # The slot stays through the tail; the pause has begun meanwhile.
        self.clock.after(self.house.tail, self.free)
        self.pause(until)

    def free(self) -> None:
        self._count()
        self.busy -= 1
        self.slots.give_back()

    def _count(self) -> None:
        """Add what was since the last change."""
        passed = self.clock.now - self._last
        self._last = self.clock.now
        self.seen.seconds += passed
        self.seen.sessions += passed * self.sessions
        self.seen.streams += passed * self.streams
        self.seen.busy += passed * self.busy


def live(house: House, *, hours: float, seed: int, warm_up: float = 1.0) -> Seen:
    """Let people speak for so many hours after the warm-up: mean sessions, streams and busy slots, and the waits."""
    world = _World(house, seed)
    world.arrive()
    world.clock.run(warm_up * 3600)
    world._count()
    seen = Seen()
    world.seen = world.slots.seen = seen
    world.clock.run((warm_up + hours) * 3600)
    world._count()
    seen.sessions /= seen.seconds
    seen.streams /= seen.seconds
    seen.busy /= seen.seconds
    return seen


def queue(
    load: float, servers: int, service: Callable[[random.Random], float], *, count: int, limit: float, seed: int
) -> Seen:
    """`count` jobs through `servers` with one line; `load` in erlangs for a mean service of one second."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    clock, seen = Clock(), Seen()
    slots = Slots(clock, servers, seen, limit)
    left = count

    def come() -> None:
        nonlocal left
        left -= 1
        if left:
            clock.after(rng.expovariate(load), come)
        slots.ask(lambda: clock.after(service(rng), slots.give_back))

    come()
    clock.run(float("inf"))
    return seen


def losses(load: float, servers: int, *, count: int, seed: int) -> float:
    """The share turned away where nobody may wait; service of one second, the same for all."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    ends: list[float] = []
    now, refused = 0.0, 0
    for _ in range(count):
        now += rng.expovariate(load)
        while ends and ends[0] <= now:
            heapq.heappop(ends)
        if len(ends) < servers:
            heapq.heappush(ends, now + 1.0)
        else:
            refused += 1
    return refused / count
