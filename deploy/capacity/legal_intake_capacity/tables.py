"""Tables in Markdown, which a terminal shows well enough."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from legal_intake_capacity import naive
from legal_intake_capacity.sampling import Spread, points, swings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from legal_intake_capacity.checking import Case
    from legal_intake_capacity.coefficients import Coefficient

#: (field of Sizes or Load, what it is called, unit)
ROWS = (
    ("sessions_a_month", "conversations a month", ""),
    ("sessions", "under way in the busiest hour", ""),
    ("sockets", "live sockets", ""),
    ("streams", "people who speak at one moment", ""),
    ("slots", "voice slots for the wait aimed at", ""),
    ("slots_blocked", "turned away if nobody might wait (Erlang B)", "%"),
    ("audio_pods", "audio workers", ""),
    ("audio_used", "cores that they use", ""),
    ("talkers", "who speak, a reserved core", ""),
    ("api_pods", "api pods", ""),
    ("api_used", "cores that they use", ""),
    ("worker_pods", "workers", ""),
    ("frontend_pods", "frontend pods", ""),
    ("edge_pods", "edge pods", ""),
    ("redis_pods", "Redis pods, each with a Sentinel", ""),
    ("pooler_pods", "pooler pods", ""),
    ("db_cores", "cores of one PostgreSQL", ""),
    ("db_memory", "memory of one PostgreSQL, GiB", ""),
    ("connections", "connections, at most, during a rollout", ""),
    ("journal", "memory of the journal, GiB", ""),
    ("cores", "cores of the cluster", ""),
    ("memory", "memory of the cluster, GiB", ""),
    ("nodes", "nodes", ""),
    ("database", "database, GiB", ""),
    ("recordings", "recordings, GiB", ""),
    ("uploads", "papers, GiB", ""),
    ("backups", "backups, GiB", ""),
    ("logs", "logs, GiB", ""),
    ("wal_a_day", "WAL a day, GiB", ""),
    ("egress", "traffic out a month, GiB", ""),
    ("shared", "shared volume, GiB", ""),
    ("block", "volumes of one pod each, GiB", ""),
    ("turn_p95", "typed turn, P95 as estimated, s", ""),
    ("cost", "dollars a month, cluster", ""),
    ("server_use", "or one server of the preset: its CPU", "%"),
    ("disk_use", "its disk", "%"),
    ("one_server", "dollars a month for it", ""),
)
MEDIAN, HIGH = 0.5, 0.9


def short(value: float) -> str:
    """Two significant figures, three from 100 on, and never in powers of ten."""
    if math.isinf(value):
        return "no end"
    if value == 0:
        return "0"
    digits = (3 if abs(value) >= 100 else 2) - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:,.0f}" if digits <= 0 or rounded == int(rounded) else f"{rounded:,.{digits}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def sizes(spreads: Sequence[Spread]) -> str:
    """From small to global: the middle, and in brackets what nine of ten draws do not exceed."""

    def cell(spread: Spread, name: str, unit: str) -> str:
        factor = 100 if unit == "%" else 1
        middle, high = (short(factor * spread.at(name, share)) for share in (MEDIAN, HIGH))
        return f"{middle}{unit} ({high}{unit})".replace("%", " %")

    head = ["", *(f"{spread.users:,} users" for spread in spreads)]
    return table(head, [[what, *(cell(one, name, unit) for one in spreads)] for name, what, unit in ROWS])


def verdicts(found: Sequence[naive.Verdict]) -> str:
    """The naive table, cell by cell."""

    def said(what: str, share: float) -> str:
        return f"{what}: {naive.word(share)} ({share:.0%})".replace("%", " %")

    rows = [
        [
            f"{one.row.users:,}",
            said(f"{one.row.api}", one.api),
            said(f"{one.row.audio}", one.audio),
            said(f"${one.row.cost:,.0f}", one.cost),
            said(f"${short(one.own_dollars)}", one.own_cost),
            said("", one.speculative)[2:],
            said("", one.committed)[2:],
            said("", one.typed)[2:],
        ]
        for one in found
    ]
    head = [
        "Users", "API pods", "Workers", "A month, for what is needed", "Its own pods cost", "First words after speech",
        "Committed words", "Typed turn",
    ]  # fmt: skip
    return table(head, rows)


def truths(found: Sequence[naive.Verdict], point: Mapping[str, float]) -> str:
    """At which assumption each cell becomes true."""

    def up_to(value: float | None) -> str:
        return "at none" if value is None else short(value)

    rows = []
    for one in found:
        bounds = naive.truths(one.row, point)
        prices = naive.prices_wanted(one.row, point)
        rows.append(
            [
                f"{one.row.users:,}",
                *(up_to(bounds[name]) for name in ("api", "audio", "cost")),
                f"{naive.slots_wanted(one.row, point)}",
                "at none" if prices <= 0 else f"{prices:.0%}".replace("%", " %"),
                f"{naive.fullness_wanted(one.row, point):.0%}".replace("%", " %"),
            ]
        )
    head = [
        "Users", "API pods: sessions a user and month", "Workers: the same", "Money: the same",
        "Workers: or slots in each", "Money: or prices of nodes, of those assumed",
        "Typed turn: processes filled up to",
    ]  # fmt: skip
    return table(head, rows)


def movers(users: int, known: Mapping[str, Coefficient], count: int = 8) -> str:
    """What moves the money and the workers most."""
    names = {"cost": "dollars a month", "audio_pods": "audio workers"}
    rows = []
    for field, what in names.items():
        for name, low, high in swings(users, known, field)[:count]:
            one = known[name]
            rows.append([what, f"`{name}`", f"{short(one.low)} to {short(one.high)}", f"{short(low)} to {short(high)}"])
    return table([f"At {users:,} users", "moves with", "over", "from and to"], rows)


def checks(cases: Sequence[Case]) -> str:
    """The formulas beside the simulation."""

    def pair(two: tuple[float, float], factor: int = 1) -> str:
        return f"{short(factor * two[0])} / {short(factor * two[1])}"

    rows = [
        [
            f"{one.users:,}", f"{one.slots}", f"{one.hours:g}", pair(one.sessions), pair(one.streams), pair(one.busy),
            pair(one.waits, 100),
        ]
        for one in cases
    ]  # fmt: skip
    return table(["Users", "Slots", "Hours", "Conversations", "Who speak", "Busy slots", "Wait too long, %"], rows)


def provenance(known: Mapping[str, Coefficient]) -> str:
    """Every coefficient with where it comes from."""
    rows = []
    for one in known.values():
        reach = (
            short(one.value) if one.low == one.high else f"{short(one.value)} ({short(one.low)} to {short(one.high)})"
        )
        place = " ".join(part for part in (f"`{one.command}`" if one.command else "", one.machine, one.source) if part)
        rows.append([f"`{one.name}`", one.what, reach, one.unit, one.kind, one.date, place or one.why])
    return table(["Name", "What", "Value (range)", "Unit", "", "Date", "From"], rows)


def summary(found: Sequence[naive.Verdict], known: Mapping[str, Coefficient]) -> list[str]:
    """One sentence for each row of the naive table."""
    point = points(known)
    lines = []
    for one in found:
        cells = {
            f"{one.row.api} API pods": one.api,
            f"{one.row.audio} workers": one.audio,
            f"${one.row.cost:,.0f}": one.cost,
            f"words and typed turns under {one.row.latency * 1000:.0f} ms": one.everything,
        }
        words = {word: [cell for cell, share in cells.items() if naive.word(share) == word] for word in
                 ("holds", "may hold", "breaks")}  # fmt: skip
        lines.append(
            f"{one.row.users:,} users: " + "; ".join(f"{k}: {', '.join(v)}" for k, v in words.items() if v) + "."
        )
        bound = naive.truths(one.row, point)["audio"]
        if naive.word(one.audio) == "breaks" and bound is not None:
            lines[-1] += f" Its workers become enough at {short(bound)} sessions a user and month."
    return lines
