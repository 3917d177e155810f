"""`manage.py firms ...`: all firms at once. `migrate` brings every schema to this release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from tenants import releases, waves
from tenants.context import public_scope
from tenants.errors import InvalidInput
from tenants.management import firms_parts
from tenants.management.base import EXIT_FAILED, OperatorCommand, add_json
from tenants.migration_lock import migration_lock
from tenants.selectors import WITHOUT_SCHEMA, find_firm

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from tenants.waves import Report, Standing


class Command(OperatorCommand):
    """All firms at once."""

    help = "All firms at once: migrate and contract schemas, export what changed, repeat deletions after a restore."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        migrate = acts.add_parser(
            "migrate", help="public, canaries (wave 0), then wave after wave; can be cut off and resumed"
        )
        which = migrate.add_mutually_exclusive_group()
        which.add_argument("--check", action="store_true", help="change nothing; exit 1 when anything is behind")
        which.add_argument("--canary", action="store_true", help="public and the canaries only")
        which.add_argument("--wave", type=int, metavar="N", help="public and this wave only")
        which.add_argument("--only", nargs="+", metavar="HOST", help="these firms only, quarantined ones too")
        migrate.add_argument("--retry", action="store_true", help="try quarantined firms again")
        migrate.add_argument("--max-failures", type=int, metavar="N", help="stop when more firms fail (3 or 2 %%)")
        migrate.add_argument("--wait", type=float, default=600, metavar="S", help="for another run to end (600)")
        add_json(migrate)
        firms_parts.add_arguments(acts)

    def act(self, **options: Any) -> None:
        with public_scope():
            if options["act"] != "migrate":
                firms_parts.run(self, options)
            elif options["check"]:
                self._check(options)
            else:
                self._migrate(options)

    def _check(self, options: dict[str, Any]) -> None:
        missing = waves.public_missing()
        # Without the firms' table nothing can be asked; then public says it all.
        standings = [] if missing else waves.survey()
        behind = [standing for standing in standings if standing.missing]
        if options["json"]:
            firms = [{"schema": s.firm.schema_name, "name": s.firm.name, "missing": s.missing} for s in behind]
            self.emit_json({"public": missing, "firms": firms, "current": len(standings) - len(behind)})
        elif missing:
            self.say(f"public lacks {', '.join(missing)}")
        for standing in [] if options["json"] else behind:
            self.say(f"{standing.firm.name} ({standing.firm.schema_name}) lacks {', '.join(standing.missing)}")
        if missing or behind:
            raise CommandError(f"{len(behind)} firms behind" + (", public too" if missing else ""))
        if not options["json"]:
            self._line(options, f"Nothing to do: public and {len(standings)} firms are up to date.")

    def _migrate(self, options: dict[str, Any]) -> None:
        if not options["only"] and not waves.public_missing():
            standings = waves.survey()
            if not any(standing.missing for standing in standings):
                self._finish(waves.Report(current=len(standings)), options)
                return
        with migration_lock(wait=options["wait"], say=lambda line: self._line(options, line)):
            if releases.recorded():
                # The contract steps of the release before this one are among what is migrated now.
                releases.raise_floor(releases.number() - 1)
            public = self._migrate_public(options)
            report = self._run(options)
        report.public = public
        self._finish(report, options)

    def _migrate_public(self, options: dict[str, Any]) -> list[str]:
        missing = waves.public_missing()
        if missing:
            from tenants.provisioning import migrate_public

            migrate_public()
            self._line(options, f"public: {len(missing)} migrations applied")
        return missing

    def _run(self, options: dict[str, Any]) -> Report:
        try:
            return waves.run_waves(
                standings=_chosen(options["only"]),
                wave=waves.CANARY if options["canary"] else options["wave"],
                retry=options["retry"] or bool(options["only"]),
                max_failures=options["max_failures"],
                say=lambda line: self._line(options, line),
            )
        except (waves.CanaryFailed, waves.TooManyFailures) as error:
            self._finish(error.args[1], options, stopped=f"{error.args[0]} [{error.code}]")
            raise AssertionError("unreachable") from error

    def _finish(self, report: Report, options: dict[str, Any], stopped: str = "") -> None:
        if options["json"]:
            self.emit_json({**report.as_dict(), "stopped": stopped})
        elif not (report.migrated or report.failed or report.quarantined or report.public):
            self._line(options, f"Nothing to do: public and {report.current} firms are up to date.")
        else:
            self._line(options, f"{len(report.migrated)} migrated, {report.current} were up to date.")
        bad = [*report.failed, *report.quarantined]
        for firm, reason in [] if options["json"] else bad:
            self.stderr.write(f"quarantined: {firm.name} ({firm.schema_name}): {reason}")
        if stopped:
            raise CommandError(stopped)
        if bad:
            raise CommandError(
                f"{len(bad)} firms are quarantined; mend them, then `firms migrate --only HOST` or `--retry`",
                returncode=EXIT_FAILED,
            )

    def _line(self, options: dict[str, Any], line: str) -> None:
        if options["verbosity"] and not options["json"]:
            self.say(line)


def _chosen(hosts: list[str] | None) -> list[Standing]:
    if not hosts:
        return waves.survey()
    firms = [find_firm(host) for host in hosts]
    for firm in firms:
        if firm.status in WITHOUT_SCHEMA:
            raise InvalidInput(f"{firm.name} is {firm.status}: it has no schema to migrate")
    return waves.survey(firms)
