"""Renders k8s/ from the chart (`scripts/render-k8s [FOLDER]`): plain objects for those without Helm.

k8s/*.yaml                  mode `standard`: kinds that every cluster has, Namespace first
k8s/overlays/NAME/          another size, whole, instead of k8s/*.yaml
k8s/optional/*.yaml         kinds that need CustomResourceDefinitions
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "legal-intake"
NAMESPACE = "legal-ai-intake"
RELEASE = "legal-intake"
OVERLAYS = ("small", "regional", "global")
# File of each component's objects; the order is the order of `kubectl apply -f k8s/`.
FILES = {
    "namespace": "00-namespace", "policies": "10-policies", "config": "20-config", "media": "30-media",
    "deletions": "30-media", "migrate": "40-migrate", "api": "50-api", "worker": "51-worker",
    "redis": "35-redis", "redis-broker": "35-redis", "redis-journal": "35-redis", "redis-cache": "35-redis",
    "audio-worker": "52-audio-worker", "scheduler": "53-scheduler", "models": "54-models", "frontend": "60-frontend",
    "edge": "61-edge",
}  # fmt: skip
# What an optional file holds: the mode that renders it, the kinds, and what goes with it.
OPTIONAL = {
    "keda": (
        "keda",
        ("ScaledObject",),
        "Delete the HorizontalPodAutoscaler of the audio workers first, and `replicas` of the workers.",
    ),
    "gateway": (
        "passthrough",
        ("TLSRoute",),
        "TLS passes through a Gateway to the edge; make the edge's Service a ClusterIP.",
    ),
    "cloudnativepg": (
        "cloudnativepg",
        ("Cluster", "Pooler", "ObjectStore", "ScheduledBackup"),
        "Apply it first; then name legal-intake-pooler and legal-intake-postgres-rw in the DATABASE_URLs.",
    ),
}
# Kinds, a component, and what goes with it: Elastic's operator makes the one, and the other needs it.
LOGS = (
    "Fluent Bit on every node. Apply elasticsearch.yaml first; it needs the Secret legal-intake-logs in its namespace."
)
SEARCH = "Needs Elastic's operator. Logs alone go there."
# Firms' own domains: what is there besides, and what takes the place of the same name.
CERTIFICATES = "Needs cert-manager. Apply it after k8s/: its edge and its policies take the place of those there."
ISSUERS = "For cert-manager. To practise, with certificates that browsers refuse: acme-staging-v02.api.letsencrypt.org."
HEAD = "# Rendered from helm/legal-intake by scripts/render-k8s, and held equal by a test. Comments are there.\n"

Object = dict[str, Any]


def render(values: Path) -> list[Object]:
    """The chart's objects with these values, without what only Helm reads."""
    options = ["-n", NAMESPACE, "--kube-version", "1.36.3", "--set", "fullnameOverride="]
    command = ["helm", "template", RELEASE, str(CHART), "-f", str(values), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [plain(found) for found in yaml.safe_load_all(done.stdout) if found and not is_hook(found)]


def is_hook(found: Object) -> bool:
    """A Job of `helm test`."""
    return "helm.sh/hook" in found["metadata"].get("annotations", {})


def plain(found: Object) -> Object:
    """An object as if no Helm had been there, with its namespace."""
    metadata = found["metadata"]
    annotations = {k: v for k, v in metadata.pop("annotations", {}).items() if not k.startswith("helm.sh/")}
    if found["kind"] not in ("PriorityClass", "ClusterIssuer", "Namespace"):
        metadata.setdefault("namespace", NAMESPACE)
    if annotations:
        metadata["annotations"] = annotations
    for each in (metadata, found.get("spec", {}).get("template", {}).get("metadata", {})):
        labels = each.get("labels", {})
        labels.pop("helm.sh/chart", None)
        if labels.get("app.kubernetes.io/managed-by") == "Helm":
            labels["app.kubernetes.io/managed-by"] = "kubectl"
    return found


def namespace() -> Object:
    """Ours, which takes only pods of the restricted Pod Security standard."""
    labels = {"app.kubernetes.io/part-of": "legal-intake", "app.kubernetes.io/component": "namespace"}
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": {**labels, **levels}}}


def logs() -> dict[str, str]:
    """The logs' pods in a namespace of their own, and where they send."""
    found = [each for each in render(CHART / "ci" / "logs-values.yaml") if each["kind"] != "PodMonitor"]
    made = {}
    for component, more in (("elasticsearch", SEARCH), ("logs", LOGS)):
        wanted = [each for each in found if each["metadata"]["labels"]["app.kubernetes.io/component"] == component]
        wanted.sort(key=lambda each: each["kind"] != "Namespace")
        made[f"optional/{component}.yaml"] = dump(wanted, f"# {more}\n")
    return made


def certificates() -> dict[str, str]:
    """What is different where firms bring domains of their own, and who issues for them."""
    found = render(ROOT / "k8s" / "values" / "certificates.yaml")
    issuers = [each for each in found if each["kind"] == "ClusterIssuer"]
    wanted = []
    for each in found:
        component = each["metadata"]["labels"]["app.kubernetes.io/component"]
        different = component == "edge" and each["kind"] in ("Deployment", "NetworkPolicy")
        if (component == "certificates" and each not in issuers) or different:
            wanted.append(each)
    wanted.sort(key=lambda each: each["kind"] != "Namespace")
    return {
        "optional/certificates.yaml": dump(wanted, f"# {CERTIFICATES}\n"),
        "optional/issuers.yaml": dump(issuers, f"# {ISSUERS}\n"),
    }


def dump(objects: list[Object], more: str = "") -> str:
    """Objects as one file."""
    return HEAD + more + "---\n".join(yaml.safe_dump(each, sort_keys=False, width=1000) for each in objects)


def files() -> dict[str, str]:
    """Every file below k8s/ that is rendered, with what it holds."""
    found: dict[str, list[Object]] = {}
    optional: dict[str, str] = {}
    for each in [namespace(), *render(ROOT / "k8s" / "values" / "standard.yaml")]:
        component = each["metadata"]["labels"]["app.kubernetes.io/component"]
        # Every policy in one file, so that who may reach whom can be read.
        component = "policies" if each["kind"] == "NetworkPolicy" else component
        found.setdefault(f"{FILES[component]}.yaml", []).append(each)
    for name in OVERLAYS:
        found[f"overlays/{name}/legal-intake.yaml"] = [namespace(), *render(ROOT / "k8s" / "values" / f"{name}.yaml")]
    for name, (mode, kinds, more) in OPTIONAL.items():
        objects = render(CHART / "ci" / f"{mode}-values.yaml")
        optional[f"optional/{name}.yaml"] = dump([each for each in objects if each["kind"] in kinds], f"# {more}\n")
    return {**{name: dump(objects) for name, objects in sorted(found.items())}, **optional, **logs(), **certificates()}


def main() -> None:
    """Write them, and remove what is rendered no more."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "k8s"
    wanted = files()
    for old in [*target.glob("*.yaml"), *target.glob("overlays/*/*.yaml"), *target.glob("optional/*.yaml")]:
        if str(old.relative_to(target)) not in wanted:
            old.unlink()
    for name, text in wanted.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.stdout.write(f"{len(wanted)} files in {target}\n")


if __name__ == "__main__":
    main()
