"""docs/capacity.md: `page.md` with the model's numbers in it. No number stands there that the model does not give."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from legal_intake_capacity import checking, inputs, naive, regions, steps, tables
from legal_intake_capacity.model import size
from legal_intake_capacity.sampling import SAMPLES, Spread, drawn, points
from legal_intake_capacity.tables import short

if TYPE_CHECKING:
    from legal_intake_capacity.naive import Row, Verdict

PAGE = inputs.FOLDER / "page.md"
TARGET = inputs.ROOT / "docs" / "capacity.md"
PERCENT = 100
MILLISECONDS = 1000


def guide() -> str:
    """docs/kubernetes.md with the sizes and the money of each of its steps."""
    given = inputs.load()
    spreads = [Spread(users, drawn(given.known)) for users in given.users]
    return steps.filled(steps.TARGET.read_text(encoding="utf-8"), spreads, points(given.known))


def text() -> str:
    """The whole page."""
    given = inputs.load()
    known, point, sets = given.known, points(given.known), drawn(given.known)
    spreads = [Spread(users, sets) for users in given.users]
    found = [naive.judge(row, sets, point) for row in naive.read(inputs.FOLDER / "naive.yml")]
    parts = {
        "assumed": f"{sum(one.kind == 'assumed' for one in known.values())}",
        "all": f"{len(known)}",
        "samples": f"{SAMPLES}",
        "high": short(PERCENT * tables.HIGH),
        "sizes": tables.sizes(spreads),
        "latency": _latency(point),
        "verdicts": tables.verdicts(found),
        "truths": tables.truths(found, point),
        "summary": _points(tables.summary(found, known)),
        "behind": _points(_behind(found, point)),
        "movers": tables.movers(given.middle, known),
        "checks": tables.checks(checking.cases(point)),
        "every": tables.provenance(known),
        "regions": regions.table(known, point),
        **_regions(point, found[0].row.latency),
        **_rules(point, spreads),
        **_naive([one.row for one in found]),
    }
    page = PAGE.read_text(encoding="utf-8")
    return re.sub(r"<<(\w+)>>", lambda match: parts[match[1]], page).rstrip() + "\n"


def _rules(v: dict[str, float], spreads: list[Spread]) -> dict[str, str]:
    room = v["max_connections"] - v["connection_reserve"]
    over = [f"{one.users:,}" for one in spreads if one.at("connections", tables.MEDIAN) > room]
    full = [f"{one.users:,}" for one in spreads if one.at("journal", tables.HIGH) > v["journal_room"]]
    enough = "That is enough here."
    return {
        "tail": short(v["slot_tail"]),
        "share": short(PERCENT * v["wait_share"]),
        "limit": short(v["wait_limit"]),
        "busy": short(PERCENT * v["busy_share"]),
        "connections": short(v["max_connections"]),
        "reserve": short(v["connection_reserve"]),
        "pooled": f"From {over[0]} users on a pooler or a larger PostgreSQL is needed." if over else enough,
        "utterance": short(v["longest_utterance"]),
        "journal": short(v["journal_room"]),
        "full": short(v["journal_full"]),
        "filled": f"From {full[0]} users on it may need more." if full else enough,
        "packing": short(PERCENT * v["packing"]),
        "target": short(PERCENT * v["api_cpu_target"]),
        "seed": f"{checking.SEED}",
        "load_tolerance": short(PERCENT * checking.LOAD_TOLERANCE),
        "wait_tolerance": short(PERCENT * checking.WAIT_TOLERANCE),
    }


def _regions(v: dict[str, float], limit: float) -> dict[str, str]:
    found = regions.bounds(v, limit)
    return {
        "away": short(v["region_round_trip"]),
        "first_bound": short(found["first"]),
        "committed_bound": short(found["committed"]),
        "typed_bound": short(found["typed"]),
        "pool": short(v["api_pool"]),
        "pool_turns": short(regions.turns_a_pod(v)),
        "gate_seconds": short(v["gate_round_trips"] * v["region_round_trip"] / MILLISECONDS),
    }


def _naive(rows: list[Row]) -> dict[str, str]:
    return {
        "api": _listed([f"{row.api}" for row in rows]),
        "audio": _listed([f"{row.audio}" for row in rows]),
        "money": _listed([f"${row.cost:,.0f}" for row in rows]),
        "fast": short(MILLISECONDS * rows[0].latency),
        "holds": short(PERCENT * naive.HOLDS),
        "even": short(PERCENT * naive.EVEN),
    }


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if words[:-1] else "") + words[-1]


def _points(lines: list[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _latency(v: dict[str, float]) -> str:
    voice, typed = v["pickup_p95"] + v["round_trip"], v["round_trip"]
    rows = [
        ("first words after speech (speculative), P95", v["speculative_p95"], voice),
        ("committed words after speech, P95", v["committed_p95"], voice),
        ("typed turn while cores are full, P95", v["crowded_turn_p95"], typed),
        ("a firm's language model, when it has one: at most", v["assistant_limit"], typed),
    ]
    head = ["", "at the server", "with the job's start (voice) and the assumed round trip"]
    return tables.table(head, [[what, f"{short(one)} ms", f"{short(one + way)} ms"] for what, one, way in rows])


def _behind(found: list[Verdict], v: dict[str, float]) -> list[str]:
    lines = [_workers(one, v) for one in found if naive.word(one.audio) == "breaks"]
    lines += [_server(one, v) for one in found if naive.truths(one.row, v)["cost"] is None]
    costly = [f"{one.row.users:,}" for one in found if naive.word(one.own_cost) == "breaks"]
    if costly:
        lines.append(f"At {_listed(costly)} users the table's own pods cost more than its money; fewer are needed.")
    fast = MILLISECONDS * found[0].row.latency
    lines.append(
        f'"Everything under {short(fast)} ms" breaks in every row where a firm\'s language model is asked (it may take '
        f"{short(v['assistant_limit'])} ms) and for typed turns on full cores ({short(v['crowded_turn_p95'])} ms, "
        "measured). It is true of words and typed turns while slots are free, processes are no fuller than the table "
        f"says, and, for committed words, the round trip is no longer than "
        f"{short(fast - v['committed_p95'] - v['pickup_p95'])} ms."
    )
    return lines


def _server(one: Verdict, v: dict[str, float]) -> str:
    sizes = size(one.row.users, v)
    fits = sizes.server_use <= v["api_cpu_target"] and sizes.disk_use <= 1
    return (
        f"${one.row.cost:,.0f} pays no cluster over three zones with a database of its own, at any load. One server is "
        f"{'enough' if fits else 'too small'} for {one.row.users:,} users, at ${short(sizes.one_server)}."
    )


def _workers(one: Verdict, v: dict[str, float]) -> str:
    sizes, slots = size(one.row.users, v), one.row.audio * v["audio_slots"]
    endless = slots <= sizes.load.slot_load
    cores = sizes.load.streams / one.row.audio / v["talkers_per_core"] / v["core_speed"]
    return (
        f"{one.row.audio} workers have {short(slots)} slots and carry {short(slots * v['busy_share'])} busy ones well. "
        f"{one.row.users:,} users, as assumed, keep {short(sizes.load.slot_load)} busy: people wait "
        f"{'without end' if endless else 'too long'}, whatever the pods of the API do. The row becomes true at the "
        f"sessions above, with {short(sizes.audio_pods)} workers, or with {naive.slots_wanted(one.row, v)} slots each. "
        f"{one.row.audio} such workers would each use {short(sizes.audio_used / one.row.audio)} cores in the busiest "
        f"hour, and should each have {short(cores)}, as many as were there when the times above were measured "
        f"({short(v['talkers_per_core'])} people a core); {short(v['audio_cores'])} are reserved."
    )
