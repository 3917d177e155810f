"""The journal: what a client said and nobody has committed yet, in one Redis Stream a session.

    stream   entries `<seq + 1>-0 {e: sealed}`; an entry is all that one tick of the writer had for the
             session. Naming entries by `seq` makes an append that is repeated after a lost answer do nothing.
    state    hash: `socket` (epoch of the one live socket; `withdrawn`: nothing is taken any more), `next` (the
             first `seq` that is not kept here), `gate` and `open` (the gate at that moment), `last` and
             `written` (the newest entry, its time), `epoch` (the newest lease), `from` (the sample before which
             nothing is needed), `parked` (the newest entry that a listener left on purpose), `attempts`
             (leases taken since the last commit), `sent` and `sends`
             (when a listener was sent, how often, until it comes)
    pending  one sorted set for all firms: `firm:session` of those with uncommitted entries, by the time
             of the oldest; ids only, so that the reaper need not walk a thousand firms each second

Audio is sealed with the firm's key before it leaves the process. What the clock of the wall decides
(a client went silent, pressed Done) is written into the stream as a mark, so a replay decides the same.
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from audio.errors import JournalFull
from audio.frames import BYTES_PER_SAMPLE
from audio.replicas import durably
from tenants.cache import redis_key
from tenants.context import current_firm, public_scope
from tenants.crypto import Sealer, unseal
from tenants.keys import ring
from tenants.redis import journal_redis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from audio.frames import Frame
    from tenants.keys import Keyring

UNCOMMITTED_SECONDS: Final = 24 * 3600
#: Redis forgets a little later than the reaper, which says so, should have acted.
UNCOMMITTED_TTL: Final = UNCOMMITTED_SECONDS + 3600
COMMITTED_TTL: Final = 15 * 60
READ_COUNT: Final = 64
#: A listener that has not taken the lease by then was lost, or all slots are busy; one more does no harm.
SENT_SECONDS: Final = 5.0

#: A mark stands between frames: the utterance ends here, what follows does not join it. The gate closed,
#: the client stopped sending, or pressed Done.
MARK_END: Final = 0x8000

_TABLE: Final = "audio_journal"
_COLUMN: Final = "entry"
_RECORD: Final = struct.Struct("<IQHH")


@dataclass(frozen=True, slots=True)
class Record:
    """A frame out of the journal, or a mark (`pcm` empty, `flags` MARK_END)."""

    seq: int
    sample_pos: int
    flags: int
    pcm: bytes

    @property
    def end_pos(self) -> int:
        """The position after its last sample."""
        return self.sample_pos + len(self.pcm) // BYTES_PER_SAMPLE


def frame_record(frame: Frame) -> bytes:
    """A frame as it stands in an entry."""
    return _RECORD.pack(frame.seq, frame.sample_pos, frame.flags & ~MARK_END, len(frame.pcm)) + frame.pcm


def mark_record(seq: int, sample_pos: int) -> bytes:
    """A mark as it stands in an entry: after everything before `sample_pos`."""
    return _RECORD.pack(seq, sample_pos, MARK_END, 0)


def entry_sealer(session_id: UUID, keyring: Keyring) -> Sealer:
    """Seals this session's entries. Made in the firm's scope."""
    return Sealer(table=_TABLE, column=_COLUMN, row_id=session_id, ring=keyring)


def seal_entry(session_id: UUID, records: Sequence[bytes], keyring: Keyring) -> bytes:
    """One entry, sealed for this session in the current firm."""
    return entry_sealer(session_id, keyring).seal(b"".join(records))


def open_entry(session_id: UUID, sealed: bytes) -> list[Record]:
    """The records of an entry. Raises CannotDecrypt."""
    plain = unseal(sealed, table=_TABLE, column=_COLUMN, row_id=session_id)
    records, at = [], 0
    while at < len(plain):
        seq, sample_pos, flags, size = _RECORD.unpack_from(plain, at)
        at += _RECORD.size
        records.append(Record(seq, sample_pos, flags, plain[at : at + size]))
        at += size
    return records


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The names of one session in the journal."""

    state: str
    stream: str
    lease: str
    member: str


def session_keys(session_id: UUID) -> SessionKeys:
    """The current firm's names for a session."""
    state, stream, lease = (redis_key("voice", session_id, part) for part in ("state", "stream", "lease"))
    return SessionKeys(state, stream, lease, f"{current_firm().id}:{session_id}")


def pending_key() -> str:
    """The sorted set of sessions with uncommitted entries, of all firms."""
    with public_scope():
        return redis_key("voice", "pending")


def script_keys(session_id: UUID) -> tuple[str, str, str, str]:
    """What the scripts take as KEYS: state, stream, lease, pending."""
    keys = session_keys(session_id)
    return keys.state, keys.stream, keys.lease, pending_key()


# KEYS: (state, stream) for each session, then pending. ARGV: now, the two lifetimes, then for each session
# one MessagePack array: socket epoch, gate, next, open, member, entry id ('' for none), entry.
APPEND: Final = """
local pending, out, a = KEYS[#KEYS], {}, 4
for k = 1, #KEYS - 1, 2 do
  local state, stream, write = KEYS[k], KEYS[k + 1], cmsgpack.unpack(ARGV[a])
  local id = write[6]
  local said = 'k'
  local socket = redis.call('HGET', state, 'socket')
  if socket == 'withdrawn' then
    said = 'w'
  elseif socket ~= write[1] then
    said = 'r'
  else
    if id ~= '' then
      local added = redis.pcall('XADD', stream, id, 'e', write[7])
      if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller') then
        said = 'e'
      else
        redis.call('HSET', state, 'last', id, 'written', ARGV[1])
        redis.call('EXPIRE', stream, ARGV[2])
        redis.call('EXPIRE', state, ARGV[2])
        redis.call('ZADD', pending, 'NX', ARGV[1], write[5])
      end
    elseif redis.call('TTL', state) < tonumber(ARGV[3]) then
      redis.call('EXPIRE', state, ARGV[3])
    end
    if said == 'k' then
      redis.call('HSET', state, 'gate', write[2], 'next', write[3], 'open', write[4])
    end
  end
  out[#out + 1] = said
  a = a + 1
end
return table.concat(out)
"""

# KEYS: state. One live socket a session: taking it fences the one before.
_TAKE_SOCKET: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
if redis.call('HGET', KEYS[1], 'socket') == 'withdrawn' then return false end
redis.call('HINCRBY', KEYS[1], 'socket', 1)
return redis.call('HMGET', KEYS[1], 'socket', 'gate', 'next', 'open', 'last')
"""

# KEYS: state, stream, lease, pending. ARGV: lease epoch, lowest entry to keep, member, now, lifetime,
# the sample from which a replay starts.
_TRIM: Final = """
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return -1 end
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[2])
redis.call('HDEL', KEYS[1], 'attempts')
redis.call('HSET', KEYS[1], 'from', ARGV[6])
local left = redis.call('XLEN', KEYS[2])
if left == 0 then
  redis.call('ZREM', KEYS[4], ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
else
  redis.call('ZADD', KEYS[4], 'XX', ARGV[4], ARGV[3])
end
return left
"""

# KEYS: state, stream, lease, pending. ARGV: now, seconds. Does a listener have to be sent? Whoever is told so
# sends it; others are told so again only when it has not come for so long, and then four times as long.
CLAIM_LISTENER: Final = """
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('XLEN', KEYS[2]) == 0 then return 0 end
local state = redis.call('HMGET', KEYS[1], 'last', 'parked', 'sent', 'sends')
if state[1] == state[2] then return 0 end
local sends = tonumber(state[4] or '0')
local patience = tonumber(ARGV[2]) * 4 ^ math.max(0, math.min(sends, 4) - 1)
if state[3] and tonumber(ARGV[1]) - tonumber(state[3]) < patience then return 0 end
redis.call('HSET', KEYS[1], 'sent', ARGV[1], 'sends', sends + 1)
return 1
"""


@dataclass(frozen=True, slots=True)
class SocketState:
    """What a socket goes on from. `next_seq` is the first frame that the journal does not cover."""

    epoch: int
    gate: bytes | None
    next_seq: int
    is_open: bool
    last_entry: str


def check_room() -> None:
    """Raises JournalFull when less is free than those who speak now may still need.

    The journal drops nothing: full, it would refuse the words of people in the middle of a sentence.
    """
    memory: Any = journal_redis().info("memory")
    limit = int(memory["maxmemory"])
    if limit and int(memory["used_memory"]) * 100 >= limit * settings.JOURNAL_FULL_PERCENT:
        raise JournalFull


# KEYS: state. ARGV: lifetime.
_CREATE: Final = """
redis.call('HSET', KEYS[1], 'socket', 0, 'next', 0, 'open', 0)
return redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


def create_session(session_id: UUID) -> None:
    """Open a session's journal; it goes after 15 minutes without a socket."""
    state = session_keys(session_id).state
    durably(lambda pipe: pipe.eval(_CREATE, 1, state, COMMITTED_TTL))


def take_socket(session_id: UUID) -> SocketState | None:
    """Make the caller the session's one live socket; None when the journal has gone."""
    state = session_keys(session_id).state
    found = durably(lambda pipe: pipe.eval(_TAKE_SOCKET, 1, state))
    if not found:
        return None
    epoch, gate, next_seq, is_open, last = found
    return SocketState(int(epoch), gate, int(next_seq or 0), is_open == b"1", (last or b"0-0").decode())


def claim_listener(session_id: UUID) -> bool:
    """Whether entries wait and nobody listens, nor left them on purpose, nor is on the way: then the
    caller sends a listener."""
    return bool(journal_redis().eval(CLAIM_LISTENER, 4, *claim_arguments(session_id)))


def claim_arguments(session_id: UUID) -> tuple[str | float, ...]:
    """KEYS and ARGV of CLAIM_LISTENER."""
    return (*script_keys(session_id), time.time(), SENT_SECONDS)


# KEYS: state, stream, lease, pending. ARGV: now, seconds. An utterance is open, its listener left it, and its
# client has not sent anything for so long: name the mark that ends it.
_ABANDONED: Final = """
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('XLEN', KEYS[2]) == 0 then return false end
local state = redis.call('HMGET', KEYS[1], 'last', 'written')
if not state[1] or tonumber(ARGV[1]) - tonumber(state[2] or '0') < tonumber(ARGV[2]) then return false end
return state[1]
"""


def end_abandoned(session_id: UUID, seconds: float) -> bool:
    """End what a client left open and did not come back to for `seconds`; whether there was such a thing."""
    client, keys = journal_redis(), session_keys(session_id)
    last: Any = client.eval(_ABANDONED, 4, *script_keys(session_id), time.time(), seconds)
    if not last:
        return False
    first = int(last.decode().split("-")[0])
    entry = seal_entry(session_id, [mark_record(max(0, first - 1), 0)], ring())
    name = _after(last.decode())
    client.xadd(keys.stream, {"e": entry}, id=name)
    client.hset(keys.state, "last", name)
    return True


class JournalReader:
    """Follows one session's entries. For the one listener that holds the lease; blocking.

    Yields nothing twice: frames that end at or before `position` are passed over.
    """

    def __init__(self, session_id: UUID, position: int) -> None:
        self._session_id = session_id
        self._stream = session_keys(session_id).stream
        self._redis = journal_redis()
        self._ends: list[tuple[str, int]] = []
        self.position = position
        self.last_id = "0-0"

    def read(self, block_ms: int) -> list[Record]:
        """New records, waiting up to `block_ms` for them; empty when none came."""
        found: Any = self._redis.xread({self._stream: self.last_id}, count=READ_COUNT, block=max(1, block_ms))
        records: list[Record] = []
        for entry_id, fields in found[0][1] if found else ():
            self.last_id = entry_id.decode()
            for record in open_entry(self._session_id, fields[b"e"]):
                if record.pcm and record.end_pos <= self.position:
                    continue
                self.position = max(self.position, record.end_pos)
                records.append(record)
            self._ends.append((self.last_id, self.position))
        return records

    def trim(self, epoch: int, committed: int) -> int:
        """Forget entries that end at or before sample `committed`; how many are left, -1 without the lease."""
        while self._ends and self._ends[0][1] <= committed:
            self._ends.pop(0)
        keep_from = self._ends[0][0] if self._ends else _after(self.last_id)
        member = session_keys(self._session_id).member
        arguments = (epoch, keep_from, member, time.time(), COMMITTED_TTL, committed)
        return int(self._redis.eval(_TRIM, 4, *script_keys(self._session_id), *arguments))


def starting_point(session_id: UUID, committed: int) -> int:
    """The sample from which a replay starts: the last commit's, or later where there was no speech."""
    passed = journal_redis().hget(session_keys(session_id).state, "from")
    return max(committed, int(passed or 0))


def _after(entry_id: str) -> str:
    first, second = entry_id.split("-")
    return f"{first}-{int(second) + 1}"


def discard_session(session_id: UUID) -> None:
    """Forget a session and all that it holds."""
    keys = session_keys(session_id)
    with journal_redis().pipeline() as pipe:
        pipe.delete(keys.state, keys.stream, keys.lease)
        pipe.zrem(pending_key(), keys.member)
        pipe.execute()


# KEYS: state, stream, lease, pending. ARGV: member, lifetime. What is left says why, to a socket that still writes.
_WITHDRAW: Final = """
local before = redis.call('HGET', KEYS[1], 'socket')
local gone = redis.call('DEL', KEYS[2])
if before and before ~= 'withdrawn' then gone = 1 end
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('ZREM', KEYS[4], ARGV[1])
if gone == 1 or before then
  redis.call('HSET', KEYS[1], 'socket', 'withdrawn')
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return gone
"""


def withdraw_session(session_id: UUID) -> int:
    """Forget a session and all that it holds, because its client no longer agrees; 0 when there was nothing.

    No socket and no listener takes it up again. Raises redis.RedisError.
    """
    arguments = (*script_keys(session_id), session_keys(session_id).member, COMMITTED_TTL)
    return int(durably(lambda pipe: pipe.eval(_WITHDRAW, 4, *arguments)))


def discard_firm() -> int:
    """Forget everything of the current firm; how many names went."""
    client, count = journal_redis(), 0
    for key in client.scan_iter(match=f"{redis_key('voice')}:*", count=1000):
        count += int(client.delete(key))
    pending = pending_key()
    members = [m for m, _ in client.zscan_iter(pending, match=f"{current_firm().id}:*")]
    if members:
        client.zrem(pending, *members)
    return count
