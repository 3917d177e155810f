"""A model server for a test, known to the operator; and nothing of it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.model_server import ModelServer


@pytest.fixture
def server(settings: Any) -> Iterator[ModelServer]:
    from intake.assistant import asking, background, firm  # models: only once the settings are there

    house = ModelServer()
    settings.ASSISTANT_PRIVATE_HOSTS = [house.host]
    firm.forget()
    asking.forget()
    try:
        yield house
    finally:
        background.stop()
        house.close()
        firm.forget()
        asking.forget()
