"""Row identifiers, made by us before the insert so that a ciphertext can be bound to its row."""

import uuid

import uuid6


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): unique, and ordered by time so that indexes stay compact."""
    return uuid.UUID(bytes=uuid6.uuid7().bytes)
