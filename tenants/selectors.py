"""Reads of the shared tables for commands, the operator admin and the waves. Each in public scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenants import window
from tenants.context import public_scope
from tenants.errors import UnknownFirm, WrongState
from tenants.hosts import normalise_host
from tenants.models import Domain, Firm, SchemaState

if TYPE_CHECKING:
    from collections.abc import Iterable

# Their schema may be missing or half gone; waves leave them alone.
WITHOUT_SCHEMA = (Firm.Status.PROVISIONING, Firm.Status.FAILED, Firm.Status.DELETING)


@dataclass(frozen=True)
class FirmRow:
    """A firm as it is listed."""

    firm: Firm
    hosts: list[str]
    state: SchemaState | None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        state = self.state
        return {
            "id": str(self.firm.id),
            "name": self.firm.name,
            "hosts": self.hosts,
            "status": self.firm.status,
            "status_reason": self.firm.status_reason,
            "schema": self.firm.schema_name,
            "shard": self.firm.shard,
            "created_at": self.firm.created_at.isoformat(),
            "schema_state": state.state if state else None,
            "wave": state.wave if state else None,
            "served": bool(state and self.firm.status == Firm.Status.READY and window.serves(state.applied)),
            "missing": window.missing(state.applied) if state else [],
            "error": state.error if state else "",
        }


def firm_rows(firms: Iterable[Firm] | None = None) -> list[FirmRow]:
    """All firms by name, or these, with hosts and schema state: three queries, however many there are."""
    with public_scope():
        wanted = list(Firm.objects.all() if firms is None else firms)
        ids = [firm.pk for firm in wanted]
        states = SchemaState.objects.in_bulk(ids)
        hosts: dict[Any, list[str]] = {}
        for domain in Domain.objects.filter(tenant_id__in=ids).order_by("-is_primary", "domain"):
            hosts.setdefault(domain.tenant_id, []).append(domain.domain)
    return [FirmRow(firm, hosts.get(firm.pk, []), states.get(firm.pk)) for firm in wanted]


def find_firm(who: str) -> Firm:
    """The firm that answers on this host, or has this schema or exact name.

    Raises:
        UnknownFirm: none does, or several have that name.
    """
    with public_scope():
        host = normalise_host(who)
        domain = Domain.objects.select_related("tenant").filter(domain=host).first() if host else None
        if domain is not None:
            firm: Firm = domain.tenant
            return firm
        found: list[Firm] = list(Firm.objects.filter(schema_name=who)[:1])
        found = found or list(Firm.objects.filter(name=who)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownFirm(f"several firms are named {who!r}: give a host (`manage.py firm list` shows them)")
    raise UnknownFirm(f"no firm answers on {who!r}, and none has that name: `manage.py firm list` shows all")


def chosen_firms(who: str | None) -> list[Firm]:
    """The firm meant by `who`, or all that have a schema. Raises UnknownFirm, or WrongState for one without."""
    if not who:
        with public_scope():
            return list(Firm.objects.exclude(status__in=WITHOUT_SCHEMA))
    firm = find_firm(who)
    if firm.status in WITHOUT_SCHEMA:
        raise WrongState(f"{firm.name} is {firm.status}: it has no schema to work in")
    return [firm]
