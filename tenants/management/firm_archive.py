"""`firm export|restore`: one firm in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenants.archive.export import export_firm
from tenants.archive.restore import restore_firm
from tenants.errors import InvalidInput
from tenants.management.base import actor
from tenants.selectors import find_firm

if TYPE_CHECKING:
    from tenants.management.base import OperatorCommand


def add_arguments(acts: Any) -> None:
    """Their parsers."""
    export = acts.add_parser("export", help="write all of it to one file, while it goes on being served")
    export.add_argument("firm")
    export.add_argument("file", type=Path)
    export.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    restore = acts.add_parser("restore", help="bring one firm back from its file; FIRM is checked against it")
    restore.add_argument("firm", help="its name or id as in the file")
    restore.add_argument("file", type=Path)
    restore.add_argument("--as", dest="hosts", nargs="+", default=[], metavar="HOST", help="where it answers now")
    restore.add_argument("--force", action="store_true", help="replace the firm that is here; what came since is lost")
    restore.add_argument(
        "--undelete", default="", metavar="REASON", help="bring it back though it was deleted since, and say why"
    )


def run(command: OperatorCommand, options: dict[str, Any]) -> None:
    """Run one of them, in public scope."""
    (_export if options["act"] == "export" else _restore)(command, options)


def _export(command: OperatorCommand, options: dict[str, Any]) -> None:
    firm, path = find_firm(options["firm"]), options["file"]
    if path.exists() and not options["overwrite"]:
        raise InvalidInput(f"{path} is there already: give another name, or --overwrite")
    done = export_firm(firm=firm, path=path, actor=actor())
    command.say(f"{firm.name}: {done.rows} rows and {done.files} files in {path} ({path.stat().st_size} bytes)")
    command.say(f"It opens only with master key {', '.join(done.manifest['master_key_ids'])}, which is not in it.")
    for name in done.missing:
        command.stderr.write(f"missing, so not in it: {name}")


def _restore(command: OperatorCommand, options: dict[str, Any]) -> None:
    for line in restore_firm(
        path=options["file"],
        expected=options["firm"],
        actor=actor(),
        hosts=options["hosts"],
        force=options["force"],
        undelete=options["undelete"],
    ):
        command.say(line)
    command.say("Restored. Staff log in again; the firm is served as it was when the archive was made.")
