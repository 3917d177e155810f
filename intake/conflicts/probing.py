"""Who tries names to learn which of them the firm knows: counted by conversation, contact, device and address.

A try is one run of the gate with names that were not tried before from there. Whoever tries more than a client would
is stopped as at any other stop, and a person looks. Counts stand in the cache under keyed hashes, with an expiry
and a size; when the cache is away only the conversation's own checks are counted, which stand in the database.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import redis

from intake.models import ConflictCheck
from tenants.cache import redis_key
from tenants.crypto import blind_index
from tenants.redis import cache_redis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from intake.models import Intake

logger = logging.getLogger(__name__)

#: Runs of the gate in one conversation, since a person last cleared it.
MOST_CHECKS: Final = 5
#: Different names from one contact, browser or address in WINDOW_SECONDS. A clinic's computer has many clients.
MOST: Final[Mapping[str, int]] = {"contact": 4, "device": 12, "address": 60}
#: Of all tries in a firm. A phone network puts thousands of people behind one address, so where a firm has many
#: clients a browser or an address may have more than MOST.
SHARE: Final[Mapping[str, float]] = {"device": 0.02, "address": 0.05}
WINDOW_SECONDS: Final = 7 * 86_400
#: Nobody's own: the machine itself, an office, or a proxy that does not say for whom it asks.
_INSIDE: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
)
_MEMBER_BYTES: Final = 8
_counts: ContextVar[bool] = ContextVar("probing_counts", default=True)


@contextlib.contextmanager
def uncounted() -> Iterator[None]:
    """What is tried within is nobody's try: the counts are no part of a transaction that is rolled back."""
    token = _counts.set(False)
    try:
        yield
    finally:
        _counts.reset(token)


def origin_hashes(address: str, agent: str) -> tuple[bytes | None, bytes | None]:
    """(device, address) as an intake keeps them; None where nothing is known, or the address is an inner one. An
    IPv6 network is one address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None, None
    if any(found in network for network in _INSIDE if network.version == found.version):
        return None, None
    network = ipaddress.ip_network(f"{found}/64", strict=False) if found.version == 6 else found
    return (
        blind_index(f"{network} {agent[:300]}", purpose="intake.device"),
        blind_index(str(network), purpose="intake.address"),
    )


def contact_hashes(contacts: Iterable[str]) -> list[bytes]:
    """Of phone numbers and e-mail addresses."""
    return [blind_index(contact.strip().lower(), purpose="intake.contact") for contact in contacts if contact.strip()]


def tried_too_many(intake: Intake, names: Iterable[bytes], contacts: Iterable[str]) -> bool:
    """Count this run of the gate, and say whether it is one too many."""
    before = ConflictCheck.objects.filter(intake=intake).order_by("-id").values_list("decision", flat=True)
    since = 0
    for decision in before[: MOST_CHECKS + 1]:
        if decision == ConflictCheck.Decision.CLEARED:
            break
        since += 1
    sources = [("contact", one) for one in contact_hashes(contacts)]
    sources += [
        (kind, bytes(one))
        for kind, one in (("device", intake.device_hash), ("address", intake.address_hash))
        if one is not None
    ]
    member = hashlib.sha256(b"".join(sorted(bytes(one) for one in names))).digest()[:_MEMBER_BYTES]
    try:
        counted = _counted(sources, member)
    except redis.RedisError as error:
        logger.warning("tries not counted", extra={"error": type(error).__name__})
        counted = False
    return counted or since >= MOST_CHECKS


def _counted(sources: list[tuple[str, bytes]], member: bytes) -> bool:
    """Add this try to each source, but for one that is full already."""
    if not sources or not _counts.get():
        return False
    client = cache_redis()
    every = redis_key("tries", "all")
    with client.pipeline(transaction=False) as pipe:
        pipe.incr(every)
        for kind, one in sources:
            key = redis_key("tries", kind, one.hex())
            pipe.sismember(key, member)  # type: ignore[arg-type]
            pipe.scard(key)
        tries, *answers = pipe.execute()
    keys = [
        (redis_key("tries", kind, one.hex()), max(MOST[kind], int(SHARE.get(kind, 0) * tries))) for kind, one in sources
    ]
    too_many = False
    with client.pipeline(transaction=False) as pipe:
        if tries == 1:
            pipe.expire(every, WINDOW_SECONDS)
        for index, (key, most) in enumerate(keys):
            known, size = bool(answers[2 * index]), int(answers[2 * index + 1])
            if not known and size < most:
                pipe.sadd(key, member)
            pipe.expire(key, WINDOW_SECONDS)
            too_many = too_many or (not known and size >= most)
        pipe.execute()
    return too_many
