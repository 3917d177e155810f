"""The key ring: a firm's keys, wrapped by the master key, opened in memory only.

Each firm has a `data` key, which encrypts and can be rotated, and an `index` key, which makes the
keyed hashes of names and never rotates. The master key comes from `MASTER_KEY` (base64 of 32
bytes) or from the file `MASTER_KEY_FILE`. While a new one is being introduced, `MASTER_KEY_PREVIOUS`
still opens what `rewrap` has not reached.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants.context import FirmRef, current_firm, public_scope
from tenants.errors import CannotDecrypt, KeyUnavailable, WrongMasterKey
from tenants.ids import new_id
from tenants.isolation import refused
from tenants.models import Firm, FirmKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
CACHE_SECONDS: Final = 60.0
CACHE_FIRMS: Final = 512
# A process may write under a retired key until its cache has noticed; twice that is safe.
RETIRED_GRACE: Final = timedelta(seconds=2 * CACHE_SECONDS)


@dataclass(frozen=True, slots=True)
class Key:
    """An opened key. `secret` is 32 bytes and never shown."""

    id: UUID
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """A firm's opened keys at one moment; safe to hold where no query may run (an event loop)."""

    firm: FirmRef
    current: Key
    data: Mapping[UUID, Key] = field(repr=False)
    index: Key = field(repr=False)


_cache: OrderedDict[UUID, tuple[float, Keyring]] = OrderedDict()
_lock = threading.Lock()


def ring() -> Keyring:
    """The current firm's keys. One query on a miss, none on a hit.

    Raises:
        KeyUnavailable: the firm has no keys, or no master key is configured.
        WrongMasterKey: the configured master key does not open them.
    """
    firm = current_firm()
    with _lock:
        found = _cache.get(firm.id)
    if found is not None and found[0] > time.monotonic():
        return found[1]
    return _load(firm)


def current_data_key() -> Key:
    """The key for new ciphertexts of the current firm."""
    return ring().current


def key_by_id(key_id: UUID) -> Key:
    """The data key that a ciphertext names.

    Raises:
        CannotDecrypt: the current firm has no such key (another firm's, or destroyed).
    """
    found = ring().data.get(key_id)
    if found is None:  # another process may have rotated a moment ago
        found = _load(current_firm()).data.get(key_id)
    if found is None:
        refused("foreign_key")
        raise CannotDecrypt("this firm has no such key")
    return found


def forget(firm_id: UUID | None = None) -> None:
    """Drop a firm's opened keys from this process, or all of them."""
    with _lock:
        if firm_id is None:
            _cache.clear()
        else:
            _cache.pop(firm_id, None)


def create_firm_keys(firm: Firm) -> None:
    """Make the firm's first data and index keys. Call in public scope, in the firm's transaction."""
    FirmKey.objects.bulk_create([_new_key(firm.id, purpose) for purpose in FirmKey.Purpose])


def check_master_key() -> None:
    """For start-up: the master key is there, well formed, and one that the stored keys know.

    Raises:
        KeyUnavailable: none configured, or it is no base64 of 32 bytes.
        WrongMasterKey: stored keys were wrapped by another one.
    """
    known = _master_keys()
    with public_scope():
        unknown = list(
            FirmKey.objects.exclude(master_key_id__in=known).values_list("master_key_id", flat=True).distinct()[:3]
        )
    if unknown:
        raise WrongMasterKey(
            f"the configured master key ({next(iter(known))}) is not the one that wrapped the firms' keys "
            f"({', '.join(unknown)}); set MASTER_KEY or MASTER_KEY_FILE to that key, or set "
            "MASTER_KEY_PREVIOUS to it and run `manage.py firm keys rewrap`"
        )


def rewrap(new_master: bytes | None = None, *, batch: int = 200) -> int:
    """Wrap every key that another master key wraps; None means the configured one.

    Resumable: each batch commits, and a second run finds only what is left. Ciphertexts stay.
    Returns the number of keys wrapped anew.
    """
    master = new_master or next(iter(_master_keys().values()))
    if len(master) != KEY_BYTES:
        raise KeyUnavailable(f"a master key has {KEY_BYTES} bytes")
    done = 0
    while True:
        with public_scope(), transaction.atomic():
            rows = list(
                FirmKey.objects.select_for_update().exclude(master_key_id=master_key_id(master)).order_by("id")[:batch]
            )
            for row in rows:
                _wrap(row, _unwrap(row), master)
            FirmKey.objects.bulk_update(rows, ["wrapped", "master_key_id"])
        done += len(rows)
        if not rows:
            return done


def start_rotation(firm_id: UUID) -> UUID:
    """Give the firm a new data key for new writes; old ones still open. Returns the new key's id."""
    with public_scope(), transaction.atomic():
        Firm.objects.select_for_update().get(pk=firm_id)
        FirmKey.objects.filter(firm_id=firm_id, purpose=FirmKey.Purpose.DATA, retired_at=None).update(
            retired_at=timezone.now()
        )
        key = _new_key(firm_id, FirmKey.Purpose.DATA)
        key.save(force_insert=True)
        transaction.on_commit(lambda: forget(firm_id))
    return key.id


def finish_rotation(firm_id: UUID, *, grace: timedelta = RETIRED_GRACE) -> int:
    """Destroy retired data keys once no row uses them (the caller's promise). Returns how many.

    A key retired less than `grace` ago stays: a process that has not noticed may still write with
    it. Run the re-encryption once more after the grace, then this.
    """
    with public_scope(), transaction.atomic():
        gone, _ = FirmKey.objects.filter(
            firm_id=firm_id,
            purpose=FirmKey.Purpose.DATA,
            retired_at__lte=timezone.now() - grace,
        ).delete()
        transaction.on_commit(lambda: forget(firm_id))
    return gone


def master_key_id(master: bytes) -> str:
    """What names a master key without telling it: 16 hex digits of a hash."""
    return hashlib.sha256(b"LI1 master key id" + master).hexdigest()[:16]


def derived(purpose: bytes, *, key_id: str = "") -> tuple[str, bytes]:
    """A key made from a configured master key for another purpose than wrapping, and the master key's id.

    Without `key_id` from the one that wraps. Raises KeyUnavailable, or WrongMasterKey for one that is not configured.
    """
    known = _master_keys()
    chosen = key_id or next(iter(known))
    if chosen not in known:
        raise WrongMasterKey(f"master key {chosen} is not configured")
    return chosen, hmac.new(known[chosen], b"LI1 derived:" + purpose, hashlib.sha256).digest()


def check_known(ids: Iterable[str], *, what: str) -> None:
    """Raise WrongMasterKey, naming the ids, unless every one of these master keys is configured."""
    known = _master_keys()
    unknown = sorted(set(ids).difference(known))
    if unknown:
        raise WrongMasterKey(
            f"{what} needs master key {', '.join(unknown)}, and {next(iter(known))} is configured here; "
            "set MASTER_KEY or MASTER_KEY_FILE to that key, or MASTER_KEY_PREVIOUS"
        )


def check_opens(row: FirmKey) -> None:
    """Raise WrongMasterKey unless this wrapped key opens with a configured master key."""
    _unwrap(row)


def _load(firm: FirmRef) -> Keyring:
    with public_scope():
        rows = list(FirmKey.objects.filter(firm_id=firm.id))
    opened = {row.id: Key(row.id, _unwrap(row)) for row in rows}
    current = next((r.id for r in rows if r.purpose == FirmKey.Purpose.DATA and r.retired_at is None), None)
    index = next((r.id for r in rows if r.purpose == FirmKey.Purpose.INDEX), None)
    if current is None or index is None:
        raise KeyUnavailable("the firm has no keys: it was deleted, or never provisioned")
    data = {row.id: opened[row.id] for row in rows if row.purpose == FirmKey.Purpose.DATA}
    loaded = Keyring(firm, opened[current], data, opened[index])
    with _lock:
        _cache[firm.id] = (time.monotonic() + CACHE_SECONDS, loaded)
        _cache.move_to_end(firm.id)
        while len(_cache) > CACHE_FIRMS:
            _cache.popitem(last=False)
    return loaded


def _new_key(firm_id: UUID, purpose: FirmKey.Purpose) -> FirmKey:
    row = FirmKey(id=new_id(), firm_id=firm_id, purpose=purpose)
    _wrap(row, os.urandom(KEY_BYTES), next(iter(_master_keys().values())))
    return row


def _wrap(row: FirmKey, secret: bytes, master: bytes) -> None:
    nonce = os.urandom(NONCE_BYTES)
    row.wrapped = nonce + AESGCM(master).encrypt(nonce, secret, _wrap_aad(row))
    row.master_key_id = master_key_id(master)


def _unwrap(row: FirmKey) -> bytes:
    master = _master_keys().get(row.master_key_id)
    if master is None:
        raise WrongMasterKey(f"key {row.id} was wrapped by master key {row.master_key_id}, which is not configured")
    blob = bytes(row.wrapped)
    try:
        return AESGCM(master).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _wrap_aad(row))
    except InvalidTag:
        raise WrongMasterKey(f"key {row.id} does not open: its row was altered") from None


def _wrap_aad(row: FirmKey) -> bytes:
    return b"LI1 firm key" + row.firm_id.bytes + row.id.bytes + str(row.purpose).encode()


def _master_keys() -> dict[str, bytes]:
    """By id; the first is the one that wraps."""
    text = settings.MASTER_KEY
    if not text and settings.MASTER_KEY_FILE:
        try:
            text = Path(settings.MASTER_KEY_FILE).read_text()
        except OSError as error:
            raise KeyUnavailable(f"MASTER_KEY_FILE cannot be read: {error}") from error
    if not text:
        raise KeyUnavailable("no master key: set MASTER_KEY (base64 of 32 bytes) or MASTER_KEY_FILE")
    keys = [_decode(text, "MASTER_KEY")]
    if settings.MASTER_KEY_PREVIOUS:
        keys.append(_decode(settings.MASTER_KEY_PREVIOUS, "MASTER_KEY_PREVIOUS"))
    return {master_key_id(key): key for key in keys}


def _decode(text: str, setting: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise KeyUnavailable(f"{setting} is not base64") from error
    if len(key) != KEY_BYTES:
        raise KeyUnavailable(f"{setting} has {len(key)} bytes; it must have {KEY_BYTES}")
    return key
