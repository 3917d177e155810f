"""The pairs that the edges may have: read from the Secrets of our Certificates, only as they change."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from legal_intake.certificates.desired import CERTIFICATE_NAME, Found, Rules
from legal_intake.certificates.kubernetes import Api, Refused
from legal_intake.certificates.pairs import MAX_PAIRS, Pair, Unfit, check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

logger = logging.getLogger("legal_intake.certificates")

METADATA_PAGE: Final = 500
# A page of whole Secrets is about a megabyte.
SECRET_PAGE: Final = 100
# From so many changes on, reading all of them page by page is cheaper than one by one.
ONE_BY_ONE: Final = 50


@dataclass(frozen=True)
class Secret:
    """What is known of a Secret without its data."""

    name: str
    uid: str
    version: str
    certificate: str

    @classmethod
    def read(cls, thing: Mapping[str, Any]) -> Secret:
        """From an object or its metadata alone."""
        meta = thing["metadata"]
        named = (meta.get("annotations") or {}).get(CERTIFICATE_NAME, "")
        return cls(meta["name"], meta["uid"], meta["resourceVersion"], str(named))


@dataclass(frozen=True)
class _Kept:
    """The state of a Secret that was looked at, and the last pair from it that fitted."""

    seen: str
    pair: Pair | None


@dataclass(frozen=True)
class Shown:
    """What the edges are shown, as one unchanging whole."""

    pairs: dict[str, Pair] = field(default_factory=dict)
    proofs: dict[str, str] = field(default_factory=dict)
    listed: bytes = b""
    etag: str = ""

    @classmethod
    def of(cls, pairs: dict[str, Pair], proofs: dict[str, str]) -> Shown:
        """With the list that is sent, made once."""
        names = [{"name": name, "version": pair.version} for name, pair in sorted(pairs.items())]
        listed = json.dumps({"pairs": names, "proofs": dict(sorted(proofs.items()))}).encode()
        return cls(pairs, proofs, listed, hashlib.sha256(listed).hexdigest()[:32])


class Shelf:
    """Holds what is shown; whoever waits is woken when it changes. None until the first look is done."""

    def __init__(self) -> None:
        self._shown: Shown | None = None
        self._changed = threading.Condition()
        self._closed = False

    @property
    def shown(self) -> Shown | None:
        """What is shown now; None again once this process goes away."""
        return None if self._closed else self._shown

    def show(self, shown: Shown) -> None:
        """From now on this."""
        with self._changed:
            if self._shown is None or self._shown.etag != shown.etag:
                self._shown = shown
                self._changed.notify_all()

    def close(self) -> None:
        """Wake everybody for the last time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def other_than(self, etag: str, seconds: float) -> Shown | None:
        """What is shown, as soon as it is something else than `etag`, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._shown is None or self._shown.etag != etag, timeout=seconds
            )
            return self.shown


class Keeper:
    """Reads Secrets for the shelf. One thread uses it."""

    def __init__(self, shelf: Shelf, rules: Rules) -> None:
        self._shelf, self._rules = shelf, rules
        self._kept: dict[str, _Kept] = {}
        self.secrets: list[Secret] = []

    @property
    def earliest_end(self) -> datetime | None:
        """When the first of the pairs ends."""
        return min((kept.pair.ends for kept in self._kept.values() if kept.pair), default=None)

    def look(self, api: Api, certificates: Mapping[str, Found], proofs: dict[str, str]) -> None:
        """Read what changed since the last look and show it.

        Raises:
            Busy, Refused, Unreachable: what was shown stays.
        """
        path = api.place.path("v1", "secrets")
        selector = self._rules.selector
        self.secrets = api.every(path, Secret.read, selector=selector, limit=METADATA_PAGE, bare=True)
        theirs = {each.name: each for each in certificates.values()}
        ours = {each.name: each for each in self.secrets if _belongs(each, theirs)}
        if len(ours) > MAX_PAIRS:
            logger.error("too_many_certificates", extra={"found": len(ours), "most": MAX_PAIRS})
            ours = {name: ours[name] for name in sorted(ours)[:MAX_PAIRS]}
        changed = [
            name for name, each in ours.items() if name not in self._kept or self._kept[name].seen != each.version
        ]
        if len(changed) > ONE_BY_ONE:
            wanted = set(changed)
            api.every(path, lambda thing: self._take(thing, theirs, wanted), selector=selector, limit=SECRET_PAGE)
        else:
            self._one_by_one(api, changed, theirs)
        self._kept = {name: kept for name, kept in self._kept.items() if name in ours}
        self._shelf.show(Shown.of({name: kept.pair for name, kept in self._kept.items() if kept.pair}, proofs))

    def _one_by_one(self, api: Api, names: Iterable[str], certificates: Mapping[str, Found]) -> None:
        for name in names:
            try:
                self._take(api.get(api.place.path("v1", "secrets", name)), certificates, {name})
            except Refused as error:
                if error.status != HTTPStatus.NOT_FOUND:  # it went while we looked
                    raise

    def _take(self, thing: Mapping[str, Any], certificates: Mapping[str, Found], wanted: set[str]) -> None:
        secret = Secret.read(thing)
        if secret.name not in wanted or not _belongs(secret, certificates) or not self._rules.is_ours(thing):
            return
        before = self._kept.get(secret.name)
        try:
            pair: Pair | None = _pair(thing, certificates[secret.certificate])
        except Unfit as error:
            pair = before.pair if before else None
            logger.warning(
                "certificate_pair_unfit",
                extra={"host": secret.name, "reason": str(error), "kept": "the one before" if pair else "none"},
            )
        self._kept[secret.name] = _Kept(secret.version, pair)


def _belongs(secret: Secret, certificates: Mapping[str, Found]) -> bool:
    certificate = certificates.get(secret.certificate)
    return certificate is not None and certificate.secret == secret.name and certificate.name == secret.name


def _pair(thing: Mapping[str, Any], certificate: Found) -> Pair:
    data = thing.get("data") or {}
    if thing.get("type") != "kubernetes.io/tls":
        raise Unfit("the Secret is not of the type kubernetes.io/tls")
    try:
        chain = base64.b64decode(data.get("tls.crt", ""), validate=True)
        key = base64.b64decode(data.get("tls.key", ""), validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Unfit("the Secret's data cannot be read") from None
    pair = check(chain, key)
    if not pair.hosts & set(certificate.said.get("dnsNames") or ()):
        raise Unfit("the certificate is for none of its Certificate's hosts")
    return pair
