"""One stack for the whole run, and a budget of time: what does not fit is named as not run.

Only `make stack-test` comes here (marker `stack`); the suite's own servers and firms are not started.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BEGAN = time.monotonic()
BUDGET_SECONDS = float(os.environ.get("STACK_SECONDS", "1080"))
#: Kept for taking the stack down and for the report.
RESERVE_SECONDS = 40.0


def pytest_configure(config: pytest.Config) -> None:
    """Settings for what is compared with the product's own code here; its servers are the stack's."""
    if "stack" in (config.option.markexpr or "") and "DJANGO_SETTINGS_MODULE" not in os.environ:
        os.environ.update(ENVIRONMENT="development", DJANGO_SETTINGS_MODULE="legal_intake.settings")
        import django

        django.setup()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever did not ask for the marker does not get these tests."""
    if "stack" in (config.option.markexpr or ""):
        return
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(autouse=True)
def firm() -> None:
    """The suite's own pair of firms is not here; this run makes its own."""


@pytest.fixture(autouse=True)
def time_is_left(request: pytest.FixtureRequest) -> None:
    """`@pytest.mark.stack(seconds=90)`: not begun when fewer are left."""
    marker = request.node.get_closest_marker("stack")
    needed = float(marker.kwargs.get("seconds", 30)) if marker else 30.0
    left = BUDGET_SECONDS - (time.monotonic() - BEGAN) - RESERVE_SECONDS
    if left < needed:
        pytest.skip(f"not run: {left:.0f} of {BUDGET_SECONDS:.0f} s are left, this takes {needed:.0f} (STACK_SECONDS)")


@pytest.fixture(scope="session")
def report() -> Iterator[object]:
    from tests.deploy.stack.report import Report

    made = Report()
    yield made
    made.say("the whole run", f"{time.monotonic() - BEGAN:.0f} s")


@pytest.fixture(scope="session")
def site(report: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """The stack, up and healthy, with two firms."""
    from tests.deploy.stack.bring_up import bring_up, take_down

    folder = Path(os.environ.get("STACK_FOLDER") or tmp_path_factory.mktemp("stack"))
    made = bring_up(folder, report)
    try:
        yield made
    finally:
        if not os.environ.get("STACK_KEEP"):
            take_down(made)


@pytest.fixture(scope="session")
def undisturbed(site: Any) -> tuple[bytes, list[str]]:
    """Some speech, and what the stack hears in it when nothing happens."""
    import asyncio

    from tests.deploy.stack.people import heard, speech, spoken_intake

    pcm = speech("librivox-0920", "ljspeech-LJ001-0004")
    _reference, voice = asyncio.run(spoken_intake(site, site.firms[0], "Una Undisturbed", pcm))
    said = heard(voice)
    assert len(said) >= 2, said
    return pcm, said
