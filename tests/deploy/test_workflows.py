"""GitHub's workflows: valid, least privilege, actions by commit, and nothing that a person could not run here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
LINE = re.compile(r"uses:\s*(\S+)(?:\s+#\s*(v\d+\.\d+\.\d+))?\s*$", re.M)
WORKFLOW_KEYS = {"name", "on", "permissions", "concurrency", "env", "jobs"}
JOB_KEYS = {
    "runs-on", "timeout-minutes", "steps", "needs", "permissions", "outputs", "environment", "env", "uses", "if",
    "strategy",
}  # fmt: skip
STEP_KEYS = {"name", "id", "uses", "run", "with", "env", "if", "shell", "working-directory"}
WRITES = {("images.yml", "images"): {"packages": "write", "id-token": "write"}}


def workflow(path: Path) -> dict[str, Any]:
    read: dict[Any, Any] = yaml.safe_load(path.read_text())
    read["on"] = read.pop(True, None)  # YAML 1.1 reads `on` as a truth value
    return read


def steps() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path.name, job, step)
        for path in WORKFLOWS
        for job, body in workflow(path)["jobs"].items()
        for step in body.get("steps", [])
    ]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))


def test_there_are_a_test_and_an_images_workflow() -> None:
    assert [path.name for path in WORKFLOWS] == ["images.yml", "test.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_keys_jobs_and_needs_are_ones_that_github_knows(path: Path) -> None:
    found = workflow(path)
    assert set(found) <= WORKFLOW_KEYS
    assert found["on"]
    assert found["permissions"] == {"contents": "read"}, "what a job may write it says itself"
    for name, job in found["jobs"].items():
        assert set(job) <= JOB_KEYS, name
        for needed in [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", []):
            assert needed in found["jobs"], name
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file()
            assert workflow(ROOT / job["uses"])["on"].keys() >= {"workflow_call"}
            continue
        assert job["timeout-minutes"] <= 60, name
        writes = {scope: level for scope, level in job.get("permissions", {}).items() if level == "write"}
        assert writes == WRITES.get((path.name, name), {}), name
        for step in job["steps"]:
            assert set(step) <= STEP_KEYS
            assert ("uses" in step) != ("run" in step)


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    for path in WORKFLOWS:
        seen: dict[str, str] = {}
        for used, version in LINE.findall(path.read_text()):
            if used.startswith("./"):
                continue
            assert PINNED.match(used), f"{path.name}: {used}"
            assert version, f"{path.name}: {used} does not say which version that is"
            name, commit = used.split("@")
            assert seen.setdefault(name, commit) == commit
    versions: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for used, version in LINE.findall(path.read_text()):
            versions.setdefault(used.split("@")[0], set()).add(version)
    assert all(len(found) == 1 for found in versions.values()), versions


def test_what_is_run_is_a_make_target_that_is_there() -> None:
    targets = make_targets()
    made = set()
    for name, job, step in steps():
        for line in str(step.get("run", "")).splitlines():
            if line.startswith("make "):
                target = line.split()[1]
                assert target in targets, f"{name}, {job}: make {target}"
                made.add(target)
    expected = {
        "test", "lint", "lint-deploy", "stack-test", "images", "sbom", "scan", "push-images", "sign-images",
        "verify-images", "deploy",
    }  # fmt: skip
    assert made == expected


def test_a_commands_text_takes_nothing_that_an_outsider_wrote() -> None:
    for name, job, step in steps():
        assert "${{" not in str(step.get("run", "")), f"{name}, {job}: pass it by env, or a branch's name becomes code"


def test_checkouts_leave_no_credentials_behind() -> None:
    for name, job, step in steps():
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, f"{name}, {job}"


def test_a_release_is_tested_scanned_described_and_signed_before_somebody_approves_it() -> None:
    jobs = workflow(ROOT / ".github" / "workflows" / "images.yml")["jobs"]
    run = [line for step in jobs["images"]["steps"] for line in str(step.get("run", "")).splitlines()]
    order = [run.index(f"make {target}") for target in ("images", "sbom", "scan", "push-images", "sign-images")]
    assert order == sorted(order)
    assert jobs["images"]["needs"] == "test"
    deploy = jobs["deploy"]
    assert (deploy["needs"], deploy["environment"]) == ("images", "production")
    run = [step["run"] for step in deploy["steps"] if "run" in step]
    assert run == ["make verify-images", "make deploy"]


def test_actionlint_finds_nothing() -> None:
    program = shutil.which("actionlint") or shutil.which(str(Path.home() / "go" / "bin" / "actionlint"))
    if program is None:
        pytest.skip("actionlint is not here (go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12)")
    done = subprocess.run([program, "-no-color"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
