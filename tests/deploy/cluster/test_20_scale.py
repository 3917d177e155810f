"""Load comes and goes: api 5 to 100 and back, audio workers 10 to 50 and back, the frontend from 3, as the values say."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.deploy.cluster.grounds import Grounds, wait_settled
from tests.deploy.cluster.kube import Kube, Object, wait_until
from tests.deploy.cluster.releases import Release, place
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering
from tests.deploy.cluster.watching import watched

BUSY, WAITING, SOCKETS = (
    "legal_intake_voice_slots_busy", "legal_intake_voice_waiting_oldest_seconds", "legal_intake_voice_sockets",
)  # fmt: skip
#: The same steps downwards at a pace that a test can wait for.
HASTE = [
    f"{block}.autoscaling.behavior.scaleDown.{what}"
    for block in ("api", "audioWorker", "frontend")
    for what in ("stabilizationWindowSeconds=0", "policies[0].periodSeconds=5")
] + [f"{block}.autoscaling.behavior.scaleDown.policies[0].value={value}" for block, value in
     (("api", 50), ("audioWorker", 20), ("frontend", 9))]  # fmt: skip


def autoscaler(kube: Kube, release: Release, component: str) -> Object:
    found = kube.get("horizontalpodautoscalers", release.namespace, f"{release.full}-{component}")
    assert found is not None
    return found


def scaled(release: Release, **wanted: int) -> bool:
    """Whether each component has exactly so many ready pods."""
    for name, count in wanted.items():
        found = release.deployment(name.replace("_", "-"))
        if found["spec"]["replicas"] != count or found["status"].get("readyReplicas") != count:
            return False
    return True


@pytest.fixture(scope="module")
def release(kube: Kube, grounds: Grounds, steering: Steering) -> Iterator[Release]:
    """The whole of it, with external metrics on."""
    steering.need_load()
    steering.need_metrics()
    made = place(grounds, "external", "main", settings=("scaling.externalMetrics=true",))
    for name in (BUSY, WAITING, SOCKETS):
        steering.metric(made.namespace, name, "0")
    made.helm("install")
    wait_settled(kube, made.namespace, 120)
    yield made
    steering.no_demand()
    made.kube.helm("uninstall", made.name, "-n", made.namespace)


@pytest.mark.cluster(seconds=60)
def test_kubectl_top_shows_every_pod(kube: Kube, release: Release, report: Report) -> None:
    def shown() -> int:
        return len(kube.kubectl("top", "pods", "-n", release.namespace, "--no-headers", check=False).stdout.splitlines())

    running = [each for each in kube.every("pods", release.namespace) if each["status"]["phase"] == "Running"]
    wait_until("kubectl top shows them", lambda: shown() >= len(running), 60, 3)
    report.say("`kubectl top pods`", f"{shown()} of {len(running)} pods that run")


@pytest.mark.cluster(seconds=330)
def test_load_comes(kube: Kube, release: Release, steering: Steering, report: Report) -> None:
    assert scaled(release, api=5, audio_worker=10, frontend=3)
    with watched(kube, release.namespace) as seen:
        began = time.monotonic() - seen.began
        steering.demand(release.namespace, "api", 80)
        steering.cpu(release.namespace, "frontend", "100m")
        steering.metric(release.namespace, BUSY, "130")
        wait_until(
            "api 100, audio workers 50, frontend 12", lambda: scaled(release, api=100, audio_worker=50, frontend=12), 320, 1
        )
    assert not seen.short()
    for component, first, most, why in (
        ("api", 5, 100, "80 cores of work"),
        ("audio-worker", 10, 50, "130 busy slots"),
        ("frontend", 3, 12, "CPU above its target"),
    ):
        name = f"{release.full}-{component}"
        half = (first + most) // 2
        assert seen.highest(name) == most, "never above the maximum"
        report.say(
            f"{component} {first} to {most} ({why})",
            f"{seen.when(name, half) - began:.0f} s to {half}, {seen.when(name, most) - began:.0f} s to {most}",
        )


@pytest.mark.cluster(seconds=60)
def test_a_metric_that_is_away_takes_nothing_away(
    kube: Kube, release: Release, steering: Steering, report: Report
) -> None:
    """No series at all: nothing moves. One of two, and it asks for less: still nothing goes down."""
    if not scaled(release, api=100, audio_worker=50):
        pytest.skip("not run: it was not scaled up")
    for names in ((BUSY, WAITING), (WAITING,)):
        for name in (BUSY, WAITING):
            steering.metric(release.namespace, name, None if name in names else "0")

        def said() -> str:
            found = autoscaler(kube, release, "audio-worker")["status"]["conditions"]
            return str({each["type"]: (each["status"], each["reason"]) for each in found})

        wait_until("the autoscaler says so", lambda: "FailedGetExternalMetric" in said(), 60, 1)
        time.sleep(20)
        assert scaled(release, audio_worker=50), said()
    steering.metric(release.namespace, SOCKETS, None)
    time.sleep(20)
    assert scaled(release, api=100)
    report.say("Both metrics of the audio workers away, then one of them; the api's sockets away",
               "50 and 100 pods stay; the autoscaler says FailedGetExternalMetric")  # fmt: skip
    steering.metric(release.namespace, BUSY, "130")
    steering.metric(release.namespace, WAITING, "0")
    steering.metric(release.namespace, SOCKETS, "0")


@pytest.mark.cluster(seconds=200)
def test_load_goes(kube: Kube, release: Release, steering: Steering, report: Report) -> None:
    """As stated: at first nothing. Then, with the windows made short, back to the minimum in steps."""
    if not scaled(release, api=100, audio_worker=50):
        pytest.skip("not run: it was not scaled up")
    steering.no_demand()
    steering.metric(release.namespace, BUSY, "0")
    time.sleep(50)
    assert scaled(release, api=100, audio_worker=50), "it goes down after 5 and 10 minutes, not at once"
    with watched(kube, release.namespace) as seen:
        release.helm("upgrade", settings=HASTE)
        began = time.monotonic()
        wait_until("back", lambda: scaled(release, api=5, audio_worker=10, frontend=3), 150, 1)
        took = time.monotonic() - began
    assert min(seen.lowest(f"{release.full}-{each}") for each in ("api", "audio-worker", "frontend")) == 3
    assert seen.lowest(f"{release.full}-api") == 5
    assert seen.lowest(f"{release.full}-audio-worker") == 10
    report.say("Load gone", f"100 and 50 pods stay for 50 s; with short windows back to 5, 10 and 3 in {took:.0f} s")


@pytest.mark.cluster(seconds=3000)
def test_load_goes_at_the_pace_of_the_values(
    kube: Kube, grounds: Grounds, steering: Steering, report: Report
) -> None:
    """Without haste: 5 and 10 minutes of nothing, then a tenth a minute, and two pods a minute."""
    steering.need_load()
    steering.need_metrics()
    slow = place(grounds, "external", "slow", settings=("scaling.externalMetrics=true",))
    for name, value in ((BUSY, "130"), (WAITING, "0"), (SOCKETS, "20000")):
        steering.metric(slow.namespace, name, value)
    slow.helm("install")
    wait_until("up", lambda: scaled(slow, api=100, audio_worker=50), 420, 1)
    for name in (BUSY, SOCKETS):
        steering.metric(slow.namespace, name, "0")
    began = time.monotonic()
    left = {"api": 100, "audio-worker": 50}
    first: dict[str, float] = {}
    done: dict[str, float] = {}
    while len(done) < 2 and time.monotonic() - began < 2900:
        for component, least in (("api", 5), ("audio-worker", 10)):
            count = slow.deployment(component)["spec"]["replicas"]
            if count < left[component]:
                first.setdefault(component, time.monotonic() - began)
                left[component] = count
            if count == least:
                done.setdefault(component, time.monotonic() - began)
        time.sleep(5)
    assert first["api"] >= 295, first
    assert first["audio-worker"] >= 595, first
    assert len(done) == 2, left
    for component, start in (("api", "100 to 5"), ("audio-worker", "50 to 10")):
        report.say(f"{component} {start} at the pace of the values",
                   f"first step after {first[component] / 60:.0f} min, done after {done[component] / 60:.0f} min")  # fmt: skip
    kube.helm("uninstall", slow.name, "-n", slow.namespace)
