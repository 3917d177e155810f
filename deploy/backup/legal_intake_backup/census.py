"""Counts and hashes of every firm's tables at one moment: what a restore is held against.

The moment is a place in the WAL. A temporary logical replication slot gives both: a snapshot to count in, and
the position before which exactly that snapshot's transactions committed. A database recovered to the position
must have the same counts and hashes, whatever was written meanwhile (needs `wal_level = logical`).
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legal_intake_backup import tools
from legal_intake_backup.errors import Differs, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from legal_intake_backup.config import Config

# One form of every value, whatever the server's defaults: hashes are over text.
FORMS = (
    "-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c bytea_output=hex -c extra_float_digits=1 "
    "-c idle_in_transaction_session_timeout=0 -c statement_timeout=0"
)
SLOT_SECONDS = 300
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND (n.nspname = 'public' OR n.nspname IN (SELECT schema_name FROM public.tenants_firm))
ORDER BY 1, 2
"""
_FIRMS = "SELECT id, schema_name, status FROM public.tenants_firm ORDER BY id"
_KEYS = "SELECT DISTINCT master_key_id FROM public.tenants_firmkey ORDER BY 1"


@dataclass(frozen=True)
class Moment:
    """A snapshot that others may use while it is open, and its place in the WAL."""

    snapshot: str
    lsn: str


def query(config: Config, statement: str, *, env: Mapping[str, str] | None = None) -> list[list[str]]:
    """The rows of a statement, as text."""
    output = _psql(config, statement, env or config.postgres)
    return [line.split("|") for line in output.splitlines()]


@contextmanager
def moment(config: Config) -> Iterator[Moment]:
    """Now, for the block. Waits for transactions that are under way."""
    with tempfile.TemporaryDirectory(prefix="census-") as folder:
        answer = Path(folder) / "answer"
        command = [config.program("psql"), "-qAtXw", "-v", "ON_ERROR_STOP=1",
                   "-d", f"dbname={config.postgres['PGDATABASE']} replication=database"]  # fmt: skip
        name = f"census_{time.time_ns()}"
        process = subprocess.Popen(
            command, env=tools.environment(config.postgres), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            if process.stdin is None:
                raise AssertionError("unreachable")
            process.stdin.write(
                f"\\o {answer}\nCREATE_REPLICATION_SLOT {name} TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export');\n\\o\n"
            )
            process.stdin.flush()
            yield _await(process, answer)
        finally:
            process.kill()  # the temporary slot and the snapshot go with the session
            process.wait()
            for pipe in (process.stdin, process.stderr):
                if pipe is not None:
                    pipe.close()


def take(config: Config, *, snapshot: str = "", env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Firms, master keys' ids, and every table's count and hash, by schema."""
    environment = env or config.postgres
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    if snapshot:
        begin += f" SET TRANSACTION SNAPSHOT '{snapshot}';"
    commit = "COMMIT;"

    def ask(statement: str) -> list[list[str]]:
        lines = _psql(config, f"{begin}\n{statement};\n{commit}", environment).splitlines()
        return [line.split("|") for line in lines]

    schemas: dict[str, list[str]] = {}
    for schema, table in ask(_TABLES):
        if _NAME.fullmatch(schema) and _NAME.fullmatch(table):
            schemas.setdefault(schema, []).append(table)
    script = []
    for schema, tables in schemas.items():
        # A transaction for each firm: one for all would hold a lock on every table of every firm.
        script += [begin, " UNION ALL ".join(_digest(schema, table) for table in tables) + ";", commit]
    counted: dict[str, dict[str, list[str]]] = {}
    for line in _psql(config, "\n".join(script), environment).splitlines():
        schema, table, *digest = line.split("|")
        counted.setdefault(schema, {})[table] = digest
    return {
        "firms": {firm: {"schema": schema, "status": status} for firm, schema, status in ask(_FIRMS)},
        "master_key_ids": [row[0] for row in ask(_KEYS)],
        "tables": counted,
    }


def compare(said: dict[str, Any], found: dict[str, Any]) -> None:
    """Raise Differs with the first differences between two censuses."""
    wrong = [
        f"firm {firm}" for firm in sorted(said["firms"].keys() | found["firms"].keys())
        if said["firms"].get(firm) != found["firms"].get(firm)
    ]  # fmt: skip
    for schema in sorted(said["tables"].keys() | found["tables"].keys()):
        mine, theirs = said["tables"].get(schema, {}), found["tables"].get(schema, {})
        wrong += [
            f"{schema}.{table}: {_count(theirs.get(table))} rows instead of {_count(mine.get(table))}"
            if _count(mine.get(table)) != _count(theirs.get(table)) else f"{schema}.{table}: other rows"
            for table in sorted(mine.keys() | theirs.keys())
            if mine.get(table) != theirs.get(table)
        ]  # fmt: skip
    if wrong:
        raise Differs(f"what was restored differs in {len(wrong)} places: {'; '.join(wrong[:5])}")


def _count(digest: list[str] | None) -> str:
    return digest[0] if digest else "no"


def _digest(schema: str, table: str) -> str:
    sums = ", ".join(f"coalesce(sum(hashtextextended(t::text, {seed})::numeric), 0)" for seed in (0, 1))
    return f"SELECT '{schema}', '{table}', count(*), {sums} FROM {schema}.{table} t"  # noqa: S608 - checked names


def _await(process: subprocess.Popen[str], answer: Path) -> Moment:
    deadline = time.monotonic() + SLOT_SECONDS
    while time.monotonic() < deadline:
        text = answer.read_text() if answer.exists() else ""
        if text.endswith("\n"):
            _, lsn, snapshot, *_ = text.strip().split("|")
            return Moment(snapshot, lsn)
        if process.poll() is not None:
            errors = process.stderr.read().strip() if process.stderr else ""
            raise ToolFailed(f"no snapshot for the manifest: {errors} (wal_level must be logical)")
        time.sleep(0.05)
    raise ToolFailed(f"no snapshot for the manifest within {SLOT_SECONDS} s: a transaction is open for too long")


def _psql(config: Config, script: str, env: Mapping[str, str]) -> str:
    command = [config.program("psql"), "-qAtXw", "-v", "ON_ERROR_STOP=1"]
    return tools.run(command, env={**env, "PGOPTIONS": FORMS}, text=script)
