"""The models service, running: its folder of models is made once a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.audio.models_house import Service

# Imports are inside: this file is read before there are settings.


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from audio.models_service import manifest

    folder = tmp_path_factory.mktemp("models")
    manifest.copy(folder)
    return folder


@pytest.fixture
def service(tmp_path: Path, models: Path) -> Iterator[Service]:
    from tests.audio.models_house import Service

    running = Service(tmp_path, models)
    try:
        yield running
    finally:
        running.close()
