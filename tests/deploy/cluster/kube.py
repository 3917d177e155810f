"""The cluster, as the tests see it: kubectl and helm as typed, and the API itself through `kubectl proxy`."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "helm" / "legal-intake"
Object = dict[str, Any]
#: Of each kind that is asked for through the API: where it lies.
PATHS = {
    "deployments": "apis/apps/v1", "statefulsets": "apis/apps/v1", "daemonsets": "apis/apps/v1",
    "jobs": "apis/batch/v1", "cronjobs": "apis/batch/v1", "networkpolicies": "apis/networking.k8s.io/v1",
    "horizontalpodautoscalers": "apis/autoscaling/v2", "poddisruptionbudgets": "apis/policy/v1",
    "endpointslices": "apis/discovery.k8s.io/v1",
}  # fmt: skip


class ClusterError(AssertionError):
    """A command failed, or what was waited for never came; the text says which."""


def run(command: list[str], *, seconds: float = 120, check: bool = True, text: str | None = None) -> Any:
    """A program to its end, its words kept."""
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as late:
        raise ClusterError(f"{' '.join(command)} took more than {seconds:.0f} s") from late
    if check and done.returncode:
        raise ClusterError(f"{' '.join(command)} ended with {done.returncode}: {(done.stderr or done.stdout)[-3000:]}")
    return done


def wait_until(what: str, condition: Callable[[], Any], seconds: float, pause: float = 0.5) -> float:
    """Until `condition` holds; the seconds it took."""
    began = time.monotonic()
    seen: Any = None
    while time.monotonic() - began < seconds:
        try:
            seen = condition()
        except (httpx.HTTPError, KeyError) as error:
            seen = None, error
        else:
            if seen:
                return time.monotonic() - began
        time.sleep(pause)
    raise ClusterError(f"not within {seconds:.0f} s: {what} ({seen})")


class Kube:
    """The cluster that KUBECONFIG names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Helm's own folders, so that nothing of an operator's is read or written.
        for name in ("CACHE", "CONFIG", "DATA"):
            os.environ[f"HELM_{name}_HOME"] = str(folder / "helm" / name.lower())
        self.socket = folder / "api.sock"
        self.proxy = subprocess.Popen(
            ["kubectl", "proxy", f"--unix-socket={self.socket}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until("kubectl proxy listens", self.socket.exists, 20, 0.1)
        self.client = self.connect()

    def connect(self) -> httpx.Client:
        """A client of its own, for a thread."""
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket), retries=2), base_url="http://localhost", timeout=60
        )

    def close(self) -> None:
        self.client.close()
        self.proxy.terminate()
        self.proxy.wait(10)

    @staticmethod
    def path(kind: str, namespace: str = "", name: str = "") -> str:
        base = PATHS.get(kind, "api/v1")
        return "/" + "/".join(
            part for part in (base, f"namespaces/{namespace}" if namespace else "", kind, name) if part
        )

    def every(self, kind: str, namespace: str = "", labels: str = "") -> list[Object]:
        """Every object of a kind; of all namespaces without one."""
        answer = self.client.get(self.path(kind, namespace), params={"labelSelector": labels} if labels else {})
        answer.raise_for_status()
        found: list[Object] = answer.json()["items"]
        return found

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object; None where there is none."""
        answer = self.client.get(self.path(kind, namespace, name))
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found: Object = answer.json()
        return found

    def patch(self, path: str, change: Any, how: str = "strategic-merge-patch+json") -> None:
        """A change of one object, or of a part of it such as `…/status`."""
        answer = self.client.patch(path, content=json.dumps(change), headers={"Content-Type": f"application/{how}"})
        if answer.is_error:
            raise ClusterError(f"PATCH {path}: {answer.text[:500]}")

    def apply(self, *objects: Object, seconds: float = 120) -> None:
        """`kubectl apply --server-side`, whose size has no limit."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        options = ["--server-side", "--force-conflicts", "--field-manager=legal-intake-test", "-f", "-"]
        run(["kubectl", "apply", *options], text=text, seconds=seconds)

    def kubectl(self, *words: str, check: bool = True, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = run(["kubectl", *words], check=check, seconds=seconds)
        return done

    def helm(self, *words: str, check: bool = True, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = run(["helm", *words], check=check, seconds=seconds)
        return done

    @contextmanager
    def watch(self, kind: str, namespace: str) -> Iterator[Iterator[tuple[str, Object]]]:
        """Changes of a kind in a namespace, as they come: (ADDED, MODIFIED or DELETED, the object)."""
        with (
            self.connect() as client,
            client.stream("GET", self.path(kind, namespace), params={"watch": "1"}, timeout=None) as answer,
        ):
            answer.raise_for_status()

            def changes() -> Iterator[tuple[str, Object]]:
                for line in answer.iter_lines():
                    told = json.loads(line)
                    yield told["type"], told["object"]

            yield changes()

    def version(self) -> str:
        found: str = self.client.get("/version").json()["gitVersion"]
        return found
