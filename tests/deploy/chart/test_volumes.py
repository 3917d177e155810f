"""How large volumes are when nobody says otherwise, and that each place for data is one that lasts."""

from __future__ import annotations

from typing import Any

from tests.deploy.chart.house import FULL, needs_helm, of_kind

pytestmark = needs_helm


def asked(claim: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """How much a claim wants, and how it may be mounted."""
    return claim["spec"]["resources"]["requests"]["storage"], tuple(claim["spec"]["accessModes"])


def test_models_uploads_and_the_log_of_deletions() -> None:
    claims = {name: asked(claim) for name, claim in of_kind("PersistentVolumeClaim", "keda").items()}
    assert claims == {
        f"{FULL}-models": ("100Gi", ("ReadWriteMany",)),
        f"{FULL}-media": ("500Gi", ("ReadWriteMany",)),
        f"{FULL}-deletions": ("1Gi", ("ReadWriteMany",)),
    }


def test_postgresql() -> None:
    spec = of_kind("Cluster", "cloudnativepg")[f"{FULL}-postgres"]["spec"]
    assert (spec["storage"]["size"], spec["walStorage"]["size"], spec["instances"]) == ("50Gi", "10Gi", 3)


def test_redis_three_of_a_role_and_one() -> None:
    for mode in ("valkey", "small"):
        found = {
            name.removeprefix(f"{FULL}-redis-"): [asked(claim) for claim in one["spec"].get("volumeClaimTemplates", ())]
            for name, one in of_kind("StatefulSet", mode).items()
        }
        volume = ("10Gi", ("ReadWriteOnce",))
        assert found == {"broker": [volume], "journal": [volume], "cache": []}, mode
