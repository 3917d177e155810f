"""Every pod: the restricted standard, no token, probes, sizes, secrets as files, a checksum of its settings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.chart.house import FULL, NAMES, Object, component, needs_helm, of_kind, pods

pytestmark = needs_helm

# The volumes that the restricted standard allows.
ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
PYTHON = {"api", "worker", "audio-worker", "scheduler", "migrate"}


def containers(pod: Object) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def restricted(pod: Object) -> list[str]:
    """What the restricted Pod Security standard says against a pod; empty when it takes it."""
    spec, wrong = pod["spec"], []
    wrong += [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    whole = spec.get("securityContext", {})
    for volume in spec.get("volumes", []):
        wrong += [f"volume {kind}" for kind in volume if kind != "name" and kind not in ALLOWED_VOLUMES]
    if whole.get("sysctls"):
        wrong.append("sysctls")
    for each in containers(pod):
        own: dict[str, Any] = {**whole, **each.get("securityContext", {})}
        name = each["name"]
        if own.get("runAsNonRoot") is not True or own.get("runAsUser") == 0:
            wrong.append(f"{name} may be root")
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            wrong.append(f"{name} may become more")
        if own.get("capabilities", {}).get("drop") != ["ALL"] or own.get("capabilities", {}).get("add"):
            wrong.append(f"{name} keeps capabilities")
        if own.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            wrong.append(f"{name} has no seccomp profile")
        wrong += [f"{name} has a host port" for port in each.get("ports", []) if port.get("hostPort")]
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_the_restricted_standard_takes_every_pod(name: str) -> None:
    for workload, pod in pods(name).items():
        # The logs' pods read the nodes' files, in a namespace of their own: test_logs.py.
        if component(pod) != "logs":
            assert restricted(pod) == [], workload


def test_the_judge_refuses_what_it_should() -> None:
    pod = next(iter(pods("external").values()))
    host_path = {"name": "x", "hostPath": {"path": "/"}}
    changes: list[Object] = [{"hostNetwork": True}, {"securityContext": {}}, {"volumes": [host_path]}]
    for change in changes:
        assert restricted({"spec": {**pod["spec"], **change}})


@pytest.mark.parametrize("name", NAMES)
def test_more_than_the_standard_asks(name: str) -> None:
    for workload, pod in pods(name).items():
        assert pod["spec"]["automountServiceAccountToken"] is False, workload
        assert ("serviceAccountName" in pod["spec"]) == (component(pod) == "certificates"), workload
        assert pod["spec"]["enableServiceLinks"] is False, workload
        for each in containers(pod):
            assert each["securityContext"]["readOnlyRootFilesystem"] is True, workload
            assert each["resources"]["requests"]["cpu"], workload
            assert each["resources"]["requests"]["memory"], workload
            assert each["resources"]["limits"]["memory"], workload
            assert not each["image"].endswith(":latest"), workload
            assert ":" in each["image"], workload


@pytest.mark.parametrize("name", NAMES)
def test_only_the_pod_that_asks_for_certificates_has_a_token(name: str) -> None:
    found = {}
    for pod in pods(name).values():
        for volume in pod["spec"].get("volumes", []):
            for source in volume.get("projected", {}).get("sources", []):
                if "serviceAccountToken" in source:
                    found[component(pod)] = source["serviceAccountToken"]
    has_one = name in ("certificates", "standby")
    assert found == ({"certificates": {"path": "token", "expirationSeconds": 3600}} if has_one else {})


@pytest.mark.parametrize("name", NAMES)
def test_long_running_containers_have_probes_and_time_to_end(name: str) -> None:
    for workload, pod in pods(name).items():
        if pod["spec"].get("restartPolicy", "Always") != "Always":
            continue
        main = pod["spec"]["containers"][0]
        assert "livenessProbe" in main, workload
        assert "startupProbe" in main or "readinessProbe" in main, workload
        assert pod["spec"]["terminationGracePeriodSeconds"] >= 30, workload


def test_the_apis_probes_mean_what_its_health_endpoints_mean() -> None:
    api = pods("external")[f"{FULL}-api"]["spec"]["containers"][0]
    paths = {kind: api[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert paths == {kind: f"/healthz/{short}" for kind, short in
                     (("startup", "startup"), ("readiness", "ready"), ("liveness", "live"))}  # fmt: skip
    # A slow database makes it unready long before anything restarts it.
    live, ready = api["livenessProbe"], api["readinessProbe"]
    assert live["periodSeconds"] * live["failureThreshold"] > 5 * ready["periodSeconds"] * ready["failureThreshold"] - 1


def test_grace_covers_the_drain() -> None:
    for workload, pod in pods("keda").items():
        main = pod["spec"]["containers"][0]
        environment = {each["name"]: each.get("value") for each in main.get("env", [])}
        sleeps = main.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drains = int(environment.get("DRAIN_SECONDS") or environment.get("NGINX_STOP_SECONDS") or 0)
        assert sleeps + drains < pod["spec"].get("terminationGracePeriodSeconds", 30), workload


@pytest.mark.parametrize("name", NAMES)
def test_secrets_are_files_and_never_in_the_environment(name: str) -> None:
    for workload, pod in pods(name).items():
        for each in containers(pod):
            for variable in each.get("env", []):
                assert "secretKeyRef" not in variable.get("valueFrom", {}), workload
            for source in each.get("envFrom", []):
                assert "secretRef" not in source, workload
        if component(pod) in PYTHON:
            mounts = {mount["mountPath"]: mount for mount in pod["spec"]["containers"][0]["volumeMounts"]}
            assert mounts["/run/secrets"]["readOnly"] is True


def test_no_secret_is_in_the_release() -> None:
    for name in NAMES:
        assert of_kind("Secret", name) == {}


def test_pods_roll_when_their_settings_change_and_only_then() -> None:
    def sums(*settings: str) -> dict[str, str]:
        found = pods("external", *settings)
        return {
            workload: pod["metadata"]["annotations"]["checksum/config"]
            for workload, pod in found.items()
            if "checksum/config" in pod["metadata"].get("annotations", {})
        }

    before = sums()
    assert {workload.removeprefix(f"{FULL}-") for workload in before} >= {
        "api",
        "worker",
        "audio-worker",
        "scheduler",
        "edge",
    }
    changed = sums("logLevel=DEBUG")
    assert all(changed[workload] != value for workload, value in before.items())
    assert sums("api.autoscaling.max=90") == before


def test_pods_roll_when_the_operator_says_that_secrets_changed() -> None:
    def marks(*settings: str) -> dict[str, str | None]:
        found = pods("external", *settings)
        return {
            workload: pod["metadata"].get("annotations", {}).get("checksum/secrets") for workload, pod in found.items()
        }

    changed = {workload for workload, mark in marks("secrets.revision=2").items() if mark != marks()[workload]}
    assert f"{FULL}-api" in changed
    assert f"{FULL}-frontend" not in changed, "it reads no secret"


def test_placement_reaches_the_component_that_it_is_said_of() -> None:
    found = pods("passthrough")
    assert found["intake-api"]["spec"]["nodeSelector"] == {"pool": "web"}
    assert found["intake-api"]["spec"]["tolerations"] == [{"key": "web", "operator": "Exists"}]
    assert "nodeSelector" not in found["intake-worker"]["spec"]
    assert {pod["spec"]["priorityClassName"] for pod in found.values()} == {"firm-serving"}


def test_what_people_wait_for_comes_before_what_may_wait() -> None:
    found = pods("keda")
    classes = {workload.removeprefix(f"{FULL}-"): pod["spec"]["priorityClassName"] for workload, pod in found.items()}
    values = {name: each["value"] for name, each in of_kind("PriorityClass", "keda").items()}
    assert values[classes["api"]] > values[next(value for name, value in classes.items() if name.startswith("migrate"))]
    assert set(classes.values()) <= set(values)


@pytest.mark.parametrize("workload", ["api", "worker", "audio-worker", "frontend", "edge", "models"])
def test_replicas_are_spread_over_zones_and_hosts(workload: str) -> None:
    pod = pods("keda")[f"{FULL}-{workload}"]
    spread = pod["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for each in spread:
        assert each["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        assert each["whenUnsatisfiable"] == "ScheduleAnyway", "a lost zone must not keep pods from the others"


def test_who_asks_a_database_of_a_private_authority_has_its_certificate() -> None:
    """The file that the address names, in every container that is told the address."""
    asking = 0
    for workload, pod in pods("keda").items():
        spec = pod["spec"]
        sources = [s for v in spec.get("volumes", []) for s in v.get("projected", {}).get("sources", [])]
        found = [s["secret"] for s in sources if s.get("secret", {}).get("name") == "database-ca"]
        told = [
            c
            for c in [*spec.get("initContainers", []), *spec["containers"]]
            if any("configMapRef" in source for source in c.get("envFrom", []))
        ]
        if not told:
            assert not found, workload
            continue
        asking += 1
        assert [one["items"] for one in found] == [[{"key": "ca.crt", "path": "database_ca.crt"}]], workload
        for container in told:
            mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            assert mounts["secrets"] == "/run/secrets", (workload, container["name"])
    assert asking >= 4
