"""One pass over the Certificates: makes what is missing, mends what differs, lets go of what has long been unwanted.

Nothing that lacks our labels is ever changed. What fails for one host is remembered for that host, which waits longer
each time; the others go on. An authority's limits are kept by counting what was made lately, from the objects
themselves, so that neither a restart nor a second pod counts from nothing.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from legal_intake.certificates.desired import GONE_SINCE, GROUP, KIND, Found, Rules, Wanted
from legal_intake.certificates.kubernetes import Api, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from legal_intake.certificates.keeping import Secret

logger = logging.getLogger("legal_intake.certificates")

FIRST_DELAY: Final = 30.0
LONGEST_DELAY: Final = 3600.0
LIMITED_WINDOW: Final = timedelta(hours=3)
#: Marks are cheap and reach no authority, yet a pass must end.
MARKS_PER_PASS: Final = 200
NOT_OURS_REASON: Final = "NotOurs"
NOT_OURS: Final = "somebody else's Certificate has this name; it stays as it is, and the host goes without"


@dataclass(frozen=True)
class Limits:
    """How much at a time, and how long.

    Args:
        per_pass: Certificates made or changed in one pass.
        per_window: the same in three hours. Let's Encrypt takes 300 new orders from an account in that time.
        keep: a Certificate stays so long after its host went.
    """

    per_pass: int = 20
    per_window: int = 250
    keep: timedelta = timedelta(days=7)


@dataclass
class Memory:
    """Failures by name, and what was changed lately; only what a restart may forget."""

    failures: dict[str, tuple[int, float, str]] = field(default_factory=dict)
    changed: deque[datetime] = field(default_factory=deque)

    def may_try(self, name: str) -> bool:
        """Whether enough time has gone since its last failure."""
        return time.monotonic() >= self.failures.get(name, (0, 0.0, ""))[1]

    def failed(self, name: str, error: str) -> None:
        """It waits twice as long as the last time."""
        count = self.failures.get(name, (0, 0.0, ""))[0] + 1
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(count - 1, 10))
        self.failures[name] = (count, time.monotonic() + delay, error)

    def succeeded(self, name: str) -> None:
        """It is forgotten."""
        self.failures.pop(name, None)


@dataclass(frozen=True)
class State:
    """Where one host's Certificate stands, for operators."""

    state: str
    reason: str = ""
    message: str = ""


class Pass:
    """One pass. `run` does it all; `states` then says where each stands."""

    def __init__(self, api: Api, rules: Rules, limits: Limits, memory: Memory, now: datetime | None = None) -> None:
        self._api, self._rules, self._limits, self._memory = api, rules, limits, memory
        self._now = now or datetime.now(UTC)
        self.made = self.removed = 0

    def run(
        self, wanted: Mapping[str, Wanted], found: Mapping[str, Found], secrets: Iterable[Secret] = ()
    ) -> dict[str, State]:
        """Bring what is found to what is wanted, as far as this pass may; where each stands.

        Args:
            wanted: by name.
            found: our Certificates by name.
            secrets: those with our labels.

        Raises:
            Busy, Unreachable: the API server cannot be asked any more; the next pass goes on.
        """
        for name in [name for name in self._memory.failures if name not in wanted and name not in found]:
            self._memory.succeeded(name)
        self._let_go(wanted, found)
        left = [each for each in secrets if each.certificate not in wanted and each.certificate not in found]
        for secret in left[:MARKS_PER_PASS]:
            self._try(secret.name, self._drop, secret)
        budget = self._budget(found)
        due = [name for name, each in wanted.items() if self._differs(each, found.get(name))]
        # What has not failed before comes first, so that no number of failures can use up a pass.
        due.sort(key=lambda name: (name in self._memory.failures, not wanted[name].hosts[-1].startswith("*."), name))
        for name in [name for name in due if self._memory.may_try(name)][:budget]:
            self._try(name, self._make_or_mend, wanted[name], found.get(name))
        return {name: self._state(each, found.get(name)) for name, each in wanted.items()}

    def _budget(self, found: Mapping[str, Found]) -> int:
        begin = self._now - LIMITED_WINDOW
        while self._memory.changed and self._memory.changed[0] < begin:
            self._memory.changed.popleft()
        lately = sum(each.made > begin for each in found.values()) + len(self._memory.changed)
        return max(0, min(self._limits.per_pass, self._limits.per_window - lately))

    def _differs(self, wanted: Wanted, found: Found | None) -> bool:
        return found is None or found.said != self._rules.said(wanted)

    def _try(self, name: str, act: Callable[..., None], *arguments: object) -> None:
        try:
            act(*arguments)
        except Refused as error:
            if error.status == HTTPStatus.CONFLICT and error.reason != NOT_OURS_REASON:
                return  # somebody was quicker; the next pass sees what they did
            self._memory.failed(name, str(error))
            logger.warning("certificate_not_changed", extra={"host": name, "reason": str(error)})
        else:
            self._memory.succeeded(name)

    def _make_or_mend(self, wanted: Wanted, found: Found | None) -> None:
        if found is None:
            self._make(wanted)
            return
        meta = {"resourceVersion": found.version, "annotations": {GONE_SINCE: None}}
        self._api.patch(self._path(wanted.name), {"metadata": meta, "spec": self._rules.said(wanted)})
        self._memory.changed.append(self._now)
        self.made += 1
        logger.info("certificate_changed", extra={"host": wanted.name})

    def _make(self, wanted: Wanted) -> None:
        try:
            self._api.create(self._api.place.path(GROUP, KIND), self._rules.manifest(wanted))
        except Refused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            if not self._rules.is_ours(self._api.get(self._path(wanted.name))):
                raise Refused(error.status, NOT_OURS_REASON, NOT_OURS) from None
            return  # another pod of ours was quicker
        self.made += 1
        logger.info("certificate_asked_for", extra={"host": wanted.name})

    def _let_go(self, wanted: Mapping[str, Wanted], found: Mapping[str, Found]) -> None:
        marks, removals = MARKS_PER_PASS, self._limits.per_pass
        for name, each in found.items():
            if not self._memory.may_try(name):
                continue
            if name in wanted:
                if each.gone_since and marks > 0 and not self._differs(wanted[name], each):
                    marks -= 1
                    self._try(name, self._mark, each, None)
            elif each.gone_since is None:
                if marks > 0:
                    marks -= 1
                    self._try(name, self._mark, each, self._now.isoformat(timespec="seconds"))
            elif self._now - each.gone_since >= self._limits.keep and removals > 0:
                removals -= 1
                self._try(name, self._remove, each)

    def _mark(self, found: Found, since: str | None) -> None:
        meta = {"resourceVersion": found.version, "annotations": {GONE_SINCE: since}}
        self._api.patch(self._path(found.name), {"metadata": meta})
        logger.info("certificate_unwanted" if since else "certificate_wanted_again", extra={"host": found.name})

    def _remove(self, found: Found) -> None:
        # Its Secret goes in the next pass: without it first, cert-manager would ask for another.
        self._api.delete(self._path(found.name), uid=found.uid, version=found.version)
        self.removed += 1
        logger.info("certificate_removed", extra={"host": found.name})

    def _drop(self, secret: Secret) -> None:
        self._api.delete(self._api.place.path("v1", "secrets", secret.name), uid=secret.uid, version=secret.version)
        logger.info("certificate_secret_removed", extra={"host": secret.name})

    def _path(self, name: str) -> str:
        return self._api.place.path(GROUP, KIND, name)

    def _state(self, wanted: Wanted, found: Found | None) -> State:
        failure = self._memory.failures.get(wanted.name)
        if failure is not None:
            return State("refused", NOT_OURS_REASON if NOT_OURS in failure[2] else "Refused", failure[2])
        if found is None:
            return State("waiting", "Limits", "asked for within the limits, in turn")
        if found.ready:
            return State("ready")
        return State("failed" if found.reason == "Failed" else "issuing", found.reason, found.message)
