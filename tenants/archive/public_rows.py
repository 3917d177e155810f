"""The rows of `public` that an archive brings: the firm, its hosts, its wrapped keys."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError

from tenants import keys
from tenants.archive.errors import ArchiveBroken
from tenants.errors import HostTaken, InvalidInput
from tenants.hosts import normalise_host
from tenants.models import Domain, Firm, FirmKey

if TYPE_CHECKING:
    from django.db.models import Model

    from tenants.archive.container import Reader
    from tenants.context import FirmRef


def key_rows(archive: Reader, ref: FirmRef) -> list[FirmKey]:
    """The wrapped keys, each of which opens here. Raises ArchiveBroken or WrongMasterKey."""
    rows = []
    for line in b"".join(archive.read(archive.manifest["keys"])).decode().splitlines():
        try:
            key, purpose, wrapped, master, _, retired = line.split("\t")
            row = FirmKey(
                id=UUID(key), firm_id=ref.id, purpose=purpose, wrapped=b64decode(wrapped, validate=True),
                master_key_id=master, retired_at=datetime.fromisoformat(retired) if retired else None,
            )  # fmt: skip
        except ValueError as error:
            raise ArchiveBroken("the archive's keys cannot be read") from error
        keys.check_opens(row)
        rows.append(row)
    return rows


def domains(manifest: dict[str, Any], ref: FirmRef, hosts: list[str]) -> list[Domain]:
    """The firm's hosts: these, or the archive's. Raises InvalidInput or HostTaken."""
    if hosts:
        found = [Domain(domain=host, tenant_id=ref.id, is_primary=not number) for number, host in enumerate(hosts)]
    else:
        found = [Domain(**_values(Domain, row, without={"id"})) for row in manifest["domains"]]
    for domain in found:
        if normalise_host(domain.domain) != domain.domain or domain.tenant_id != ref.id:
            raise ArchiveBroken(f"the archive's host {domain.domain!r} is no host of this firm")
        if domain.domain == normalise_host(settings.OPERATOR_HOST):
            raise HostTaken(f"{domain.domain} is the operators' host")
    if not found:
        raise InvalidInput("the archive has no host: give one with --as HOST")
    return found


def insert_firm(manifest: dict[str, Any], ref: FirmRef) -> Firm:
    """The firm, not served yet. Call in public scope."""
    firm = Firm(**_values(Firm, manifest["firm"], without=set()))
    created_at = firm.created_at
    firm.id, firm.status = ref.id, Firm.Status.PROVISIONING
    firm.save(force_insert=True)
    Firm.objects.filter(pk=firm.pk).update(created_at=created_at)
    return firm


def insert(rows: list[FirmKey], hosts: list[Domain]) -> None:
    """Its keys and hosts. Call in public scope."""
    FirmKey.objects.bulk_create(rows)
    Domain.objects.bulk_create(hosts)


def _values(model: type[Model], row: dict[str, Any], *, without: set[str]) -> dict[str, Any]:
    """The row's values for the fields that this code's model has."""
    fields = {field.attname: field for field in model._meta.concrete_fields if field.attname not in without}
    try:
        return {name: fields[name].to_python(value) for name, value in row.items() if name in fields}
    except ValidationError as error:
        raise ArchiveBroken(f"the archive's row of {model._meta.db_table} cannot be read") from error
