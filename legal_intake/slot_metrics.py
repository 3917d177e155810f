"""The metrics of several processes as one page: each series gets a label that says whose it is.

A pool of voice slots has one port for Prometheus; each slot answers on a port of loopback. A slot that does
not answer in time is left out and counted.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

LABEL = "slot"
SECONDS = 2.0

#: What to ask: a slot's number and its port, of those that run now.
Ports = Callable[[], Mapping[str, int]]


class SlotMetrics(Collector):
    """Collects from all slots at once.

    Args:
        ports: the slots that run now.
        own: the registry of this process, whose series have no slot.
    """

    def __init__(self, ports: Ports, own: Collector) -> None:
        self._ports = ports
        self._own = own

    def collect(self) -> Iterable[Metric]:
        """Every family once, with the samples of all slots in it."""
        ports = self._ports()
        families = {family.name: _with_samples(family, family.samples) for family in self._own.collect()}
        with ThreadPoolExecutor(max_workers=max(1, len(ports))) as pool:
            texts = dict(zip(ports, pool.map(self._ask, ports.values()), strict=True))
        answered = GaugeMetricFamily(
            "legal_intake_voice_slot_up", "1 for a slot of this pool that answers with its metrics.", labels=[LABEL]
        )
        for slot, text in texts.items():
            answered.add_metric([slot], float(text is not None))
            for family in text_string_to_metric_families(text or ""):
                labelled = [sample._replace(labels={**sample.labels, LABEL: slot}) for sample in family.samples]
                known = families.setdefault(family.name, _with_samples(family, ()))
                known.samples.extend(labelled)
        return [*families.values(), answered]

    def _ask(self, port: int) -> str | None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException, UnicodeDecodeError):
            return None
        finally:
            connection.close()
        return text if answer.status == http.client.OK else None


def _with_samples(family: Metric, samples: Iterable[Any]) -> Metric:
    copied = Metric(family.name, family.documentation, family.type, family.unit)
    copied.samples = list(samples)
    return copied
