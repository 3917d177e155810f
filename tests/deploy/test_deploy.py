# ruff: noqa: E501 - sentences are asked for as they are said
"""deploy.sh from end to end against a fake `docker` (tests/deploy/fake/docker records and keeps a list; it runs
nothing). The same on a real engine: tests/deploy/stack.
"""

from __future__ import annotations

import re
import stat

import pytest
import yaml

from tests.deploy.deploy_house import ENV, ROOT, House

pytestmark = pytest.mark.slow


def positions(calls: list[str], *patterns: str) -> list[int]:
    return [next(i for i, call in enumerate(calls) if re.search(pattern, call)) for pattern in patterns]


def test_first_deploy_makes_secrets_builds_migrates_then_starts(house: House) -> None:
    ran = house.deployed()
    assert house.running() == {
        ("api", "legal-intake:1"): 2, ("worker", "legal-intake:1"): 1, ("scheduler", "legal-intake:1"): 1,
        ("frontend", "legal-intake-frontend:1"): 1, ("backup", "legal-intake-backup:1"): 1,
        ("nginx", "nginx:1.30.5"): 1, ("postgres", "postgres:18.6-bookworm"): 1,
        ("redis-broker", "redis:8.2.9-bookworm"): 1,
    }  # fmt: skip
    order = positions(
        ran.calls, "^build", "up .* postgres", "run .* migrate", "up .* api$", "up .* nginx", "up .* backup"
    )
    assert order == sorted(order)
    for step in ("programs", "settings", "secrets", "machine", "network", "images", "make-secrets", "plan", "data",
                 "migrate", "roll", "front", "rest", "certificate", "verify", "record"):  # fmt: skip
        assert re.search(rf"^  {step} +\S", ran.out, re.M), f"{step} says nothing"


def test_secrets_are_made_once_with_the_right_mode(house: House) -> None:
    house.deployed()
    folder = house.root / "deploy" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert re.fullmatch(r"[0-9a-f]{64}\n", made["secret_key"])
    assert len(made["master_key"].strip()) == 44
    assert made["backup_age_recipients"].startswith("age1")
    assert re.fullmatch(r"admin:\$6\$.*\n", made["dashboards_htpasswd"])
    assert made["slack_webhook"] == ""
    for name in ("secret_key", "master_key", "postgres_password"):
        mode = stat.S_IMODE((folder / name).stat().st_mode)
        assert mode in (0o440, 0o444)
        if mode == 0o440:
            assert (folder / name).stat().st_gid == 10001
    assert stat.S_IMODE((folder / "dashboards_password").stat().st_mode) == 0o600
    assert house.run(VERSION="1").status == 0
    assert made == {file.name: file.read_text() for file in folder.iterdir()}


def test_a_secret_of_the_env_file_becomes_its_file(house: House) -> None:
    house.env(ENV + f"SECRET_KEY={'k3' * 30}\n")
    house.deployed()
    assert (house.root / "deploy" / "secrets" / "secret_key").read_text().strip() == "k3" * 30


def test_again_replaces_nothing(deployed: House) -> None:
    before = deployed.state["containers"]
    ran = deployed.run(VERSION="1")
    assert ran.status == 0, ran.err
    assert "nothing is replaced" in ran.out
    assert deployed.state["containers"] == before
    assert not [call for call in ran.calls if re.match(r"(stop|rm|build|pull)\b", call)]


def test_what_deploy_writes_makes_plain_compose_mean_what_runs(deployed: House) -> None:
    text = (deployed.root / ".env").read_text()
    assert text.startswith(ENV)
    assert "\nVERSION=1\n" in text
    assert "\nAPI_MEMORY=640m\n" in text
    deployed.env(text.replace("PRESET=small\n", "PRESET=small\nAPI_MEMORY=2g\n"))
    assert deployed.run(VERSION="1").status == 0
    text = (deployed.root / ".env").read_text()
    assert text.count("API_MEMORY=") == 1
    assert "API_MEMORY=2g" in text
    assert text.count("VERSION=") == 1


def test_an_upgrade_starts_beside_then_drains(deployed: House) -> None:
    deployed.change(containers=list(deployed.load()["containers"]))
    ran = deployed.run(VERSION="2")
    assert ran.status == 0, ran.err
    assert deployed.running("api") == {("api", "legal-intake:2"): 2}
    assert deployed.running("nginx") == {("nginx", "nginx:1.30.5"): 1}
    # one new beside two old, then one old goes; never fewer than two
    about_api = [call for call in ran.calls if re.search(r"--scale api=|^stop", call)]
    first = next(i for i, call in enumerate(about_api) if "--scale api=3" in call)
    assert about_api[first + 1].startswith("stop ")
    assert "--scale api=3" in about_api[first + 2]
    assert not [call for call in ran.calls if "--force-recreate" in call]
    assert "a gap of" not in ran.out
    migrate, roll = positions(ran.calls, "run .* migrate", "up .*--scale worker=2")
    assert migrate < roll
    frontend, api = positions(ran.calls, "--scale frontend=2", "--scale api=3")
    assert frontend < api, "the files of the web app come before the page that names them"


def test_what_was_scaled_stays_scaled(deployed: House) -> None:
    deployed.run("status")
    state = deployed.load()
    api = next(c for c in state["containers"] if c["service"] == "api")
    extra = [{**api, "id": f"f{i:063x}", "name": f"more-{i}"} for i in range(3)]
    deployed.change(containers=state["containers"] + extra)
    ran = deployed.run(VERSION="2")
    assert ran.status == 0, ran.err
    assert deployed.running("api") == {("api", "legal-intake:2"): 5}
    assert "--scale api=7" in " ".join(ran.calls), "a third at a time"


def test_the_frontend_keeps_the_files_of_the_release_before(deployed: House) -> None:
    (deployed.root / "scripts" / "images").write_text(
        '#!/bin/sh\necho "$PREVIOUS" > previous\nfor n; do docker build --tag "$n:$VERSION" .; done\n'
    )
    assert deployed.run(VERSION="2").status == 0
    assert (deployed.root / "previous").read_text() == "legal-intake-frontend:1\n"


def test_rollback_goes_back_once_and_leaves_schemas(deployed: House) -> None:
    assert deployed.run(VERSION="2").status == 0
    ran = deployed.run("rollback")
    assert ran.status == 0, ran.err
    assert deployed.running("api") == {("api", "legal-intake:1"): 2}
    assert deployed.running("backup") == {("backup", "legal-intake-backup:1"): 1}
    assert not [call for call in ran.calls if "migrate" in call and " run " in call]
    assert "\nVERSION=1\n" in (deployed.root / ".env").read_text()
    api, frontend = positions(ran.calls, "--scale api=3", "--scale frontend=2")
    assert api < frontend
    ran = deployed.run("rollback")
    assert ran.status != 0
    assert ran.errors == [
        "there is no release to go back to. One is recorded when an upgrade has succeeded; schemas allow going back by one."
    ]


def test_rollback_brings_the_former_definitions_with_todays_settings(deployed: House) -> None:
    file = deployed.root / "docker-compose.yml"
    file.write_text(file.read_text().replace("legal_intake.server", "legal_intake.renamed"))
    assert deployed.run(VERSION="2").status == 0
    deployed.env((deployed.root / ".env").read_text() + "LOG_LEVEL=DEBUG\n")
    ran = deployed.run("rollback")
    assert ran.status == 0, ran.err
    kept = (deployed.root / ".deploy" / "releases" / "1" / "config.yml").read_text()
    assert "legal_intake.server" in kept
    assert "LOG_LEVEL: DEBUG" in kept


def test_a_data_service_is_announced_and_has_a_gap_behind_the_page(deployed: House) -> None:
    deployed.env((deployed.root / ".env").read_text() + "POSTGRES_TAG=18.7-bookworm\n")
    deployed.change(images={**deployed.state["images"], "postgres:18.7-bookworm": "sha256:new"},
                 rules=[{"match": "up .* postgres", "do": "note"}])  # fmt: skip
    checked = deployed.run("--check", VERSION="1")
    assert "WITH A GAP of some seconds, behind the maintenance page: postgres" in checked.out
    assert deployed.running("postgres") == {("postgres", "postgres:18.6-bookworm"): 1}
    ran = deployed.run(VERSION="1")
    assert ran.status == 0, ran.err
    assert ran.out.index("WITH A GAP") < ran.out.index("Deploying") or "WITH A GAP" in ran.out
    assert re.search(r"replaced postgres: a gap of \d+ s", ran.out)
    assert not (deployed.root / "deploy" / "maintenance" / "on").exists()


def test_no_gap_refuses_a_gap(deployed: House) -> None:
    deployed.env((deployed.root / ".env").read_text() + "NGINX_TAG=1.30.6\n")
    deployed.change(images={**deployed.state["images"], "nginx:1.30.6": "sha256:new"})
    ran = deployed.run("--no-gap", VERSION="1")
    assert ran.status == 3
    assert "--no-gap: nginx cannot be replaced without one" in ran.errors[0]
    assert deployed.running("nginx") == {("nginx", "nginx:1.30.5"): 1}
    assert re.search(r"replaced nginx: a gap of \d+ s", deployed.run(VERSION="1").out)


def test_files_of_nginx_are_read_without_a_gap(deployed: House) -> None:
    (deployed.root / "deploy" / "nginx" / "site.conf").write_text("two\n")
    ran = deployed.run(VERSION="1")
    assert ran.status == 0, ran.err
    assert "nginx read its new files; open sockets stay" in ran.out
    assert [call for call in ran.calls if call.startswith("exec ") and "--reload" in call]
    assert "nothing is replaced" in deployed.run(VERSION="1").out


def test_another_major_postgres_is_refused(deployed: House) -> None:
    deployed.env((deployed.root / ".env").read_text() + "POSTGRES_TAG=19.1-bookworm\n")
    deployed.change(images={**deployed.state["images"], "postgres:19.1-bookworm": "sha256:new"})
    ran = deployed.run(VERSION="1")
    assert ran.errors[0].startswith("PostgreSQL 18 runs, and this release wants 19, which cannot read its data.")
    assert deployed.running("postgres") == {("postgres", "postgres:18.6-bookworm"): 1}


def test_check_changes_nothing(house: House) -> None:
    before = sorted(str(path) for path in house.root.rglob("*"))
    ran = house.run("--check", VERSION="1")
    assert ran.status == 0, ran.err
    assert "nothing was changed" in ran.out
    assert sorted(str(path) for path in house.root.rglob("*")) == before
    assert house.state["containers"] == []
    assert not [c for c in ran.calls if re.match(r"(build|pull|stop|rm|run|exec)\b|compose .* (up|run|exec)\b", c)]


def test_two_at_once_are_refused(house: House) -> None:
    import fcntl

    (house.root / ".deploy").mkdir()
    with (house.root / ".deploy" / "lock").open("w") as lock:
        lock.write("process 7, deploy, since 10:00:00Z\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = house.run(VERSION="1")
    assert ran.errors == [
        "another deploy.sh is at work here (process 7, deploy, since 10:00:00Z). Wait until it has ended, then run this again."
    ]
    assert house.run(VERSION="1").status == 0


def test_old_images_go_this_and_the_one_before_stay(house: House) -> None:
    for version in ("1", "2", "3"):
        assert house.run(VERSION=version).status == 0
    assert {tag for tag in house.state["images"] if tag.startswith("legal-intake:")} == {
        "legal-intake:2",
        "legal-intake:3",
    }
    assert sorted(p.name for p in (house.root / ".deploy" / "releases").iterdir()) == ["2", "3"]


def test_status_says_what_runs(deployed: House) -> None:
    deployed.run(VERSION="2")
    deployed.change(containers=[c for c in deployed.load()["containers"] if c["service"] != "worker"])
    ran = deployed.run("status")
    assert ran.status == 0, ran.err
    assert "release   2 (rollback goes to 1)" in ran.out
    assert "api 2/2 (2)" in ran.out
    assert "worker DOES NOT RUN" in ran.out


def test_without_a_version_the_checkout_names_itself(house: House) -> None:
    ran = house.run()
    assert ran.status == 0, ran.err
    (image,) = [i for s, i in house.running("worker")]
    assert re.fullmatch(r"legal-intake:[0-9.]+-[0-9a-f]{12}", image)
    assert "nothing is replaced" in house.run().out
    (house.root / "scripts" / "more").write_text("changed\n")
    ran = house.run()
    assert ran.status == 0, ran.err
    assert {i for s, i in house.running("worker")} != {image}


def test_maintenance_by_hand_is_left_alone_by_a_deploy(deployed: House) -> None:
    assert deployed.run("maintenance", "on").status == 0
    deployed.env((deployed.root / ".env").read_text() + "REDIS_BROKER_MAXMEMORY=99mb\n")
    ran = deployed.run(VERSION="1")
    assert "replaced redis-broker: a gap of" in ran.out, ran.err
    assert (deployed.root / "deploy" / "maintenance" / "on").exists()
    assert deployed.run("maintenance", "off").status == 0
    assert not (deployed.root / "deploy" / "maintenance" / "on").exists()


def test_a_project_name_of_the_environment_is_kept(house: House) -> None:
    assert (
        house.run(
            VERSION="1", COMPOSE_PROJECT_NAME="other", COMPOSE_PROFILES="tls", ACME_EMAIL="it@smith-law.com"
        ).status
        == 0
    )
    assert {c["project"] for c in house.state["containers"]} == {"other"}
    text = (house.root / ".env").read_text()
    assert "\nCOMPOSE_PROJECT_NAME=other\n" in text
    assert "\nCOMPOSE_PROFILES=tls\n" in text
    assert "api 2/2 (1)" in house.run("status").out
    assert house.run(VERSION="2").status == 0
    assert {c["project"] for c in house.state["containers"]} == {"other"}


def test_every_setting_that_compose_or_the_example_names_is_in_the_table() -> None:
    known = {
        line.split()[0]
        for line in (ROOT / "deploy/lib/settings.table").read_text().splitlines()
        if re.match("[A-Z]", line)
    }
    sizes = set(re.findall(r"^([A-Z_]+)=", (ROOT / "deploy/presets/standard.env").read_text(), re.M))
    named = set(re.findall(r"\$\{([A-Z_0-9]+)", (ROOT / "docker-compose.yml").read_text()))
    named |= set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert named - known - sizes == set()


def test_every_secret_of_compose_can_be_made() -> None:
    known = {
        line.split()[0]
        for line in (ROOT / "deploy/lib/secrets.table").read_text().splitlines()
        if re.match("[a-z]", line)
    }
    assert set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["secrets"]) == known


def test_every_service_of_compose_has_a_way_to_be_replaced() -> None:
    """A service that keeps data, or that is behind nginx, must stand in one of the lists; new ones are looked at here."""
    plan = (ROOT / "deploy/steps/50-plan.sh").read_text()
    listed = set(re.findall(r"^(?:ROLLING|DATA)=\((.*)\)$", plan, re.M)[0].split())
    listed |= set(re.findall(r"^(?:ROLLING|DATA)=\((.*)\)$", plan, re.M)[1].split())
    in_place = {
        "nginx", "migrate", "postgres-standby", "elasticsearch", "kibana", "fluent-bit", "prometheus", "alertmanager", "grafana",
        "postgres-exporter", "redis-exporter", "node-exporter", "blackbox-exporter", "nginx-exporter",
        "elasticsearch-exporter", "backup", "certbot",
    }  # fmt: skip
    assert set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]) == listed | in_place
