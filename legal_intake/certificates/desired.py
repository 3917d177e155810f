"""Which Certificates there should be, and how ours are written and told from others'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from legal_intake.certificates.pairs import is_name

GROUP: Final = "cert-manager.io/v1"
KIND: Final = "certificates"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
INSTANCE: Final = "app.kubernetes.io/instance"
MANAGER: Final = "legal-intake-certificates"
#: On a Certificate whose host is not wanted any more: since when. Survives our restart, as does the object.
GONE_SINCE: Final = "legal-intake/gone-since"
#: cert-manager's own, on the Secret that it fills.
CERTIFICATE_NAME: Final = "cert-manager.io/certificate-name"


@dataclass(frozen=True)
class Wanted:
    """One Certificate that there should be. Its name is also its Secret's and the pair's."""

    name: str
    hosts: tuple[str, ...]
    issuer: str


@dataclass(frozen=True)
class Rules:
    """How Certificates are asked for.

    Args:
        owner: this release; its Certificates have it as a label.
        issuer: for one host, proved over HTTP.
        wildcard_issuer: for the base domain and all hosts right below it, proved by DNS; empty: they get one each.
        issuer_kind: ClusterIssuer or Issuer.
        platform: also for the base domain and the hosts right below it; not where somebody else brings that pair.
    """

    owner: str
    issuer: str
    wildcard_issuer: str = ""
    issuer_kind: str = "ClusterIssuer"
    platform: bool = True

    @property
    def labels(self) -> dict[str, str]:
        """What makes an object ours."""
        return {MANAGED_BY: MANAGER, INSTANCE: self.owner}

    @property
    def selector(self) -> str:
        """The same, for a list."""
        return ",".join(f"{name}={value}" for name, value in self.labels.items())

    def is_ours(self, thing: Mapping[str, Any]) -> bool:
        """Whether an object has our labels."""
        labels = thing.get("metadata", {}).get("labels") or {}
        return all(labels.get(name) == value for name, value in self.labels.items())

    def manifest(self, wanted: Wanted) -> dict[str, Any]:
        """The whole Certificate."""
        return {
            "apiVersion": GROUP,
            "kind": "Certificate",
            "metadata": {"name": wanted.name, "labels": self.labels},
            "spec": {
                **self.said(wanted),
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                # Requests of cert-manager's that are done are of no use to us.
                "revisionHistoryLimit": 1,
                "secretTemplate": {"labels": self.labels},
            },
        }

    def said(self, wanted: Wanted) -> dict[str, Any]:
        """The part of the spec that follows the hosts and our settings."""
        issuer = {"name": wanted.issuer, "kind": self.issuer_kind, "group": "cert-manager.io"}
        return {"secretName": wanted.name, "dnsNames": list(wanted.hosts), "issuerRef": issuer}


@dataclass(frozen=True)
class Found:
    """What we keep of a Certificate of ours while a pass lasts."""

    name: str
    uid: str
    version: str
    made: datetime
    secret: str
    said: dict[str, Any]
    gone_since: datetime | None
    ready: bool
    reason: str
    message: str

    @classmethod
    def read(cls, thing: Mapping[str, Any]) -> Found:
        """From the API server's object."""
        meta, spec = thing["metadata"], thing.get("spec", {})
        conditions = {each.get("type"): each for each in thing.get("status", {}).get("conditions") or []}
        ready = conditions.get("Ready", {})
        # A try that failed says more than "does not exist"; it stands in the condition of issuing.
        issuing = conditions.get("Issuing", {})
        tells = issuing if issuing.get("reason") == "Failed" else ready
        issuer = spec.get("issuerRef", {})
        return cls(
            name=meta["name"],
            uid=meta["uid"],
            version=meta["resourceVersion"],
            made=_time(meta.get("creationTimestamp")) or datetime.now(UTC),
            secret=str(spec.get("secretName", "")),
            said={
                "secretName": spec.get("secretName"),
                "dnsNames": spec.get("dnsNames"),
                "issuerRef": {key: issuer.get(key) for key in ("name", "kind", "group")},
            },
            gone_since=_time((meta.get("annotations") or {}).get(GONE_SINCE)),
            ready=ready.get("status") == "True",
            reason=str(tells.get("reason", "")) or "NotSeen",
            message=str(tells.get("message", ""))[:300],
        )


def wanted(base: str, hosts: Iterable[str], rules: Rules) -> tuple[dict[str, Wanted], list[str]]:
    """The Certificates by name, and the hosts that none can be asked for."""
    found: dict[str, Wanted] = {}
    unusable: list[str] = []
    below = f".{base}"
    wild = rules.platform and bool(rules.wildcard_issuer) and is_name(base)
    elsewhere = wild or not rules.platform
    if wild:
        found[base] = Wanted(base, (base, f"*{below}"), rules.wildcard_issuer)
    for host in hosts:
        if not is_name(host):
            unusable.append(host)
        elif elsewhere and (host == base or (host.endswith(below) and "." not in host.removesuffix(below))):
            continue
        else:
            found[host] = Wanted(host, (host,), rules.issuer)
    return found, unusable


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
    except ValueError:
        return None
