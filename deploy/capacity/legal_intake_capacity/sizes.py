"""Sizes of pods, slots, pools and maxima: read from what is deployed, never written down a second time."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from legal_intake_capacity.coefficients import Coefficient
from legal_intake_capacity.errors import CapacityError

if TYPE_CHECKING:
    from pathlib import Path

PRESET = "deploy/presets/standard.env"
COMPOSE = "docker-compose.yml"
CHART = "helm/legal-intake/values.yaml"
CHART_PRESETS = "helm/legal-intake/files/presets.yaml"
_GIB = {"g": 1.0, "gb": 1.0, "m": 1 / 1024, "mb": 1 / 1024, "gi": 1.0, "mi": 1 / 1024}

#: name: (variable of the preset, unit, what)
OF_PRESET = {
    "api_cores": ("API_CPUS_RESERVED", "cores", "reserved for an api pod"),
    "api_memory": ("API_MEMORY", "GiB", "limit of an api pod"),
    "audio_cores": ("AUDIO_WORKER_CPUS_RESERVED", "cores", "reserved for an audio worker"),
    "audio_memory": ("AUDIO_WORKER_MEMORY", "GiB", "limit of an audio worker"),
    "audio_slots": ("AUDIO_WORKER_CPUS", "slots", "voice slots of an audio worker: the whole cores of its limit"),
    "worker_cores": ("WORKER_CPUS_RESERVED", "cores", "reserved for a worker"),
    "worker_memory": ("WORKER_MEMORY", "GiB", "limit of a worker"),
    "frontend_cores": ("FRONTEND_CPUS_RESERVED", "cores", "reserved for a frontend pod"),
    "frontend_memory": ("FRONTEND_MEMORY", "GiB", "limit of a frontend pod"),
    "edge_cores": ("NGINX_CPUS_RESERVED", "cores", "reserved for an edge pod"),
    "edge_memory": ("NGINX_MEMORY", "GiB", "limit of an edge pod"),
    "scheduler_cores": ("SCHEDULER_CPUS_RESERVED", "cores", "reserved for the scheduler"),
    "scheduler_memory": ("SCHEDULER_MEMORY", "GiB", "limit of the scheduler"),
    "postgres_cores": ("POSTGRES_CPUS", "cores", "limit of a PostgreSQL instance, the least that it gets"),
    "postgres_memory": ("POSTGRES_MEMORY", "GiB", "limit of a PostgreSQL instance, the least that it gets"),
    "redis_cores": ("REDIS_CPUS_RESERVED", "cores", "reserved for a Redis node"),
    "redis_memory": ("REDIS_JOURNAL_MEMORY", "GiB", "limit of a Redis node"),
    "journal_room": ("REDIS_JOURNAL_MAXMEMORY", "GiB", "what the journal may hold"),
    "max_connections": ("POSTGRES_MAX_CONNECTIONS", "connections", "PostgreSQL's max_connections"),
}
#: name: (default in docker-compose.yml, unit, what)
OF_COMPOSE = {
    "api_pool": ("DATABASE_POOL_SIZE", "connections", "most connections of an api pod"),
    "worker_pool": ("DATABASE_POOL_SIZE", "connections", "most connections of a worker"),
    "scheduler_pool": ("DATABASE_POOL_SIZE", "connections", "most connections of the scheduler"),
    "audio_pool": ("AUDIO_DATABASE_POOL_SIZE", "connections", "most connections of one voice slot"),
    "worker_threads": ("WORKER_THREADS", "threads", "jobs that a worker does at a time"),
    "journal_full": ("JOURNAL_FULL_PERCENT", "percent", "how full the journal may be before new sessions are refused"),
}
#: name: (path in the chart's values, what one there is in our unit)
OF_CHART = {
    "api_pool": ("api.databasePool", 1.0),
    "worker_pool": ("worker.databasePool", 1.0),
    "scheduler_pool": ("scheduler.databasePool", 1.0),
    "audio_pool": ("audioWorker.databasePool", 1.0),
    "audio_slots": ("audioWorker.slots", 1.0),
    "worker_threads": ("worker.threads", 1.0),
    "max_connections": ("database.external.maxConnections", 1.0),
    "connection_reserve": ("database.reserve", 1.0),
    "api_cpu_target": ("api.autoscaling.cpuPercent", 0.01),
    "sockets_per_pod": ("api.autoscaling.socketsPerPod", 1.0),
    "busy_share": ("audioWorker.autoscaling.busyShare", 1.0),
    "api_cores": ("api.resources.requests.cpu", 1.0),
    "audio_cores": ("audioWorker.resources.requests.cpu", 1.0),
    "worker_cores": ("worker.resources.requests.cpu", 1.0),
    "frontend_cores": ("frontend.resources.requests.cpu", 1.0),
    "edge_cores": ("edge.resources.requests.cpu", 1.0),
    "database_nodes": ("database.cloudnativepg.instances", 1.0),
}
#: What the chart alone has. name: (its file, path there, unit, what)
OF_CHART_ALONE = {
    "pooler_nodes": (CHART, "database.pooler.replicas", "pods", "pods of the pooler, where connections want one"),
    "pooler_cores": (CHART_PRESETS, "standard.pooler.requests.cpu", "cores", "reserved for a pooler's pod"),
    "pooler_memory": (CHART_PRESETS, "standard.pooler.limits.memory", "GiB", "limit of a pooler's pod"),
    "sentinel_cores": (CHART_PRESETS, "standard.redis-sentinel.requests.cpu", "cores", "reserved for a Sentinel"),
    "sentinel_memory": (CHART_PRESETS, "standard.redis-sentinel.limits.memory", "GiB", "limit of a Sentinel"),
    "media_volume": (CHART, "media.storage", "GiB", "the shared volume of recordings and papers, at least"),
    "postgres_volume": (CHART, "database.cloudnativepg.storage", "GiB", "volume of a PostgreSQL instance, at least"),
    "wal_volume": (CHART, "database.cloudnativepg.walStorage", "GiB", "its volume for the write-ahead log"),
    "redis_volume": (CHART, "redis.storage", "GiB", "volume of a Redis pod of broker and journal"),
}


def read_sizes(root: Path) -> dict[str, Coefficient]:
    """What the presets and Compose say."""
    preset = _assignments((root / PRESET).read_text(encoding="utf-8"))
    compose = (root / COMPOSE).read_text(encoding="utf-8")
    found = {}
    for name, (variable, unit, what) in OF_PRESET.items():
        if variable not in preset:
            raise CapacityError(f"{PRESET} has no {variable}, which {name} is read from")
        found[name] = _size(name, preset[variable], unit, what, (PRESET, f"{variable}={preset[variable]}"))
    for name, (variable, unit, what) in OF_COMPOSE.items():
        match = re.search(rf"\$\{{{variable}:-(\d+)\}}", compose)
        if match is None:
            raise CapacityError(f"{COMPOSE} has no default of {variable}, which {name} is read from")
        found[name] = _size(name, match[1], unit, what, (COMPOSE, match[0]))
    return found


def from_chart(known: dict[str, Coefficient], root: Path) -> dict[str, Coefficient]:
    """`known` with what the chart says instead, where there is a chart and it says something."""
    files = {name: root / name for name in (CHART, CHART_PRESETS)}
    loaded = {name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in files.items() if path.is_file()}
    merged = dict(known)
    for name, (place, factor) in OF_CHART.items():
        said = _at(loaded.get(CHART), place)
        if said not in (None, ""):
            value = amount(str(said), name) * factor
            merged[name] = replace(
                known[name],
                value=value,
                low=value,
                high=value,
                kind="fixed",
                why="",
                date="",
                source=CHART,
                seen=f"{place}: {said}",
            )
    for name, (file, place, unit, what) in OF_CHART_ALONE.items():
        said = _at(loaded.get(file), place)
        if said not in (None, ""):
            merged[name] = _size(name, str(said), unit, what, (file, f"{place}: {said}"))
    return merged


def _at(values: Any, place: str) -> Any:
    for key in place.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _assignments(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(\S+)$", text, re.M))


def _size(name: str, said: str, unit: str, what: str, place: tuple[str, str]) -> Coefficient:
    value = amount(said, name)
    if name == "audio_slots":
        value = float(max(1, int(value)))
    return Coefficient(name, value, unit, what, "fixed", "", value, value, source=place[0], seen=place[1])


def amount(said: str, name: str) -> float:
    """`4g` and `512mb` in GiB, `250m` of a core in cores, anything else as it is."""
    match = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", said)
    if match is None:
        raise CapacityError(f"{name} cannot be read from {said!r}")
    amount, suffix = float(match[1]), match[2].lower()
    if suffix == "m" and name.endswith("_cores"):
        return amount / 1000
    if suffix and suffix not in _GIB:
        raise CapacityError(f"{name} cannot be read from {said!r}")
    return amount * _GIB.get(suffix, 1.0)
