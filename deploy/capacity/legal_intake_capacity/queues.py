"""Queues in closed form. `load` is in erlangs (arrivals a second x seconds of service), `servers` a count."""

from __future__ import annotations

import math


def erlang_b(load: float, servers: int) -> float:
    """The share of arrivals that find all servers busy and are turned away (M/G/c/c, any service time)."""
    if load <= 0:
        return 0.0 if servers else 1.0
    # The recursion B(c) = A B(c-1) / (c + A B(c-1)) never leaves 0 to 1, so nothing overflows.
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """The share of arrivals that have to wait (M/M/c); 1 where the queue would grow for ever."""
    if load <= 0:
        return 0.0
    if servers <= load:
        return 1.0
    return waits_from_blocked(erlang_b(load, servers), load, servers)


def waits_from_blocked(blocked: float, load: float, servers: int) -> float:
    """Erlang C from Erlang B."""
    return servers * blocked / (servers - load * (1 - blocked))


def waits_longer(load: float, servers: int, service: float, than: float, variation: float = 1.0) -> float:
    """The share that waits longer than `than` seconds.

    Exact for exponential service times (`variation` 1, the squared coefficient of variation). For others the mean
    wait is scaled by (1 + variation) / 2 (Allen and Cunneen), the share that waits is left as it is.
    """
    if servers <= load:
        return 1.0
    mean = service * (1 + variation) / 2 / (servers - load)
    return erlang_c(load, servers) * math.exp(-than / mean)


def servers_for(load: float, service: float, than: float, share: float, variation: float = 1.0) -> int:
    """The fewest servers with which no more than `share` of arrivals wait longer than `than` seconds."""
    if load <= 0:
        return 0
    blocked, count = 1.0, 0
    while True:
        count += 1
        blocked = load * blocked / (count + load * blocked)
        if count <= load:
            continue
        mean = service * (1 + variation) / 2 / (count - load)
        if waits_from_blocked(blocked, load, count) * math.exp(-than / mean) <= share:
            return count


def wait_within(load: float, servers: float, service: float, share: float) -> float:
    """The seconds within which `share` of the arrivals have a server (M/M/c); infinite where the queue only grows."""
    count = int(servers)
    if count <= load:
        return math.inf
    waiting = erlang_c(load, count)
    return 0.0 if waiting <= 1 - share else math.log(waiting / (1 - share)) * service / (count - load)


def sojourn(service: float, busy: float, share: float) -> float:
    """The seconds within which `share` of the requests to one busy server are answered (M/M/1)."""
    return math.inf if busy >= 1 else -math.log(1 - share) * service / (1 - busy)
