"""What the controller and the edges share: one token, from which the password and the seal of the wire are made.

The token itself never travels. Whoever listens learns the bearer and could ask, but what comes is sealed with the other
key: it can neither be read nor made up without the token. So private keys are never in the clear between pods, whether
or not the cluster's network encrypts.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from pathlib import Path

LEAST_TOKEN = 32
NONCE_BYTES = 12


class UnusableToken(Exception):
    """The token's file is missing or holds too little; the message says what to do."""


class NotSealed(Exception):
    """What came was not sealed by one who has our token, or for something else."""


@dataclass(frozen=True)
class Seal:
    """Both keys of one token."""

    bearer: str = field(repr=False)
    _key: bytes = field(repr=False)

    @classmethod
    def read(cls, file: Path) -> Seal:
        """From a file, which is read anew each time: Secrets are replaced under a running process.

        Raises:
            UnusableToken: there is none, or it can be guessed.
        """
        try:
            token = file.read_bytes().strip()
        except OSError as error:
            raise UnusableToken(f"{file} cannot be read ({type(error).__name__}): mount certificates_token") from None
        if len(token) < LEAST_TOKEN:
            raise UnusableToken(f"{file} holds {len(token)} characters: put {LEAST_TOKEN} random ones or more there")
        return cls(_derive(token, b"bearer").hex(), _derive(token, b"seal"))

    def admits(self, authorization: str) -> bool:
        """Whether this Authorization header has the password; takes as long whether it does or not."""
        return hmac.compare_digest(authorization.encode("utf-8", "replace"), f"Bearer {self.bearer}".encode())

    def close(self, path: str, body: bytes) -> bytes:
        """A body for the one that asked for `path`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, body, path.encode())

    def open(self, path: str, sealed: bytes) -> bytes:
        """What `close` was given.

        Raises:
            NotSealed: by another token, changed on its way, or the answer to another question.
        """
        try:
            return AESGCM(self._key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], path.encode())
        except (InvalidTag, ValueError):
            raise NotSealed(f"the answer to {path} was not sealed with our token") from None


def _derive(token: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"legal-intake certificates " + use).derive(token)
