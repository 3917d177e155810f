"""Requests are counted by place, firm and class of the answer, and by nothing that has no end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from legal_intake import http_metrics
from legal_intake.http_metrics import FIRM_REQUESTS, IN_FLIGHT, OTHER, REQUESTS, SECONDS, Watched
from tests.legal_intake.test_entry import get


def counted(place: str, status: str) -> float:
    return float(REQUESTS.labels(place, status)._value.get())


@pytest.mark.parametrize(
    ("host", "path", "place", "status"),
    [
        ("harbor.localhost", "/", "page", "2xx"),
        ("harbor.localhost", "/api/nothing", "api", "4xx"),
        ("harbor.localhost", "/admin/login/", "admin", "2xx"),
        ("harbor.localhost", "/static/admin/css/base.css", "static", "2xx"),
        ("admin.localhost", "/nowhere", "operator", "4xx"),
        ("unknown.localhost", "/", "nowhere", "4xx"),
        ("harbor.localhost", "*", "page", "4xx"),
    ],
)
async def test_a_request_is_counted_where_it_went(
    live_firms: Any, host: str, path: str, place: str, status: str
) -> None:
    before, timed = counted(place, status), SECONDS.labels(place)._sum.get()
    await get(path, host)
    assert counted(place, status) == before + 1
    assert SECONDS.labels(place)._sum.get() > timed
    assert IN_FLIGHT._value.get() == 0


async def test_health_and_metrics_are_no_requests(live_firms: Any, settings: Any) -> None:
    settings.METRICS_NETWORKS = ["127.0.0.0/8"]
    before = [sample.value for metric in REQUESTS.collect() for sample in metric.samples if "_total" in sample.name]
    await get("/healthz/live")
    await get("/metrics")
    after = [sample.value for metric in REQUESTS.collect() for sample in metric.samples if "_total" in sample.name]
    assert after == before


async def test_a_firm_is_named_by_its_schema_up_to_a_limit(
    live_firms: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.audio.house import host_of

    monkeypatch.setattr(http_metrics, "_named", set())
    settings.METRICS_FIRMS = 1
    first, second = live_firms
    other = FIRM_REQUESTS.labels(OTHER, "2xx")._value.get()
    for ref in (first, second, first):
        assert (await get("/", await asyncio.to_thread(host_of, ref)))[0] == 200
    assert FIRM_REQUESTS.labels(first.schema, "2xx")._value.get() == 2
    assert FIRM_REQUESTS.labels(OTHER, "2xx")._value.get() == other + 1


async def _answered(*messages: dict[str, Any], error: BaseException | None = None) -> None:
    async def send(_message: Any) -> None:
        await asyncio.sleep(0)

    scope = {"path": "/api/x", "firm": None}
    with Watched(scope, send, is_static=False) as watched:
        for message in messages:
            await watched.send(message)
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("ours"), "5xx"), (asyncio.CancelledError(), "aborted"), (None, "aborted")]
)
async def test_what_was_never_answered(error: BaseException | None, status: str) -> None:
    before, timed = counted("operator", status), SECONDS.labels("operator")._sum.get()
    if error is None:
        await _answered()
    else:
        with pytest.raises(type(error)):
            await _answered(error=error)
    assert counted("operator", status) == before + 1
    assert SECONDS.labels("operator")._sum.get() == timed
    assert IN_FLIGHT._value.get() == 0


async def test_a_long_answer_is_timed_by_its_beginning() -> None:
    before = SECONDS.labels("operator")._sum.get()

    async def send(message: Any) -> None:
        await asyncio.sleep(0 if message["type"] == "http.response.start" else 0.2)

    with Watched({"path": "/", "firm": None}, send, is_static=False) as watched:
        await watched.send({"type": "http.response.start", "status": 200})
        await watched.send({"type": "http.response.body", "body": b"x"})
    assert SECONDS.labels("operator")._sum.get() - before < 0.1
    assert watched.milliseconds >= 200
