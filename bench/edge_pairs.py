"""An edge with many domains: what its nginx takes to begin, to turn to a new certificate, and what that costs clients.

    python -m bench.edge_pairs [--pairs 1000] [--laid 50] [--renderer deploy/nginx] [--renderer-only]

`fetched` pairs come as on Kubernetes, `laid` ones as Certbot lays them down. Without an nginx only the renderer is
measured (tests/deploy/nginx_house.py says where one is looked for). `--renderer`: another release's folder, to compare.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import resource
import ssl
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from legal_intake.certificates.folders import Folders
from legal_intake.certificates.pairs import Pair, check
from tests.deploy import nginx_house
from tests.deploy.nginx_house import PREFIX, WHY_NOT, House, hand_over, open_folder
from tests.deploy.nginx_upstream import Upstream
from tests.support.certificates_house import make_pair
from tests.support.names import name_server
from tests.support.waiting import wait_for

SOCKETS = 20
CLIENTS = 4
# The limits of one client are not what is measured.
LIMITS = {f"NGINX_RATE_{name}": "100000r/s" for name in ("GENERAL", "UPLOAD", "SESSIONS", "SOCKETS")}


def host(number: int) -> str:
    """The name of a firm's domain."""
    return f"intake.firm{number}.example"


def lay_down(folder: Path, pair: Pair) -> None:
    """As Certbot does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fullchain.pem").write_bytes(pair.chain)
    (folder / "privkey.pem").write_bytes(pair.key)


def new_pair(number: int) -> Pair:
    """A pair for that firm."""
    return check(*make_pair(host(number)))


def rendering(house: House, what: str, name: str, previous: str = "") -> None:
    """One run of the renderer, timed."""
    before, began = cpu_of_children(), time.monotonic()
    done = house.render(house.folder / name, house.folder / previous if previous else None)
    seconds, cpu = time.monotonic() - began, cpu_of_children() - before
    lines = len((house.folder / name / "pairs.map").read_text().splitlines())
    said = f"{seconds:.2f} s ({cpu:.2f} s of CPU), {lines} names, status {done.returncode}"
    print(f"renderer, {what}: {said}", flush=True)


def cpu_of_children() -> float:
    """Of the processes that have ended; no other work on the machine is in it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def renderer(pairs: int, laid: int) -> None:
    """The renderer alone."""
    with name_server() as names, open_folder() as folder:
        house = House(folder, names)
        for kind, count in (("fetched", pairs), ("laid", laid)):
            folders = Folders(house.own)
            for number in range(count):
                if kind == "fetched":
                    folders.write(host(number), new_pair(number))
                else:
                    lay_down(house.acme / host(pairs + number), new_pair(pairs + number))
            rendering(house, f"{count} {kind} pairs, a start", f"{kind}1")
            rendering(house, f"{count} {kind} pairs, nothing new", f"{kind}2", f"{kind}1")
            if kind == "fetched":
                folders.write(host(7), new_pair(7))
            else:
                lay_down(house.acme / host(pairs + 7), new_pair(pairs + 7))
            rendering(house, f"{count} {kind} pairs, one renewed", f"{kind}3", f"{kind}2")
            for name in list(folders.versions()):
                folders.remove(name)


class Clients:
    """New connections without a pause, each to another firm; counts how they end."""

    def __init__(self, house: House, pairs: int) -> None:
        self.ends: Counter[str] = Counter()
        self.longest = 0.0
        self._house, self._pairs, self._stop = house, pairs, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, number: int) -> None:
        while not self._stop.is_set():
            number = (number + CLIENTS) % self._pairs
            began = time.monotonic()
            try:
                end = str(self._house.https("GET", "/", host=host(number)).status)
            except (OSError, ssl.SSLError) as error:
                end = type(error).__name__
            self.ends[end] += 1
            self.longest = max(self.longest, time.monotonic() - began)


def memory(house: House) -> str:
    """What nginx's processes hold for themselves and share, MiB."""
    master = (house.run / "nginx.pid").read_text().strip()
    workers = subprocess.run(["pgrep", "-P", master], capture_output=True, text=True, check=False).stdout.split()
    pss = 0
    for pid in (master, *workers):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # the last of an older generation
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            pss += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return f"{pss // 1024} MiB in {len(workers)} workers and their master"


def serving(pairs: int) -> None:
    """nginx with all pairs: its start, every certificate, and a renewal while clients come and sockets are open."""
    with name_server() as names, open_folder() as folder, contextlib.ExitStack() as stack:
        house = House(folder, names, NGINX_RELOAD_SECONDS="2", NGINX_CONN_SOCKETS="100", **LIMITS)
        api = Upstream("api-1", "127.0.0.2", house.api_port)
        api.start()
        stack.callback(api.stop)
        folders = Folders(house.own)
        known = {number: new_pair(number) for number in range(pairs)}
        for number, pair in known.items():
            folders.write(host(number), pair)
        began = time.monotonic()
        house.start()
        stack.callback(house.stop)
        print(f"nginx, start with {pairs} pairs until it answers: {time.monotonic() - began:.2f} s")
        began = time.monotonic()
        wrong = sum(house.certificate_of(host(n)) != leaf(pair) for n, pair in known.items())
        print(f"nginx, one handshake for each: {time.monotonic() - began:.1f} s, {wrong} with another's certificate")
        print(f"nginx, memory: {memory(house)}", flush=True)
        sockets = [house.websocket() for _ in range(SOCKETS)]
        with Clients(house, pairs) as clients:
            for number in (7, 8):
                pair = new_pair(number)
                began = time.monotonic()
                folders.write(host(number), pair)
                hand_over(house.own / ".pairs" / f"{host(number)}@{pair.version}")
                wait_for(functools.partial(shows, house, number, pair), 60)
                print(f"nginx, a renewed pair is shown after {time.monotonic() - began:.1f} s", flush=True)
            time.sleep(2)
        for number, sock in enumerate(sockets):
            sock.sendall(f"word {number}".encode())
            assert sock.recv(100) == f"api-1:word {number}".encode(), "a socket was lost"
            sock.close()
        print(f"clients meanwhile: {dict(clients.ends)}, the slowest {clients.longest:.2f} s; {SOCKETS} sockets stayed")
        print(f"nginx, memory after two reloads: {memory(house)}")


def shows(house: House, number: int, pair: Pair) -> bool:
    """Whether a new connection to that firm is shown this pair."""
    return house.certificate_of(host(number)) == leaf(pair)


def leaf(pair: Pair) -> bytes:
    """What a handshake shows of a pair."""
    return ssl.PEM_cert_to_DER_cert(pair.chain.decode().split("-----END")[0] + "-----END CERTIFICATE-----\n")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--laid", type=int, default=50)
    parser.add_argument("--renderer", type=Path, default=nginx_house.NGINX)
    parser.add_argument("--renderer-only", action="store_true")
    asked = parser.parse_args()
    nginx_house.NGINX = asked.renderer.resolve()
    renderer(asked.pairs, asked.laid)
    if asked.renderer_only:
        return
    if PREFIX:
        serving(asked.pairs)
    else:
        print(f"not run: {WHY_NOT}")


if __name__ == "__main__":
    main()
