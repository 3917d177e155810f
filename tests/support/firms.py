"""Firms for tests: made and removed on connections of their own, outside any test's transaction."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections, transaction

from tenants import directory, keys, provisioning, storage
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.errors import TenancyError
from tenants.models import Domain, Firm
from tenants.redis import broker_redis, cache_redis, journal_redis

T = TypeVar("T")


def elsewhere(fn: Callable[[], T]) -> T:
    """Run `fn` on another thread, in this context, with connections of its own."""

    def work() -> T:
        try:
            return fn()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, work).result()


def make_firm(name: str, host: str) -> FirmRef:
    """A committed firm that is ready and served, on `host`."""

    def make() -> FirmRef:
        with public_scope(), transaction.atomic():
            firm = Firm(name=name, status=Firm.Status.READY)
            firm.save(force_insert=True)
            Domain(domain=host, tenant=firm, is_primary=True).save()
            keys.create_firm_keys(firm)
            provisioning.record_fresh_schema(firm)
        _fill(firm.ref)
        directory.announce()
        return firm.ref

    return elsewhere(make)


def _fill(ref: FirmRef) -> None:
    """By replay; by migrating while the committed template is behind the models being worked on."""
    try:
        provisioning.create_schema_by_replay(ref)
    except TenancyError:
        provisioning.drop_schema(ref)
        provisioning.create_schema_by_migrating(ref)


def remove_firm(ref: FirmRef) -> None:
    """Remove a firm and everything it holds."""

    def remove() -> None:
        with public_scope():
            provisioning.drop_schema(ref)
            Firm.objects.filter(pk=ref.id).delete()
        storage.delete_all(ref)
        with firm_scope(ref):
            for client in (broker_redis(), journal_redis(), cache_redis()):
                drop_keys(client, ref.schema)
        directory.announce()

    elsewhere(remove)


def drop_keys(client: object, part: str) -> None:
    """Remove every key whose name holds `part`."""
    for key in client.keys(f"*{part}*"):  # type: ignore[attr-defined]
        client.delete(key)  # type: ignore[attr-defined]
