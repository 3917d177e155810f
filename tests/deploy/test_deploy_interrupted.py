"""Ctrl-C at each step of deploy.sh: it says where it stopped and what runs, and the running stack is as it was.

The fake `docker` presses it in the middle of a call, as a terminal does: to everybody in the foreground.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.deploy_house import House

pytestmark = pytest.mark.slow

#: step -> a call of that step, and which of its calls (the first, the second, ...).
UPGRADE = [
    ("programs", "^version", 1),
    ("settings", "compose .* config$", 1),
    ("machine", "^info", 1),
    ("network", "^network inspect", 1),
    ("images", "^build", 1),
    ("images", "^build", 3),
    ("data", "compose .* up .* redis-broker", 1),
    ("migrate", "compose .* run .* migrate", 1),
    ("data", "^stop", 1),
    ("roll", "compose .* up .*--scale worker=2", 1),
    ("roll", "^stop", 2),
    ("roll", "^rm", 2),
    ("roll", "compose .* up .*--scale api=3", 1),
    ("roll", "^stop", 5),
    ("roll", "compose .* up .*--scale api=3", 2),
    ("roll", "^stop", 6),
    ("roll", "^rm", 6),
    ("front", "^stop", 7),
    ("front", "compose .* up .* nginx", 1),
    ("rest", "compose .* up .* backup", 1),
]


def upgrade_everything(house: House) -> None:
    """Another setting of Redis, another nginx, another release: every step has something to do."""
    house.env((house.root / ".env").read_text() + "REDIS_BROKER_MAXMEMORY=99mb\nNGINX_TAG=1.30.6\n")
    house.change(images={**house.state["images"], "nginx:1.30.6": "sha256:other"})


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("step", "match", "nth"), UPGRADE, ids=[f"{s}-{m.split()[-1].strip('^$')}-{n}" for s, m, n in UPGRADE]
)
def test_ctrl_c_in_an_upgrade(deployed: House, step: str, match: str, nth: int, when: str) -> None:
    upgrade_everything(deployed)
    deployed.change(rules=[{"match": match, "nth": nth, "when": when, "do": "interrupt"}])
    before, kept = deployed.running(), deployed.kept()
    ran = deployed.run(VERSION="2")
    assert deployed.state["rules"][0]["match"] == "^never$", "nothing was interrupted"
    assert ran.status == 130, ran.err
    assert f"stopped at {step} by SIGINT." in ran.err
    assert deployed.running() == before, ran.err
    assert all(c["state"] == "running" for c in deployed.state["containers"])
    assert deployed.kept() == kept
    if step not in ("programs", "settings"):
        assert "what runs now: api 2/2 (1)" in ran.err
    again = deployed.run(VERSION="2")
    assert again.status == 0, again.err
    assert deployed.running("api") == {("api", "legal-intake:2"): 2}
    assert deployed.running("nginx") == {("nginx", "nginx:1.30.6"): 1}


FIRST = [
    ("data", "compose .* up .* postgres"),
    ("migrate", "compose .* run .* migrate"),
    ("roll", "compose .* up .*--scale api=2"),
    ("front", "compose .* up .* nginx"),
    ("rest", "compose .* up .* backup"),
]


@pytest.mark.parametrize(("step", "match"), FIRST, ids=[step for step, _ in FIRST])
def test_ctrl_c_in_the_first_deploy_leaves_nothing_running(house: House, step: str, match: str) -> None:
    house.change(rules=[{"match": match, "when": "after", "do": "interrupt"}])
    ran = house.run(VERSION="1")
    assert f"stopped at {step} by SIGINT." in ran.err
    assert house.state["containers"] == []
    assert "what runs now: nothing" in ran.err
    assert house.run(VERSION="1").status == 0


@pytest.mark.parametrize("match", ["compose .* up .*--scale api=3", "^stop", "compose .* up .*--scale worker=2"])
def test_ctrl_c_in_a_rollback_goes_forward_again(deployed: House, match: str) -> None:
    assert deployed.run(VERSION="2").status == 0
    deployed.change(rules=[{"match": match, "when": "after", "do": "interrupt"}])
    before, kept = deployed.running(), deployed.kept()
    ran = deployed.run("rollback")
    assert "stopped at roll by SIGINT." in ran.err
    assert deployed.running() == before, ran.err
    assert deployed.kept() == kept
    assert deployed.run("rollback").status == 0
    assert deployed.running("api") == {("api", "legal-intake:1"): 2}


def test_ctrl_c_twice_leaves_it_as_it_is_and_says_how_to_go_on(deployed: House) -> None:
    deployed.change(
        rules=[
            {"match": "compose .* up .*--scale api=3", "when": "after", "do": "interrupt"},
            {"match": "compose .*config.yml up", "do": "interrupt"},
        ]
    )
    ran = deployed.run(VERSION="2")
    assert ran.status == 130
    assert "left as it is now. Look: ./deploy.sh status. Again: ./deploy.sh. Back: ./deploy.sh rollback." in ran.err
    assert re.search(r"Taking back what was done", ran.err)
    assert deployed.run(VERSION="2").status == 0, "the next run mends it"
    assert deployed.running("api") == {("api", "legal-intake:2"): 2}


def test_nothing_is_left_in_the_temporary_folder(house: House, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    house.change(rules=[{"match": "^build", "do": "interrupt"}])
    house.run(VERSION="1", TMPDIR=str(scratch))
    assert list(scratch.iterdir()) == []
