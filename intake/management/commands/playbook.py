"""`manage.py playbook`: looks at playbooks in files, without a database; takes a firm's in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from intake.playbooks.comparing import diff
from intake.playbooks.model import Playbook
from intake.playbooks.problems import PlaybookError, Problem
from intake.playbooks.reading import DATA, Shared, load
from intake.playbooks.sources import MAX_BYTES
from tenants.management.base import EXIT_FAILED, EXIT_INPUT, OperatorCommand, firm_with_schema

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(OperatorCommand):
    """`validate` ends with 1 when a file is bad; `diff --exit-code` with 1 when the files differ; 2: unreadable.

    `import` and `export` work on a firm: one of its hosts, its schema, or its exact name.
    """

    help = "Validate playbooks (YAML or JSON files), say what differs between two, take a firm's in and out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        validate = actions.add_parser("validate", help="say all that is wrong with files, with lines")
        validate.add_argument("files", nargs="*", type=Path, help="none: the playbooks that ship with this project")
        compare = actions.add_parser("diff", help="say what differs in meaning between two files")
        compare.add_argument("old", type=Path)
        compare.add_argument("new", type=Path)
        compare.add_argument("--exit-code", action="store_true", help="end with 1 when there is a difference")
        for action in (validate, compare):
            action.add_argument("--json", action="store_true", help="print JSON instead of lines for people")
        taken = actions.add_parser("import", help="keep a file as a firm's draft, which staff preview and publish")
        taken.add_argument("firm")
        taken.add_argument("file", type=Path)
        taken.add_argument("--publish", action="store_true", help="publish it at once")
        taken.add_argument("--note", default="", help="what is new, for the history")
        given = actions.add_parser("export", help="print a playbook of a firm: the one in use, or the version named")
        given.add_argument("firm")
        given.add_argument("name", help="key, or key@version; the draft's version too")
        given.add_argument("--output", type=Path, help="write it into this file")

    def act(self, **options: Any) -> None:
        action = options["action"]
        if action == "validate":
            self._validate(options["files"] or sorted(DATA.glob("*.yaml")), as_json=options["json"])
        elif action == "diff":
            self._diff(options["old"], options["new"], as_json=options["json"], exit_code=options["exit_code"])
        elif action == "import":
            self._import(options)
        else:
            self._export(options)

    def _import(self, options: dict[str, Any]) -> None:
        from django.db import transaction

        from intake.errors import IntakeError, PlaybookInvalid
        from intake.services import playbooks
        from tenants.context import firm_scope

        firm, path = firm_with_schema(options["firm"]), options["file"]
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{path}: cannot be read: {error.strerror}", returncode=EXIT_INPUT) from None
        try:
            with firm_scope(firm.ref), transaction.atomic():
                note = options["note"]
                row = playbooks.import_playbook(content=content, file=str(path), user=None, note=note)
                if row is not None and options["publish"]:
                    row = playbooks.publish(key=row.key, user=None)
        except PlaybookInvalid as error:
            lines = "\n".join(map(str, error.problems))
            raise CommandError(f"{lines}\nNothing was imported. [{error.code}]", returncode=EXIT_FAILED) from None
        except IntakeError as error:
            raise CommandError(f"{error} [{error.code}]", returncode=EXIT_FAILED) from None
        if row is None:
            self.say(f"{firm.name} uses this very playbook already. Nothing changed.")
        else:
            self.say(f"{row.name} is {'published' if options['publish'] else 'a draft'} at {firm.name}.")

    def _export(self, options: dict[str, Any]) -> None:
        from intake.errors import IntakeError
        from intake.services import playbooks
        from tenants.context import firm_scope

        firm = firm_with_schema(options["firm"])
        key, _, number = options["name"].partition("@")
        if number and not number.isdecimal():
            raise CommandError(f'"{number}" is no version: a number is', returncode=EXIT_INPUT)
        try:
            with firm_scope(firm.ref):
                text, name = playbooks.text_of(key=key, version=int(number) if number else None)
        except IntakeError as error:
            raise CommandError(f"{options['name']}: {error} [{error.code}]", returncode=EXIT_INPUT) from None
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        options["output"].write_text(text, "utf-8")
        self.say(f"{name} is written to {options['output']}.")

    def _validate(self, files: list[Path], *, as_json: bool) -> None:
        found: list[dict[str, Any]] = []
        for path in files:
            problems: tuple[Problem, ...] = ()
            try:
                said = f"{path}: {_good(load(path))}"
            except PlaybookError as error:
                said, problems = str(error), error.problems
            found.append({"file": str(path), "ok": not problems, "problems": [one.as_json() for one in problems]})
            if not as_json:
                self.stdout.write(said)
        bad = sum(not one["ok"] for one in found)
        if as_json:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
        if bad:
            raise CommandError(f"{bad} of {len(files)} files cannot be used.", returncode=1)

    def _diff(self, old: Path, new: Path, *, as_json: bool, exit_code: bool) -> None:
        try:
            changes = diff(self._playbook(old), self._playbook(new))
        except PlaybookError as error:
            raise CommandError(str(error), returncode=2) from None
        if as_json:
            self.stdout.write(json.dumps([change.as_json() for change in changes], ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(map(str, changes)) or "No difference in meaning.")
        if changes and exit_code:
            raise SystemExit(1)

    def _playbook(self, path: Path) -> Playbook:
        read = load(path)
        if not isinstance(read, Playbook):
            raise CommandError(f"{path}: holds shared blocks; only playbooks are compared.", returncode=2)
        return read


def _good(read: Playbook | Shared) -> str:
    if isinstance(read, Shared):
        return f"good: {len(read.blocks)} shared blocks, version {read.version}, {', '.join(read.languages)}"
    return f"good: {read.name}, {len(read.questions)} questions, {', '.join(read.languages)}"
