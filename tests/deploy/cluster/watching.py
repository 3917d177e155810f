"""What happens to a release's pods while something else is done: every change of its Deployments, noted by a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import httpx

from tests.deploy.cluster.kube import Kube


@dataclass
class Seen:
    """Of each Deployment: (seconds, wanted, ready, available, replicas), in order."""

    began: float = field(default_factory=time.monotonic)
    states: dict[str, list[tuple[float, int, int, int, int]]] = field(default_factory=dict)

    def short(self) -> list[str]:
        """Moments at which fewer were ready than wanted, where as many had been: a sentence each."""
        found = []
        for name, states in self.states.items():
            reached = 0
            for seconds, wanted, ready, _available, _replicas in states:
                # An autoscaler that wants more makes no loss; what was reached and is still wanted must stay.
                if ready < min(reached, wanted):
                    found.append(f"{name} after {seconds:.1f} s: {ready} ready of {wanted}")
                reached = max(ready, min(reached, wanted))
        return found

    def lowest(self, name: str) -> int:
        return min(ready for _s, _w, ready, _a, _r in self.states[name])

    def highest(self, name: str) -> int:
        return max(replicas for *_rest, replicas in self.states[name])

    def changes(self) -> int:
        return sum(map(len, self.states.values()))

    def when(self, name: str, ready: int) -> float:
        """The moment at which as many were ready for the first time."""
        return next(seconds for seconds, _w, now, _a, _r in self.states[name] if now >= ready)


@contextmanager
def watched(kube: Kube, namespace: str) -> Iterator[Seen]:
    """Notes from before the block begins until it ends."""
    seen, over, on = Seen(), threading.Event(), threading.Event()

    def note() -> None:
        while not over.is_set():
            with suppress(httpx.HTTPError), kube.watch("deployments", namespace) as changes:
                on.set()
                for _kind, found in changes:
                    if over.is_set():
                        return
                    status, name = found.get("status", {}), found["metadata"]["name"]
                    numbers = [status.get(key, 0) for key in ("readyReplicas", "availableReplicas", "replicas")]
                    wanted = found["spec"].get("replicas", 1)
                    entry = (time.monotonic() - seen.began, wanted, numbers[0], numbers[1], numbers[2])
                    seen.states.setdefault(name, []).append(entry)

    thread = threading.Thread(target=note, daemon=True)
    thread.start()
    on.wait(10)
    try:
        yield seen
    finally:
        time.sleep(1)
        over.set()


class Rise:
    """A watch that begins in one test and ends in another."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.kube, self.namespace = kube, namespace
        self.stack = ExitStack()
        self.seen: Seen | None = None
        self.began: float | None = None

    def begin(self) -> None:
        self.seen = self.stack.enter_context(watched(self.kube, self.namespace))
        self.began = time.monotonic() - self.seen.began

    def end(self) -> tuple[Seen, float]:
        """What was seen, and when in it the load began."""
        self.stack.close()
        assert self.seen is not None
        assert self.began is not None
        return self.seen, self.began
