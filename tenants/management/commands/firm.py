"""`manage.py firm ...`: one firm, from its creation to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenants import services
from tenants.context import public_scope
from tenants.management import firm_archive, firm_keys, firm_parts
from tenants.management.base import OperatorCommand, actor, add_json, address
from tenants.selectors import FirmRow, find_firm, firm_rows

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(OperatorCommand):
    """FIRM is one of its hosts, its schema, or its exact name."""

    help = "Make, list, change, delete, export and restore firms; their hosts, users, keys and audit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        create = acts.add_parser("create", help="make a firm and print its administrator's one-time link")
        create.add_argument("name")
        create.add_argument("host")
        create.add_argument("--admin", required=True, metavar="EMAIL")
        create.add_argument("--accent", default="", metavar="#RRGGBB", help="accent colour of the client page")
        add_json(create)
        retry = acts.add_parser("retry", help="provision a failed firm again")
        retry.add_argument("firm")
        retry.add_argument("--admin", required=True, metavar="EMAIL")
        add_json(acts.add_parser("list", help="all firms"))
        show = acts.add_parser("show", help="one firm")
        show.add_argument("firm")
        add_json(show)
        suspend = acts.add_parser("suspend", help="stop serving it within a second; all is kept")
        suspend.add_argument("firm")
        suspend.add_argument("--reason", default="")
        acts.add_parser("resume", help="serve it again").add_argument("firm")
        delete = acts.add_parser("delete", help="remove it for good; asks for its name")
        delete.add_argument("firm")
        delete.add_argument("--yes-delete", metavar="NAME", help="its exact name, instead of being asked")
        wave = acts.add_parser("wave", help="when it is migrated: 0 canary, then 1, 2, ...")
        wave.add_argument("firm")
        wave.add_argument("wave", type=int)
        firm_parts.add_arguments(acts)
        firm_keys.add_arguments(acts)
        firm_archive.add_arguments(acts)

    def act(self, **options: Any) -> None:
        with public_scope():
            act = options["act"]
            if act in ("domain", "user", "audit"):
                firm_parts.run(self, options)
            elif act == "keys":
                firm_keys.run(self, options)
            elif act in ("export", "restore"):
                firm_archive.run(self, options)
            else:
                getattr(self, f"_{act}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        new = services.create_firm(
            name=options["name"],
            host=options["host"],
            admin_email=options["admin"],
            actor=actor(),
            accent=options["accent"],
        )
        self._print_new(new, options)

    def _retry(self, options: dict[str, Any]) -> None:
        firm = find_firm(options["firm"])
        self._print_new(services.retry_firm(firm=firm, admin_email=options["admin"], actor=actor()), options)

    def _print_new(self, new: services.NewFirm, options: dict[str, Any]) -> None:
        link = address(new.host, new.set_password_path)
        if options.get("json"):
            self.emit_json({**firm_rows([new.firm])[0].as_dict(), "set_password": link})
            return
        self.say(f"{new.firm.name} is ready at {address(new.host)}")
        self.say(f"Its administrator sets a password (once, within 3 days): {link}")

    def _list(self, options: dict[str, Any]) -> None:
        rows = firm_rows()
        if options["json"]:
            self.emit_json([row.as_dict() for row in rows])
            return
        self.emit_table(
            ("NAME", "HOSTS", "STATUS", "SCHEMA", "MIGRATIONS", "WAVE"),
            [
                (
                    row.firm.name,
                    ", ".join(row.hosts),
                    row.firm.status,
                    row.firm.schema_name,
                    row.state.state if row.state else "-",
                    str(row.state.wave) if row.state else "-",
                )
                for row in rows
            ],
        )

    def _show(self, options: dict[str, Any]) -> None:
        row: FirmRow = firm_rows([find_firm(options["firm"])])[0]
        values = row.as_dict()
        if options["json"]:
            self.emit_json(values)
            return
        for name, value in values.items():
            text = ", ".join(value) if isinstance(value, list) else str(value if value is not None else "-")
            self.say(f"{name + ':':<15}{text}".rstrip())

    def _suspend(self, options: dict[str, Any]) -> None:
        firm = find_firm(options["firm"])
        services.suspend_firm(firm=firm, reason=options["reason"], actor=actor())
        self.say(f"{firm.name} is suspended.")

    def _resume(self, options: dict[str, Any]) -> None:
        firm = find_firm(options["firm"])
        services.resume_firm(firm=firm, actor=actor())
        self.say(f"{firm.name} is served again.")

    def _delete(self, options: dict[str, Any]) -> None:
        firm = find_firm(options["firm"])
        confirm = options["yes_delete"]
        if confirm is None:
            self.say(f"This removes {firm.name} with every intake, recording, account and key. It cannot be undone.")
            confirm = _ask("Its exact name to go on: ")
        for line in services.delete_firm(firm=firm, confirm=confirm, actor=actor()):
            self.say(line)
        self.say(f"{firm.name} is gone.")

    def _wave(self, options: dict[str, Any]) -> None:
        firm = find_firm(options["firm"])
        services.set_wave(firm=firm, wave=options["wave"], actor=actor())
        self.say(f"{firm.name} is migrated in wave {options['wave']}.")


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        return ""
