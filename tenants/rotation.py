"""A firm's data key, changed: new writes at once, old ciphertexts re-encrypted in batches.

Cut off at any point, a second run finds what is left: a ciphertext names its key. Reads work all the
time, since both keys open. An old key is destroyed only after two passes found nothing under it, a
grace apart, because another process may write under it until its cached key ring is old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connections, models, transaction

from tenants import fingerprints, keys
from tenants.context import current_firm, firm_scope, public_scope
from tenants.crypto import SealedJSON, SealedText, seal, unseal
from tenants.holders import holders
from tenants.models import FirmKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from tenants.context import FirmRef

BATCH = 200
# Format byte, then the key's id: see tenants.crypto.
KEY_ID_FROM, KEY_ID_BYTES = 2, 16


@dataclass(frozen=True)
class Progress:
    """What a rotation did: ciphertexts re-encrypted now, retired keys destroyed and still kept."""

    resealed: int
    destroyed: int
    kept: int


def rotate(*, ref: FirmRef, batch: int = BATCH, on_batch: Callable[[int], None] | None = None) -> Progress:
    """Give the firm a new data key and re-encrypt everything under it. Run again to go on after a cut.

    A rotation that was cut off, or whose old key is still in its grace, is continued; only when none
    is under way is a new key made.
    """
    with public_scope():
        under_way = FirmKey.objects.filter(
            firm_id=ref.id, purpose=FirmKey.Purpose.DATA, retired_at__isnull=False
        ).exists()
    if not under_way:
        keys.start_rotation(ref.id)
    keys.forget(ref.id)
    done = reseal(ref=ref, batch=batch, on_batch=on_batch)
    destroyed = keys.finish_rotation(ref.id)
    with public_scope():
        kept = FirmKey.objects.filter(firm_id=ref.id, purpose=FirmKey.Purpose.DATA, retired_at__isnull=False).count()
    return Progress(done, destroyed, kept)


def reseal(*, ref: FirmRef, batch: int = BATCH, on_batch: Callable[[int], None] | None = None) -> int:
    """Re-encrypt every ciphertext of the firm that is not under its current data key. Returns how many."""
    done = 0
    with firm_scope(ref):
        for model, columns in sealed_columns():
            for column in columns:
                for count in _reseal_column(model, column, batch):
                    done += count
                    if on_batch is not None:
                        on_batch(done)
        for holder in holders():
            if holder.reseal is not None:
                done += holder.reseal(ref)
    return done


def sealed_columns() -> list[tuple[type[models.Model], list[str]]]:
    """Every model of a firm's schema with ciphertexts, and their columns, found by the descriptors."""
    labels = fingerprints.firm_labels()
    found: dict[type[models.Model], list[str]] = {}
    declared = [model for holder in holders() for model in holder.sealed_models]
    for model in [*apps.get_models(), *declared]:
        columns = sorted(
            {sealed.column for sealed in vars(model).values() if isinstance(sealed, SealedText | SealedJSON)}
        )
        if columns and model._meta.app_label in labels and not model._meta.proxy:
            found[model] = columns
    return list(found.items())


def _reseal_column(model: type[models.Model], column: str, batch: int) -> Iterator[int]:
    table = model._meta.db_table
    quote = connections["default"].ops.quote_name
    columns = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    name, pk = quote(columns[column]), quote(columns[model._meta.pk.attname])
    current = keys.current_data_key().id.bytes
    # Rows are locked, so that an erasure between our read and our write is not undone.
    select = (
        f"SELECT {pk}, {name} FROM {quote(table)} WHERE length({name}) > 0 "  # noqa: S608 - quoted identifiers of our models
        f"AND substring({name} from {KEY_ID_FROM} for {KEY_ID_BYTES}) <> %s ORDER BY {pk} LIMIT %s FOR UPDATE"
    )
    update = f"UPDATE {quote(table)} SET {name} = %s WHERE {pk} = %s"  # noqa: S608 - as above
    while True:
        with transaction.atomic(), connections[current_firm().shard].cursor() as cursor:
            cursor.execute(select, [current, batch])
            rows = cursor.fetchall()
            cursor.executemany(update, [(_resealed(blob, table, column, pk), pk) for pk, blob in rows])
        if not rows:
            return
        yield len(rows)


def _resealed(blob: bytes, table: str, column: str, row_id: UUID) -> bytes:
    plain = unseal(bytes(blob), table=table, column=column, row_id=row_id)
    return seal(plain, table=table, column=column, row_id=row_id)
