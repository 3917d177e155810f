"""Migrations of every firm: public first, canaries, then waves. Resumable, and one firm never stops the rest.

A survey reads each schema's own `django_migrations` in one pass; only firms that lack something are
touched, so starting again after a cut simply goes on. Firms that are alike (same fingerprint) share one
plan: the first is migrated by Django's executor while its SQL is noted, the others execute the same SQL.
A firm whose migration fails is rolled back, quarantined with the reason, and left alone until named with
`--only` or `--retry`; too many failures stop the run, because then the migration is at fault.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from django.db import Error, OperationalError
from django.utils import timezone

from tenants import fingerprints, window
from tenants.context import firm_scope, public_scope
from tenants.errors import TenancyError
from tenants.models import Firm, SchemaState
from tenants.selectors import WITHOUT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tenants.fingerprints import Applied
    from tenants.migrating import Recording

logger = logging.getLogger(__name__)

T = TypeVar("T")

CANARY = 0
LOCK_TIMEOUT_MS = 3000
ATTEMPTS = 5
# A lock not had in time, a deadlock, a serialization failure: all pass when tried again.
TRANSIENT = {"55P03", "40P01", "40001"}


class TooManyFailures(TenancyError):
    """More firms failed than the error budget allows: the run stopped."""

    code = "too_many_failures"


class CanaryFailed(TenancyError):
    """A canary is quarantined: the waves after it were not started."""

    code = "canary_failed"


@dataclass(frozen=True)
class Standing:
    """A firm, what its schema has, and what is known of it."""

    firm: Firm
    state: SchemaState
    applied: Applied
    fingerprint: str

    @property
    def missing(self) -> list[str]:
        """What this code has and the schema lacks."""
        return sorted(fingerprints.expected_in_firm().difference(self.applied))

    @property
    def ahead(self) -> list[str]:
        """What the schema has and this code does not know."""
        return sorted(self.applied.difference(fingerprints.known_in_firm()))

    @property
    def quarantined(self) -> bool:
        """Whether its last migration failed and nobody has said to try again."""
        return self.state.state == SchemaState.State.QUARANTINED and bool(self.missing)


@dataclass
class Report:
    """What a run did. Names of firms are their schemas' owners as an operator knows them."""

    public: list[str] = field(default_factory=list)
    migrated: list[Firm] = field(default_factory=list)
    failed: list[tuple[Firm, str]] = field(default_factory=list)
    quarantined: list[tuple[Firm, str]] = field(default_factory=list)
    current: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "public": self.public,
            "migrated": [firm.schema_name for firm in self.migrated],
            "failed": [{"schema": f.schema_name, "name": f.name, "error": e} for f, e in self.failed],
            "quarantined": [{"schema": f.schema_name, "name": f.name, "error": e} for f, e in self.quarantined],
            "current": self.current,
            "seconds": round(self.seconds, 3),
        }


def public_missing() -> list[str]:
    """What `public` lacks. Everything, on an empty database."""
    return sorted(fingerprints.expected_in_public().difference(fingerprints.read_applied("public")))


def survey(firms: Iterable[Firm] | None = None) -> list[Standing]:
    """Where each firm with a schema stands, oldest first; stored states that are no longer true are corrected."""
    with public_scope():
        chosen = Firm.objects.exclude(status__in=WITHOUT_SCHEMA).order_by("created_at") if firms is None else firms
        wanted = list(chosen)
        states = {state.firm_id: state for state in SchemaState.objects.filter(firm__in=wanted)}
    prints = fingerprints.read_fingerprints([firm.schema_name for firm in wanted])
    known = fingerprints.applied_by_fingerprint(prints)
    standings = []
    for firm in wanted:
        value = prints.get(firm.schema_name, "")
        state = states.get(firm.pk) or SchemaState(firm=firm)
        standings.append(Standing(firm, state, known.get(value, frozenset()), value))
    _correct(standings, {state.firm_id for state in states.values()})
    return standings


def run_waves(
    *,
    standings: list[Standing],
    wave: int | None = None,
    retry: bool = False,
    max_failures: int | None = None,
    say: Callable[[str], None] = logger.info,
) -> Report:
    """Migrate the firms that are behind: canaries, then wave after wave, or one wave alone.

    Call with `public` up to date and the advisory lock held.

    Args:
        standings: from `survey`.
        wave: only this wave (0: the canaries).
        retry: try quarantined firms too.
        max_failures: stop when more firms fail; None means 3 or 2 % of the firms, whichever is more.
        say: called with one line for each firm that was touched.

    Raises:
        CanaryFailed, TooManyFailures: with the `Report` so far as `args[1]`.
    """
    started = time.monotonic()
    report = Report()
    budget = max(3, len(standings) // 50) if max_failures is None else max_failures
    recordings: dict[str, Recording | None] = {}
    for number in sorted({s.state.wave for s in standings}):
        if wave not in (None, number):
            continue
        for standing in (s for s in standings if s.state.wave == number):
            _one(standing, report, recordings, retry=retry, say=say)
            report.seconds = time.monotonic() - started
            if len(report.failed) > budget:
                raise TooManyFailures(f"{len(report.failed)} firms failed, more than {budget}: stopped", report)
        if number == CANARY and wave is None and (report.failed or report.quarantined):
            names = ", ".join(firm.name for firm, _ in [*report.failed, *report.quarantined])
            raise CanaryFailed(f"canary failed ({names}): no other firm was touched", report)
    report.seconds = time.monotonic() - started
    return report


def _one(
    standing: Standing,
    report: Report,
    recordings: dict[str, Recording | None],
    *,
    retry: bool,
    say: Callable[[str], None],
) -> None:
    firm = standing.firm
    if not standing.missing:
        report.current += 1
        return
    if standing.quarantined and not retry:
        report.quarantined.append((firm, standing.state.error))
        return
    started = time.monotonic()
    try:
        how = _migrate(standing, recordings)
    except Exception as error:  # noqa: BLE001 - whatever a migration raises, the other firms go on
        reason = describe(error)
        logger.warning("firm_not_migrated", extra={"schema": firm.schema_name, "error": type(error).__name__})
        _quarantine(standing, reason)
        report.failed.append((firm, reason))
        say(f"FAILED {firm.name} ({firm.schema_name}): {reason}")
        return
    seconds = time.monotonic() - started
    _succeeded(standing, seconds)
    report.migrated.append(firm)
    say(f"{firm.name} ({firm.schema_name}): {len(standing.missing)} migrations {how} in {seconds:.2f} s")


def _migrate(standing: Standing, recordings: dict[str, Recording | None]) -> str:
    """Bring one firm up to date, by replay where an equal one was done before; retried while only locks fail."""
    from tenants.migrating import Recording, migrate_schema, replay_schema  # not needed when nobody is behind

    recorded = recordings.get(standing.fingerprint)
    with firm_scope(standing.firm.ref):
        if recorded is not None:
            patiently(lambda: replay_schema(recorded, lock_timeout_ms=LOCK_TIMEOUT_MS))
        else:
            recording = patiently(lambda: _recorded(Recording(), migrate_schema))
            recordings[standing.fingerprint] = recording if recording.replayable else None
    lacking = fingerprints.expected_in_firm().difference(fingerprints.read_applied(standing.firm.schema_name))
    if lacking:
        raise TenancyError(f"still lacks {', '.join(sorted(lacking))} after its migration")
    return "replayed" if recorded is not None else "applied"


def _recorded(recording: Recording, migrate: Callable[..., list[str]]) -> Recording:
    migrate(lock_timeout_ms=LOCK_TIMEOUT_MS, recording=recording)
    return recording


def patiently(work: Callable[[], T]) -> T:
    """Do it, and again while it only fails for want of a lock."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return work()
        except OperationalError as error:
            if sqlstate(error) not in TRANSIENT or attempt == ATTEMPTS:
                raise
            time.sleep(0.2 * 2**attempt)
    raise AssertionError("unreachable")


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of a database error, or an empty string."""
    return str(getattr(error.__cause__, "sqlstate", "") or "")


def describe(error: BaseException) -> str:
    """Why a migration failed, without what a row held: a database error's detail quotes values."""
    if isinstance(error, Error):
        primary = getattr(getattr(error.__cause__, "diag", None), "message_primary", None)
        return f"{type(error).__name__} {sqlstate(error)}: {primary or 'no message'}"
    return f"{type(error).__name__}: {error}" if isinstance(error, TenancyError) else type(error).__name__


def _correct(standings: list[Standing], stored: set[object]) -> None:
    """Write the states that differ, and none that does not: each write wakes every process's directory."""
    changed = []
    for standing in standings:
        state = standing.state
        before = (state.fingerprint, state.state, state.served)
        state.fingerprint, state.applied = standing.fingerprint, sorted(standing.applied)
        state.served = window.serves(standing.applied)
        if not standing.missing:
            state.state = SchemaState.State.AHEAD if standing.ahead else SchemaState.State.OK
            state.error = ""
        elif state.state != SchemaState.State.QUARANTINED:
            state.state = SchemaState.State.BEHIND
        if before != (state.fingerprint, state.state, state.served) or standing.firm.pk not in stored:
            state.checked_at = timezone.now()
            changed.append(state)
    if changed:
        _store(changed)


def _quarantine(standing: Standing, reason: str) -> None:
    state = standing.state
    state.state, state.error, state.attempts = SchemaState.State.QUARANTINED, reason, state.attempts + 1
    state.checked_at = timezone.now()
    _store([state])


def _succeeded(standing: Standing, seconds: float) -> None:
    state, applied = standing.state, standing.applied | fingerprints.expected_in_firm()
    state.state = SchemaState.State.AHEAD if standing.ahead else SchemaState.State.OK
    state.fingerprint, state.applied = fingerprints.fingerprint(applied), sorted(applied)
    state.served, state.error, state.attempts = window.serves(applied), "", state.attempts + 1
    state.seconds, state.checked_at = seconds, timezone.now()
    _store([state])


def _store(states: list[SchemaState]) -> None:
    fields = ["state", "fingerprint", "applied", "served", "error", "attempts", "seconds", "checked_at"]
    with public_scope():
        SchemaState.objects.bulk_create(
            states, update_conflicts=True, unique_fields=["firm"], update_fields=fields, batch_size=500
        )
