"""`firms contract`: this release's contract steps, once no older code runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenants import contract, fingerprints, releases, waves
from tenants.context import firm_scope, public_scope
from tenants.errors import WrongState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenants.models import Firm
    from tenants.waves import Standing

logger = logging.getLogger(__name__)


@dataclass
class Contracted:
    """What a run did."""

    public: list[str] = field(default_factory=list)
    firms: list[Firm] = field(default_factory=list)
    failed: list[tuple[Firm, str]] = field(default_factory=list)
    current: int = 0


def pending() -> tuple[list[str], list[Standing]]:
    """This release's contract steps that `public` lacks, and the firms that lack any."""
    in_public = contract.deferred() & fingerprints.known_in_public()
    in_firm = contract.deferred() & fingerprints.known_in_firm()
    firms = [standing for standing in waves.survey() if in_firm.difference(standing.applied)]
    return sorted(in_public.difference(fingerprints.read_applied("public"))), firms


def contract_all(say: Callable[[str], None]) -> Contracted:
    """Run them in `public` and in every firm. Call with the migration lock held. Can be cut off and resumed.

    A firm where a step fails keeps its schema and is served; it is named, and a second run takes it up.

    Raises:
        WrongState: something is behind: `firms migrate` comes first.
        OlderCodeRuns: a process of an older release runs.
    """
    behind = [standing for standing in waves.survey() if standing.missing]
    if behind or waves.public_missing():
        raise WrongState(f"{len(behind)} firms or public are behind this release: run `manage.py firms migrate` first")
    public, firms = pending()
    done = Contracted(current=len(waves.survey()) - len(firms))
    if not public and not firms:
        return done
    releases.raise_floor(releases.number())
    from tenants.migrating import migrate_schema

    if public:
        with public_scope():
            done.public = waves.patiently(lambda: migrate_schema(contracting=True))
        say(f"public: {len(done.public)} contract steps")
    for standing in firms:
        _one(standing.firm, done, say)
    waves.survey()  # writes down what each schema has now
    return done


def _one(firm: Firm, done: Contracted, say: Callable[[str], None]) -> None:
    from tenants.migrating import migrate_schema

    try:
        with firm_scope(firm.ref):
            steps = waves.patiently(lambda: migrate_schema(contracting=True))
    except Exception as error:  # noqa: BLE001 - whatever a migration raises, the other firms go on
        reason = waves.describe(error)
        logger.warning("firm_not_contracted", extra={"schema": firm.schema_name, "error": type(error).__name__})
        done.failed.append((firm, reason))
        say(f"FAILED {firm.name} ({firm.schema_name}): {reason}")
        return
    done.firms.append(firm)
    say(f"{firm.name} ({firm.schema_name}): {len(steps)} contract steps")
