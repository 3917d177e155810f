"""Ciphertexts bound to their place, and keyed hashes of names (docs/decisions/0007).

Format: `0x01 | key id (16) | nonce (12) | AES-256-GCM ciphertext and tag`. The additional data is
the firm's id, table, column and row id, so that a ciphertext moved to another row, column, table
or firm does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING, Any, Final, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants import keys
from tenants.context import current_firm
from tenants.errors import CannotDecrypt
from tenants.isolation import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model

FORMAT: Final = b"\x01"
ID_BYTES: Final = 16
HEADER_BYTES: Final = 1 + ID_BYTES + keys.NONCE_BYTES
TAG_BYTES: Final = 16


def seal(plain: bytes, *, table: str, column: str, row_id: UUID, ring: keys.Keyring | None = None) -> bytes:
    """Encrypt for exactly this place in the current firm.

    `ring` is a key ring held by code that runs where no query may (an event loop); it must be the
    current firm's. Adds 45 bytes.
    """
    key = _ring_of_firm(ring).current if ring else keys.current_data_key()
    nonce = os.urandom(keys.NONCE_BYTES)
    sealed = AESGCM(key.secret).encrypt(nonce, plain, _aad(table, column, row_id))
    return FORMAT + key.id.bytes + nonce + sealed


def unseal(blob: bytes, *, table: str, column: str, row_id: UUID, ring: keys.Keyring | None = None) -> bytes:
    """What `seal` encrypted for this place.

    Raises:
        CannotDecrypt: moved, altered, another firm's, an unknown format, or its key is destroyed.
    """
    if len(blob) < HEADER_BYTES + TAG_BYTES or blob[:1] != FORMAT:
        raise CannotDecrypt("not a ciphertext of a known format")
    key_id = sealed_key_id(blob)
    key = _ring_of_firm(ring).data.get(key_id) if ring else None
    key = key or keys.key_by_id(key_id)
    try:
        return AESGCM(key.secret).decrypt(
            blob[1 + ID_BYTES : HEADER_BYTES], blob[HEADER_BYTES:], _aad(table, column, row_id)
        )
    except InvalidTag:
        refused("misplaced_ciphertext")
        raise CannotDecrypt("this ciphertext was made for another place, or altered") from None


class Sealer:
    """`seal` for one place and one key ring, with everything prepared: for thousands of writes a second.

    Made inside the firm's scope; used outside it too. Ciphertexts are those of `seal`.
    """

    __slots__ = ("_aad", "_cipher", "_head", "_nonces", "_used", "ring")
    _POOL: Final = 64

    def __init__(self, *, table: str, column: str, row_id: UUID, ring: keys.Keyring) -> None:
        key = _ring_of_firm(ring).current
        self.ring = ring
        self._cipher = AESGCM(key.secret)
        self._head = FORMAT + key.id.bytes
        self._aad = _aad(table, column, row_id)
        self._nonces, self._used = b"", 0

    def seal(self, plain: bytes) -> bytes:
        """Encrypt. Nonces are random, fetched many at a time."""
        at = self._used
        if at >= len(self._nonces):
            self._nonces, at = os.urandom(keys.NONCE_BYTES * self._POOL), 0
        self._used = at + keys.NONCE_BYTES
        nonce = self._nonces[at : self._used]
        return self._head + nonce + self._cipher.encrypt(nonce, plain, self._aad)


def sealed_key_id(blob: bytes) -> UUID:
    """Which data key a ciphertext was made with."""
    return UUID(bytes=bytes(blob[1 : 1 + ID_BYTES]))


def blind_index(text: str, *, purpose: str) -> bytes:
    """32 bytes that are equal for equal `text` of one firm and one purpose, and tell nothing else.

    The caller normalises. HMAC-SHA256 with the firm's index key, which never rotates.
    """
    message = _prefixed(purpose.encode()) + text.encode()
    return hmac.new(keys.ring().index.secret, message, hashlib.sha256).digest()


def _ring_of_firm(ring: keys.Keyring) -> keys.Keyring:
    if ring.firm.id != current_firm().id:
        refused("foreign_ring")
        raise CannotDecrypt("this key ring is another firm's")
    return ring


def _prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(2, "big") + part


def _aad(table: str, column: str, row_id: UUID) -> bytes:
    place = _prefixed(table.encode()) + _prefixed(column.encode()) + row_id.bytes
    return b"LI1" + current_firm().id.bytes + place


class _Sealed(property):
    """A plaintext view of a BinaryField that holds a ciphertext.

    A property, so that Django's constructor accepts it: `Turn(text="...")`. Reading opens with the
    current firm's keys, the model's table, the column and the row's id; None when the ciphertext
    is empty, which is what an erasure leaves.
    """

    def __init__(self, column: str, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]) -> None:
        self.column = column

        def read(row: Model) -> Any:
            blob = bytes(getattr(row, column) or b"")
            return decode(unseal(blob, **self.place(row))) if blob else None

        def write(row: Model, value: Any) -> None:
            setattr(row, column, b"" if value is None else seal(encode(value), **self.place(row)))

        super().__init__(read, write)

    def place(self, row: Model) -> Any:
        """The keyword arguments of `seal` and `unseal` for this column of `row`."""
        return {"table": row._meta.db_table, "column": self.column, "row_id": row.pk}


class SealedText(_Sealed):
    """`text = SealedText("text_ct")` over `text_ct = models.BinaryField()`."""

    def __init__(self, column: str) -> None:
        super().__init__(column, str.encode, bytes.decode)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type | None = None) -> SealedText: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None) -> str | None: ...
        def __get__(self, instance: Any, owner: type | None = None) -> Any: ...
        def __set__(self, instance: Any, value: str | None) -> None: ...


class SealedJSON(_Sealed):
    """The same for what JSON can hold, written compactly."""

    def __init__(self, column: str) -> None:
        super().__init__(column, _to_json, json.loads)


def _to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
