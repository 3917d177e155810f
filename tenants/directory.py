"""Which firm answers on a host: an in-process directory that is never more than a second old.

A hit costs no query and no Redis call, a miss one query. A watcher thread, started at the first
miss, is nudged through Redis by `announce` and in any case compares the version row of `public`
twice a second (triggers raise it in every transaction that changes a firm, domain, key or schema
state, whoever wrote it), so a broken Redis, or a writer that forgot to announce, delays a change by
half a second and no more.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connections, transaction
from redis.exceptions import RedisError

from tenants import keys, window
from tenants.aio import run_db
from tenants.context import FirmRef, public_scope
from tenants.errors import FirmBehind, FirmNotReady, FirmSuspended, UnknownFirm
from tenants.models import DirectoryVersion, Domain, Firm
from tenants.redis import cache_redis

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

KNOWN_SECONDS: Final = 60.0
UNKNOWN_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.5
RECONNECT_SECONDS: Final = 600.0
LISTEN_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 1.0
MAX_HOSTS: Final = 8192
MAX_FIRMS: Final = 4096
MAX_UNKNOWN: Final = 2048
MAX_READS: Final = 5
CHANNEL: Final = "li:directory"

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class FirmEntry:
    """A firm as every process knows it."""

    ref: FirmRef
    name: str
    accent: str
    status: str
    in_window: bool
    hosts: tuple[str, ...]

    def check_served(self) -> None:
        """Raise FirmSuspended, FirmNotReady or FirmBehind unless the firm may be served now."""
        if self.status == Firm.Status.SUSPENDED:
            raise FirmSuspended("this firm is suspended")
        if self.status != Firm.Status.READY:
            raise FirmNotReady("this firm is not ready yet")
        if not self.in_window:
            raise FirmBehind("this firm is being upgraded")


class _Bounded(Generic[K, V]):
    """The last `size` values, each fresh for a time; a value that is no longer fresh is still kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def fresh(self, key: K) -> V | None:
        found = self._items.get(key)
        if found is None or found[0] < time.monotonic():
            return None
        return found[1]

    def get(self, key: K, default: V) -> V:
        found = self._items.get(key)
        return default if found is None else found[1]

    def put(self, key: K, value: V, seconds: float) -> None:
        self._items[key] = (time.monotonic() + seconds, value)
        self._items.move_to_end(key)
        while len(self._items) > self._size:
            self._items.popitem(last=False)

    def values(self) -> list[V]:
        return [value for _, value in self._items.values()]

    def drop(self, key: K) -> None:
        self._items.pop(key, None)

    def clear(self) -> None:
        self._items.clear()


class _Nobody:
    """Stands for "no firm", which is remembered for a shorter time."""


_Known = FirmEntry | _Nobody
_nobody = _Nobody()
_by_host: _Bounded[str, FirmEntry] = _Bounded(MAX_HOSTS)
_by_id: _Bounded[UUID, FirmEntry] = _Bounded(MAX_FIRMS)
# Apart, so that a flood of made-up hosts cannot push out the firms.
_unknown: _Bounded[str | UUID, _Nobody] = _Bounded(MAX_UNKNOWN)
_lock = threading.RLock()
_generation = 0
# Firms whose entry a lookup replaced by another one before the watcher saw the change.
_superseded: dict[UUID, FirmRef] = {}
_callbacks: list[Callable[[FirmRef], None]] = []
_watcher: _Watcher | None = None


def resolve_host(host: str) -> FirmEntry:
    """The firm that answers on a normalised host. Raises UnknownFirm."""
    return _found(_by_host.fresh(host) or _unknown.fresh(host) or _read_host(host))


async def aresolve_host(host: str) -> FirmEntry:
    """`resolve_host` for an event loop: only a miss leaves it."""
    known: _Known | None = _by_host.fresh(host) or _unknown.fresh(host)
    return _found(known if known is not None else await run_db(_read_host, host))


def resolve_firm(firm_id: UUID) -> FirmEntry:
    """The firm with this id. Raises UnknownFirm for a deleted or never-known one."""
    return _found(_by_id.fresh(firm_id) or _unknown.fresh(firm_id) or _read_firm(firm_id))


async def aresolve_firm(firm_id: UUID) -> FirmEntry:
    """`resolve_firm` for an event loop."""
    known: _Known | None = _by_id.fresh(firm_id) or _unknown.fresh(firm_id)
    return _found(known if known is not None else await run_db(_read_firm, firm_id))


def announce() -> None:
    """Tell every process, when this transaction commits, that the directory has changed."""
    transaction.on_commit(_publish)


def on_firm_changed(callback: Callable[[FirmRef], None]) -> Callable[[], None]:
    """Call `callback` (on the watcher's thread, briefly) for each firm whose entry changed or went.

    Returns a function that ends it.
    """
    with _lock:
        _callbacks.append(callback)
    _watch()

    def end() -> None:
        with _lock:
            if callback in _callbacks:
                _callbacks.remove(callback)

    return end


def forget() -> None:
    """Drop what this process knows."""
    with _lock:
        _begin_generation()
        _by_id.clear()
        _superseded.clear()


def stop_watching() -> None:
    """End the watcher's thread: at a process's orderly end."""
    global _watcher
    with _lock:
        watcher, _watcher = _watcher, None
    if watcher is not None:
        watcher.stop()


def _found(known: _Known) -> FirmEntry:
    if isinstance(known, _Nobody):
        raise UnknownFirm("no firm answers here")
    return known


def _read_host(host: str) -> _Known:
    owner = Domain.objects.filter(domain=host).values("tenant_id")
    return _read(host, lambda firms: firms.filter(pk__in=owner))


def _read_firm(firm_id: UUID) -> _Known:
    return _read(firm_id, lambda firms: firms.filter(pk=firm_id))


def _read(asked: str | UUID, narrow: Callable[[QuerySet[Firm]], QuerySet[Firm]]) -> _Known:
    """Read, and keep it, unless the directory changed meanwhile: then what was read may be old.

    A socket stays as long as the entry it came in with, so an entry is returned only when the next
    change is sure to be compared with it, or after so many changes in a row that something is amiss.
    """
    _watch()
    for _ in range(MAX_READS):
        generation = _generation
        known = _one(narrow)
        if _remember(generation, known, asked):
            break
    return known


def _one(narrow: Callable[[QuerySet[Firm]], QuerySet[Firm]]) -> _Known:
    with public_scope():
        firm = narrow(_firms()).first()
    return _nobody if firm is None else _entry(firm)


def _firms() -> QuerySet[Firm]:
    firms: QuerySet[Firm] = Firm.objects.select_related("schema_state").annotate(hosts=ArrayAgg("domains__domain"))
    return firms


def _entry(firm: Firm) -> FirmEntry:
    state = getattr(firm, "schema_state", None)
    hosts = tuple(sorted(host for host in firm.hosts if host))
    in_window = state is not None and window.serves(state.applied)
    return FirmEntry(firm.ref, firm.name, firm.accent, firm.status, in_window, hosts)


def _remember(generation: int, known: _Known, asked: str | UUID) -> bool:
    """Keep what was read in this generation. False when another one has begun."""
    with _lock:
        if generation != _generation:
            return False
        if isinstance(known, _Nobody):
            _unknown.put(asked, known, UNKNOWN_SECONDS)
            return True
        if _by_id.get(known.ref.id, known) != known:
            _superseded[known.ref.id] = known.ref
        _by_id.put(known.ref.id, known, KNOWN_SECONDS)
        if isinstance(asked, str):
            _by_host.put(asked, known, KNOWN_SECONDS)
        return True


def _publish() -> None:
    try:
        cache_redis().publish(CHANNEL, "changed")
    except RedisError:
        logger.warning("directory change not announced; processes will see it within a second")


def _refresh() -> None:
    """Read again every firm this process knows; tell who changed.

    Lookups go on meanwhile. Whoever came in with an entry, from before or during our reading, must
    hear when it is not what we read; entries that a lookup replaced are in `_superseded`.
    """
    known = _begin_generation()
    keys.forget()
    with public_scope():
        now = {firm.id: _entry(firm) for firm in _firms().filter(pk__in=list(known))}
    with _lock:
        changed = dict(_superseded)
        _superseded.clear()
        for firm_id, entry in _begin_generation().items():
            if firm_id in known and now.get(firm_id) != entry:
                changed[firm_id] = entry.ref
        for firm_id in known:
            if firm_id in now:
                _by_id.put(firm_id, now[firm_id], KNOWN_SECONDS)
            else:
                _by_id.drop(firm_id)
        callbacks = list(_callbacks)
    for ref in changed.values():
        for callback in callbacks:
            _call(callback, ref)


def _begin_generation() -> dict[UUID, FirmEntry]:
    """From here on, what was read before is not kept. Returns the firms known until here."""
    global _generation
    with _lock:
        _generation += 1
        _by_host.clear()
        _unknown.clear()
        return {entry.ref.id: entry for entry in _by_id.values()}


def _call(callback: Callable[[FirmRef], None], ref: FirmRef) -> None:
    try:
        callback(ref)
    except Exception:
        logger.exception("a listener failed on a changed firm")


class _Watcher(threading.Thread):
    """Compares the version row, twice a second or when nudged."""

    def __init__(self) -> None:
        super().__init__(name="firm-directory", daemon=True)
        self._ending = False
        self._seen: int | None = None
        self._connected = time.monotonic()
        self.nudge = threading.Event()
        self.pid = os.getpid()

    def stop(self) -> None:
        self._ending = True
        self.nudge.set()
        self.join(timeout=5)

    @property
    def ending(self) -> bool:
        return self._ending

    def run(self) -> None:
        _Listener(self).start()
        while not self._ending:
            self._compare()
            self.nudge.wait(POLL_SECONDS)
            self.nudge.clear()
        connections.close_all()

    def _compare(self) -> None:
        try:
            if time.monotonic() - self._connected > RECONNECT_SECONDS:
                self._reconnect()
            with public_scope():
                version = DirectoryVersion.objects.values_list("version", flat=True).get(pk=1)
            if version != self._seen:
                _refresh()
                self._seen = version
        except Exception as error:  # noqa: BLE001 - the watcher outlives any fault of the database
            logger.warning("directory not compared: %s", type(error).__name__)
            self._reconnect()

    def _reconnect(self) -> None:
        connections.close_all()
        self._connected = time.monotonic()


class _Listener(threading.Thread):
    """Nudges the watcher when another process announces a change: Redis only makes it sooner.

    A thread of its own, because a Redis that does not answer may hold it for seconds.
    """

    def __init__(self, watcher: _Watcher) -> None:
        super().__init__(name="firm-directory-redis", daemon=True)
        self._watcher = watcher

    def run(self) -> None:
        while not self._watcher.ending:
            try:
                with cache_redis().pubsub(  # type: ignore[no-untyped-call]
                    ignore_subscribe_messages=True
                ) as messages:
                    messages.subscribe(CHANNEL)
                    while not self._watcher.ending:
                        if messages.get_message(timeout=LISTEN_SECONDS):
                            self._watcher.nudge.set()
            except (RedisError, OSError):
                time.sleep(RETRY_SECONDS)


def _watch() -> None:
    """Start the watcher once in this process (threads do not survive a fork)."""
    global _watcher
    if _watcher is not None and _watcher.pid == os.getpid() and _watcher.is_alive():
        return
    with _lock:
        if _watcher is None or _watcher.pid != os.getpid() or not _watcher.is_alive():
            _watcher = _Watcher()
            _watcher.start()


def _after_fork() -> None:
    global _lock, _watcher
    _lock, _watcher = threading.RLock(), None


os.register_at_fork(after_in_child=_after_fork)
