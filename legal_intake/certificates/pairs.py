"""A certificate with its chain, and its key: whether they fit, and what they are called."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

MAX_PAIR_BYTES: Final = 128 * 1024
# An edge has memory for so many; beyond it the first ones by name are kept.
MAX_PAIRS: Final = 20_000
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})+")
# A file's name in the edge: what an authority made up, from the alphabet of its tokens.
_PROOF: Final = re.compile(r"[A-Za-z0-9_-]{16,200}")
_PROOF_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{16,400}")


class Unfit(Exception):
    """Not a usable pair; the message says why and quotes nothing of it."""


@dataclass(frozen=True)
class Pair:
    """A pair that fits. `version` is of the certificate alone: it names the key by holding its public half."""

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    hosts: frozenset[str]
    ends: datetime
    version: str

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.ends <= datetime.now(UTC)


def is_name(name: object) -> bool:
    """Whether this is a host with a dot: also the name of a Certificate, and of a folder that stays in its place."""
    return isinstance(name, str) and len(name) <= 253 and _NAME.fullmatch(name) is not None


def is_proof(token: object, key: object) -> bool:
    """Whether these are an authority's token and what is to be answered for it."""
    fits = isinstance(token, str) and isinstance(key, str) and _PROOF.fullmatch(token) and _PROOF_KEY.fullmatch(key)
    return bool(fits)


def check(chain: bytes, key: bytes) -> Pair:
    """The pair, if the key is the first certificate's and that one names hosts.

    Raises:
        Unfit: otherwise.
    """
    if len(chain) + len(key) > MAX_PAIR_BYTES:
        raise Unfit("it is larger than any certificate")
    try:
        certificates = x509.load_pem_x509_certificates(chain)
        names = certificates[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
        public = certificates[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except x509.ExtensionNotFound:
        raise Unfit("the certificate names no host") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unfit("the first part holds no certificate") from None
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unfit("the second part holds no key that can be read") from None
    if private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != public:
        raise Unfit("the key is not the certificate's")
    hosts = frozenset(name.lower() for name in names.value.get_values_for_type(x509.DNSName))
    if not hosts:
        raise Unfit("the certificate names no host")
    version = hashlib.sha256(chain).hexdigest()[:32]
    return Pair(chain, key, hosts, certificates[0].not_valid_after_utc, version)
