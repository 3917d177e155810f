"""The model against arithmetic by hand and against the simulation; bad input; the command."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from legal_intake_capacity import checking, inputs, model, naive, queues, regions, sampling, simulation, sizes
from legal_intake_capacity.coefficients import Coefficient

ROOT = inputs.ROOT


@pytest.fixture(scope="module")
def known() -> dict[str, Coefficient]:
    return inputs.load().known


@pytest.fixture(scope="module")
def point(known: dict[str, Coefficient]) -> dict[str, float]:
    return sampling.points(known)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "deploy/capacity/capacity"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}, timeout=60
    )


# -- queues ------------------------------------------------------------------------------------------------------------
def test_erlang_as_in_the_textbooks() -> None:
    assert queues.erlang_b(5, 8) == pytest.approx(0.0700, abs=0.0001)
    assert queues.erlang_b(2, 2) == pytest.approx(0.4)
    assert queues.erlang_c(8, 10) == pytest.approx(0.4092, abs=0.0001)
    assert queues.erlang_c(0.5, 1) == pytest.approx(0.5)  # one server: as likely to wait as it is busy
    assert queues.erlang_b(3000, 3000) == pytest.approx(math.sqrt(2 / math.pi / 3000), rel=0.02)
    assert queues.erlang_c(5, 5) == 1.0
    assert queues.wait_within(9, 9, 1, 0.95) == math.inf


def test_servers_are_the_fewest_that_do() -> None:
    for load in (0.3, 6.5, 64.6, 640.0):
        count = queues.servers_for(load, 13, 0.3, 0.01)
        assert queues.waits_longer(load, count, 13, 0.3) <= 0.01 < queues.waits_longer(load, count - 1, 13, 0.3)


def test_the_answer_time_of_one_server_is_exponential() -> None:
    assert queues.sojourn(0.1, 0.5, 0.95) == pytest.approx(0.1 / 0.5 * math.log(20))
    assert queues.sojourn(0.1, 1.0, 0.95) == math.inf


# -- against the simulation --------------------------------------------------------------------------------------------
def exponential(rng: random.Random) -> float:
    return rng.expovariate(1)


def constant(_rng: random.Random) -> float:
    return 1.0


def uneven(rng: random.Random) -> float:
    """Mean 1, squared coefficient of variation 2."""
    return rng.expovariate(2 * 0.7887) if rng.random() < 0.7887 else rng.expovariate(2 * 0.2113)


@pytest.mark.parametrize(("service", "variation"), [(exponential, 1.0), (constant, 0.0), (uneven, 2.0)])
@pytest.mark.parametrize(("load", "servers"), [(5.0, 7), (20.0, 24)])
def test_waits_are_those_of_the_simulation(
    service: Callable[[random.Random], float], variation: float, load: float, servers: int
) -> None:
    seen = simulation.queue(load, servers, service, count=60_000, limit=0.5, seed=2)
    assert seen.waiting_share == pytest.approx(queues.erlang_c(load, servers), abs=0.05)
    said = queues.waits_longer(load, servers, 1, 0.5, variation)
    assert seen.long_share == pytest.approx(said, abs=0.025)


@pytest.mark.parametrize(("load", "servers"), [(5.0, 8), (60.0, 70)])
def test_losses_are_those_of_the_simulation(load: float, servers: int) -> None:
    seen = simulation.losses(load, servers, count=100_000, seed=1)
    assert seen == pytest.approx(queues.erlang_b(load, servers), abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize(("users", "fewer", "hours"), checking.CASES)
def test_people_who_come_and_speak_load_the_slots_as_the_formulas_say(
    point: dict[str, float], users: int, fewer: int, hours: float
) -> None:
    case = checking.run(users, fewer, hours, point)
    assert case.agrees, case


@pytest.mark.slow
def test_too_few_slots_are_seen_by_the_simulation_too(point: dict[str, float]) -> None:
    case = checking.run(10_000, 8, 20.0, point)
    assert min(case.waits) > 0.5


# -- the model ---------------------------------------------------------------------------------------------------------
def test_the_busiest_hour_by_hand(point: dict[str, float]) -> None:
    given = {
        **point, "sessions_per_user": 2, "peak_factor": 3, "business_hours": 200, "session_minutes": 10,
        "voice_share": 0.5, "talk_share": 0.4, "stretch_seconds": 12, "slot_tail": 3,
    }  # fmt: skip
    load = model.load_of(60_000, given)
    assert load.arrivals == pytest.approx(0.5)  # 120,000 a month, 600 an hour, three times that in the busiest
    assert (load.sessions, load.sockets, load.streams) == pytest.approx((300, 150, 60))
    assert load.slot_load == pytest.approx(75)  # 15 s of slot for each 12 s of speech
    assert load.spoken == pytest.approx(5)


def test_connections_are_replicas_times_pool(point: dict[str, float]) -> None:
    given = {
        **point, "surge": 1.1, "api_pool": 12, "worker_pool": 6, "audio_pool": 2, "audio_slots": 4, "scheduler_pool": 4,
    }  # fmt: skip
    assert model.connections({"api": 100, "worker": 10, "audio": 50}, given) == 110 * 12 + 11 * 6 + 55 * 8 + 10


def test_storage_by_retention(point: dict[str, float]) -> None:
    base = model.size(10_000, point)
    longer = model.size(10_000, {**point, "recording_months": 2 * point["recording_months"]})
    assert longer.recordings == pytest.approx(2 * base.recordings)
    assert longer.backups - base.backups == pytest.approx(base.recordings)
    assert model.size(10_000, {**point, "keep_audio_share": 0.0}).recordings == 0
    seconds = base.load.sessions_a_month * point["voice_share"] * point["session_minutes"] * 60 * point["talk_share"]
    kept = seconds * point["keep_audio_share"] * point["flac_bytes"] * point["recording_months"]
    assert base.recordings == pytest.approx(kept / 2**30)


@pytest.mark.parametrize("name", ["sessions_per_user", "session_minutes", "peak_factor", "vcpu_price", "speech_cpu"])
def test_more_costs_no_less(point: dict[str, float], name: str) -> None:
    costs = [model.size(100_000, {**point, name: factor * point[name]}) for factor in (0.5, 1, 2, 4)]
    assert [one.cost for one in costs] == sorted(one.cost for one in costs)
    assert [one.audio_used for one in costs] == sorted(one.audio_used for one in costs)


def test_the_money_adds_up(point: dict[str, float]) -> None:
    one = model.size(100_000, point)
    assert one.compute_cost == pytest.approx(one.cores * point["vcpu_price"] + one.memory * point["memory_price"])
    assert model.cost_of_pods(one.api_pods, one.audio_pods, one, point) == pytest.approx(one.cost)
    more = model.cost_of_pods(one.api_pods, one.audio_pods + 1, one, point) - one.cost
    pod = point["audio_cores"] * point["vcpu_price"] + point["audio_memory"] * point["memory_price"]
    assert more == pytest.approx(pod / point["packing"])


def test_redis_is_three_of_each_role_with_a_sentinel_each(point: dict[str, float]) -> None:
    one = model.size(1_000, point)
    assert one.redis_pods == 9
    without = model.size(1_000, {**point, "sentinel_cores": 0.0, "sentinel_memory": 0.0})
    assert (one.cores - without.cores) * point["packing"] == pytest.approx(9 * point["sentinel_cores"])
    assert (one.memory - without.memory) * point["packing"] == pytest.approx(9 * point["sentinel_memory"])


def test_a_pooler_is_counted_where_connections_want_one(point: dict[str, float]) -> None:
    few, many = model.size(1_000, point), model.size(1_000_000, point)
    assert few.connections <= point["max_connections"] - point["connection_reserve"] < many.connections
    assert (few.pooler_pods, many.pooler_pods) == (0, point["pooler_nodes"])
    dearer = model.size(1_000_000, {**point, "pooler_cores": 1 + point["pooler_cores"]})
    assert (dearer.cores - many.cores) * point["packing"] == pytest.approx(point["pooler_nodes"])


def test_volumes_are_never_smaller_than_the_chart_makes_them(point: dict[str, float]) -> None:
    one = model.size(1, point)
    # Three PostgreSQL with their logs; broker and journal of Redis, three each.
    assert one.shared == 500
    assert one.block == pytest.approx(3 * (50 + 10) + 6 * 10, abs=0.1)
    large = model.size(1_000_000, point)
    assert large.shared == pytest.approx((large.recordings + large.uploads) * point["disk_headroom"])
    assert large.shared_cost == pytest.approx(large.shared * point["file_price"])


def test_three_of_a_redis_role_need_three_nodes(point: dict[str, float]) -> None:
    assert model.nodes(1, 1, point) == 3
    assert model.nodes(25, 1, point) == 4
    assert model.nodes(1, 129, point) == 5


def test_draws_are_the_same_for_a_seed_and_within_their_ranges(known: dict[str, Coefficient]) -> None:
    sets = sampling.drawn(known, 50, 7)
    assert sets == sampling.drawn(dict(reversed(known.items())), 50, 7)
    assert sets != sampling.drawn(known, 50, 8)
    for values in sets:
        assert all(one.low <= values[name] * (1 + 1e-9) and values[name] <= one.high * (1 + 1e-9)
                   for name, one in known.items())  # fmt: skip
    spread = sampling.Spread(10_000, sets)
    assert spread.at("cost", 0.5) <= spread.at("cost", 0.9)


# -- the naive table ---------------------------------------------------------------------------------------------------
def test_a_bound_is_where_the_cell_stops_to_be_true(point: dict[str, float]) -> None:
    for row in naive.read(inputs.FOLDER / "naive.yml"):
        bound = naive.truths(row, point)["audio"]
        assert bound is not None
        near = {name: model.size(row.users, {**point, "sessions_per_user": factor * bound}).audio_pods
                for name, factor in (("below", 0.99), ("above", 1.02))}  # fmt: skip
        assert near["below"] <= row.audio < near["above"]


def test_too_few_workers_break_the_words_and_enough_do_not(point: dict[str, float]) -> None:
    few = naive.judge(naive.Row(1_000_000, 100, 50, 50_000, 0.8), [point], point)
    assert (few.audio, few.speculative, few.everything) == (0, 0, 0)
    enough = naive.judge(naive.Row(1_000_000, 100, 300, 50_000, 0.8), [point], point)
    assert (enough.audio, enough.speculative, enough.everything) == (1, 1, 1)
    slots = naive.slots_wanted(few.row, point)
    assert model.size(1_000_000, {**point, "audio_slots": slots}).audio_pods <= 50
    assert model.size(1_000_000, {**point, "audio_slots": slots - 1}).audio_pods > 50


def test_a_way_home_is_paid_once_for_each_wait(known: dict[str, Coefficient], point: dict[str, float]) -> None:
    found = regions.bounds(point, 0.8)
    left = 800 - point["round_trip"] - point["pickup_p95"] - point["committed_p95"]
    assert found["committed"] * point["commit_round_trips"] == pytest.approx(left)
    assert found["first"] > found["typed"] > found["committed"], "captions need the database least"
    assert regions.turns_a_pod(point) == pytest.approx(12 / (15 * 0.060))
    assert "| a typed turn | 15 | + 300 ms | + 900 ms | + 3,750 ms |" in regions.table(known, point)


def test_the_shipped_rows_are_four(point: dict[str, float]) -> None:
    rows = naive.read(inputs.FOLDER / "naive.yml")
    assert [(row.users, row.api, row.audio, row.cost) for row in rows] == [
        (1_000, 5, 10, 500), (10_000, 20, 25, 2_000), (100_000, 50, 40, 10_000), (1_000_000, 100, 50, 50_000),
    ]  # fmt: skip
    price = naive.prices_wanted(rows[0], point)
    cheaper = {**point, "vcpu_price": price * point["vcpu_price"], "memory_price": price * point["memory_price"]}
    assert model.size(1_000, cheaper).cost == pytest.approx(500)


# -- sizes -------------------------------------------------------------------------------------------------------------
def test_sizes_follow_the_preset(tmp_path: Path) -> None:
    for name in (sizes.PRESET, sizes.COMPOSE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    preset = tmp_path / sizes.PRESET
    preset.write_text(preset.read_text().replace("AUDIO_WORKER_CPUS=4.0", "AUDIO_WORKER_CPUS=6.5"))
    found = sizes.read_sizes(tmp_path)
    assert (found["audio_slots"].value, found["api_memory"].value, found["journal_room"].value) == (6, 4, 0.5)
    assert sizes.from_chart(found, tmp_path) == found


def test_the_chart_counts_where_there_is_one(tmp_path: Path, known: dict[str, Coefficient]) -> None:
    chart = tmp_path / sizes.CHART
    chart.parent.mkdir(parents=True)
    chart.write_text(
        "api: {databasePool: 9, autoscaling: {cpuPercent: 55, socketsPerPod: 99}, resources: {requests: {cpu: 750m}}}\n"
        "audioWorker: {slots: 8, resources: {}}\ndatabase: {reserve: 33, external: {maxConnections: 900}}\n"
    )
    found = sizes.from_chart(known, tmp_path)
    values = {name: found[name].value for name in ("api_pool", "sockets_per_pod", "audio_slots", "api_cores")}
    assert values == {"api_pool": 9, "sockets_per_pod": 99, "audio_slots": 8, "api_cores": 0.75}
    assert found["api_cpu_target"].value == pytest.approx(0.55)
    assert (found["connection_reserve"].value, found["max_connections"].value) == (33, 900)
    assert found["api_pool"].source == sizes.CHART
    assert found["audio_cores"] == known["audio_cores"]


# -- what somebody gives -----------------------------------------------------------------------------------------------
BAD = {
    "sessions_a_user: 3\n": "there is no coefficient sessions_a_user (near: sessions_per_user",
    "peak_factor: -2\n": "peak_factor is negative: -2",
    "session_minutes: {value: 600, unit: seconds}\n": "session_minutes is in minutes, not in seconds",
    "voice_share: 40\n": "voice_share is a share, 0 to 1, not 40",
    "voice_share: often\n": "voice_share must be a number, not 'often'",
    "voice_share: true\n": "voice_share must be a number, not True",
    "core_speed: .inf\n": "core_speed must be a number, not inf",
    "core_speed: .nan\n": "core_speed must be a number, not nan",
    "core_speed: 0\n": "core_speed is 0",
    "vcpu_price: {value: 20, low: 25, high: 30}\n": "vcpu_price is 20, outside its range 25 to 30",
    "vcpu_price: {low: 25, high: 30}\n": "vcpu_price has no value",
    "vcpu_price: {value: 20, currency: EUR}\n": "vcpu_price has an unknown field currency",
    "users: 1000\n": "users must be a list",
    "users: [1000, 2.5]\n": "users must be whole numbers from 1 on",
    "users: [-5]\n": "users is negative: -5",
    "peak_factor: [\n": "line 2: this is no YAML",
    "- 3\n": "a mapping of names to values is needed",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text.strip())
def test_bad_input_is_one_sentence(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    from legal_intake_capacity.__main__ import main

    mine = tmp_path / "my.yaml"
    mine.write_text(text)
    assert main(["--input", str(mine)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert BAD[text] in said.err
    assert str(mine) in said.err


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run("--input", str(tmp_path / "none.yaml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "none.yaml cannot be read: No such file or directory" in done.stderr


def test_your_numbers_count(tmp_path: Path) -> None:
    mine = tmp_path / "my.yaml"
    mine.write_text("users: [2500]\nsessions_per_user: 4\nvcpu_price: {value: 19.5, why: an offer, date: 2027-03-01}\n")
    given = inputs.load(mine)
    one = given.known["vcpu_price"]
    assert (given.users, one.value, one.low, one.high) == ((2500,), 19.5, 19.5, 19.5)
    assert (one.kind, one.why, one.date) == ("yours", "an offer", "2027-03-01")
    done = run("--input", str(mine), "--samples", "20")
    assert done.returncode == 0, done.stderr
    assert "| conversations a month | 10,000 (10,000) |" in done.stdout
    assert "2,500 users" in done.stdout
    assert "50 workers" in done.stdout


@pytest.mark.parametrize("arguments", [("--users", "0"), ("--users", "many"), ("--write", "--users", "5")])
def test_the_command_refuses(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
