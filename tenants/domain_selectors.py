"""Reads of firms' hosts with whether they are verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from tenants.context import public_scope
from tenants.hosts import normalise_host
from tenants.models import Domain, Firm
from tenants.verification import PATH, is_base_host, record_name, record_value

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

# Of these nothing is served any more, or not yet; a certificate would be asked for in vain.
WITHOUT_CERTIFICATE = (Firm.Status.FAILED, Firm.Status.DELETING)


@dataclass(frozen=True)
class DomainRow:
    """A host as it is listed."""

    firm_id: UUID
    firm: str
    host: str
    is_primary: bool
    is_base: bool
    verified_at: datetime | None

    @property
    def verified(self) -> bool:
        """Whether a certificate may be asked for."""
        return self.is_base or self.verified_at is not None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`; with what is to be published where it is not verified."""
        row = {
            "firm": self.firm,
            "host": self.host,
            "primary": self.is_primary,
            "kind": "base" if self.is_base else "own",
            "verified": self.verified,
            "verified_at": self.verified_at.isoformat() if self.verified_at else None,
        }
        return row if self.verified else {**row, "proof": proof_wanted(self.firm_id, self.host)}


def proof_wanted(firm_id: UUID, host: str) -> dict[str, str]:
    """What shows that a domain is the firm's: one of the two is enough."""
    return {
        "txt_name": record_name(host),
        "txt_value": record_value(firm_id, host),
        "address": f"http://{host}{PATH}",
    }


def domain_rows(*, firm: Firm | None = None, verified: bool = False) -> list[DomainRow]:
    """Hosts by name: all, or a firm's; with `verified` only those that may have a certificate."""
    with public_scope():
        domains = Domain.objects.select_related("tenant").order_by("domain")
        if firm is not None:
            domains = domains.filter(tenant=firm)
        rows = [
            DomainRow(d.tenant_id, d.tenant.name, d.domain, d.is_primary, is_base_host(d.domain), d.verified_at)
            for d in domains
        ]
    return [row for row in rows if row.verified or not verified]


def certificate_hosts() -> list[tuple[str, str]]:
    """Each host that may have a certificate, with its kind: the operator's, those under BASE_DOMAIN, verified ones."""
    with public_scope():
        domains = Domain.objects.exclude(tenant__status__in=WITHOUT_CERTIFICATE).values_list("domain", "verified_at")
        found = {host: "base" if is_base_host(host) else "own" for host, at in domains if at or is_base_host(host)}
    for host in (normalise_host(settings.BASE_DOMAIN), normalise_host(settings.OPERATOR_HOST)):
        if host:
            found[host] = "base"
    return sorted(found.items())
