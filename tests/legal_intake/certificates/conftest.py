"""A cluster for each test, and an edge's side."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legal_intake.certificates.keeping import Shelf
from legal_intake.certificates.serving import Server
from tests.support.certificates_house import (
    TOKEN,
    Cluster,
    on_the_fake,
    on_the_real,
)
from tests.support.certificates_side import Side
from tests.support.kube_fake import fake_kube
from tests.support.kube_real import RealKube, real_kube, why_not
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def real() -> Iterator[RealKube]:
    with real_kube() as kube:
        yield kube


@pytest.fixture(params=["stand-in", "real"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    if request.param == "real":
        if reason := why_not():
            pytest.skip(f"not run: {reason}")
        cluster = on_the_real(request.getfixturevalue("real"), tmp_path)
        wait_for(lambda: cluster.admin.get(cluster.path()).is_success, 30)
        wait_for(lambda: cluster.admin.get(cluster.path("challenges")).is_success, 30)
        yield cluster
    else:
        with fake_kube() as fake:
            cluster = on_the_fake(fake, tmp_path)
            with cluster.admin:
                yield cluster


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Cluster]:
    with fake_kube() as server:
        cluster = on_the_fake(server, tmp_path)
        with cluster.admin:
            yield cluster


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    shelf = Shelf()
    server = Server(("127.0.0.1", 0), shelf, token)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    (tmp_path / "edge").mkdir()
    made = Side(shelf, server, token, tmp_path / "edge")
    yield made
    for fetcher in made.fetchers:
        fetcher.close()
    shelf.close()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
