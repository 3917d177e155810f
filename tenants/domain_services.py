"""Verifying a firm's own domain, and telling certbot which hosts may have certificates."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants.context import public_scope
from tenants.domain_selectors import certificate_hosts
from tenants.errors import InvalidInput, NotVerified, WrongState
from tenants.hosts import normalise_host
from tenants.models import Domain, OperatorEvent
from tenants.verification import look

if TYPE_CHECKING:
    from tenants.models import Firm

PUBLISH_SECONDS: Final = 15.0
FILE_VERSION: Final = 1


def verify_domain(*, firm: Firm, host: str, actor: str) -> tuple[Domain, str]:
    """Look for the domain's token on the network and remember that it was there. Returns how it was found.

    Raises:
        InvalidInput: the firm has no such host.
        NotVerified: nothing answers the token; the message says what was asked and what came.
        WrongState: the host went while we asked.
    """
    wanted = normalise_host(host)
    with public_scope():
        domain = Domain.objects.filter(tenant=firm, domain=wanted).first()
    if domain is None:
        raise InvalidInput(f"{firm.name} does not answer on {host!r}: add it with `firm domain add`")
    proof = look(firm.pk, wanted)
    if not proof.method:
        raise NotVerified(f"{wanted} is not verified: {'; '.join(proof.problems)}")
    with public_scope(), transaction.atomic():
        now = timezone.now()
        if not Domain.objects.filter(pk=domain.pk, tenant=firm, domain=wanted).update(verified_at=now):
            raise WrongState(f"{wanted} was taken from {firm.name} meanwhile")
        domain.verified_at = now
        OperatorEvent.objects.create(
            actor=actor, action="domain.verify", firm_id=firm.pk, detail={"host": wanted, "method": proof.method}
        )
    return domain, proof.method


def publish_hosts() -> bool:
    """Write the hosts that may have certificates to DOMAINS_FILE, whole or not at all. Whether it changed."""
    if not settings.DOMAINS_FILE:
        return False
    path = Path(settings.DOMAINS_FILE)
    text = json.dumps(_published(), indent=1) + "\n"
    try:
        if path.read_text() == text:
            return False
    except FileNotFoundError:
        pass
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".hosts-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def _published() -> dict[str, Any]:
    return {
        "version": FILE_VERSION,
        "base_domain": normalise_host(settings.BASE_DOMAIN),
        "hosts": [{"host": host, "kind": kind} for host, kind in certificate_hosts()],
    }
