"""Users in, sizes out: one set of values, one answer. No number stands here but units; a test holds that."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from legal_intake_capacity import queues

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS_AN_HOUR = 3600
SECONDS_A_MINUTE = 60
DAYS_A_MONTH = 30.4
MILLI = 1 / 1000
MICRO = MILLI * MILLI
KIB = 1024
MIB = KIB * KIB
GIB = KIB * MIB
GB = 1000**3
PERCENT = 1 / 100
P95 = 0.95
ONE_PERCENT = 0.01
REDIS_ROLES = 3


@dataclass(frozen=True, slots=True)
class Load:
    """The busiest hour."""

    sessions_a_month: float
    #: Sessions that begin each second.
    arrivals: float
    #: Conversations under way, and those of them that are spoken: each has a live socket.
    sessions: float
    sockets: float
    #: People who speak at this moment.
    streams: float
    #: Erlangs of voice slots: streams, and the seconds that a slot stays after each stretch.
    slot_load: float
    #: Seconds that a stretch holds a slot.
    slot_held: float
    #: Typed and spoken turns each second.
    typed: float
    spoken: float
    #: Requests each second that are no turns.
    requests: float
    jobs: float


@dataclass(frozen=True, slots=True)
class Sizes:
    """What that needs."""

    load: Load
    slots: float
    slots_waiting: float
    slots_blocked: float
    api_used: float
    api_pods: float
    audio_used: float
    audio_pods: float
    #: People who speak, for each reserved core of the measuring machine's speed.
    talkers: float
    worker_pods: float
    frontend_pods: float
    edge_pods: float
    redis_pods: float
    pooler_pods: float
    db_cores: float
    db_memory: float
    connections: float
    journal: float
    cores: float
    memory: float
    #: Nodes of the size that the guide counts in.
    nodes: float
    database: float
    recordings: float
    uploads: float
    backups: float
    logs: float
    wal_a_day: float
    egress: float
    #: GiB of volumes: shared by many pods, and of one pod each.
    shared: float
    block: float
    compute_cost: float
    shared_cost: float
    block_cost: float
    backup_cost: float
    egress_cost: float
    cluster_cost: float
    cost: float
    one_server: float
    server_use: float
    disk_use: float
    turn_p95: float
    parts: dict[str, float] = field(default_factory=dict)


def load_of(users: float, v: Mapping[str, float]) -> Load:
    """The busiest hour of so many users."""
    sessions = users * v["sessions_per_user"]
    arrivals = sessions * v["peak_factor"] / v["business_hours"] / SECONDS_AN_HOUR
    open_now = arrivals * v["session_minutes"] * SECONDS_A_MINUTE
    spoken = open_now * v["voice_share"]
    streams = spoken * v["talk_share"]
    stretches = streams / v["stretch_seconds"]
    held = v["stretch_seconds"] + v["slot_tail"]
    return Load(
        sessions_a_month=sessions,
        arrivals=arrivals,
        sessions=open_now,
        sockets=spoken,
        streams=streams,
        slot_load=stretches * held,
        slot_held=held,
        typed=arrivals * (1 - v["voice_share"]) * v["typed_turns"],
        spoken=stretches,
        requests=arrivals * (v["page_requests"] + v["staff_requests"]),
        jobs=arrivals * v["jobs_per_session"],
    )


def size(users: float, v: Mapping[str, float]) -> Sizes:
    """All of it for so many users."""
    load = load_of(users, v)
    slots = queues.servers_for(load.slot_load, load.slot_held, v["wait_limit"], v["wait_share"])
    pods, used = _pods(load, slots, v)
    kept = _kept(users, load, v)
    database_cores = max(v["postgres_cores"], _database_used(load, v) / v["db_cpu_target"])
    database_memory = max(v["postgres_memory"], kept["database"] * v["db_memory_share"])
    pods["postgres"] = v["database_nodes"]
    pods["redis"] = REDIS_ROLES * v["redis_copies"]
    most = connections(pods, v)
    pods["pooler"] = v["pooler_nodes"] * (most > v["max_connections"] - v["connection_reserve"])
    journal = load.streams * v["longest_utterance"] * v["pcm_bytes"] / GIB / (v["journal_full"] * PERCENT)
    cores, memory = _reserved(pods, database_cores, database_memory, journal, v)
    volumes = _volumes(kept, v)
    money = _money(cores, memory, kept, volumes, v)
    return Sizes(
        load=load,
        slots=slots,
        slots_waiting=queues.waits_longer(load.slot_load, slots, load.slot_held, v["wait_limit"]),
        slots_blocked=queues.erlang_b(load.slot_load, slots),
        api_used=used["api"],
        audio_used=used["audio"],
        talkers=talkers_a_core(load, pods["audio"], v),
        **{f"{name}_pods": count for name, count in pods.items() if name != "postgres"},
        db_cores=database_cores,
        db_memory=database_memory,
        connections=most,
        journal=journal,
        cores=cores,
        memory=memory,
        nodes=nodes(cores, memory, v),
        **kept,
        **volumes,
        **money,
        cost=sum(money.values()),
        one_server=v["server_price"] + kept["backups"] * v["object_price"] + kept["egress"] * v["egress_price"],
        server_use=(used["api"] + used["audio"] + _database_used(load, v)) / v["server_cores"],
        disk_use=(kept["database"] + kept["recordings"] + kept["uploads"] + kept["logs"])
        * (v["disk_headroom"] * GIB / GB / v["server_disk"]),
        turn_p95=turn_p95(used["api"] / pods["api"], v),
        parts=pods,
    )


def _pods(load: Load, slots: float, v: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Pods of what scales, and the cores that they use in the busiest hour."""
    api = (
        load.arrivals * v["begin_cpu"] * MILLI
        + load.typed * v["turn_cpu"] * MILLI
        + load.requests * v["request_cpu"] * MILLI
        + load.sockets * v["mic_open_share"] * v["frame_rate"] * v["frame_cpu"] * MICRO
    ) / v["core_speed"]
    # One process, so no more than one core, whatever it may reserve.
    by_cpu = api / (min(1, v["api_cores"]) * v["api_cpu_target"])
    by_sockets = load.sockets / v["sockets_per_pod"]
    # Pods for the wait, and pods at which the scaler is content: the larger.
    wanted_slots = max(slots, load.slot_load / v["busy_share"])
    audio_pods = _whole(wanted_slots / v["audio_slots"], v["least_pods"])
    idle = audio_pods * v["audio_slots"] * v["idle_slot_cpu"] * PERCENT
    audio = (load.streams * v["speech_cpu"] + load.spoken * v["turn_cpu"] * MILLI + idle) / v["core_speed"]
    threads = queues.servers_for(
        load.jobs * v["job_seconds"], v["job_seconds"], v["job_wait"], ONE_PERCENT, v["job_variation"]
    )
    traffic = (load.requests + load.typed) / v["edge_rate"]
    pods = {
        "api": _whole(max(by_cpu, by_sockets), v["least_pods"]),
        "audio": audio_pods,
        "worker": _whole(threads / v["worker_threads"], v["workers_least"]),
        "frontend": _whole(traffic, v["least_pods"]),
        "edge": _whole(traffic, v["least_pods"]),
    }
    return pods, {"api": api, "audio": audio}


def _whole(count: float, least: float) -> float:
    return float(max(math.ceil(count), round(least)))


def talkers_a_core(load: Load, audio_pods: float, v: Mapping[str, float]) -> float:
    """People who speak, for each reserved core of so many audio workers, counted in cores as fast as those measured."""
    return load.streams / (audio_pods * v["audio_cores"] * v["core_speed"])


def _database_used(load: Load, v: Mapping[str, float]) -> float:
    """Cores of the primary; requests that are no turns are counted with the api, PostgreSQL's part included."""
    used = load.arrivals * v["begin_db_cpu"] * MILLI + (load.typed + load.spoken) * v["turn_db_cpu"] * MILLI
    return used / v["core_speed"]


def connections(pods: Mapping[str, float], v: Mapping[str, float]) -> float:
    """The most that all pods may hold, during a rollout: replicas x pool, a pool for each slot, the leaders' locks."""
    # A little less: 100 x 1.1 is more than 110 in binary, which would be a pod more.
    most = {name: math.ceil(pods[name] * v["surge"] - MICRO) for name in ("api", "worker", "audio")}
    many = (
        most["api"] * v["api_pool"]
        + most["worker"] * v["worker_pool"]
        + most["audio"] * v["audio_slots"] * v["audio_pool"]
    )
    return many + (1 + 1) * (v["scheduler_pool"] + 1)


def _kept(users: float, load: Load, v: Mapping[str, float]) -> dict[str, float]:
    """GiB by what is kept, GiB of WAL a day, GiB that leave in a month."""
    month = load.sessions_a_month
    spoken_seconds = month * v["voice_share"] * v["session_minutes"] * SECONDS_A_MINUTE * v["talk_share"]
    turns = month * (1 - v["voice_share"]) * v["typed_turns"] + spoken_seconds / v["stretch_seconds"]
    rows = (month * v["begin_bytes"] + turns * v["turn_bytes"]) * v["conversation_months"] / GIB
    database = rows + users / v["users_per_firm"] * v["firm_bytes"] / GIB
    recordings = spoken_seconds * v["keep_audio_share"] * v["flac_bytes"] * v["recording_months"] / GIB
    uploads = month * v["upload_size"] * MIB * v["conversation_months"] / GIB
    wal = (month * v["begin_wal"] + turns * v["turn_wal"]) / DAYS_A_MONTH / GIB
    requests = month * (v["page_requests"] + v["staff_requests"]) + turns
    return {
        "database": database,
        "recordings": recordings,
        "uploads": uploads,
        "wal_a_day": wal,
        # A base each day and the WAL between them; recordings and papers once more.
        "backups": (database + wal) * v["backup_ratio"] * v["backup_days"] + recordings + uploads,
        "logs": requests * v["log_line"] * v["log_days"] / DAYS_A_MONTH / GIB,
        "egress": month * v["page_size"] * KIB / GIB,
    }


def _reserved(
    pods: Mapping[str, float], db_cores: float, db_memory: float, journal: float, v: Mapping[str, float]
) -> tuple[float, float]:
    """Cores and GiB that the cluster has to have."""
    redis_memory = max(v["redis_memory"], journal + journal)  # it copies pages while it rewrites its file
    cores = pods["postgres"] * db_cores + pods["pooler"] * v["pooler_cores"]
    cores += v["scheduler_cores"] + v["watching_cores"]
    memory = pods["postgres"] * db_memory + pods["pooler"] * v["pooler_memory"] + v["scheduler_memory"]
    memory += v["watching_memory"]
    # With each of its pods a Sentinel.
    cores += pods["redis"] * (v["redis_cores"] + v["sentinel_cores"])
    memory += pods["redis"] * v["sentinel_memory"]
    memory += pods["redis"] * ((REDIS_ROLES - 1) * v["redis_memory"] + redis_memory) / REDIS_ROLES
    for name in ("api", "audio", "worker", "frontend", "edge"):
        cores += pods[name] * v[f"{name}_cores"]
        memory += pods[name] * v[f"{name}_memory"]
    return cores / v["packing"], memory / v["packing"]


def nodes(cores: float, memory: float, v: Mapping[str, float]) -> float:
    """Nodes that have so much; three of a Redis role are never two on a node."""
    return max(math.ceil(cores / v["node_cores"]), math.ceil(memory / v["node_memory"]), v["redis_copies"])


def _volumes(kept: Mapping[str, float], v: Mapping[str, float]) -> dict[str, float]:
    """GiB of volumes, never smaller than the chart makes them. The cache of Redis has none."""
    database = max(v["postgres_volume"], kept["database"] * v["disk_headroom"]) + v["wal_volume"]
    redis = (REDIS_ROLES - 1) * v["redis_copies"] * v["redis_volume"]
    return {
        "shared": max(v["media_volume"], (kept["recordings"] + kept["uploads"]) * v["disk_headroom"]),
        "block": database * v["database_nodes"] + redis + kept["logs"] * v["disk_headroom"],
    }


def _money(
    cores: float, memory: float, kept: Mapping[str, float], volumes: Mapping[str, float], v: Mapping[str, float]
) -> dict[str, float]:
    """Dollars a month by what they are for."""
    return {
        "compute_cost": cores * v["vcpu_price"] + memory * v["memory_price"],
        "shared_cost": volumes["shared"] * v["file_price"],
        "block_cost": volumes["block"] * v["block_price"],
        "backup_cost": kept["backups"] * v["object_price"],
        "egress_cost": kept["egress"] * v["egress_price"],
        "cluster_cost": v["cluster_price"],
    }


def cost_of_pods(api: float, audio: float, sizes: Sizes, v: Mapping[str, float]) -> float:
    """What the month costs with so many pods of api and audio worker instead, all else as needed."""
    pods = {**sizes.parts, "api": api, "audio": audio}
    cores, memory = _reserved(pods, sizes.db_cores, sizes.db_memory, sizes.journal, v)
    compute = cores * v["vcpu_price"] + memory * v["memory_price"]
    return compute + sizes.cost - sizes.compute_cost


def turn_p95(busy: float, v: Mapping[str, float]) -> float:
    """Seconds of a typed turn, P95, in an api process that is `busy` (0 to 1), network included.

    It waits behind pages and lists too, so it is counted as if it were as slow as the slower of both.
    """
    service = max(v["turn_cpu"] + v["turn_db_cpu"], v["request_cpu"]) * MILLI / v["core_speed"]
    return queues.sojourn(service, busy, P95) + v["round_trip"] * MILLI


def voice_p95(which: str, waited: float, v: Mapping[str, float]) -> float:
    """Seconds from the end of speech to `speculative` or `committed` words at the client, after waiting for a slot."""
    return waited + (v[f"{which}_p95"] + v["pickup_p95"] + v["round_trip"]) * MILLI
