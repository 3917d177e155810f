"""Every number of the capacity model says where it comes from, and what it says is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from legal_intake_capacity import coefficients, document, inputs, model, naive, regions, sampling, sizes, steps, tables
from legal_intake_capacity.coefficients import Coefficient
from legal_intake_capacity.errors import CapacityError

PACKAGE = Path(model.__file__).parent
#: Their words give another form of the number: 2 cores / 40 a second, 1.2 s, 16 bits x 16 kHz, 4 people / 2 cores, …
CONVERTED = {"request_cpu", "assistant_limit", "pcm_bytes", "talkers_per_core", "api_cpu_target", "audio_slots",
             "pooler_cores", "sentinel_cores"}  # fmt: skip
#: What a unit or a rule of arithmetic may be called, at the head of a module.
UNITS = {
    "model": {
        "SECONDS_AN_HOUR", "SECONDS_A_MINUTE", "DAYS_A_MONTH", "MILLI", "MICRO", "KIB", "MIB", "GIB", "GB", "PERCENT",
        "P95", "ONE_PERCENT", "REDIS_ROLES",
    },
    "naive": {"HOLDS", "LEAST"},
    "document": {"PERCENT", "MILLISECONDS"},
    "regions": {"SECOND"},
    "steps": {"TURNS"},
}  # fmt: skip


@pytest.fixture(scope="module")
def known() -> dict[str, Coefficient]:
    return inputs.load().known


def test_there_are_prices_and_all_are_marked_as_assumptions() -> None:
    prices = coefficients.read(inputs.FOLDER / "prices.yml")
    assert len(prices) >= 7
    assert {one.kind for one in prices.values()} == {"assumed"}
    assert all(one.date for one in prices.values())


def test_what_is_measured_or_fixed_stands_in_the_file_that_it_names(known: dict[str, Coefficient]) -> None:
    named = [one for one in known.values() if one.kind in {"measured", "fixed"}]
    assert len(named) > 30
    for one in named:
        text = " ".join((inputs.ROOT / one.source).read_text().split())
        if one.source not in {sizes.CHART, sizes.CHART_PRESETS}:  # its words are a path and a value
            assert one.seen in text, f"{one.name}: {one.source} does not say {one.seen!r}"
        if one.name not in CONVERTED and not one.unit.startswith("GiB"):
            said = [float(word.replace(",", "")) for word in re.findall(r"\d[\d,]*(?:\.\d+)?", one.seen)]
            assert one.value in said, f"{one.name} is {one.value}, and {one.seen!r} does not say so"


def test_what_is_assumed_has_a_reason_and_a_range(known: dict[str, Coefficient]) -> None:
    assumed = [one for one in known.values() if one.kind == "assumed"]
    assert len(assumed) > 40
    assert all(one.why and one.low < one.high for one in assumed)


@pytest.mark.parametrize("missing", ["date", "command", "machine", "source", "seen"])
def test_a_measured_number_without_provenance_is_refused(tmp_path: Path, missing: str) -> None:
    fields = {
        "value": "3", "unit": "s", "what": "x", "kind": "measured", "date": "2026-11-25", "command": "make bench",
        "machine": "2 cores", "source": "docs/x.md", "seen": "3 s",
    }  # fmt: skip
    path = tmp_path / "numbers.yml"
    path.write_text("pause:\n" + "".join(f"  {key}: {value}\n" for key, value in fields.items()))
    assert coefficients.read(path)["pause"].value == 3
    path.write_text("pause:\n" + "".join(f"  {key}: {fields[key]}\n" for key in fields if key != missing))
    with pytest.raises(CapacityError, match=rf"pause is measured and has no {missing}"):
        coefficients.read(path)


def test_an_assumed_number_without_a_range_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "numbers.yml"
    line = "pause: {value: 3, low: 3, high: 3, unit: s, what: x, kind: assumed, date: 2026-11-25, why: y}\n"
    path.write_text(line)
    with pytest.raises(CapacityError, match="no range"):
        coefficients.read(path)
    path.write_text(line.replace("assumed", "guessed"))
    with pytest.raises(CapacityError, match="neither measured, assumed nor fixed"):
        coefficients.read(path)


@pytest.mark.parametrize("name", ["model", "naive", "document", "tables", "steps"])
def test_no_number_hides_in_the_code(name: str) -> None:
    tree = ast.parse((PACKAGE / f"{name}.py").read_text())
    allowed = UNITS.get(name, set())
    for statement in tree.body:
        targets = {target.id for target in ast.walk(statement) if isinstance(target, ast.Name)}
        if isinstance(statement, ast.Assign) and (targets & allowed or name == "tables"):
            continue
        if name == "tables" and isinstance(statement, ast.FunctionDef) and statement.name == "short":
            continue  # how many figures are shown
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                assert node.value in {0, 1} or (name == "tables" and node.value in {2, 8, 100, 1000}), (
                    f"{name}.py, line {node.lineno}: {node.value} has no provenance"
                )


def test_no_number_hides_in_the_page() -> None:
    prose = re.sub(r"^    .*$", "", document.PAGE.read_text(), flags=re.M)  # examples
    assert not re.findall(r"\d+", prose)


def test_every_coefficient_counts(known: dict[str, Coefficient]) -> None:
    asked: set[str] = set()

    class Asked(dict[str, float]):
        def __getitem__(self, name: str) -> float:
            asked.add(name)
            return super().__getitem__(name)

    point = Asked(sampling.points(known))
    sized = model.size(100_000, point)
    row = naive.Row(100_000, 50, 40, 10_000, 0.8)
    naive.judge(row, [point], point)
    document._rules(point, [])
    document._latency(point)
    document._regions(point, row.latency)
    regions.table(known, point)
    assert sized.cost > 0
    assert known.keys() - asked == set()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_page_is_what_the_model_says() -> None:
    wanted = "run: .venv/bin/python deploy/capacity/capacity --write"
    assert document.TARGET.read_text() == document.text(), wanted
    assert steps.TARGET.read_text() == document.guide(), wanted


def test_the_table_has_every_row_for_every_size(known: dict[str, Coefficient]) -> None:
    sets = sampling.drawn(known, samples=20)
    shown = tables.sizes([sampling.Spread(users, sets) for users in inputs.USERS])
    assert shown.count("\n") == len(tables.ROWS) + 2
    assert "1,000 users | 10,000 users | 100,000 users | 1,000,000 users" in shown


def test_the_guide_has_each_step_and_its_money_for_every_size(known: dict[str, Coefficient]) -> None:
    sets = sampling.drawn(known, samples=20)
    shown = steps.by_step([sampling.Spread(users, sets) for users in inputs.USERS])
    assert shown.count("\n") == len(steps.ROWS) + 2
    text = steps.TARGET.read_text()
    headings = [line for line in text.splitlines() if line.startswith("### ")]
    for step, _field, _what in steps.ROWS:
        number, _, word = step.partition(" ")
        if word:
            assert any(line.startswith(f"### {number}. ") for line in headings), step
    money = [field for _step, field, what in steps.ROWS if what.startswith("dollars: ")]
    one = model.size(10_000, sampling.points(known))
    assert sum(sampling.value_of(one, name) for name in money) == pytest.approx(one.cost), "each dollar has its step"


def test_a_guide_without_its_place_is_refused() -> None:
    with pytest.raises(SystemExit, match="no place for the table steps"):
        steps.filled("nothing", [], {})


def test_what_can_be_applied_is_counted_as_it_is_written(known: dict[str, Coefficient]) -> None:
    found = list(steps.objects(steps.MANIFESTS, "*.yaml"))
    least, most = (steps.counted(found, bound) for bound in ("minReplicas", "maxReplicas"))
    assert (least.api, least.audio, most.api, most.audio, most.slots) == (5, 10, 100, 50, 4)
    small = steps.counted(list(steps.objects(steps.MANIFESTS, "overlays/small/*.yaml")), "minReplicas")
    # api, worker, audio worker, scheduler, frontend, edge, three of Redis
    assert (small.count, small.slots) == (9, 1)
    point = sampling.points(known)
    users = steps.users_of(most, point)
    assert model.size(users, point).audio_pods <= 50 < model.size(users * 1.01, point).audio_pods
