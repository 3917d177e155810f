"""Makes deploy/swarm/stack.yml from docker-compose.yml: `make swarm`. git ignores it, so it is never out of date.

Swarm reads the same format and leaves out a part of it, so what has another name there is rewritten:

    profiles                  left out: the file holds every service that Swarm can run; remove what you do not want
    depends_on, restart       Swarm waits for nobody: a service that comes too early ends and is started again
    group_add                 secrets that belong to the service's own account
    tmpfs with an owner       memory that every account of the container may write
    shm_size                  memory at /dev/shm
    security_opt, pid         Swarm has neither; the engine's own settings hold (`no-new-privileges` in daemon.json)
    ports on one address      Swarm publishes on all: the dashboards' port is left out
    nested variables          `${A:-${B}}` is not understood: such a variable must be set
    names of many containers  `endpoint_mode: dnsrr`, so that nginx and Prometheus see each of them
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "docker-compose.yml"
TARGET = Path(__file__).with_name("stack.yml")
#: What one machine of several cannot do, or should not.
LEFT_OUT = frozenset({"postgres-standby", "certbot", "fluent-bit"})
#: These keep data in a volume of one machine: docker node update --label-add legal-intake.data=true NODE
NEEDS_THE_DATA_NODE = "node.labels.legal-intake.data == true"
ONE_SHOT = frozenset({"migrate"})
DROPPED = (
    "profiles", "depends_on", "restart", "group_add", "security_opt", "pid", "shm_size", "cpu_shares", "tmpfs",
)  # fmt: skip
NESTED = re.compile(r"\$\{(\w+):-[^${}]*\$\{[^{}]*\}[^${}]*\}")
HEAD = """\
# Generated from docker-compose.yml by `make swarm`: change that file, not this one.
#
#     set -a; . ./.env; . deploy/presets/standard.env; set +a
#     export OPERATOR_HOST=admin.$DOMAIN BASE_DOMAIN=$DOMAIN TRUSTED_PROXIES=10.203.1.0/24
#     export DATABASE_URL=postgresql://legal_intake@postgres:5432/legal_intake
#     docker node update --label-add legal-intake.data=true NODE      # where the volumes and this checkout are
#     docker stack deploy -c deploy/swarm/stack.yml legal-intake
#
# What is different in Swarm, and why: deploy/swarm/generate.py. Not in it: certificates, shipped logs,
# the standby.
"""


def generate(source: dict[str, Any]) -> dict[str, Any]:
    """The stack for Swarm, of a Compose file as YAML gives it."""
    services = {name: _service(name, service) for name, service in source["services"].items() if name not in LEFT_OUT}
    text = repr(services)
    return {
        "version": "3.13",
        "services": services,
        "networks": {name: _network(network or {}) for name, network in source["networks"].items()},
        "volumes": {name: {} for name in source["volumes"] if f"'{name}" in text},
        "secrets": {name: _in_root(secret) for name, secret in source["secrets"].items() if f"'{name}'" in text},
    }


def _service(name: str, service: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in service.items() if key not in DROPPED}
    user, _, group = str(service["user"]).partition(":")
    made["secrets"] = [_secret(secret, user, group) for secret in service.get("secrets", [])]
    made["volumes"] = [_volume(volume) for volume in service.get("volumes", [])]
    made["volumes"] += [_memory(entry) for entry in service.get("tmpfs", [])]
    if "shm_size" in service:
        made["volumes"].append(_memory(f"/dev/shm:size={service['shm_size']}"))  # noqa: S108 - the container's own
    made["networks"] = list(service["networks"])
    if "ports" in service:
        made["ports"] = [port for port in service["ports"] if "DASHBOARDS_BIND" not in port]
    made["deploy"] = _deploy(name, service, made["volumes"])
    plain: dict[str, Any] = _without_nesting({key: value for key, value in made.items() if value not in ([], None)})
    return plain


def _secret(secret: str | dict[str, Any], user: str, group: str) -> dict[str, Any]:
    given = {"source": secret} if isinstance(secret, str) else dict(secret)
    given.setdefault("target", given["source"])
    return {**given, "uid": user, "gid": group, "mode": 0o440}


def _volume(volume: str | dict[str, Any]) -> str | dict[str, Any]:
    if isinstance(volume, dict):
        return volume
    # Relative to the file that holds it, which lies two folders down.
    return f"../../{volume[2:]}" if volume.startswith("./") else volume


def _memory(entry: str) -> dict[str, Any]:
    target, _, options = entry.partition(":")
    given = dict(option.split("=", 1) for option in options.split(",") if "=" in option)
    tmpfs = {"size": _bytes(given["size"])} if "size" in given else {}
    return {"type": "tmpfs", "target": target, "tmpfs": tmpfs}


def _bytes(size: str) -> int:
    return int(size[:-1]) * {"k": 2**10, "m": 2**20, "g": 2**30}[size[-1]]


def _deploy(name: str, service: dict[str, Any], volumes: list[Any]) -> dict[str, Any]:
    deploy: dict[str, Any] = {**service["deploy"]}
    condition = "on-failure" if name in ONE_SHOT else "any"
    deploy["restart_policy"] = {"condition": condition, "delay": "5s"}
    deploy["mode"] = "global" if name == "node-exporter" else "replicated"
    deploy["endpoint_mode"] = "vip" if "ports" in service else "dnsrr"
    if any(isinstance(volume, str) or volume["type"] != "tmpfs" for volume in volumes) and name != "node-exporter":
        deploy["placement"] = {"constraints": [NEEDS_THE_DATA_NODE]}
    return deploy


def _network(network: dict[str, Any]) -> dict[str, Any]:
    return {"driver": "overlay", **network}


def _in_root(secret: dict[str, Any]) -> dict[str, Any]:
    return {"file": secret["file"].replace(":-./deploy/secrets}", ":-../secrets}")}


def _without_nesting(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_nesting(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_without_nesting(value) for value in node]
    return NESTED.sub(r"${\1:?set it: see the head of this file}", node) if isinstance(node, str) else node


class _Plain(yaml.SafeDumper):
    """No anchors: what was shared stands in full."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def render() -> str:
    """The whole file."""
    made = generate(yaml.safe_load(SOURCE.read_text()))
    return HEAD + yaml.dump(made, Dumper=_Plain, sort_keys=False, width=160, default_flow_style=False)


def main() -> int:
    """Write it, and say where."""
    TARGET.write_text(render())
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} is made; its first lines say how it is used.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
