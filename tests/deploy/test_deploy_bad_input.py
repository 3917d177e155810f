# ruff: noqa: E501 - sentences are asked for as they are said
"""Bad input of deploy.sh: one line says what is wrong and what to do, and the running stack is as it was."""

from __future__ import annotations

import re

import pytest

from tests.deploy.deploy_house import ENV, GIB, House, Ran

pytestmark = pytest.mark.slow


def refused(house: House, *arguments: str, **environment: str) -> Ran:
    """It ends badly, changes nothing that runs or is written down, and asks the engine for no change."""
    before, kept = house.load()["containers"], house.kept()
    ran = house.run(*arguments, **({"VERSION": "9"} | environment))
    assert ran.status == 3, (ran.status, ran.out, ran.err)
    assert house.state["containers"] == before
    assert house.kept() == kept
    assert not [c for c in ran.calls if re.match(r"(stop|rm|kill)\b|compose .* up\b", c)]
    return ran


LINES = [
    ("DOMAIN=", "DOMAIN is missing. Add a line DOMAIN=...: the public base domain"),
    ("DOMAIN=intake.example.org", "line 1: DOMAIN is an example's (intake.example.org). Set your own"),
    (
        "DOMAIN=https://Smith.com",
        "line 1: DOMAIN is malformed (https://Smith.com). It must be a host name in small letters",
    ),
    ("PRESET=huge", "line 2: PRESET is malformed (huge). It must be one of: standard, small."),
    ("WORKER_THREADS=many", "line 2: WORKER_THREADS is malformed (many). It must be a whole number from 1 to 64."),
    ("APP_SUBNET=10.300.1.0/24", "line 2: APP_SUBNET is malformed (10.300.1.0/24). It must be a network"),
    ("DASHBOARDS_BIND=everywhere", "line 2: DASHBOARDS_BIND is malformed (everywhere). It must be an IP address"),
    ("BACKUP_TARGET=backups", "line 2: BACKUP_TARGET is malformed (backups). It must be a folder from the root"),
    ("LOG_LEVEL=debug", "line 2: LOG_LEVEL is malformed (debug). It must be one of: DEBUG"),
    (
        "ACME_DIRECTORY=acme.org",
        "line 2: ACME_DIRECTORY is malformed (acme.org). It must be an address that starts with",
    ),
    ("VERSION=latest", "line 2: VERSION is malformed (latest). It must be an image tag"),
    (
        "COMPOSE_PROFILES=tls",
        "ACME_EMAIL is missing, and the profile tls needs it. Add a line ACME_EMAIL=...: who hears",
    ),
    ("ACME_EMAIL=me@example.org", "line 2: ACME_EMAIL is an example's (me@example.org)."),
    ("DEBUG=1", "line 2: DEBUG is malformed (1). It must be one of: 0, off, false."),
    ("AUDIO_RECOGNISER=remote", "AUDIO_RECOGNISER=remote needs MODELS_URL, or models among COMPOSE_PROFILES."),
    ("this is no setting", "line 2: this is no setting. Write NAME=value, or put a # before it."),
    (
        "SMTP_FROM='half",
        "line 2: SMTP_FROM has a quote without its end, or a backslash. Put the value between single quotes.",
    ),
    ("SMTP_USER=a$b", "line 2: SMTP_USER holds a $. Put the value between single quotes, or it means something else."),
]


@pytest.mark.parametrize(("line", "sentence"), LINES, ids=[line for line, _ in LINES])
def test_a_wrong_line_in_env(house: House, line: str, sentence: str) -> None:
    house.env(f"{line}\n" if line.startswith("DOMAIN") else f"DOMAIN=intake.smith-law.com\n{line}\n")
    ran = refused(house)
    assert any(sentence in error for error in ran.errors), ran.err
    assert "docker run" not in " ".join(ran.calls)


@pytest.mark.parametrize("line", ["SECRET_KEY=s3cret", "MASTER_KEY=tooshort", "DATABASE_URL=mysql://u:s3cret@h/x",
                                  "SECRET_KEY=insecure-development-key", "MASTER_KEY=changeme"])  # fmt: skip
def test_a_secret_in_env_is_named_and_never_printed(house: House, line: str) -> None:
    name, value = line.split("=", 1)
    house.env(ENV + line + "\n")
    ran = refused(house)
    assert name in ran.errors[0]
    assert value not in ran.out + ran.err


def test_several_mistakes_are_named_at_once(house: House) -> None:
    house.env("DOMAIN=example.com\nPRESET=huge\nLOG_LEVEL=loud\n")
    assert len(refused(house).errors) == 4  # and one that counts them


def test_a_name_that_nothing_reads_is_a_warning_with_its_line(house: House) -> None:
    house.env(ENV + "DOMIAN=x\n")
    ran = house.run("--check", VERSION="1")
    assert ran.status == 0
    assert ".env, line 5: nothing reads DOMIAN. A typing mistake?" in ran.err


@pytest.mark.parametrize(
    ("lines", "warns"),
    [
        ("SMTP_HOST=mail.smith-law.com", False),  # it sends clients' codes and staff's pages too
        ("SMTP_HOST=mail.smith-law.com\nCOMPOSE_PROFILES=monitoring", True),
        ("COMPOSE_PROFILES=monitoring", True),
        ("SMTP_HOST=mail.smith-law.com\nALERT_EMAIL_TO=ops@smith-law.com\nCOMPOSE_PROFILES=monitoring", False),
        ("SLACK_CHANNEL=#intake\nCOMPOSE_PROFILES=monitoring", False),
    ],
)
def test_alerts_that_reach_nobody_are_a_warning_where_there_are_alerts(house: House, lines: str, warns: bool) -> None:
    house.env(f"{ENV}{lines}\n")
    ran = house.run("--check", VERSION="1")
    assert ran.status == 0, ran.err
    assert ("nobody is told of alerts" in ran.err) == warns


def test_a_setting_twice(house: House) -> None:
    house.env(ENV + "DOMAIN=other.smith-law.com\n")
    assert "line 5: DOMAIN is set in line 1 already. Keep one of them." in refused(house).errors[0]


def test_quotes_and_comments_are_understood(house: House) -> None:
    house.env("DOMAIN = x\n")
    refused(house)
    house.env(
        "# comment\n\nexport DOMAIN='intake.smith-law.com' # ours\nPRESET=\"small\"\nSMTP_USER='a$b'\nHTTP_PORT=18480  # one\nHTTPS_PORT=18443\n"
    )
    ran = house.run("--check", VERSION="1")
    assert ran.status == 0, ran.err


def test_no_env_at_all(house: House) -> None:
    (house.root / ".env").unlink()
    assert "there is no .env. Do: cp .env.example .env" in refused(house).errors[0]


def test_env_is_read_not_run(house: House) -> None:
    house.env(ENV + "SMTP_USER=$(touch pwned)\nSLACK_CHANNEL=`touch pwned`\n")
    house.run("--check", VERSION="1")
    assert not (house.root / "pwned").exists()


# -- programs and machine ----------------------------------------------------------------------------------------------


def test_an_old_engine(house: House) -> None:
    house.change(engine="20.10.5")
    assert refused(house).errors[0].startswith("Docker 20.10.5 is too old: 24.0 or later is needed.")


def test_an_old_compose(house: House) -> None:
    house.change(compose_version="v2.17.0")
    assert refused(house).errors[0].startswith("Docker Compose v2.17.0 is too old: 2.24 or later is needed.")


def test_an_engine_that_does_not_answer(house: House) -> None:
    house.change(rules=[{"match": "^version", "do": "fail", "text": "Cannot connect to the Docker daemon"}])
    assert (
        refused(house)
        .errors[0]
        .startswith("the Docker engine does not answer: Cannot connect to the Docker daemon. Start it")
    )


def test_too_few_cores(house: House) -> None:
    house.change(info=f"1|{32 * GIB}|/var/lib/docker")
    error = refused(house).errors[0]
    assert error.startswith("api may use 2 cores, but the machine has 1. Set PRESET=small, or API_CPUS in .env")


def test_too_little_memory_for_one(house: House) -> None:
    house.change(info=f"8|{GIB // 2}|/var/lib/docker")
    errors = refused(house).errors
    assert "postgres may use 0.9 GiB memory, but the machine has 0.5 GiB." in errors[1]


def test_too_little_memory_for_all(house: House) -> None:
    house.change(info=f"8|{2 * GIB}|/var/lib/docker")
    assert (
        "too little memory: the limits of all services add up to 2.1 GiB, but the machine has 2.0 GiB."
        in refused(house).errors[0]
    )


def test_limits_of_gigabytes_are_added_up(house: House) -> None:
    house.env(ENV + "API_BYTES=4294967296\n")
    assert house.run("--check").status == 0
    house.change(info=f"8|{8 * GIB}|/var/lib/docker")
    assert house.run("--check").errors[0].startswith("too little memory: the limits of all services add up to 8.9 GiB")


def test_too_little_disk(house: House) -> None:
    error = refused(house, FAKE_FREE_GB="3").errors[0]
    assert re.match(r"too little disk: 3 GB are free at \S+, 10 GB are needed\. Free some", error)


def test_a_cpu_without_avx(house: House) -> None:
    if re.search("aarch64", " ".join(__import__("os").uname())):
        pytest.skip("only x86-64 is asked for AVX")
    assert "lacks AVX, which onnxruntime needs" in refused(house, FAKE_FLAGS="").errors[0]


def test_a_port_in_use(house: House) -> None:
    assert refused(house, FAKE_TAKEN="18480").errors[0] == (
        "port 18480 (nginx) is in use by other (process 7). Stop that program, or set another port in .env "
        "(HTTP_PORT, HTTPS_PORT, DASHBOARDS_PORT)."
    )


def test_our_own_port_is_not_in_use(deployed: House) -> None:
    assert deployed.run("--check", VERSION="1", FAKE_TAKEN="18480").status == 0


def test_a_domain_without_an_address_with_tls(house: House) -> None:
    house.env(ENV.replace("intake.", "missing.") + "COMPOSE_PROFILES=tls\nACME_EMAIL=it@smith-law.com\n")
    error = refused(house).errors[0]
    assert error.startswith(
        "missing.smith-law.com has no address in DNS, so no certificate can be issued for it. Add an A"
    )


def test_another_subnet_under_a_running_stack(deployed: House) -> None:
    deployed.env((deployed.root / ".env").read_text() + "APP_SUBNET=10.9.9.0/24\n")
    assert (
        "APP_SUBNET is 10.9.9.0/24, but the running network is 10.203.1.0/24. Set it back"
        in refused(deployed).errors[0]
    )


def test_a_compose_file_that_does_not_go(house: House) -> None:
    house.env(ENV + "LOG_LEVEL=INFO\nSMTP_USER=x\n")
    (house.root / "docker-compose.yml").write_text(
        (house.root / "docker-compose.yml").read_text().replace("${LOG_LEVEL:-INFO}", "BROKEN")
    )
    assert (
        "docker-compose.yml does not go with .env: services.api.environment: broken. Mend .env"
        in refused(house).errors[0]
    )


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("secret_key", "changeme", "still holds a placeholder or a password that everybody knows"),
        ("secret_key", "short", "is too short"),
        ("master_key", "bm90IDMyIGJ5dGVz", "is malformed: it must be 32 random bytes in base64"),
        ("postgres_password", "", "is empty"),
        ("backup_age_recipients", "hello", "holds no age recipient"),
        ("dashboards_htpasswd", "admin-alone", "is malformed: it must be user:hash"),
    ],
)
def test_a_bad_secret(house: House, name: str, text: str, sentence: str) -> None:
    (house.root / "deploy" / "secrets").mkdir()
    (house.root / "deploy" / "secrets" / name).write_text(text)
    ran = refused(house)
    assert f"deploy/secrets/{name} {sentence}" in ran.errors[0]
    assert not text or f"({text})" not in ran.err


def test_a_lost_master_key_is_not_made_anew(deployed: House) -> None:
    (deployed.root / "deploy" / "secrets" / "master_key").unlink()
    deployed.change(volumes=["legal-intake_postgres"])
    error = refused(deployed).errors[0]
    assert error.startswith(
        "deploy/secrets/master_key is missing, but volume legal-intake_postgres holds data that only it opens."
    )
    assert not (deployed.root / "deploy" / "secrets" / "master_key").exists()


# -- while it acts -----------------------------------------------------------------------------------------------------


def as_it_was(house: House, *arguments: str, **environment: str) -> Ran:
    """An upgrade fails; what ran still runs (the same number of the same images), and what is written down is as before."""
    before, kept = house.running(), house.kept()
    ran = house.run(*arguments, **({"VERSION": "2"} | environment))
    assert ran.status != 0
    assert house.running() == before, ran.err
    assert all(c["state"] == "running" for c in house.state["containers"])
    assert house.kept() == kept
    assert "what runs now: api 2/2 (1)" in ran.err
    return ran


def test_an_image_that_cannot_be_pulled(deployed: House) -> None:
    deployed.env((deployed.root / ".env").read_text() + "NGINX_TAG=1.99\n")
    deployed.change(unpullable=["nginx:1.99"])
    error = as_it_was(deployed).errors[0]
    assert error == (
        "image nginx:1.99 cannot be pulled: Error response from daemon: manifest for nginx:1.99 not found. "
        "Check the name (VERSION, IMAGE_PREFIX), the network, and docker login."
    )


def test_a_registry_is_pulled_from_and_needs_a_version(house: House) -> None:
    house.env(ENV + "IMAGE_PREFIX=ghcr.io/smith/\n")
    assert "IMAGE_PREFIX names a registry, but VERSION is missing" in refused(house, VERSION="").errors[0]
    ran = house.run(VERSION="1.4.0")
    assert ran.status == 0, ran.err
    assert "pull --quiet ghcr.io/smith/legal-intake:1.4.0" in ran.calls
    assert not [call for call in ran.calls if call.startswith("build")]


def test_an_image_that_cannot_be_built(deployed: House) -> None:
    deployed.change(rules=[{"match": "^build", "do": "fail", "text": "npm ci: no such package"}])
    ran = as_it_was(deployed)
    assert ran.errors[0] == "an image cannot be built: npm ci: no such package. All of it: .deploy/build.log"
    assert "stopped at images." in ran.err


def test_a_failing_migration(deployed: House) -> None:
    deployed.change(rules=[{"match": "compose .* run .* migrate", "do": "fail", "text": "2 firms are quarantined"}])
    ran = as_it_was(deployed)
    assert ran.errors[0] == (
        "the migration failed: 2 firms are quarantined. The release that ran goes on. All of it: .deploy/migrate.log. "
        "Mend it and run this again."
    )
    assert "stopped at migrate." in ran.err
    assert not [call for call in ran.calls if "--scale" in call]


def test_a_release_that_is_not_healthy_is_taken_back(deployed: House) -> None:
    deployed.change(sick=[{"service": "api", "image": ":2$", "health": "unhealthy"}])
    ran = as_it_was(deployed)
    assert re.match(
        r"api: legal-intake-api-\d+ is unhealthy\. It said: the last words of \w+\. More: docker logs ", ran.errors[0]
    )
    assert "stopped at roll." in ran.err
    assert "Taking back what was done to the running stack" in ran.err
    deployed.change(sick=[])
    assert deployed.run(VERSION="2").status == 0


def test_a_release_that_never_gets_ready_is_taken_back(deployed: House) -> None:
    deployed.change(sick=[{"service": "frontend", "image": ":2$", "health": "starting"}])
    ran = as_it_was(deployed)
    assert re.match(r"frontend: legal-intake-frontend-\d+ is starting after 2 s\.", ran.errors[0])


def test_a_site_that_answers_with_an_error_is_taken_back(deployed: House) -> None:
    ran = as_it_was(deployed, FAKE_STATUS="502")
    assert "answers with 502 through nginx. Look: ./deploy.sh logs nginx api" in ran.errors[0]
    assert "stopped at verify." in ran.err


def test_a_data_service_that_does_not_come_up_is_taken_back(deployed: House) -> None:
    deployed.env((deployed.root / ".env").read_text() + "POSTGRES_TAG=18.7-bookworm\n")
    deployed.change(images={**deployed.state["images"], "postgres:18.7-bookworm": "sha256:new"},
                 sick=[{"service": "postgres", "image": "18.7", "health": "unhealthy"}])  # fmt: skip
    ran = as_it_was(deployed, VERSION="1")
    assert ran.errors[0].startswith("postgres: legal-intake-postgres-")
    assert "postgres: 1 as before" in ran.err


def test_nginx_that_does_not_take_its_files_keeps_the_old(deployed: House) -> None:
    (deployed.root / "deploy" / "nginx" / "site.conf").write_text("nonsense\n")
    deployed.change(rules=[{"match": "^exec ", "do": "fail", "text": "unknown directive nonsense"}])
    ran = as_it_was(deployed, VERSION="1")
    assert ran.errors[0].startswith(
        "nginx does not take its new files: unknown directive nonsense. The ones before stay in use."
    )


def test_a_certificate_that_cannot_be_issued_at_the_first_deploy(house: House) -> None:
    house.env(ENV + "COMPOSE_PROFILES=tls\nACME_EMAIL=it@smith-law.com\n")
    house.change(sick=[{"service": "certbot", "image": "certbot", "health": "unhealthy"}])
    ran = house.run(VERSION="1")
    assert ran.status == 3
    assert re.match(r"no certificate for intake\.smith-law\.com \(certbot is unhealthy\)\. It said: the last words of \w+\. "
                    r"Check that DNS leads here and that port 80 is open", ran.errors[0])  # fmt: skip
    assert house.state["containers"] == [], "nothing ran before, so nothing runs"
    assert "what runs now: nothing" in ran.err


def test_a_certificate_that_cannot_be_renewed_is_a_warning(deployed: House) -> None:
    deployed.env((deployed.root / ".env").read_text() + "COMPOSE_PROFILES=tls\nACME_EMAIL=it@smith-law.com\n")
    deployed.change(sick=[{"service": "certbot", "image": "certbot", "health": "unhealthy"}])
    ran = deployed.run(VERSION="2")
    assert ran.status == 0, ran.err
    assert "warning: no certificate for intake.smith-law.com" in ran.err


def test_a_failed_first_deploy_leaves_nothing_running(house: House) -> None:
    house.change(sick=[{"service": "nginx", "image": "nginx", "health": "unhealthy"}])
    ran = house.run(VERSION="1")
    assert ran.status == 3
    assert house.state["containers"] == []
    assert "legal-intake:1" in house.state["images"], "images stay, so the next try is quick"


def test_a_rollback_that_fails_goes_forward_again(deployed: House) -> None:
    assert deployed.run(VERSION="2").status == 0
    deployed.change(sick=[{"service": "worker", "image": ":1$", "health": "unhealthy"}])
    before, kept = deployed.running(), deployed.kept()
    ran = deployed.run("rollback")
    assert ran.status == 3
    assert deployed.running() == before, ran.err
    assert deployed.kept() == kept


def test_a_rollback_without_its_images(deployed: House) -> None:
    assert deployed.run(VERSION="2").status == 0
    deployed.change(images={k: v for k, v in deployed.state["images"].items() if k != "legal-intake:1"})
    ran = refused(deployed, "rollback")
    assert ran.errors[0].startswith("image legal-intake:1 is not here any more, so this release cannot come back.")


@pytest.mark.parametrize("arguments", [["upgrate"], ["--chek"]])
def test_an_unknown_argument(house: House, arguments: list[str]) -> None:
    ran = house.run(*arguments)
    assert ran.status == 2
    assert ran.errors == [f'unknown argument "{arguments[0]}". ./deploy.sh --help says what there is.']
    assert ran.calls == []
