"""The controller's address with a shelf that a test fills, and an edge's folder."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from legal_intake.certificates.fetching import Fetcher
from legal_intake.certificates.keeping import Shelf, Shown
from legal_intake.certificates.pairs import check
from legal_intake.certificates.sealing import Seal
from legal_intake.certificates.serving import Server
from tests.support.certificates_house import edge

NEVER = threading.Event()


@dataclass
class Side:
    """The controller's address with a shelf that the test fills, and an edge's folder."""

    shelf: Shelf
    server: Server
    token: Path
    folder: Path
    pairs: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    keep: str = "0"
    fetchers: list[Fetcher] = field(default_factory=list)

    def show(self, *gone: str, proofs: dict[str, str] | None = None, **pairs: tuple[bytes, bytes]) -> None:
        for name in gone:
            del self.pairs[name]
        self.pairs |= {name.replace("_", "."): pair for name, pair in pairs.items()}
        self.shelf.show(Shown.of({name: check(*pair) for name, pair in self.pairs.items()}, proofs or {}))

    def fetcher(self, token: Path | None = None) -> Fetcher:
        made = Fetcher(edge(self.server.server_port, self.folder, token or self.token, self.keep))
        self.fetchers.append(made)
        return made

    def on_disk(self) -> dict[str, tuple[bytes, bytes]]:
        return {
            path.name: ((path / "fullchain.pem").read_bytes(), (path / "privkey.pem").read_bytes())
            for path in self.folder.glob("*/")
            if not path.name.startswith(".")
        }

    def ask(self, path: str, bearer: str | None = None, **headers: str) -> httpx.Response:
        bearer = Seal.read(self.token).bearer if bearer is None else bearer
        sent = {key.encode(): value.encode("latin-1") for key, value in headers.items()}
        sent[b"Authorization"] = f"Bearer {bearer}".encode("latin-1")
        return httpx.get(f"http://127.0.0.1:{self.server.server_port}{path}", headers=sent, trust_env=False)
