"""Houses for deploy.sh: a copy of it with a fake `docker` beside it (deploy_house)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.deploy_house import House, deployed_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Nothing was deployed yet."""
    return House(tmp_path)


@pytest.fixture
def deployed(tmp_path: Path) -> House:
    """Release 1 runs."""
    return deployed_house(tmp_path)
