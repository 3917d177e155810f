"""Prometheus's rules and Grafana's dashboards: they parse, name what there is, and each alert leads to its runbook."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import monitoring_house as house
from tests.deploy.promql import PromqlError, parse

SECTIONS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]
TEMPLATE = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
QUERIES = [(path.stem, title, query) for path in house.DASHBOARDS for title, query in house.dashboard_queries(path)]
BOARDS = {"overview", "voice", "queues", "firms", "databases", "hosts"}


def named(value: Any) -> str:
    """For a test's id: a rule's name, or what it is."""
    return str(value.get("alert") or value.get("record")) if isinstance(value, dict) else str(value)


@pytest.mark.parametrize(("file", "rule"), house.rules(), ids=named)
def test_a_rule_parses_and_names_what_there_is(file: str, rule: dict[str, Any]) -> None:
    query = parse(rule["expr"])
    complaints = [text for selector in query.selectors if (text := house.complaint(*selector))]
    assert not complaints, f"{file}: {complaints}"


@pytest.mark.parametrize(("file", "rule"), house.alerts(), ids=named)
def test_an_alert_says_what_to_do(file: str, rule: dict[str, Any]) -> None:
    notes, name = rule["annotations"], rule["alert"]
    assert rule["labels"]["severity"] in ("page", "ticket", "none")
    assert set(notes) == {"summary", "description", "runbook_url", "dashboard_url"}
    assert notes["runbook_url"] == f"docs/runbooks/{name}.md"
    text = (house.ROOT / notes["runbook_url"]).read_text()
    assert text.startswith(f"# {name}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    for section, after in zip(SECTIONS, [*SECTIONS[1:], None], strict=True):
        body = text.split(section, 1)[1].split(after, 1)[0] if after else text.split(section, 1)[1]
        assert len(body.strip()) > 10, f"{name}: {section} is empty"
    assert f"deploy/prometheus/rules/{file}.yml" in text
    board = notes["dashboard_url"].rsplit("/d/li-", 1)[1]
    assert board in BOARDS


@pytest.mark.parametrize(("file", "rule"), house.alerts(), ids=named)
def test_an_alert_speaks_of_labels_that_it_has(file: str, rule: dict[str, Any]) -> None:
    """A sum without `by` has none, and its message would have a hole."""
    said = set(TEMPLATE.findall(" ".join(rule["annotations"].values())))
    expr = rule["expr"]
    if re.match(r"(\()?(sum|max|min|count|group|time\(\) - max|histogram_quantile|absent|1 - sum)\b", expr):
        groups = re.search(r"by \(([^)]*)\)", expr)
        kept = {label.strip() for label in groups[1].split(",")} if groups else set()
        assert said <= kept | set(rule["labels"]), f"{rule['alert']} ({file})"


def test_no_runbook_without_its_alert() -> None:
    wanted = {rule["alert"] for _, rule in house.alerts()}
    # Procedures that no alert asks for have names in lower case.
    assert {path.stem for path in house.RUNBOOKS.glob("[A-Z]*.md")} - {"README"} == wanted
    index = (house.RUNBOOKS / "README.md").read_text()
    assert all(f"({name}.md)" in index for name in wanted)
    assert len(wanted) == len(house.alerts()), "an alert is there twice"


def test_a_runbook_names_only_alerts_that_there_are() -> None:
    wanted = {rule["alert"] for _, rule in house.alerts()}
    for path in house.RUNBOOKS.glob("*.md"):
        for link in re.findall(r"\(([A-Z]\w+)\.md\)", path.read_text()):
            assert link in wanted, f"{path.name} links {link}"


def test_each_alert_has_a_test_that_it_fires_and_one_that_it_stays_silent() -> None:
    fires: set[str] = set()
    silent: set[str] = set()
    for path in house.RULE_TESTS:
        for case in house.load(path)["tests"]:
            for check in case["promql_expr_test"]:
                name = re.search(r'alertname="(\w+)"', check["expr"])
                assert name, f"{path.name}: {case['name']}"
                (fires if check["exp_samples"] else silent).add(name[1])
    wanted = {rule["alert"] for _, rule in house.alerts()}
    assert fires == wanted
    assert silent == wanted - {"Watchdog"}


@pytest.mark.parametrize("kind", ["api", "captions"])
def test_the_service_levels_are_recorded_for_every_window(kind: str) -> None:
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
    assert {f"slo:{kind}_{part}:rate{window}" for part in ("all", "bad") for window in windows} <= house.recorded()
    if kind == "captions":
        rule = next(rule for _, rule in house.rules() if rule.get("record") == "slo:captions_missing:rate5m")
        for series in ("captions_suppressed_total", "voice_sessions_total", "voice_refused_total"):
            assert f"legal_intake_{series}" in rule["expr"]


def test_the_histogram_of_captions_has_the_aim_as_a_bound() -> None:
    from audio.metrics import CAPTION_SECONDS

    assert 0.8 in CAPTION_SECONDS._upper_bounds


# -- dashboards


@pytest.mark.parametrize(("board", "title", "query"), QUERIES, ids=[f"{board}: {title}" for board, title, _ in QUERIES])
def test_a_panels_query_parses_and_names_what_there_is(board: str, title: str, query: str) -> None:
    complaints = [text for selector in parse(query).selectors if (text := house.complaint(*selector))]
    assert not complaints


def test_dashboards_are_the_six_and_have_stable_names() -> None:
    assert {path.stem for path in house.DASHBOARDS} == BOARDS
    for path in house.DASHBOARDS:
        board = house.dashboard(path)
        assert board["uid"] == f"li-{path.stem}"
        names = [variable["name"] for variable in board["templating"]["list"]]
        assert names[0] == "datasource"
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        for panel in board["panels"]:
            if panel["type"] != "row":
                assert panel["datasource"]["uid"] == "${datasource}"
                assert panel["targets"]
                assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_panels_do_not_lie_on_each_other() -> None:
    for path in house.DASHBOARDS:
        taken: set[tuple[int, int]] = set()
        for panel in house.dashboard(path)["panels"]:
            place = panel["gridPos"]
            cells = {
                (place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])
            }  # fmt: skip
            assert not cells & taken, f"{path.stem}: {panel['title']}"
            assert place["x"] + place["w"] <= 24
            taken |= cells


def test_a_dashboards_variables_are_labels_that_there_are() -> None:
    for path in house.DASHBOARDS:
        for variable in house.dashboard(path)["templating"]["list"][1:]:
            series, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
            assert not house.complaint(series, frozenset({label}))


def test_dashboards_are_what_their_sources_say() -> None:
    spec = importlib.util.spec_from_file_location("grafana_build", house.DEPLOY / "grafana" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    sources = sorted((house.DEPLOY / "grafana" / "source").glob("*.yml"))
    assert [path.stem for path in sources] == [path.stem for path in house.DASHBOARDS]
    for source in sources:
        made = house.DEPLOY / "grafana" / "dashboards" / f"{source.stem}.json"
        assert made.read_text() == build.text(source), "run deploy/grafana/build.py"


def test_grafana_finds_its_data_source_and_its_dashboards() -> None:
    provisioning = house.DEPLOY / "grafana" / "provisioning"
    sources = house.load(provisioning / "datasources" / "prometheus.yml")["datasources"]
    assert {source["type"]: source["url"] for source in sources} == {
        "prometheus": "http://prometheus:9090",
        "alertmanager": "http://alertmanager:9093",
    }
    (provider,) = house.load(provisioning / "dashboards" / "legal-intake.yml")["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"


# -- where the names come from


@pytest.mark.parametrize("path", house.LISTS, ids=lambda path: path.stem)
def test_a_list_of_names_says_where_it_was_read(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("# source: ")
    names = [line for line in lines if line and not line.startswith("#")]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name) for name in names)


def test_the_backups_gauges_are_those_that_the_backup_service_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(house.DEPLOY / "backup"))
    state = importlib.import_module("legal_intake_backup.state")
    told = state.exposition({"success": dict.fromkeys(state.KINDS, 1.0)})
    listed = (Path(__file__).parent / "metrics" / "backup.txt").read_text().splitlines()[1:]
    assert set(listed) == set(re.findall(r"# TYPE (\w+) gauge", told))
    for kind in ("base", "wal", "drill"):
        assert f'legal_intake_backup_last_success_timestamp_seconds{{kind="{kind}"}} 1.000' in told


def test_no_series_of_ours_is_labelled_by_what_has_no_end() -> None:
    """A session, a user, an address or a path as a label would be a series each."""
    endless = {"session", "session_id", "intake", "user", "client", "address", "path", "view", "request_id", "host"}
    for name, labels in house.our_series().items():
        if name.startswith(("legal_intake_", "tenants_")):
            assert not labels & endless, name
            assert "firm" not in labels or name.startswith("legal_intake_firm_requests"), name


# -- the parser itself


@pytest.mark.parametrize(
    "text",
    [
        "rate(x)", "sum(x[5m])", "x[5m]", "sum by (a (x)", "x{a}", 'x{a="b" c="d"}', "foo(x)", "1 > 2", "x and 1",
        "x ==",
        "histogram_quantile(x, 1)", "topk(x)", "x 5", "{}", "rate(x[5m]", "x[5]", "sum()", "x offset y", "@", "",
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(PromqlError):
        parse(text)


def test_a_query_is_read_whole() -> None:
    query = parse('1 - sum by (a) (rate(x_total{b=~"c|d", e!="f"}[5m] offset 1h)) / on (a) group_left y > bool 2')
    assert query.selectors == [("x_total", frozenset({"b", "e"})), ("y", frozenset())]
    assert query.grouped_by == {"a"}
