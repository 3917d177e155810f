"""Logs on their way: Fluent Bit's configuration, Elasticsearch's templates, Kibana's objects.

None of the three programs is run here. Their files are parsed and held together: every key is one that the program
knows, every name that one file uses is made by another, and a line of ours is led through the filters as written.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from legal_intake.logs import SafeJsonFormatter

ROOT = Path(__file__).resolve().parents[2]
FLUENT_BIT = ROOT / "deploy" / "fluent-bit"
ELASTICSEARCH = ROOT / "deploy" / "elasticsearch"
KIBANA = ROOT / "deploy" / "kibana"

#: What Fluent Bit 5.1 knows, of what we use. From its manual; an unknown key stops it at start.
EVERY_OUTPUT = {"name", "match", "retry_limit", "storage.total_limit_size", "workers"}
KEYS = {
    "service": {
        "flush", "grace", "log_level", "http_server", "http_listen", "http_port", "health_check", "hc_errors_count",
        "hc_retry_failure_count", "hc_period", "storage.path", "storage.sync", "storage.checksum",
        "storage.max_chunks_up", "storage.metrics",
    },
    "parser": {"name", "format", "time_key", "time_format", "time_keep"},
    "inputs:tail": {
        "name", "tag", "path", "parser", "docker_mode", "db", "db.locking", "refresh_interval", "rotate_wait",
        "buffer_chunk_size", "buffer_max_size", "skip_long_lines", "storage.type",
    },
    "filters:grep": {"name", "match", "regex", "exclude", "logical_op"},
    "filters:nest": {"name", "match", "operation", "nested_under", "wildcard", "add_prefix", "remove_prefix"},
    "filters:modify": {"name", "match", "rename", "remove", "set", "add", "condition"},
    "filters:parser": {"name", "match", "key_name", "parser", "reserve_data", "preserve_key"},
    "outputs:file": EVERY_OUTPUT | {
        "path", "file", "format", "mkdir", "rotate", "rotate_max_size", "rotate_max_files", "rotate_gzip",
        "on_missing_field", "fallback_path", "fallback_file", "max_dynamic_files", "on_limit_reached",
    },
    "outputs:es": EVERY_OUTPUT | {
        "host", "port", "http_user", "http_passwd", "index", "write_operation", "time_key", "time_key_format",
        "time_key_nanos", "suppress_type_name", "generate_id", "compress", "buffer_size",
    },
}  # fmt: skip


def load(name: str) -> dict[str, Any]:
    """One of the entry files with what it includes, as Fluent Bit merges them."""
    here: dict[str, Any] = yaml.safe_load((FLUENT_BIT / name).read_text())
    merged: dict[str, Any] = {"env": [], "parsers": [], "pipeline": {}, "service": {}}
    for part in [*(load(included) for included in here.pop("includes", [])), here]:
        merged["service"] |= part.get("service", {})
        for section in ("env", "parsers"):
            merged[section] += part.get(section, [])
        for kind, plugins in part.get("pipeline", {}).items():
            merged["pipeline"].setdefault(kind, []).extend(plugins)
    return merged


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def shipped(configuration: dict[str, Any], line: dict[str, Any], project: str) -> dict[str, Any] | None:
    """What the filters, as written, make of a line of Docker's; None when they leave it out."""
    record = {name: value for name, value in line.items() if name != "time"}
    for step in configuration["pipeline"]["filters"]:
        if step["name"] == "grep":
            accessor, pattern = step["regex"].split(" ", 1)
            value: Any = record
            for part in re.findall(r"[\w.-]+", accessor.replace("']['", " ").strip("$']")):
                value = value.get(part, {}) if isinstance(value, dict) else {}
            if not re.search(pattern.replace("${COMPOSE_PROJECT_NAME}", project), value if value else ""):
                return None
        elif step["name"] == "nest":
            record |= record.pop(step["nested_under"], {})
        elif step["name"] == "modify":
            for rule in as_list(step.get("rename", [])):
                old, new = rule.split()
                if old in record and new not in record:
                    record[new] = record.pop(old)
            for name in as_list(step.get("remove", [])):
                record.pop(name, None)
        elif step["name"] == "parser":
            try:
                opened = json.loads(record[step["key_name"]])
            except ValueError:
                continue
            if isinstance(opened, dict):
                del record[step["key_name"]]
                record |= opened
    return record


def docker_line(log: str, *, project: str = "legal-intake") -> dict[str, Any]:
    labels = {"service": "api", "project": project, "container-number": "2"}
    attrs = {f"com.docker.compose.{name}": value for name, value in labels.items()}
    return {"log": f"{log}\n", "stream": "stderr", "attrs": attrs, "time": "2026-01-02T03:04:05.678901234Z"}


def our_line(**fields: Any) -> str:
    record = logging.makeLogRecord({"name": "legal_intake.requests", "msg": "request", "levelname": "INFO", **fields})
    return SafeJsonFormatter().format(record)


def mapped_fields() -> dict[str, Any]:
    mappings = json.loads((ELASTICSEARCH / "component-mappings.json").read_text())["template"]["mappings"]
    assert mappings["dynamic"] is False, "a new field must not make the index grow by itself"
    found: dict[str, Any] = mappings["properties"]
    return found


@pytest.mark.parametrize("name", ["files.yaml", "files-and-search.yaml"])
def test_every_key_is_one_that_fluent_bit_knows(name: str) -> None:
    found = load(name)
    assert set(found["service"]) <= KEYS["service"]
    for parser in found["parsers"]:
        assert set(parser) <= KEYS["parser"]
    assert set(found["pipeline"]) == {"inputs", "filters", "outputs"}
    for kind, plugins in found["pipeline"].items():
        for plugin in plugins:
            assert set(plugin) <= KEYS[f"{kind}:{plugin['name']}"], plugin["name"]


@pytest.mark.parametrize("name", ["files.yaml", "files-and-search.yaml"])
def test_tags_parsers_and_variables_are_all_made_somewhere(name: str) -> None:
    found = load(name)
    tags = {plugin["tag"] for plugin in found["pipeline"]["inputs"]}
    for plugin in [*found["pipeline"]["filters"], *found["pipeline"]["outputs"]]:
        assert plugin["match"] in tags, plugin
    parsers = {parser["name"] for parser in found["parsers"]}
    plugins = [*found["pipeline"]["inputs"], *found["pipeline"]["filters"]]
    assert {plugin["parser"] for plugin in plugins if "parser" in plugin} == parsers
    given = {"COMPOSE_PROJECT_NAME"} | {entry["name"] for entry in found["env"]}
    assert set(re.findall(r"\$\{(\w+)", json.dumps(found))) <= given


def test_files_are_bounded_and_nothing_waits_without_end_on_the_disk() -> None:
    outputs = {plugin["name"]: plugin for plugin in load("files-and-search.yaml")["pipeline"]["outputs"]}
    assert outputs["file"]["rotate"] is True
    assert outputs["file"]["rotate_max_files"] >= 1
    for plugin in outputs.values():
        assert re.fullmatch(r"\d+[MG]", plugin["storage.total_limit_size"])
    assert "es" not in {plugin["name"] for plugin in load("files.yaml")["pipeline"]["outputs"]}


def test_a_line_of_ours_arrives_with_its_own_fields_and_its_service() -> None:
    line = docker_line(our_line(request_id="4f2a90cc4f2a90cc", status=201, ms=3.2, method="POST", path="/api/intakes/"))
    record = shipped(load("files.yaml"), line, "legal-intake")
    assert record is not None
    assert (record["service"], record["container"], record["stream"]) == ("api", "2", "stderr")
    assert (record["event"], record["request_id"], record["status"]) == ("request", "4f2a90cc4f2a90cc", 201)
    assert "log" not in record
    assert set(record) <= set(mapped_fields()), "every field is mapped in Elasticsearch"


def test_a_line_that_is_no_json_stays_whole_and_other_projects_stay_out() -> None:
    record = shipped(load("files.yaml"), docker_line("database system is ready"), "legal-intake")
    assert record is not None
    assert record["message"].strip() == "database system is ready"
    assert record["service"] == "api"
    assert set(record) <= set(mapped_fields())
    assert shipped(load("files.yaml"), docker_line("{}", project="other"), "legal-intake") is None
    bare = {"log": "a container that Compose did not start", "stream": "stdout", "time": ""}
    assert shipped(load("files.yaml"), bare, "legal-intake") is None


def test_what_fluent_bit_writes_to_is_the_data_stream_of_the_template() -> None:
    es = next(plugin for plugin in load("files-and-search.yaml")["pipeline"]["outputs"] if plugin["name"] == "es")
    template = json.loads((ELASTICSEARCH / "index-template.json").read_text())
    (pattern,) = template["index_patterns"]
    assert re.fullmatch(pattern.replace("*", ".*"), es["index"])
    assert template["data_stream"] == {}
    assert template["priority"] > 100, "Elasticsearch's own template for logs-*-* has 100"
    assert es["write_operation"] == "create", "a data stream takes nothing else"
    assert mapped_fields()[es["time_key"]]["type"] == "date"
    apply = (ELASTICSEARCH / "apply.sh").read_text()
    assert f"stream={es['index']}\n" in apply
    put = dict(re.findall(r"^put (\S+) (\S+\.json)$", apply, re.M))
    assert {Path(name).name for name in put.values()} == {path.name for path in ELASTICSEARCH.glob("*.json")}
    assert [f"_component_template/{name}" for name in template["composed_of"]] == [
        name for name in put if name.startswith("_component_template/")
    ]


def test_the_life_cycle_rolls_over_and_deletes() -> None:
    policy = json.loads((ELASTICSEARCH / "ilm-policy.json").read_text())["policy"]
    allowed = {
        "hot": {"rollover", "set_priority", "forcemerge", "readonly", "shrink"},
        "warm": {"set_priority", "readonly", "forcemerge", "shrink", "allocate", "migrate"},
        "cold": {"set_priority", "readonly", "allocate", "migrate", "searchable_snapshot"},
        "delete": {"delete", "wait_for_snapshot"},
    }
    ages = []
    for name, phase in policy["phases"].items():
        assert set(phase) <= {"min_age", "actions"}
        assert set(phase["actions"]) <= allowed[name], name
        number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", phase["min_age"]).groups()  # type: ignore[union-attr]
        ages.append(int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit])
    assert ages == sorted(ages)
    assert {"max_age", "max_primary_shard_size"} == set(policy["phases"]["hot"]["actions"]["rollover"])
    assert "delete" in policy["phases"]["delete"]["actions"]
    settings = json.loads((ELASTICSEARCH / "component-settings.json").read_text())["template"]["settings"]
    apply = (ELASTICSEARCH / "apply.sh").read_text()
    assert f"put _ilm/policy/{settings['index.lifecycle.name']} ilm-policy.json" in apply


def test_kibanas_objects_refer_to_each_other_and_to_fields_that_are_there() -> None:
    objects = [json.loads(line) for line in (KIBANA / "saved-objects.ndjson").read_text().splitlines()]
    there = {(each["type"], each["id"]) for each in objects}
    assert len(there) == len(objects)
    fields = set(mapped_fields()) | {"exception.type", "exception.code"}
    for each in objects:
        for reference in each["references"]:
            assert (reference["type"], reference["id"]) in there
        if each["type"] == "index-pattern":
            assert each["attributes"]["title"] == "logs-legal_intake-*"
            assert each["attributes"]["timeFieldName"] in fields
            continue
        attributes = each["attributes"]
        assert set(attributes["columns"]) <= fields
        assert {name for name, _ in attributes["sort"]} <= fields
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        asked = set(re.findall(r"([\w.@]+)\s*:", source["query"]["query"]))
        assert asked
        assert asked <= fields
        assert source["indexRefName"] in {reference["name"] for reference in each["references"]}


class Elasticsearch:
    """A server that takes what `apply.sh` puts, or refuses it."""

    def __init__(self) -> None:
        self.put: dict[str, Any] = {}
        self.order: list[str] = []
        self.status = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                path = self.path.lstrip("/")
                again = path.startswith("_data_stream/") and path in outer.put
                outer.order.append(path)
                outer.put[path] = json.loads(body) if body else None
                outer.login = self.headers.get("authorization", "")
                answer = b'{"error":{"type":"resource_already_exists_exception"}}' if again else b"{}"
                self.send_response(outer.status or (400 if again else 200))
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.login = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def elasticsearch() -> Iterator[Elasticsearch]:
    made = Elasticsearch()
    yield made
    made.close()


def apply(url: str, password: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "ELASTICSEARCH_PASSWORD_FILE": str(password)}
    command = [str(ELASTICSEARCH / "apply.sh"), url]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.enable_socket
def test_apply_puts_all_in_order_and_may_run_again(elasticsearch: Elasticsearch, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    for _ in range(2):
        done = apply(elasticsearch.url, password)
        assert done.returncode == 0, done.stderr
        assert "s3cret" not in done.stdout + done.stderr
    first = elasticsearch.order[: len(elasticsearch.order) // 2]
    assert first == elasticsearch.order[len(first) :]
    assert first[0] == "_security/user/kibana_system/_password"
    assert elasticsearch.put[first[0]] == {"password": "s3cret"}
    assert first[1].startswith("_ilm/")
    assert first[-2:] == ["_index_template/legal-intake-logs", "_data_stream/logs-legal_intake-default"]
    assert elasticsearch.login == "Basic ZWxhc3RpYzpzM2NyZXQ="


@pytest.mark.enable_socket
def test_apply_says_what_is_wrong(elasticsearch: Elasticsearch, tmp_path: Path) -> None:
    elasticsearch.status = 401
    done = apply(elasticsearch.url, tmp_path / "none")
    assert done.returncode == 1
    assert "answered 401" in done.stderr
    assert "password" in done.stderr
    done = apply("http://127.0.0.1:1", tmp_path / "none")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
