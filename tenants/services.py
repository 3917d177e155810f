"""Every write to the shared tables: firms, their hosts, states, operators' acts. Each in public scope.

Keyword-only, atomic, audited with an OperatorEvent, and announced to every process on commit.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from tenants import deletions, keys, provisioning, storage
from tenants.accounts import services as accounts
from tenants.cache import redis_key
from tenants.context import firm_scope, public_scope
from tenants.directory import announce
from tenants.errors import HostTaken, InvalidInput, TenancyError, WrongState
from tenants.holders import holders
from tenants.hosts import normalise_host
from tenants.models import Domain, Firm, FirmKey, OperatorEvent, SchemaState
from tenants.redis import cache_redis, journal_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.context import FirmRef

logger = logging.getLogger(__name__)

ACCENT = re.compile(r"#[0-9a-fA-F]{6}")

# SCAN and UNLINK in steps that do not hold Redis up.
REDIS_BATCH = 500


@dataclass(frozen=True)
class NewFirm:
    """A firm that was just made, and where its administrator sets a password (path with a one-time token)."""

    firm: Firm
    host: str
    set_password_path: str


def create_firm(*, name: str, host: str, admin_email: str, actor: str, accent: str = "") -> NewFirm:
    """Make a firm: host, keys, schema, administrator, state. What fails leaves a `failed` firm with the reason.

    Raises:
        InvalidInput: an empty name, an impossible host or address.
        HostTaken: another firm answers there, or it is the operators' host.
        TenancyError: provisioning failed; `retry_firm` takes it up again, `delete_firm` removes it.
    """
    name, host, admin_email = _clean_name(name), _clean_host(host), _clean_email(admin_email)
    if accent and not ACCENT.fullmatch(accent):
        raise InvalidInput(f"{accent!r} is no colour: give it as #rrggbb")
    with public_scope(), transaction.atomic():
        firm = Firm(name=name, **({"accent": accent} if accent else {}))
        firm.save(force_insert=True)
        _insert_domain(firm, host, is_primary=True)
        _record(actor, "firm.create", firm, host=host)
    return _provision(firm=firm, host=host, admin_email=admin_email)


def retry_firm(*, firm: Firm, admin_email: str, actor: str) -> NewFirm:
    """Provision a `failed` firm (or one whose provisioning was cut off) again, from the start.

    Raises:
        WrongState: the firm is neither failed nor provisioning.
    """
    admin_email = _clean_email(admin_email)
    if firm.status not in (Firm.Status.FAILED, Firm.Status.PROVISIONING):
        raise WrongState(f"{firm.name} is {firm.status}: only a failed firm is provisioned again")
    with public_scope():
        domain = Domain.objects.filter(tenant=firm).order_by("-is_primary", "domain").first()
    if domain is None:
        raise WrongState(f"{firm.name} has no host: add one with `firm domain add`")
    with public_scope(), transaction.atomic():
        provisioning.drop_schema(firm.ref)
        FirmKey.objects.filter(firm=firm).delete()
        _set_status(firm, Firm.Status.PROVISIONING)
        _record(actor, "firm.retry", firm)
    return _provision(firm=firm, host=domain.domain, admin_email=admin_email)


def add_domain(*, firm: Firm, host: str, actor: str, primary: bool = False) -> Domain:
    """Let the firm answer on one more host. Raises InvalidInput or HostTaken."""
    host = _clean_host(host)
    with public_scope(), transaction.atomic():
        if primary:
            Domain.objects.filter(tenant=firm).update(is_primary=False)
        domain = _insert_domain(firm, host, is_primary=primary)
        _record(actor, "domain.add", firm, host=host)
        announce()
    return domain


def remove_domain(*, host: str, actor: str) -> Firm:
    """Stop answering on a host. Raises InvalidInput when it is unknown, WrongState when it is the last."""
    host = _clean_host(host)
    with public_scope(), transaction.atomic():
        domain = Domain.objects.select_for_update().select_related("tenant").filter(domain=host).first()
        if domain is None:
            raise InvalidInput(f"no firm answers on {host}")
        firm: Firm = domain.tenant
        others = Domain.objects.filter(tenant=firm).exclude(pk=domain.pk).order_by("domain")
        heir = others.first()
        if heir is None:
            raise WrongState(f"{host} is the only host of {firm.name}: add another one first")
        domain.delete()
        if domain.is_primary:
            Domain.objects.filter(pk=heir.pk).update(is_primary=True)
        _record(actor, "domain.remove", firm, host=host)
        announce()
    return firm


def suspend_firm(*, firm: Firm, reason: str, actor: str) -> None:
    """Stop serving a ready firm, within a second, keeping everything. Raises WrongState."""
    _change_status(firm, Firm.Status.READY, Firm.Status.SUSPENDED, "firm.suspend", actor, reason)


def resume_firm(*, firm: Firm, actor: str) -> None:
    """Serve a suspended firm again. Raises WrongState."""
    _change_status(firm, Firm.Status.SUSPENDED, Firm.Status.READY, "firm.resume", actor, "")


def set_wave(*, firm: Firm, wave: int, actor: str) -> None:
    """Choose when the firm is migrated: 0 is a canary, then 1, 2, ... Raises InvalidInput."""
    if not 0 <= wave <= 32:
        raise InvalidInput("a wave is a number from 0 (canary) to 32")
    with public_scope(), transaction.atomic():
        SchemaState.objects.update_or_create(firm=firm, defaults={"wave": wave})
        _record(actor, "firm.wave", firm, wave=wave)


def delete_firm(*, firm: Firm, confirm: str, actor: str) -> Iterator[str]:
    """Remove a firm for good, yielding one line for each holder. Cut off, it can be started again.

    Raises:
        InvalidInput: `confirm` is not the firm's name.
    """
    if confirm.strip() != firm.name:
        raise InvalidInput(f"to delete it, give the firm's name exactly: {firm.name}")
    _start_deleting(firm, actor)
    return _delete_parts(firm, actor)


def replay_firm_deletion(*, ref: FirmRef, actor: str) -> list[str]:
    """Delete a firm again that a restored backup brought back; what was done, nothing when it is not here."""
    with public_scope():
        firm = Firm.objects.filter(pk=ref.id).first()
    if firm is None:
        return []
    _close_for_good(firm, actor)
    return list(_delete_parts(firm, actor))


def _start_deleting(firm: Firm, actor: str) -> None:
    deletions.entries()  # a log that cannot be read is mended first: without its line nothing may go
    _close_for_good(firm, actor)
    deletions.append(kind=deletions.FIRM, act=deletions.DELETED, ref=firm.ref, actor=actor)


def _close_for_good(firm: Firm, actor: str) -> None:
    with public_scope(), transaction.atomic():
        # Closed first: every process drops its sockets and refuses its jobs before anything goes.
        _set_status(firm, Firm.Status.DELETING)
        _record(actor, "firm.delete", firm, name=firm.name)
        announce()


def forget_outside_schema(ref: FirmRef) -> Iterator[str]:
    """Remove what holders and Redis keep for a firm besides its rows and files, a line for each."""
    for holder in holders():
        if holder.delete is not None:
            yield f"{holder.name}: {holder.delete(ref)}"
    yield f"redis journal: {_delete_redis(ref, journal_redis())} keys removed"
    yield f"redis cache: {_delete_redis(ref, cache_redis())} keys removed"


def _delete_parts(firm: Firm, actor: str) -> Iterator[str]:
    ref = firm.ref
    for holder in holders():
        if holder.delete is not None:
            yield f"{holder.name}: {holder.delete(ref)}"
    yield f"files: {storage.delete_all(ref)} removed"
    yield f"redis journal: {_delete_redis(ref, journal_redis())} keys removed"
    yield f"redis cache: {_delete_redis(ref, cache_redis())} keys removed"
    provisioning.drop_schema(ref)
    yield f"schema: {ref.schema} dropped"
    with public_scope(), transaction.atomic():
        gone, _ = FirmKey.objects.filter(firm_id=ref.id).delete()
        hosts = list(Domain.objects.filter(tenant_id=ref.id).values_list("domain", flat=True))
        Domain.objects.filter(tenant_id=ref.id).delete()
        SchemaState.objects.filter(firm_id=ref.id).delete()
        Firm.objects.filter(pk=ref.id).delete()
        _record(actor, "firm.deleted", firm, name=firm.name)
        announce()
    keys.forget(ref.id)
    yield f"keys: {gone} destroyed"
    yield f"domains: {len(hosts)} released ({', '.join(hosts)})"


def _delete_redis(ref: FirmRef, client: Any) -> int:
    with firm_scope(ref):
        patterns = [f"{redis_key('')}*", f"{ref.schema}:*"]
    gone = 0
    for pattern in patterns:
        batch: list[bytes] = []
        for key in client.scan_iter(match=pattern, count=REDIS_BATCH):
            batch.append(key)
            if len(batch) >= REDIS_BATCH:
                gone += client.unlink(*batch)
                batch.clear()
        if batch:
            gone += client.unlink(*batch)
    return gone


def _provision(*, firm: Firm, host: str, admin_email: str) -> NewFirm:
    ref = firm.ref
    try:
        with transaction.atomic(using=ref.shard):
            provisioning.create_schema_by_replay(ref)
            with public_scope():
                keys.create_firm_keys(firm)
            with firm_scope(ref):
                path = accounts.add_administrator(email=admin_email)
            with public_scope():
                provisioning.record_fresh_schema(firm)
                _set_status(firm, Firm.Status.READY)
                announce()
    except Exception as error:
        reason = str(error).splitlines()[0] if isinstance(error, TenancyError) else type(error).__name__
        logger.warning("firm_not_provisioned", extra={"firm": ref.schema, "error": type(error).__name__})
        with public_scope():
            _set_status(firm, Firm.Status.FAILED, reason[:500])
        raise
    return NewFirm(firm=firm, host=host, set_password_path=path)


def _change_status(firm: Firm, before: str, after: str, action: str, actor: str, reason: str) -> None:
    with public_scope(), transaction.atomic():
        changed = Firm.objects.filter(pk=firm.pk, status=before).update(status=after, status_reason=reason[:500])
        if not changed:
            firm.refresh_from_db()
            raise WrongState(f"{firm.name} is {firm.status}, not {before}")
        firm.status, firm.status_reason = after, reason[:500]
        _record(actor, action, firm, **({"reason": reason} if reason else {}))
        announce()


def _set_status(firm: Firm, status: str, reason: str = "") -> None:
    firm.status, firm.status_reason = status, reason
    Firm.objects.filter(pk=firm.pk).update(status=status, status_reason=reason)


def _insert_domain(firm: Firm, host: str, *, is_primary: bool) -> Domain:
    domain = Domain(domain=host, tenant=firm, is_primary=is_primary)
    try:
        with transaction.atomic():
            # bulk_create: DomainMixin.save() would also look for other primaries of the firm.
            Domain.objects.bulk_create([domain])
    except IntegrityError:
        raise HostTaken(f"another firm answers on {host} already") from None
    return domain


def _record(actor: str, action: str, firm: Firm | None = None, **detail: Any) -> None:
    OperatorEvent.objects.create(actor=actor, action=action, firm_id=firm.pk if firm else None, detail=detail)


def record_operator_act(*, actor: str, action: str, firm: Firm | None = None, **detail: Any) -> None:
    """Write an OperatorEvent for an act whose write is elsewhere. Nothing personal of a client in `detail`."""
    with public_scope():
        _record(actor, action, firm, **detail)


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200 or not name.isprintable():
        raise InvalidInput("a firm's name has 1 to 200 printable characters")
    return name


def _clean_host(host: str) -> str:
    cleaned = normalise_host(host)
    if not cleaned:
        raise InvalidInput(f"{host!r} is no host name: give it without scheme, port and path, as harbor.example.com")
    if cleaned == normalise_host(settings.OPERATOR_HOST):
        raise HostTaken(f"{cleaned} is the operators' host")
    return cleaned


def _clean_email(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidInput(f"{email!r} is no e-mail address") from None
    return email
