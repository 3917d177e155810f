"""200 people who type, each a turn every 10 seconds on average, against our server on two cores; before them one alone.

They are the personas of the rehearsals under names of their own, over HTTP, through whole conversations: words and
buttons, stories, pauses for safety, Done, Send, and another conversation after that. A server for each core (a process
of ours computes on one; so `docker compose up --scale api=2`), between which the people are shared as a proxy would,
PostgreSQL (syncing to disk), Redis and the people themselves share the same two cores; what the people take of them
is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import resource
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from bench.report import Row, main, median, percentile
from bench.typed_turn import databases, host_of, names_for, server
from intake.rehearsal.answering import Mind
from intake.rehearsal.personas import personas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.rehearsal.personas import Persona

CORES = 2
CLIENTS = 200
EVERY_SECONDS = 10.0
LONGEST_WAIT = 40.0
SECONDS = 180.0
BUDGET_MS = 150.0
ALONE_EVERY = 0.2
ALONE_MS = 60.0
SEED = 7
KIND = "sealed"


@dataclass
class Tally:
    """What was measured while `counts`: milliseconds of each turn, and what went wrong, by kind."""

    took: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    counts: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether everybody goes home."""
        return self.ended.is_set()

    def add(self, milliseconds: float, error: str) -> None:
        if self.counts:
            self.took.append(milliseconds)
            if error:
                self.wrong[error] += 1


class Person:
    """One of them: conversation after conversation, a turn at a time."""

    def __init__(self, http: httpx.AsyncClient, dice: random.Random, tally: Tally, every: float) -> None:
        self._http, self._dice, self._tally, self._every = http, dice, tally, every
        self._cookies: dict[str, str] = {}
        self._mind: Mind | None = None
        self._snapshot: dict[str, Any] = {}

    async def live(self) -> None:
        """Until it is over; a turn that is under way is waited for."""
        await asyncio.sleep(self._dice.uniform(0, self._every))
        while not self._tally.over:
            if self._mind is None or self._snapshot["stage"] in {"sent", "stopped"}:
                await self._begin()
            else:
                await self._act()
            with contextlib.suppress(TimeoutError):
                wait = min(LONGEST_WAIT, self._dice.expovariate(1 / self._every))
                await asyncio.wait_for(self._tally.ended.wait(), wait)

    async def _begin(self) -> None:
        self._cookies.clear()
        await self._call("GET", "/api/firm")
        consents = {"service": True, "keep_audio": False}
        persona = somebody(self._dice)
        body = {"consents": consents, "locale": persona.locale, "zone": persona.zone}
        self._snapshot = await self._call("POST", "/api/intakes/", body)
        self._mind = Mind(persona) if self._snapshot else None

    async def _act(self) -> None:
        assert self._mind is not None
        question = self._snapshot["question"]
        act = self._mind.next(self._snapshot["stage"], question)
        key = question["key"] if question else ""
        ref = str(uuid4())
        path, body = {
            "say": ("turns", {"text": act.what, "client_ref": ref}),
            "press": ("choices", {"question": key, "code": act.what, "client_ref": ref}),
            "back": ("back", {}),
            "done": ("done", {}),
            "send": ("send", {}),
        }[act.do]
        answer = await self._call("POST", f"/api/intakes/{self._snapshot['id']}/{path}", body, turn=True)
        self._snapshot = answer.get("snapshot", answer) if answer else {"stage": "stopped"}
        if act.do == "send":
            self._snapshot = {"stage": "sent"}

    async def _call(self, method: str, path: str, body: object = None, *, turn: bool = False) -> dict[str, Any]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        headers["X-CSRFToken"] = self._cookies.get("__Host-csrftoken", "")
        began, error, answer = time.perf_counter(), "", {}
        try:
            response = await self._http.request(method, path, json=body, headers=headers)
            if response.is_success:
                answer = response.json()
            else:
                error = f"{method} {path.rpartition('/')[2] or 'intakes'} {response.status_code}"
            for line in response.headers.get_list("set-cookie"):
                name, _, value = line.partition(";")[0].partition("=")
                self._cookies[name] = value
        except httpx.HTTPError as raised:
            error = type(raised).__name__
        if turn or error:
            self._tally.add(1000 * (time.perf_counter() - began), error)
        return answer


def somebody(dice: random.Random) -> Persona:
    """A persona who gets to the end, under another name."""
    candidates = [one for one in personas().values() if one.ends == "sent" and all(len(s) < 9_999 for s in one.story)]
    persona = dice.choice(candidates)
    name, other_side = names_for(dice.getrandbits(60))
    return replace(persona, says={**persona.says, "name": (name,), "other_side": (other_side,)})


async def measure(addresses: Sequence[str], clients: int, seconds: float, every: float) -> tuple[Tally, float, float]:
    """What was measured, turns a second, and the share of the cores that the people themselves took."""
    tally, dice = Tally(), random.Random(SEED)
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    headers = {"Host": host_of(KIND)}
    async with contextlib.AsyncExitStack() as opened:
        doors = [
            await opened.enter_async_context(
                httpx.AsyncClient(base_url=address, headers=headers, limits=limits, timeout=30, trust_env=False)
            )
            for address in addresses
        ]
        people = [
            asyncio.create_task(Person(http, random.Random(dice.random()), tally, every).live())
            for _, http in zip(range(clients), itertools.cycle(doors), strict=False)
        ]
        # Until they are spread over their conversations, nothing is counted.
        await asyncio.sleep(min(60.0, seconds / 2))
        tally.counts, began, cpu = True, time.perf_counter(), _cpu()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - began
        tally.counts = False
        share = (_cpu() - cpu) / (took * CORES)
        tally.ended.set()
        done = await asyncio.gather(*people, return_exceptions=True)
    broken = [one for one in done if isinstance(one, Exception)]
    tally.wrong.update(type(one).__name__ for one in broken)
    return tally, len(tally.took) / took, share


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run(quick: bool) -> list[Row]:
    """A server for each core, on the first two cores of those we have."""
    clients, seconds, every = (4, 12.0, 1.0) if quick else (CLIENTS, SECONDS, EVERY_SECONDS)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with databases(), contextlib.ExitStack() as opened:
        addresses = [opened.enter_context(server(KIND)) for _ in range(CORES)]
        busy = os.getloadavg()[0]
        alone, _, _ = asyncio.run(measure(addresses[:1], 1, seconds / 3, ALONE_EVERY))
        tally, rate, share = asyncio.run(measure(addresses, clients, seconds, every))
    errors = sum(tally.wrong.values())
    note = (
        f"{CORES} servers, {clients} people, a turn every {every:g} s each; {len(tally.took)} turns, {rate:.1f} a s; "
        f"{errors} errors"
        f"{f' {dict(tally.wrong)}' if errors else ''}; they took {share:.0%} of the two cores; load before: {busy:.0f}"
    )
    what = "guided turn, 200 people on two cores"
    one = f"a turn every {ALONE_EVERY:g} s; {len(alone.took)} turns, {sum(alone.wrong.values())} errors"
    return [
        Row("guided turn, one person, P50", median(alone.took), None, "ms", None, one),
        Row(
            "guided turn, one person, P95",
            percentile(alone.took, 0.95),
            None,
            "ms",
            ALONE_MS,
            one,
            budget_is_ratio=False,
        ),
        Row(f"{what}, P50", median(tally.took), None, "ms", None, note),
        Row(f"{what}, P95", percentile(tally.took, 0.95), None, "ms", BUDGET_MS, note, budget_is_ratio=False),
        Row(f"{what}, errors", errors, None, "", 0, note, budget_is_ratio=False),
    ]


if __name__ == "__main__":
    import sys

    main(run(quick="--quick" in sys.argv))
