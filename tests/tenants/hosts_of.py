"""Where a test's firm answers."""

from __future__ import annotations

from tenants.context import FirmRef, public_scope
from tenants.models import Domain


def host_of(ref: FirmRef) -> str:
    """Its primary host."""
    with public_scope():
        return str(Domain.objects.get(tenant_id=ref.id, is_primary=True).domain)
