"""Every change as it is made: WAL, streamed from PostgreSQL into a spool, from there sealed into the target.

A replication slot keeps what was not received yet, up to PostgreSQL's `max_slot_wal_keep_size`; beyond that the
slot is lost, and a new one begins with a new base backup. A segment that is not full is carried off too,
each minute, so that losing this whole machine costs about a minute.
"""

from __future__ import annotations

import ctypes
import logging
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from legal_intake_backup import census, tools
from legal_intake_backup.config import SLOT
from legal_intake_backup.errors import NotUsable, ToolFailed

if TYPE_CHECKING:
    from legal_intake_backup.config import Config
    from legal_intake_backup.state import State
    from legal_intake_backup.vault import Vault

logger = logging.getLogger("backup")

SEGMENT = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
KEPT_IN_SPOOL = 2
WAIT_SECONDS = 600
RESTORED = "restored"


class Receiver:
    """`pg_receivewal` as a child, started again when it ends."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    def tend(self) -> bool:
        """Start it when it does not run. Whether it ran since the last look."""
        if self._process is not None and self._process.poll() is None:
            return True
        if self._process is not None:
            logger.warning("pg_receivewal ended (%s), starting it again", self._process.returncode)
        begin_anew_after_restore(self._config)
        self._config.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        ensure_slot(self._config)
        self._process = subprocess.Popen(
            [self._config.program("pg_receivewal"), "-D", str(self._config.spool), "-S", SLOT, "--synchronous",
             "--no-loop", "--status-interval=5", "-w"],
            env=tools.environment(self._config.replication), stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent,
        )  # fmt: skip
        return False

    def stop(self) -> None:
        """End it; what it received is kept."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=20)


def _end_with_parent() -> None:
    """An orphan would hold the slot. Linux sends the signal when the thread ends that started it: the main one."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, int(signal.SIGTERM))


def begin_anew_after_restore(config: Config) -> None:
    """A restored database goes on in another timeline: what was received before is not its past."""
    marker = config.state / RESTORED
    if marker.exists():
        shutil.rmtree(config.spool, ignore_errors=True)
        (config.state / "base-wanted").touch()
        marker.unlink()


def ensure_slot(config: Config) -> None:
    """Make the slot; make it anew when PostgreSQL gave it up."""
    rows = census.query(config, f"SELECT wal_status FROM pg_replication_slots WHERE slot_name = '{SLOT}'")  # noqa: S608 - a constant
    if rows and rows[0][0] == "lost":
        logger.error("the slot %s was lost: WAL is missing from here on, a new base backup follows", SLOT)
        census.query(config, f"SELECT pg_drop_replication_slot('{SLOT}')")
        shutil.rmtree(config.spool, ignore_errors=True)
        config.spool.mkdir(mode=0o700)
        rows = []
        (config.state / "base-wanted").touch()
    if not rows:
        census.query(config, f"SELECT pg_create_physical_replication_slot('{SLOT}', true)")


def ship(config: Config, vault: Vault, state: State) -> int:
    """Carry off every full segment that is not there yet; how many."""
    last = state.read().get("wal_shipped", "")
    full = sorted(path.name for path in config.spool.glob("*") if SEGMENT.fullmatch(path.name))
    count = 0
    for path in config.spool.glob("*.history"):
        if path.name not in state.read().get("histories", []):
            _put(vault, path, f"wal/{path.name}.zst.age")
            with state.change() as values:
                values.setdefault("histories", []).append(path.name)
    for name in full:
        if name > last:
            about = _put(vault, config.spool / name, f"wal/{name}.zst.age")
            with state.change() as values:
                values["wal_shipped"] = last = name
                values.setdefault("size", {})["wal"] = about
            vault.target.remove(f"wal/{name}.partial.zst.age")
            count += 1
    for name in [name for name in full if name <= last][:-KEPT_IN_SPOOL]:
        (config.spool / name).unlink()
    return count


def ship_partial(config: Config, vault: Vault, state: State) -> bool:
    """Carry off the segment under way, if it changed."""
    partial = next(iter(sorted(config.spool.glob("*.partial"), reverse=True)), None)
    if partial is None:
        return False
    try:
        about = partial.stat()
        stamp = [partial.name, about.st_mtime_ns]
        if state.read().get("partial") == stamp:
            return False
        with tempfile.NamedTemporaryFile(dir=config.state, prefix="partial-") as copy:
            shutil.copyfile(partial, copy.name)
            _put(vault, Path(copy.name), f"wal/{partial.name}.zst.age")
    except FileNotFoundError:
        return False  # it became full meanwhile
    with state.change() as values:
        values["partial"] = stamp
    return True


def await_shipped(vault: Vault, segment: str) -> None:
    """Wait until a segment is in the target. Raises ToolFailed when it does not come."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if f"wal/{segment}.zst.age" in vault.target.names("wal"):
            return
        time.sleep(0.5)
    raise ToolFailed(
        f"WAL up to {segment} did not reach the target within {WAIT_SECONDS} s: is the backup service running?"
    )


def fetch(vault: Vault, name: str, into: Path) -> bool:
    """Bring a WAL file back for PostgreSQL's `restore_command`; False when the backup has none of that name."""
    if not (SEGMENT.fullmatch(name) or HISTORY.fullmatch(name)):
        return False
    there = vault.target.names("wal")
    full = {segment for segment in (_segment(one) for one in there) if segment[:8] == name[:8]}
    candidates = [f"wal/{name}.zst.age"]
    if not any(segment > name for segment in full):  # a part is only ever the end
        candidates.append(f"wal/{name}.partial.zst.age")
    for candidate in candidates:
        if candidate in there:
            part = into.with_name(f"{into.name}.part")
            with vault.get(candidate, [["zstd", "-dc"]]) as source, part.open("wb") as file:
                shutil.copyfileobj(source, file)
            part.replace(into)
            return True
    return False


def check_unbroken(vault: Vault, first: str) -> None:
    """Every segment from `first` to the last is there, on whichever timeline. Raises NotUsable.

    A recovery would end at a gap as if there were nothing after it.
    """
    there = {_number(segment) for segment in map(_segment, vault.target.names("wal")) if segment}
    begin = _number(first)
    missing = [number for number in range(begin, max(there | {begin}) + 1) if number not in there]
    if missing:
        raise NotUsable(
            f"{len(missing)} WAL segments after the base backup are missing from the backup, the first is "
            f"{missing[0] // 256:08X}{missing[0] % 256:08X}: restore with --to a time before it, or from another backup"
        )


def _segment(name: str) -> str:
    """The full segment that an object is; empty for a part, and for a history."""
    segment, _, rest = name.removeprefix("wal/").partition(".")
    return segment if rest == "zst.age" and SEGMENT.fullmatch(segment) else ""


def _number(segment: str) -> int:
    """The place of a segment of 16 MB, whatever its timeline."""
    return int(segment[8:16], 16) * 256 + int(segment[16:], 16)


def prune(vault: Vault, first: str) -> int:
    """Remove WAL that no kept base backup needs: before segment `first`. History files stay."""
    gone = 0
    for name in vault.target.names("wal"):
        segment = name.removeprefix("wal/").partition(".")[0]
        if SEGMENT.fullmatch(segment) and segment[8:] < first[8:] and segment[:8] <= first[:8]:
            vault.target.remove(name)
            gone += 1
        elif name.endswith(".partial.zst.age") and f"wal/{segment}.zst.age" in vault.target.names("wal"):
            vault.target.remove(name)
    return gone


def _put(vault: Vault, path: Path, name: str) -> int:
    with path.open("rb") as file:
        return int(vault.put(name, commands=[["zstd", "-3", "-qc"]], source=file)["size"])
