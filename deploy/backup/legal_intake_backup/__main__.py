"""`python3 -m legal_intake_backup`: what backup.sh, restore.sh and drill.sh run."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path

from legal_intake_backup import base, drill, files, restore, service, wal
from legal_intake_backup.config import Config, load
from legal_intake_backup.errors import BackupError
from legal_intake_backup.state import State
from legal_intake_backup.vault import Vault

WAL_UNREADABLE = 200
ORDER = ("media", "export", "base")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what it should, else 1 and a line that says what is wrong."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    try:
        return _run(options, load())
    except BackupError as error:
        sys.stderr.write(f"{error} [{error.code}]\n")
        # PostgreSQL takes 1 for "there is no such WAL" and would end its recovery early; over 125 it stops.
        return WAL_UNREADABLE if options.act == "fetch-wal" else 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped; what was not finished does not count\n")
        return 130


def _run(options: argparse.Namespace, config: Config) -> int:
    if options.act == "serve":
        service.Service(config).run()
        return 0
    vault, state = Vault(config), State(config.state)
    if options.act == "fetch-wal":
        return 0 if wal.fetch(vault, options.name, Path(options.path)) else 1
    if options.act == "backup":
        return _backup(options.kind, config, vault, state)
    if options.act == "list":
        for identity in base.ids(vault):
            sys.stdout.write(identity + "\n")
        return 0
    if options.act == "drill":
        report = drill.drill(config, vault, state, scratch=options.scratch or config.state, identity=options.backup)
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
        return 0
    if options.act == "needs":
        manifest = restore.choose(vault, identity=options.backup, moment=restore.parse_time(options.to))
        sys.stdout.write(" ".join(manifest["census"]["master_key_ids"]) + "\n")
        return 0
    if options.act == "database":
        restore.restore_database(
            config, vault, data=options.pgdata, to=options.to, identity=options.backup,
            key_ids=options.master_key_ids, force=options.force,
        )  # fmt: skip
        return 0
    if options.act == "files":
        restore.restore_files(config, vault, to=options.to, force=options.force)
        return 0
    _export(vault, options.firm, options.file)
    return 0


def _backup(kind: str, config: Config, vault: Vault, state: State) -> int:
    failed = []
    for one in ORDER if kind == "all" else (kind,):
        try:
            service.make(config, vault, state, one)
            sys.stdout.write(f"{one}: done\n")
        except BackupError as error:
            state.failed(one)
            failed.append(one)
            sys.stderr.write(f"{one}: {error} [{error.code}]\n")
    files.back_up_deletions(config, vault, state)
    return 1 if failed else 0


def _export(vault: Vault, firm: str, file: Path) -> None:
    """One firm's newest archive, out of the backup, for `manage.py firm restore`."""
    found = [name for name in vault.target.names("exports") if drill.base_name(name) == firm]
    if not found:
        raise BackupError(f"the backup has no archive of firm {firm}: give its id (`manage.py firm show --json`)")
    with vault.get(found[-1]) as source, file.open("xb") as target:
        while block := source.read(1 << 20):
            target.write(block)
    sys.stdout.write(f"{found[-1]} -> {file}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="legal_intake_backup", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("serve", help="what the service runs")
    acts.add_parser("backup", help="make one now").add_argument(
        "kind", nargs="?", default="all", choices=["all", *ORDER]
    )
    acts.add_parser("list", help="finished base backups")
    acts.add_parser("drill", help="restore into a scratch folder and compare").add_argument("--backup", default="")
    acts.choices["drill"].add_argument("--scratch", type=Path)
    database = acts.add_parser("database", help="restore PostgreSQL's folder; no server may run on it")
    database.add_argument("--pgdata", type=Path, required=True)
    database.add_argument(
        "--master-key-ids", default=os.environ.get("MASTER_KEY_IDS", ""), help="ids of the master keys at hand"
    )
    for name in ("database", "files", "needs"):
        one = database if name == "database" else acts.add_parser(name, help=f"restore: {name}")
        one.add_argument("--to", default="latest", metavar="TIME", help="such as 2026-11-25T13:30:00Z (latest)")
        if name != "needs":
            one.add_argument("--force", action="store_true", help="put aside what is there")
        if name != "files":
            one.add_argument("--backup", default="", metavar="ID", help="start from this base backup")
    firm = acts.add_parser("export", help="take one firm's newest archive out, for `manage.py firm restore`")
    firm.add_argument("firm")
    firm.add_argument("file", type=Path)
    wal_file = acts.add_parser("fetch-wal", help="PostgreSQL asks for a file")
    wal_file.add_argument("name")
    wal_file.add_argument("path")
    return parser


if __name__ == "__main__":
    sys.exit(main())
