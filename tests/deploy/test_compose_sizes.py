"""The presets: the same names in both, `standard` is what the file falls back to, `small` fits 2 cores and 8 GB."""

from __future__ import annotations

import pytest

from tests.deploy.compose_house import filled, preset, services, size, variables

BEYOND_SMALL = {"ha", "models"}
STANDARD = {
    "api": ((1, 2), (2, 4)),
    "audio_worker": ((2, 4), (4, 8)),
    "frontend": ((0.1, 0.1), (0.25, 0.25)),
    "postgres": ((1, 1), (2, 2)),
    "redis-broker": ((0.5, 0.5), (1, 1)),
}


def limits(name: str, values: dict[str, str]) -> tuple[float, int]:
    found = services()[name]["deploy"]["resources"]["limits"]
    return float(filled(found["cpus"], values)), size(filled(found["memory"], values))


def reserved(name: str, values: dict[str, str]) -> float:
    return float(filled(services()[name]["deploy"]["resources"].get("reservations", {}).get("cpus", "0"), values))


def test_the_presets_have_the_same_names_and_none_is_idle() -> None:
    assert preset("small").keys() == preset("standard").keys()
    used = variables(list(services().values())).keys()
    assert preset("standard").keys() <= used


def test_without_a_preset_the_stack_is_standard() -> None:
    given = variables(list(services().values()))
    assert {name: given[name] for name in preset("standard")} == {
        name: {value} for name, value in preset("standard").items()
    }


@pytest.mark.parametrize("name", sorted(STANDARD))
def test_standard_is_what_was_asked_for(name: str) -> None:
    (least_cpus, most_cpus), (least_memory, most_memory) = STANDARD[name]
    cpus, memory = limits(name, preset("standard"))
    assert least_cpus <= cpus <= most_cpus
    assert least_memory * 2**30 <= memory <= most_memory * 2**30


def test_small_fits_two_cores_and_eight_gigabytes() -> None:
    small = preset("small")
    counted = [name for name, service in services().items() if not BEYOND_SMALL & set(service.get("profiles", []))]
    assert len(counted) > 20
    memory = sum(limits(name, small)[1] for name in counted)
    assert memory <= 8_000_000_000, f"{memory / 1e9:.2f} GB"
    assert sum(reserved(name, small) for name in counted) <= 2.0
    for name in counted:
        assert limits(name, small)[0] <= 2.0, name


@pytest.mark.parametrize("name", ["standard", "small"])
def test_what_a_program_is_told_fits_its_limit(name: str) -> None:
    values = preset(name)
    for role in ("BROKER", "JOURNAL", "CACHE"):
        # A rewrite of the file copies pages that change meanwhile.
        share = size(values[f"REDIS_{role}_MAXMEMORY"]) / size(values[f"REDIS_{role}_MEMORY"])
        assert share <= (0.75 if role == "CACHE" else 0.55), role
    assert size(values["POSTGRES_SHARED_BUFFERS"]) <= size(values["POSTGRES_MEMORY"]) / 3
    assert size(values["ELASTICSEARCH_HEAP"]) <= size(values["ELASTICSEARCH_MEMORY"]) / 2
    for service in services():
        assert reserved(service, values) <= limits(service, values)[0]
