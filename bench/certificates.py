"""Certificates at size: what a thousand hosts cost the controller, the API server, an edge and nginx's renderer.

    python -m bench.certificates [--hosts 1000]

Against the API server of KUBECONFIG or of the PATH's etcd and kube-apiserver (else it says so and uses the stand-in of
the tests). cert-manager does not run: its part, the Secrets and conditions, is written by this program and not timed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.deploy.nginx_house import House
from tests.support import certificates_house as house
from tests.support.kube_fake import fake_kube
from tests.support.kube_real import real_kube, why_not
from tests.support.names import name_server
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[1]


def memory(pid: int | str = "self") -> str:
    """Resident now and at most, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return f"{found['VmRSS']} MiB now, {found['VmHWM']} at most"


def controller_process(place: dict[str, str], folder: Path, hosts: int) -> None:
    """The controller with Django loaded, as in its pod, but for the database; passes when told over stdin."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "legal_intake.settings")
    import django

    django.setup()
    from legal_intake.certificates.controller import REQUESTS, Controller
    from legal_intake.certificates.kubernetes import Place

    where = Place(place["url"], place["namespace"], Path(place["token"]), Path(place["authority"]))
    cluster = house.Cluster(where, httpx.Client())
    lifted = {"CERTIFICATES_PER_PASS": str(2 * hosts), "CERTIFICATES_PER_3_HOURS": str(2 * hosts)}
    firms = house.Firms(*(f"firm{i}.example" for i in range(hosts)))
    controller = Controller(house.settings(cluster, folder, **lifted), where, firms)
    (folder / "token").write_text(house.TOKEN if not place["shared"] else place["shared"])
    with house.serving(controller, folder / "token") as server:
        print(json.dumps({"port": server.server_port, "memory": memory()}), flush=True)
        for _line in sys.stdin:
            began, before, cpu = time.monotonic(), REQUESTS._value.get(), time.process_time()
            controller.one_pass()
            shown = controller.shelf.shown
            said: dict[str, Any] = {
                "seconds": round(time.monotonic() - began, 2),
                "cpu": round(time.process_time() - cpu, 2),
                "requests": int(REQUESTS._value.get() - before),
                "pairs": len(shown.pairs) if shown else None,
                "list_kib": len(shown.listed) // 1024 if shown else None,
                "memory": memory(),
            }
            print(json.dumps(said), flush=True)


class Controlled:
    """The process above."""

    def __init__(self, cluster: house.Cluster, folder: Path, hosts: int) -> None:
        place = cluster.place
        told = {"url": place.url, "namespace": place.namespace, "shared": house.TOKEN}
        told |= {"token": str(place.token), "authority": str(place.authority)}
        line = [sys.executable, "-m", "bench.certificates", "--controller", json.dumps(told)]
        line += ["--folder", str(folder), "--hosts", str(hosts)]
        self.process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
        )
        self.port = self._read()["port"]

    def one_pass(self, name: str) -> None:
        assert self.process.stdin
        self.process.stdin.write("pass\n")
        self.process.stdin.flush()
        print(f"controller, {name}: {self._read()}", flush=True)

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


def measure(cluster: house.Cluster, folder: Path, hosts: int) -> None:
    """All of it, a line each."""
    controlled = Controlled(cluster, folder, hosts)
    controlled.one_pass("all Certificates made")
    names = sorted(cluster.certificates())
    print(f"Certificates: {len(names)}")
    for name in names:
        cluster.issue(name)
    controlled.one_pass("all Secrets read")
    controlled.one_pass("nothing new")
    with name_server() as server, contextlib.closing(controlled):
        nginx = House(folder, server)
        size = sum(len(b"".join(house.make_pair("x.example"))) for _ in range(1))
        print(f"a pair: {size} bytes; all in one Secret in base64: {size * len(names) * 4 // 3 // 1024} KiB of 1024")
        environ = {**os.environ, "CERTIFICATES_URL": f"http://127.0.0.1:{controlled.port}"}
        environ |= {"CERTIFICATES_FOLDER": str(nginx.own), "CERTIFICATES_TOKEN_FILE": str(folder / "token")}
        began = time.monotonic()
        line = [sys.executable, "-m", "legal_intake.certificates.fetching"]
        edge = subprocess.Popen(line, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL)
        wait_for(lambda: (nginx.own / ".known").exists(), 300)
        took = time.monotonic() - began
        there = sum(path.is_symlink() for path in nginx.own.iterdir())
        print(f"edge: {there} pairs in {took:.1f} s with its start; {memory(edge.pid)}")
        used = subprocess.run(["du", "-sk", str(nginx.own)], capture_output=True, text=True, check=True).stdout.split()
        print(f"edge: {int(used[0]) // 1024} MiB on its volume")
        chain = cluster.issue(names[7])
        began = time.monotonic()
        controlled.one_pass("one renewed")
        wait_for(lambda: (nginx.own / names[7] / "fullchain.pem").read_bytes() == chain, 30)
        print(f"one renewed is at the edge {time.monotonic() - began:.2f} s after the pass that saw it began")
        for name, previous in (("first", None), ("nothing new", folder / "out1")):
            began = time.monotonic()
            done = nginx.render(folder / ("out2" if previous else "out1"), previous)
            print(f"renderer, {name}: {time.monotonic() - began:.1f} s, status {done.returncode}", flush=True)
        edge.terminate()
        edge.wait(10)


def main() -> None:
    """Read the arguments; measure, or be the controller."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--controller")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.controller:
        controller_process(json.loads(asked.controller), asked.folder, asked.hosts)
        return
    with tempfile.TemporaryDirectory(prefix="certificates-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        if reason := why_not():
            print(f"the stand-in: {reason}")
            cluster = house.on_the_fake(stack.enter_context(fake_kube()), folder)
        else:
            cluster = house.on_the_real(stack.enter_context(real_kube()), folder)
            wait_for(lambda: cluster.admin.get(cluster.path()).is_success, 30)
            wait_for(lambda: cluster.admin.get(cluster.path("challenges")).is_success, 30)
            print("the real API server")
        measure(cluster, folder, asked.hosts)


if __name__ == "__main__":
    main()
