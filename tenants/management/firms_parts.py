"""`firms contract|export|replay-deletions|running|wait-migrated`: what is done to all firms besides migrating."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import CommandError

from tenants import contracting, deletions, releases
from tenants.archive.changed import export_changed
from tenants.errors import InvalidInput
from tenants.keys import check_master_key
from tenants.management.base import EXIT_FAILED, actor, add_json
from tenants.management.waiting import wait_migrated
from tenants.migration_lock import migration_lock

if TYPE_CHECKING:
    from tenants.management.base import OperatorCommand


def add_arguments(acts: Any) -> None:
    """Their parsers."""
    contract = acts.add_parser(
        "contract", help="take away what only the release before this one reads; refuses while older code runs"
    )
    contract.add_argument("--check", action="store_true", help="change nothing; exit 1 when there is something to do")
    contract.add_argument("--wait", type=float, default=600, metavar="S", help="for a migration to end (600)")
    export = acts.add_parser("export", help="write an archive of every firm that changed since its last one")
    export.add_argument("folder", nargs="?", type=Path, help="where to (EXPORTS_DIR)")
    export.add_argument("--all", action="store_true", help="of every firm")
    acts.add_parser(
        "replay-deletions",
        help="after a restore: check the master key, then delete again what the log of deletions has",
    )
    add_json(acts.add_parser("running", help="the processes that run, with their releases"))
    wait = acts.add_parser("wait-migrated", help="until public and the canaries have this code's migrations")
    wait.add_argument("--seconds", type=float, default=600, metavar="N", help="at most (600); then exit 1")


def run(command: OperatorCommand, options: dict[str, Any]) -> None:
    """Run one of them, in public scope."""
    acts = {
        "contract": _contract,
        "export": _export,
        "replay-deletions": _replay,
        "running": _running,
        "wait-migrated": _wait,
    }
    acts[options["act"]](command, options)


def _contract(command: OperatorCommand, options: dict[str, Any]) -> None:
    if options["check"]:
        public, firms = contracting.pending()
        if public or firms:
            raise CommandError(f"{len(firms)} firms wait for contract steps" + (", public too" if public else ""))
        command.say("Nothing to do: there are no contract steps left.")
        return
    with migration_lock(wait=options["wait"], say=command.say):
        done = contracting.contract_all(command.say)
    if done.failed:
        raise CommandError(
            f"{len(done.failed)} firms were not contracted; they are served as before. Mend the cause, run this again",
            returncode=EXIT_FAILED,
        )
    if done.firms or done.public:
        command.say(f"{len(done.firms)} firms contracted, {done.current} were already.")
    else:
        command.say("Nothing to do: there are no contract steps left.")


def _export(command: OperatorCommand, options: dict[str, Any]) -> None:
    folder = options["folder"] or (Path(settings.EXPORTS_DIR) if settings.EXPORTS_DIR else None)
    if folder is None:
        raise InvalidInput("give a folder, or set EXPORTS_DIR")
    report = export_changed(folder=folder, everything=options["all"], actor=actor(), say=command.say)
    command.say(f"{len(report.written)} firms exported, {report.unchanged} had not changed.")
    if report.failed:
        raise CommandError(f"{len(report.failed)} firms were not exported", returncode=EXIT_FAILED)


def _replay(command: OperatorCommand, options: dict[str, Any]) -> None:
    # A backup names the keys of its own moment; changes after it, replayed up to the wished one, may need others.
    check_master_key()
    count = 0
    for line in deletions.replay():
        command.say(line)
        count += 1
    command.say("Done." if count else "Nothing to do: nothing that was deleted is here.")


def _running(command: OperatorCommand, options: dict[str, Any]) -> None:
    rows = releases.as_rows()
    if options["json"]:
        command.emit_json(rows)
        return
    command.emit_table(
        ("ROLE", "HOST", "RELEASE", "VERSION"),
        [(row["role"], row["host"], str(row["release"]), row["version"]) for row in rows],
    )


def _wait(command: OperatorCommand, options: dict[str, Any]) -> None:
    if options["seconds"] < 0:
        raise InvalidInput("--seconds must be 0 or more")
    lacking = wait_migrated(seconds=options["seconds"], say=command.say)
    if lacking:
        raise CommandError(
            f"waited {options['seconds']:g} s: {lacking}. The migration's log says why (Job migrate)",
            returncode=EXIT_FAILED,
        )
    command.say("Public and the canaries have what this release needs.")
