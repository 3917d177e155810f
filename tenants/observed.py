"""Gauges that one process reads for the whole deployment: the depth of a queue, the state of the firms.

The scheduler's leader looks and puts. What it put vanishes from `/metrics` when it stops looking, so a
process that led yesterday does not go on telling yesterday's numbers beside the new leader's.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

Values = Mapping[tuple[str, ...], float]


class Observed(Collector):
    """Some gauges that are put together, and kept for `keep_seconds`.

    Args:
        gauges: name -> (help, names of the labels).
        keep_seconds: a few times the interval of the looks.
        registry: where they are told.
    """

    def __init__(
        self,
        gauges: Mapping[str, tuple[str, tuple[str, ...]]],
        *,
        keep_seconds: float,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._gauges = dict(gauges)
        self._keep_seconds = keep_seconds
        self._seen: tuple[float, Mapping[str, Values]] | None = None
        registry.register(self)

    def put(self, values: Mapping[str, Values]) -> None:
        """What a look found: gauge -> labels' values -> value. Replaces what the last one found."""
        unknown = set(values) - set(self._gauges)
        if unknown:
            message = f"no such gauges: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        self._seen = time.monotonic(), values

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The names, also while there is nothing to tell."""
        return [self._family(name) for name in self._gauges]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The last look, while it is fresh."""
        seen = self._seen
        if seen is None or time.monotonic() - seen[0] > self._keep_seconds:
            return
        for name, values in seen[1].items():
            family = self._family(name)
            for labels, value in values.items():
                family.add_metric(labels, value)
            yield family

    def _family(self, name: str) -> GaugeMetricFamily:
        text, labels = self._gauges[name]
        return GaugeMetricFamily(name, text, labels=labels)
