"""What the chart takes from Compose, in an operator's words: `python deploy/chart/files.py` writes it.

A chart cannot reach outside its folder, so copies lie in it; a test says when one is old. Rules about what a cluster's
own operators watch (hosts, backups, PostgreSQL, Alertmanager itself) stay with Compose; what exporters beside nginx
and Redis tell is here, for whoever switches them on.

One Prometheus of a cluster sees everything there, other releases too. So each series is asked for in one namespace: in
rules the release's, which the template puts for @NAMESPACE@; in dashboards the one that is chosen.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "helm" / "legal-intake" / "files"
RULES: Final = ("availability", "firms", "queues", "safety", "slo", "voice")
DASHBOARDS: Final = ("firms", "overview", "queues", "voice")
# Alerts of one role of Redis, which has three pods with an exporter in each: one that answers is enough, and a role
# whose pods are all gone tells nothing any more.
REDIS_DOWN: Final = "group by (role) (max_over_time(redis_up[1h])) unless on (role) (redis_up == 1)"
GRAFANA: Final = "https://{{ $externalLabels.site }}:3001"
# Of /var/log/containers: pod, namespace, container, and the container's own number.
CONTAINER_FILE: Final = r"^/var/log/containers/(?<container>[^_]+)_[^_]+_(?<service>.+)-[0-9a-f]{64}\.log$"
_MATCHER: Final = re.compile(r'^(\w+)(=~|!=|=)"(.*)"$')
# What a query is made of, as far as it matters where a series is named. A word before a bracket is a function.
_QUERY: Final = re.compile(
    r"""(?P<skipped>"[^"]*"|\[[^]]*\]|\b\d[\w.]*|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)
    |\b(?:and|or|unless|bool|offset|group_left|group_right)\b)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?P<after>\s*\(|\s+(?=(?:by|without)\b)|\s*\{(?:[^}"]|"[^"]*")*\}|)""",
    re.VERBOSE,
)


class _Dumper(yaml.SafeDumper):
    """Writes what has lines of its own as such."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def wanted() -> dict[Path, str]:
    """Each file of the chart that comes from elsewhere, with what it should hold."""
    deploy = ROOT / "deploy"
    found = {CHART / "rules" / f"{name}.yml": _rules(deploy / "prometheus/rules" / f"{name}.yml") for name in RULES}
    for name in DASHBOARDS:
        found[CHART / "dashboards" / f"{name}.json"] = _dashboard(deploy / "grafana/dashboards" / f"{name}.json")
    found[CHART / "rules" / "redis.yml"] = _redis_rules(deploy / "prometheus/rules/databases.yml")
    found[CHART / "dashboards" / "databases.json"] = _exporters_dashboard(deploy / "grafana")
    found[CHART / "fluent-bit.yaml"] = _fluent_bit(deploy / "fluent-bit")
    found[CHART / "alerting.yaml"] = _alerting(yaml.safe_load((deploy / "alertmanager/alertmanager.yml").read_text()))
    return found


def scoped(query: str, matcher: str, exporters: bool = False) -> str:
    """The query with a matcher in each selector; what a rule recorded is summed: no labels, as before.

    Series of Redis are left alone but where its exporters are ours: another may run anywhere.
    """

    def one(found: re.Match[str]) -> str:
        name, after = found["name"], found["after"]
        if not name or (after and not after.endswith("}")) or (name.startswith("redis_") and not exporters):
            return found[0]
        inside = after.strip()[1:-1]
        selector = f"{name}{{{', '.join(part for part in (inside, matcher) if part)}}}"
        return f"sum({selector})" if ":" in name else selector

    return _QUERY.sub(one, query)


def _rules(path: Path) -> str:
    """Compose's rules for one namespace: what they record and say carries it."""
    return _for_a_namespace(yaml.safe_load(path.read_text()), path)


def _redis_rules(path: Path) -> str:
    """Compose's alerts of Redis alone."""
    made = yaml.safe_load(path.read_text())
    (group,) = made["groups"]
    group["name"] = "redis"
    group["rules"] = [rule for rule in group["rules"] if rule["alert"].startswith("Redis")]
    (down,) = [rule for rule in group["rules"] if rule["alert"] == "RedisDown"]
    down["expr"] = REDIS_DOWN
    return _for_a_namespace(made, path)


def _for_a_namespace(made: dict[str, Any], path: Path) -> str:
    for rule in (rule for group in made["groups"] for rule in group["rules"]):
        rule["expr"] = scoped(rule["expr"], 'namespace="@NAMESPACE@"', exporters=True)
        rule["labels"] = {**rule.get("labels", {}), "namespace": "@NAMESPACE@"}
        if "alert" in rule:
            link = rule["annotations"]["dashboard_url"]
            rule["annotations"]["dashboard_url"] = link.replace(GRAFANA, "@GRAFANA@")
    head = f"# From deploy/prometheus/rules/{path.name} by deploy/chart/files.py.\n"
    return head + yaml.dump(made, Dumper=_Dumper, sort_keys=False, width=1000)


def _exporters_dashboard(folder: Path) -> str:
    """What exporters tell of Redis and nginx, where alerts of Redis lead."""
    sources = {name: yaml.safe_load((folder / "source" / f"{name}.yml").read_text()) for name in ("databases", "hosts")}
    rows = [row for source in sources.values() for row in source["rows"] if row["title"] in ("Redis", "nginx")]
    source = {
        "name": "databases",
        "title": "Redis and nginx",
        "about": "The three roles of Redis, and nginx.",
        "rows": rows,
    }
    build = runpy.run_path(str(folder / "build.py"))["build"]
    return _with_namespace(build(source), exporters=True)


def _dashboard(path: Path) -> str:
    """A dashboard with a choice of the namespace."""
    return _with_namespace(json.loads(path.read_text()))


def _with_namespace(made: dict[str, Any], exporters: bool = False) -> str:
    for target in (target for panel in made["panels"] for target in panel.get("targets", ())):
        target["expr"] = scoped(target["expr"], 'namespace=~"$namespace"', exporters)
    choices = made["templating"]["list"]
    source = choices[0]["name"]
    namespace = {
        "name": "namespace", "label": "Namespace", "type": "query", "refresh": 2, "includeAll": False, "multi": False,
        "datasource": {"type": "prometheus", "uid": f"${{{source}}}"},
        "query": {"qryType": 1, "query": 'label_values(up{job="api"}, namespace)', "refId": "V"},
    }  # fmt: skip
    for choice in choices[1:]:
        query = re.sub(r"\((\w+),", r'(\1{namespace=~"$namespace"},', choice["query"]["query"])
        choice["query"]["query"] = choice["definition"] = query
    made["templating"]["list"] = [choices[0], namespace, *choices[1:]]
    panels = ",\n  ".join(json.dumps(panel) for panel in made["panels"])  # a line each, as there
    return json.dumps({**made, "panels": []}, indent=1).replace('"panels": []', f'"panels": [\n  {panels}\n ]') + "\n"


def _fluent_bit(folder: Path) -> str:
    """Compose's way of logs to Elasticsearch, for the files of a node's container runtime (CRI) instead of Docker's.

    A file's name says whose line it is, so nobody asks the API server. The template fills in where Elasticsearch is.
    """
    made = yaml.safe_load((folder / "shared.yaml").read_text())
    search = yaml.safe_load((folder / "files-and-search.yaml").read_text())
    (tail,) = made["pipeline"]["inputs"]
    for key in ("parser", "docker_mode"):
        del tail[key]
    tail["path"] = "/var/log/containers/*_@NAMESPACE@_*.log"
    # Joins what the runtime cut; `file` says which container it was.
    tail |= {"multiline.parser": "cri", "path_key": "file"}
    (ours,) = [parser for parser in made["parsers"] if parser["name"] == "our_json"]
    name = {"name": "container_file", "format": "regex", "regex": CONTAINER_FILE}
    made["parsers"] = [name, ours]
    opened = [
        step for step in made["pipeline"]["filters"] if "our_json" in step.values() or _names(step, "log message")
    ]
    whose = {"name": "parser", "match": tail["tag"], "key_name": "file", "parser": "container_file",
             "reserve_data": True, "preserve_key": False}  # fmt: skip
    wrapper = {"name": "modify", "match": tail["tag"], "remove": ["_p", "time"]}
    made["pipeline"]["filters"] = [whose, wrapper, *opened]
    made["env"] = search["env"]
    made["pipeline"]["outputs"] = [out for out in search["pipeline"]["outputs"] if out["name"] == "es"]
    head = "# From deploy/fluent-bit by deploy/chart/files.py.\n"
    return head + yaml.dump(made, Dumper=_Dumper, sort_keys=False, width=1000)


def _names(step: dict[str, Any], rename: str) -> bool:
    return rename in step.get("rename", [])


def _alerting(config: dict[str, Any]) -> str:
    """Routes and inhibitions in the words of AlertmanagerConfig. The watchdog is the cluster's own."""
    route = {key: value for key, value in config["route"].items() if key != "routes"}
    routes = [_route(one) for one in config["route"]["routes"] if one["receiver"] != "watchdog"]
    made = {
        "route": {**_route(route), "routes": routes},
        "inhibitRules": [
            {
                "sourceMatch": _matchers(one["source_matchers"]),
                "targetMatch": _matchers(one["target_matchers"]),
                **({"equal": one["equal"]} if "equal" in one else {}),
            }
            for one in config["inhibit_rules"]
        ],
    }
    head = "# From deploy/alertmanager/alertmanager.yml by deploy/chart/files.py.\n"
    return head + yaml.safe_dump(made, sort_keys=False, width=120)


def _route(one: dict[str, Any]) -> dict[str, Any]:
    names = {"group_by": "groupBy", "group_wait": "groupWait", "group_interval": "groupInterval"}
    names |= {"repeat_interval": "repeatInterval", "receiver": "receiver"}
    made = {names[key]: value for key, value in one.items() if key in names}
    # The operator knows no days.
    made = {key: "24h" if value == "1d" else value for key, value in made.items()}
    return {**made, **({"matchers": _matchers(one["matchers"])} if "matchers" in one else {})}


def _matchers(texts: list[str]) -> list[dict[str, str]]:
    found = []
    for text in texts:
        parts = _MATCHER.match(text)
        if parts is None:
            raise ValueError(f"no matcher: {text}")
        # A bare = is a word of its own to some readers of YAML; it is what is meant where nothing is said.
        kind = {} if parts[2] == "=" else {"matchType": parts[2]}
        found.append({"name": parts[1], **kind, "value": parts[3]})
    return found


if __name__ == "__main__":
    files = wanted()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.stdout.write(f"{len(files)} files in {CHART.relative_to(ROOT)}\n")
