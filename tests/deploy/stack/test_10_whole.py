"""The stack as a whole, from outside: two firms, typed and spoken, each visible only to its own staff; what is open."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.stack import site as sites
from tests.deploy.stack.engine import main_process, run
from tests.deploy.stack.people import Browser, heard, intake_page, speech, spoken_intake, typed_intake
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack
#: What a container may have beyond nothing, and why (docs/operations.md, Containers).
ROOT_ALLOWED = {"fluent-bit": "DAC_READ_SEARCH"}


@pytest.mark.stack(seconds=60)
def test_typed_intakes_of_two_firms_are_read_by_their_own_staff_alone(site: Site, report: Report) -> None:
    harbor, summit = site.firms
    told = {harbor.name: "My landlord keeps the deposit.", summit.name: "The brakes failed again."}
    references = {
        firm.name: asyncio.run(typed_intake(site, firm, f"Ann of {firm.name}", told[firm.name])) for firm in site.firms
    }
    for firm, other in ((harbor, summit), (summit, harbor)):
        with Browser(site, firm) as browser:
            assert browser.log_in(firm).status_code == 302
            assert told[firm.name] in intake_page(browser, references[firm.name])
            assert not intake_page(browser, references[other.name])
        with Browser(site, other) as stranger:
            assert stranger.log_in(firm).status_code == 200, "staff of one firm cannot log in on the other"
    report.say("typed intake in two firms over HTTPS, each read by its own staff alone", "as said")


@pytest.mark.stack(seconds=120)
def test_a_spoken_intake_arrives_with_its_words(site: Site, report: Report) -> None:
    harbor, summit = site.firms
    pcm = speech("librivox-0870", "librivox-0920")
    reference, voice = asyncio.run(spoken_intake(site, harbor, "Ben Voice", pcm))
    said = heard(voice)
    assert len(said) >= 2, said
    assert voice.sockets == 1
    with Browser(site, harbor) as browser:
        browser.log_in(harbor)
        page = intake_page(browser, reference)
        for utterance in said:
            assert utterance.split()[0] in page
    with Browser(site, summit) as browser:
        browser.log_in(summit)
        assert not intake_page(browser, reference)
    words = sum(len(utterance.split()) for utterance in said)
    report.say("spoken intake by the real socket (wss)", f"{len(said)} utterances, {words} words, one socket")


@pytest.mark.stack(seconds=20)
def test_one_request_id_leads_from_nginx_to_the_worker(site: Site, report: Report) -> None:
    def ids(service: str, event: str) -> set[str]:
        import json

        found = set()
        for line in site.project.logs(service, 4000).splitlines() + _lines(site, service):
            if not line.startswith("{"):
                continue
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if event in ("", said.get("event")) and said.get("request_id"):
                found.add(said["request_id"])
        return found

    opened, proxied = ids("api", "socket_open"), ids("nginx", "")
    assert opened
    # The client is answered before the slot has left the session: its line comes when it has.
    jobs = wait_for(lambda: ids("audio_worker", "job") & opened, 30)
    assert jobs & proxied, "nginx's access log names the request of the socket"
    report.say("one request id in the logs of nginx, api and audio_worker", f"{len(jobs & proxied)} seen")


def _lines(site: Site, service: str) -> list[str]:
    done = site.project.compose("logs", "--no-log-prefix", service, check=False)
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.stack(seconds=30)
def test_every_container_is_hardened(site: Site, report: Report) -> None:
    seen = 0
    for container in site.project.containers():
        details, service = container.details, container.service
        host, name = details["HostConfig"], container.name
        assert host["ReadonlyRootfs"], f"{name}: its root can be written"
        assert host["CapDrop"] == ["ALL"], name
        assert [cap.removeprefix("CAP_") for cap in host["CapAdd"] or []] == [
            cap for one, cap in ROOT_ALLOWED.items() if one == service
        ], name
        assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"] or []), name
        assert not host["Privileged"], name
        user = details["Config"]["User"].split(":")[0]
        assert user not in ("", "0", "root") or service in ROOT_ALLOWED, f"{name} runs as root"
        if container.state != "running":
            continue
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{main_process(container)}/status").read_text().splitlines()
        )
        assert status["NoNewPrivs"] == "1", name
        assert status["Seccomp"] == "2", name
        if service not in ROOT_ALLOWED:
            assert int(status["CapEff"], 16) == 0, name
            assert status["Uid"].split()[0] != "0", name
        seen += 1
    assert seen > 10
    report.say("non-root, read-only root, no capability, no new privileges, seccomp", f"{seen} containers, by /proc")


@pytest.mark.stack(seconds=60)
def test_from_outside_only_the_chosen_ports_answer(site: Site, report: Report) -> None:
    chosen = {sites.HTTP_PORT, sites.HTTPS_PORT, sites.DASHBOARDS_PORT}
    published: dict[str, dict[int, str]] = {}
    for container in site.project.containers():
        for bindings in (container.details["HostConfig"]["PortBindings"] or {}).values():
            for binding in bindings or []:
                published.setdefault(container.service, {})[int(binding["HostPort"])] = binding["HostIp"]
    assert set(published) == {"nginx"}
    assert set(published["nginx"]) == chosen
    assert published["nginx"][sites.DASHBOARDS_PORT] == "127.0.0.1"
    outside = _own_address()
    before = _others(site)
    found = asyncio.run(_open_ports(outside)) - before - _others(site)
    assert found == chosen - {sites.DASHBOARDS_PORT}, found
    for network in ("data", "observability"):
        details = run(["docker", "network", "inspect", "-f", "{{.Internal}}", f"{site.project.name}_{network}"])
        assert details.stdout.strip() == "true"
    said = f"{sorted(found)} alone; the dashboards on 127.0.0.1"
    report.say("port scan of all 65,535 at the machine's own address", said)


async def _open_ports(address: str) -> set[int]:
    found, gate = set(), asyncio.Semaphore(400)

    async def knock(port: int) -> None:
        async with gate:
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 3)
            except (OSError, TimeoutError):
                return
            # Somebody's answer, and not our own: a knock from this very port meets itself.
            if writer.get_extra_info("sockname") != writer.get_extra_info("peername"):
                found.add(port)
            writer.close()

    await asyncio.gather(*(knock(port) for port in range(1, 65_536)))
    return found


def _own_address() -> str:
    """An address of this machine that is not loopback."""
    for address in run(["hostname", "-I"]).stdout.split():
        if ":" not in address:
            return address
    pytest.skip("this machine has no address but loopback")


def _others(site: Site) -> set[int]:
    """Ports on which something that is not this stack listens."""
    ours = {sites.HTTP_PORT, sites.HTTPS_PORT, sites.DASHBOARDS_PORT}
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A":
                found.add(int(local.split(":")[1], 16))
    return found - ours


@pytest.mark.stack(seconds=20)
def test_plain_http_is_sent_to_https_and_strangers_find_nothing(site: Site) -> None:
    harbor = site.firms[0]
    plain = httpx.get(f"http://{sites.ADDRESS}:{sites.HTTP_PORT}/", headers={"Host": harbor.host}, trust_env=False)
    assert plain.status_code in (301, 308)
    assert plain.headers["location"].startswith(f"https://{harbor.host}")
    with httpx.Client(base_url=f"https://{site.address}", verify=site.tls, trust_env=False) as web:
        known = {"sni_hostname": harbor.host}
        assert web.get("/", headers={"Host": "nobody.example"}, extensions=known).status_code in (404, 421)
        for path in ("/metrics", "/healthz/ready"):
            assert web.get(path, headers={"Host": harbor.netloc}, extensions=known).status_code in (403, 404), path
        secure = web.get("/", headers={"Host": harbor.netloc}, extensions=known)
        assert "max-age=" in secure.headers["strict-transport-security"]
        assert "default-src" in secure.headers["content-security-policy"]
    with (
        socket.create_connection((sites.ADDRESS, sites.HTTPS_PORT), 5) as wire,
        site.tls.wrap_socket(wire, server_hostname=harbor.host) as secured,
    ):
        assert secured.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.stack(seconds=60)
def test_the_compose_file_is_valid_with_every_profile(site: Site, report: Report) -> None:
    profiles = ["", *sites.PROFILES]
    for preset in ("small", "standard"):
        (site.root / "check.env").write_text(
            (site.root / "deploy" / "presets" / f"{preset}.env").read_text() + (site.root / ".env").read_text()
        )
        for profile in profiles:
            command = ["docker", "compose", "--env-file", "check.env", "-f", "docker-compose.yml"]
            run([*command, "--profile", profile or "none", "config", "--quiet"], cwd=site.root)
        everything: list[Any] = [part for profile in sites.PROFILES for part in ("--profile", profile)]
        run(["docker", "compose", "--env-file", "check.env", *everything, "config", "--quiet"], cwd=site.root)
    report.say("docker compose config with each profile and all, both presets", f"{2 * (len(profiles) + 1)} valid")
