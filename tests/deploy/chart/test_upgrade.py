"""From an older chart to this one: values are taken, or told their new names; what cannot be changed was not."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import CHART, ROOT, needs_helm, objects, refused

pytestmark = needs_helm
RELEASED: dict[str, Any] = runpy.run_path(str(ROOT / "deploy" / "chart" / "released.py"))
NOTES = sorted(RELEASED["NOTES"].glob("*.json"))
RENAMED = {each["old"]: each["new"] for each in yaml.safe_load((CHART / "files/deprecations.yaml").read_text())}


def noted(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_no_value_of_an_older_chart_is_gone_without_a_word(path: Path) -> None:
    known = set(RELEASED["names"](yaml.safe_load((CHART / "values.yaml").read_text())))
    # A value that was whole may have grown parts.
    grown = {".".join(name.split(".")[:depth]) for name in known for depth in range(1, name.count(".") + 1)}
    gone = set(noted(path)["values"]) - known - grown - set(RENAMED)
    assert not gone, f"name them in files/deprecations.yaml, and in the schema: {sorted(gone)}"


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_what_an_api_server_never_changes_is_as_it_was(path: Path) -> None:
    for mode, wanted in noted(path)["fixed"].items():
        now = RELEASED["fixed"](mode)
        for name, fields in wanted.items():
            # One that is gone is deleted by the upgrade; one of the same name has to be the same.
            assert now.get(name, fields) == fields, f"{mode}: {name}: an upgrade would be refused half way"


def test_values_of_the_version_before_are_told_their_new_names() -> None:
    """The file of values that a release before this one had, key by key: one message, and nothing is rendered."""
    assert RENAMED
    for old, new in RENAMED.items():
        assert f"{old} was renamed: set {new} instead" in refused("external", f"{old}=7")
    # All of what is the default now may stand in somebody's file.
    assert objects("external", "audioWorker.autoscaling.waitingSeconds=45")


def test_the_oldest_release_that_this_one_takes_over_from_is_no_later_than_this_one() -> None:
    oldest = yaml.safe_load((CHART / "files/upgrades.yaml").read_text())["oldest"]
    here = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    parts = [tuple(int(part) for part in version.split(".")) for version in (oldest, here)]
    assert parts[0] <= parts[1]
    assert (RELEASED["NOTES"] / f"{here}.json").exists(), "run .venv/bin/python deploy/chart/released.py"
