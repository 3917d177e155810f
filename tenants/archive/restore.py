"""`firm restore`: one firm from its archive into a running system.

Everything is checked before anything is changed: the whole file, the master key, the log of deletions, who
answers on its hosts. Rows, keys, hosts and the firm itself come in one transaction; the files before it are
put aside and come back when it fails.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from tenants import deletions, directory, fingerprints, keys, provisioning, storage, window
from tenants.archive import public_rows, schema
from tenants.archive.container import Reader, opened
from tenants.archive.errors import ArchiveBroken, FirmDeleted, FirmLives, RestoreFailed
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.errors import HostTaken, InvalidInput, InvalidSchemaName
from tenants.holders import holders
from tenants.hosts import normalise_host
from tenants.models import Domain, Firm, SchemaState
from tenants.services import forget_outside_schema, record_operator_act

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO


def restore_firm(
    *,
    path: Path,
    expected: str,
    actor: str,
    hosts: Sequence[str] = (),
    force: bool = False,
    undelete: str = "",
) -> Iterator[str]:
    """Bring a firm back as its archive has it, yielding one line for each thing done.

    Args:
        path: the archive.
        expected: the firm that is meant: its name, id, schema or a host, as the archive has it.
        actor: who does it.
        hosts: where it answers, the first one primary, instead of the archive's.
        force: replace the firm when it is here already.
        undelete: why a firm that was deleted after the archive was made comes back all the same.

    Raises:
        ArchiveBroken, ArchiveNewer, ArchiveOlder, WrongMasterKey: the archive cannot be used here.
        FirmLives, FirmDeleted, HostTaken: what is here, or was done here, forbids it.
        RestoreFailed: what was restored is not what the archive says; nothing was changed.
    """
    with opened(path) as archive:
        yield "archive: whole, and of this master key"
        manifest = archive.manifest
        ref = _ref(manifest)
        _check_meant(manifest, expected)
        schema.check(manifest)
        archive.check_everything()
        key_rows = public_rows.key_rows(archive, ref)
        domains = public_rows.domains(manifest, ref, _clean(hosts))
        deleted = _check_deletions(manifest, ref, undelete)
        existing = _check_here(ref, [domain.domain for domain in domains], force=force)
        if existing is not None:
            _close(existing)
            yield f"{existing.name}: closed while it is replaced"
        aside = storage.set_aside(ref)
        try:
            with transaction.atomic(using=ref.shard):
                firm = _rows(archive, ref, key_rows, domains)
                yield f"rows: {sum(table['lines'] for table in manifest['tables'].values())}"
                yield from _parts(archive, ref)
                yield from _verified(ref)
                record_operator_act(actor=actor, action="firm.restore", firm=firm, made_at=manifest["made_at"])
                if deleted:
                    deletions.append(kind=deletions.FIRM, act=deletions.RESTORED, ref=ref, actor=actor, reason=undelete)
        except BaseException:
            storage.put_back(ref, aside)
            keys.forget(ref.id)
            if existing is not None:
                _set_status(ref, existing.status, existing.status_reason)
            raise
        storage.drop_aside(ref)
    # Until here it is closed: audio and caches of the time since must not meet the rows of then.
    yield from forget_outside_schema(ref)
    keys.forget(ref.id)
    _set_status(ref, manifest["firm"]["status"], manifest["firm"]["status_reason"])
    yield f"hosts: {', '.join(domain.domain for domain in domains)}"


def _ref(manifest: dict[str, Any]) -> FirmRef:
    try:
        about = manifest["firm"]
        return FirmRef(UUID(about["id"]), about["schema_name"], about["shard"])
    except (KeyError, TypeError, ValueError, InvalidSchemaName) as error:
        raise ArchiveBroken("the archive does not say which firm it is of") from error


def _check_meant(manifest: dict[str, Any], expected: str) -> None:
    firm = manifest["firm"]
    names = {firm["name"], firm["id"], firm["schema_name"], *(row["domain"] for row in manifest["domains"])}
    if expected not in names:
        raise InvalidInput(f"the archive is of {firm['name']}, not of {expected!r}")


def _clean(hosts: Sequence[str]) -> list[str]:
    cleaned = []
    for host in hosts:
        name = normalise_host(host)
        if not name:
            raise InvalidInput(f"{host!r} is no host name: give it without scheme, port and path")
        cleaned.append(name)
    return cleaned


def _check_deletions(manifest: dict[str, Any], ref: FirmRef, undelete: str) -> bool:
    """Whether the firm was deleted since and is to come back all the same."""
    since = deletions.of_firm_since(ref.id, datetime.fromisoformat(manifest["made_at"]))
    other = sorted({entry.kind for entry in since if entry.kind != deletions.FIRM and entry.kind not in _replayed()})
    if other:
        raise FirmDeleted(
            f"since the archive was made, the log of deletions has {', '.join(other)} for this firm, "
            "which this release cannot replay: use the release that wrote them, or a newer one"
        )
    acts = [entry for entry in since if entry.kind == deletions.FIRM]
    if not acts or acts[-1].act != deletions.DELETED:
        return False
    if not undelete.strip():
        raise FirmDeleted(
            f"this firm was deleted on {acts[-1].at:%Y-%m-%d %H:%M} UTC by {acts[-1].actor}, after the archive was "
            "made; to bring it back all the same, give the reason: --undelete REASON"
        )
    return True


def _replayed() -> set[str]:
    return set(deletions.replayers())


def _check_here(ref: FirmRef, hosts: list[str], *, force: bool) -> Firm | None:
    with public_scope():
        existing: Firm | None = Firm.objects.filter(pk=ref.id).first()
        same_schema = Firm.objects.filter(schema_name=ref.schema).exclude(pk=ref.id).first()
        taken = Domain.objects.select_related("tenant").filter(domain__in=hosts).exclude(tenant_id=ref.id).first()
    if same_schema is not None:
        raise FirmLives(f"another firm ({same_schema.name}) has this archive's schema {ref.schema}")
    if existing is not None and not force:
        raise FirmLives(
            f"{existing.name} is here already ({existing.status}): --force replaces it with the archive, and what "
            "was written since is lost"
        )
    if taken is not None:
        raise HostTaken(f"{taken.tenant.name} answers on {taken.domain}: give other hosts with --as HOST")
    return existing


def _close(existing: Firm) -> None:
    """Every process drops its sockets and refuses its jobs before anything is replaced."""
    _set_status(existing.ref, Firm.Status.PROVISIONING, "being restored")


def _set_status(ref: FirmRef, status: str, reason: str) -> None:
    with public_scope(), transaction.atomic():
        Firm.objects.filter(pk=ref.id).update(status=status, status_reason=reason)
        directory.announce()


def _rows(archive: Reader, ref: FirmRef, key_rows: list[Any], domains: list[Domain]) -> Firm:
    """Schema and rows, then the shared rows: their triggers lock the directory's version until the commit."""
    manifest = archive.manifest
    with public_scope():
        provisioning.drop_schema(ref)
    schema.create(ref, frozenset(manifest["migrations"]))
    _load(archive, ref)
    with public_scope():
        Firm.objects.filter(pk=ref.id).delete()
        firm = public_rows.insert_firm(manifest, ref)
        public_rows.insert(key_rows, domains)
    keys.forget(ref.id)
    schema.migrate_forward(ref)
    with public_scope():
        applied = fingerprints.read_applied(ref.schema)
        SchemaState.objects.update_or_create(
            firm=firm,
            defaults={
                "state": SchemaState.State.OK,
                "fingerprint": fingerprints.fingerprint(applied),
                "applied": sorted(applied),
                "served": window.serves(applied),
                "wave": manifest["wave"],
            },
        )
    return firm


def _load(archive: Reader, ref: FirmRef) -> None:
    """Fill the empty tables and hold what they then have against the manifest."""
    tables = schema.tables_for(ref, archive.manifest)
    for table in tables:
        schema.fill(ref, table, archive.read(archive.manifest["tables"][table.name]))
    schema.set_sequences(ref, archive.manifest["sequences"])
    for table in tables:
        said = archive.manifest["tables"][table.name]
        digest, lines = hashlib.sha256(), 0
        for block in schema.read(ref, table):
            digest.update(block)
            lines += block.count(b"\n")
        if (lines, digest.hexdigest()) != (said["lines"], said["sha256"]):
            raise RestoreFailed(f"{table.name} has {lines} rows after the restore, not the {said['lines']} archived")


def _parts(archive: Reader, ref: FirmRef) -> Iterator[str]:
    known = {holder.name: holder for holder in holders() if holder.restore is not None}
    for name, parts in archive.manifest["parts"].items():
        holder = known.get(name)
        if holder is None or holder.restore is None:
            if parts:
                raise ArchiveBroken(f"the archive holds {name}, and nothing here takes it back")
            continue
        with firm_scope(ref):
            yield f"{name}: {holder.restore(ref, _files(archive, parts))}"


def _files(archive: Reader, parts: list[dict[str, Any]]) -> Iterator[tuple[str, BinaryIO]]:
    for part in parts:
        yield str(part["name"]), BytesIO(b"".join(archive.read(part)))


def _verified(ref: FirmRef) -> Iterator[str]:
    """Rows are as archived by now: a problem that shows here was there before. It is said, and no reason to stop."""
    found = 0
    with firm_scope(ref):
        for holder in holders():
            for problem in [] if holder.verify is None else holder.verify(ref):
                found += 1
                yield f"WARNING {holder.name}: {problem} (as when the archive was made)"
    yield "verified: recordings open, audit chains hold" if not found else f"verified: {found} problems"
