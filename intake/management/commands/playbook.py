"""`manage.py playbook`: looks at playbooks in files. Needs no database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from intake.playbooks.comparing import diff
from intake.playbooks.model import Playbook
from intake.playbooks.problems import PlaybookError, Problem
from intake.playbooks.reading import DATA, Shared, load

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """`validate` ends with 1 when a file is bad; `diff --exit-code` with 1 when the files differ; 2: unreadable."""

    help = "Validate playbooks (YAML or JSON files), or say what differs between two versions of one."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

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

    def handle(self, *, action: str, **options: Any) -> None:
        if action == "validate":
            self._validate(options["files"] or sorted(DATA.glob("*.yaml")), as_json=options["json"])
        else:
            self._diff(options["old"], options["new"], as_json=options["json"], exit_code=options["exit_code"])

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
