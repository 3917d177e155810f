"""One address that asks too much is told to wait; everybody else is served."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.deploy.stack.people import Browser, client, somebody
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site

pytestmark = pytest.mark.stack
#: A burst of ten and ten a minute, in .env.example.
LOGINS = 25
SOCKETS = 60


@pytest.mark.stack(seconds=30)
def test_who_guesses_passwords_has_to_wait_and_nobody_else(site: Site, report: Report) -> None:
    firm = site.firms[0]
    with Browser(site, firm, somebody()) as guesser:
        guesser.follow("/admin/login/")
        form = {"username": firm.email, "password": "a guess"}
        answers = [guesser.post_form("/admin/login/?next=/admin/", form) for _ in range(LOGINS)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert 0 < len(refused) < LOGINS
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        assert guesser.get("/api/firm").status_code == 200, "only the login is closed to this address"
    with Browser(site, firm, somebody()) as other:
        assert other.log_in(firm).status_code == 302, "another address of the same firm's staff"
    report.say("rate limits: 25 logins from one address", f"{len(refused)} answered 429; another address logs in")


@pytest.mark.stack(seconds=60)
def test_who_opens_too_many_sockets_is_refused_and_nobody_else(site: Site, report: Report) -> None:
    firm = site.firms[0]

    async def knock(web: httpx.AsyncClient, headers: dict[str, str]) -> int:
        # No ticket: the api opens, and closes with a code; what nginx refuses never gets there.
        upgrade = {
            "Host": firm.netloc, "Origin": f"https://{firm.netloc}", "Connection": "Upgrade", "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", **headers,
        }  # fmt: skip
        answer = await web.get("/ws/v1/intake", headers=upgrade, extensions={"sni_hostname": firm.host})
        return answer.status_code

    async def go() -> tuple[list[int], int]:
        limits = httpx.Limits(max_connections=SOCKETS)
        async with httpx.AsyncClient(
            base_url=f"https://{site.address}", verify=site.tls, trust_env=False, timeout=30, limits=limits
        ) as web:
            one = somebody()
            many = await asyncio.gather(*(knock(web, one) for _ in range(SOCKETS)))
            other = await knock(web, somebody())
        async with client(site, firm) as person:  # and a real one comes through
            await person.start(keep_audio=False)
            await person.to_story("Ola Other", "Sample Housing")
            voice = await person.open_voice()
            await voice.connect()
            await voice.close()
        return list(many), other

    many, other = asyncio.run(go())
    assert many.count(429) >= SOCKETS - 40, many
    assert set(many) == {101, 429}, set(many)
    assert other == 101
    report.say(
        f"rate limits: {SOCKETS} sockets at once from one address", f"{many.count(429)} answered 429; others open"
    )
