"""`firm domain`, `firm user`, `firm audit`: what belongs to one firm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from tenants import domain_services, services
from tenants.accounts import services as accounts
from tenants.context import firm_scope
from tenants.domain_selectors import DomainRow, domain_rows, proof_wanted
from tenants.errors import NotVerified
from tenants.holders import holders
from tenants.hosts import normalise_host
from tenants.management.base import actor, add_json, address
from tenants.management.users import print_users
from tenants.selectors import chosen_firms, find_firm, firm_rows
from tenants.verification import is_base_host

if TYPE_CHECKING:
    from tenants.management.base import OperatorCommand
    from tenants.models import Domain, Firm

FOUND_BY = {
    "base": "it lies under BASE_DOMAIN",
    "txt": "its TXT record",
    "http": "the answer of its address",
    "https": "the answer of its address",
}


def add_arguments(acts: Any) -> None:
    """Their parsers."""
    domain = acts.add_parser("domain", help="the hosts it answers on").add_subparsers(dest="part", required=True)
    add = domain.add_parser("add")
    add.add_argument("firm")
    add.add_argument("host")
    add.add_argument("--primary", action="store_true", help="the one that links name")
    domain.add_parser("remove").add_argument("host")
    verify = domain.add_parser("verify", help="look for its token on the network; then it may have a certificate")
    verify.add_argument("firm")
    verify.add_argument("host")
    listing = domain.add_parser("list", help="hosts, and which are verified")
    listing.add_argument("firm", nargs="?", help="one firm; all without it")
    listing.add_argument("--verified", action="store_true", help="only those that may have a certificate")
    add_json(listing)

    user = acts.add_parser("user", help="its staff accounts").add_subparsers(dest="part", required=True)
    for part in ("add", "disable", "reset-password", "list"):
        parser = user.add_parser(part)
        parser.add_argument("firm")
        if part == "list":
            add_json(parser)
        else:
            parser.add_argument("email")
        if part == "add":
            parser.add_argument("--name", default="")
            parser.add_argument("--administrator", action="store_true", help="may do everything in this firm")

    audit = acts.add_parser("audit", help="its audit log").add_subparsers(dest="part", required=True)
    verify = audit.add_parser("verify", help="check every hash chain; exit 1 when one is broken")
    verify.add_argument("firm", nargs="?", help="one firm; all without it")
    add_json(verify)


def run(command: OperatorCommand, options: dict[str, Any]) -> None:
    """Run one of them, in public scope."""
    {"domain": _domain, "user": _user, "audit": _audit}[options["act"]](command, options)


def _domain(command: OperatorCommand, options: dict[str, Any]) -> None:
    part = options["part"]
    if part == "list":
        _list_domains(command, options)
        return
    if part == "remove":
        firm = services.remove_domain(host=options["host"], actor=actor())
        command.say(f"{firm.name} no longer answers on {options['host']}.")
        return
    firm = find_firm(options["firm"])
    if part == "verify":
        _verify_domain(command, firm, options["host"])
        return
    domain = services.add_domain(firm=firm, host=options["host"], actor=actor(), primary=options["primary"])
    command.say(f"{firm.name} answers on {address(domain.domain)}")
    if not is_base_host(domain.domain):
        _say_how_to_prove(command, firm, domain.domain)


def _verify_domain(command: OperatorCommand, firm: Firm, host: str) -> None:
    domain: Domain
    try:
        domain, method = domain_services.verify_domain(firm=firm, host=host, actor=actor())
    except NotVerified:
        _say_how_to_prove(command, firm, normalise_host(host))
        raise
    command.say(f"{domain.domain} is {firm.name}'s ({FOUND_BY[method]}); its certificate is asked for within minutes.")


def _say_how_to_prove(command: OperatorCommand, firm: Firm, host: str) -> None:
    wanted = proof_wanted(firm.pk, host)
    command.say(f"Before {host} gets a certificate, one of two must show that it is the firm's:")
    command.say(f"  a TXT record at {wanted['txt_name']} with the value {wanted['txt_value']}")
    command.say(f"  or its own A, AAAA or CNAME record pointing here, so that we answer {wanted['address']}")
    command.say(f'Then: manage.py firm domain verify "{firm.name}" {host}')


def _list_domains(command: OperatorCommand, options: dict[str, Any]) -> None:
    firm = find_firm(options["firm"]) if options["firm"] else None
    rows = domain_rows(firm=firm, verified=options["verified"])
    if options["json"]:
        command.emit_json([row.as_dict() for row in rows])
        return
    command.emit_table(("HOST", "FIRM", "VERIFIED"), [(row.host, row.firm, _verified(row)) for row in rows])


def _verified(row: DomainRow) -> str:
    if row.is_base:
        return "under BASE_DOMAIN"
    return f"{row.verified_at:%Y-%m-%d}" if row.verified_at else "no"


def _user(command: OperatorCommand, options: dict[str, Any]) -> None:
    firm, part = chosen_firms(options["firm"])[0], options["part"]
    if part == "list":
        with firm_scope(firm.ref):
            print_users(command, accounts.users(), as_json=options["json"])
        return
    email, path = options["email"], ""
    with firm_scope(firm.ref):
        if part == "disable":
            accounts.disable_user(email=email)
        elif part == "add":
            path = accounts.add_user(email=email, name=options["name"], administrator=options["administrator"])
        else:
            path = accounts.reset_password(email=email)
    services.record_operator_act(actor=actor(), action=f"user.{part.replace('-', '_')}", firm=firm, email=email)
    if not path:
        command.say(f"{email} can no longer log in at {firm.name}.")
        return
    host = next(iter(firm_rows([firm])[0].hosts), "")
    command.say(f"Set a password (once, within 3 days): {address(host, path)}")


def _audit(command: OperatorCommand, options: dict[str, Any]) -> None:
    firms = chosen_firms(options["firm"])
    report = [{"firm": firm.name, "schema": firm.schema_name, "problems": _problems(firm)} for firm in firms]
    broken = [entry for entry in report if entry["problems"]]
    if options["json"]:
        command.emit_json(report)
    for entry in [] if options["json"] else report:
        problems = entry["problems"]
        command.say(f"{entry['firm']} ({entry['schema']}): {'ok' if not problems else 'BROKEN'}")
        for problem in problems:
            command.say(f"  {problem}")
    if broken:
        raise CommandError(f"the audit of {len(broken)} of {len(report)} firms does not verify")


def _problems(firm: Firm) -> list[str]:
    found: list[str] = []
    with firm_scope(firm.ref):
        for holder in holders():
            if holder.verify is not None:
                found.extend(holder.verify(firm.ref))
    return found
