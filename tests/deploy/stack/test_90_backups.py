"""Back up, drill, damage, restore, compare: by deploy.sh, on the running stack. Last, for it takes the most away."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from tests.deploy.stack import site as sites
from tests.deploy.stack.bring_up import deploy
from tests.deploy.stack.engine import EngineError, wait_until
from tests.deploy.stack.people import Browser, heard, intake_page, speech, spoken_intake, typed_intake
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Firm, Site, now

pytestmark = pytest.mark.stack
SHIPPED_SECONDS = 90
TYPED, AFTERWARDS = "The heating has been off since the first of November.", "Said after the backup."


def recording_of(browser: Browser, page: str) -> str:
    """SHA-256 of the first recording that an intake's page plays; empty when it plays none."""
    found = re.search(r'<audio [^>]*src="([^"]+)"', page)
    if found is None:
        return ""
    answer = browser.get(found.group(1).replace("&amp;", "&"))
    assert answer.status_code in (200, 206), answer.status_code
    return hashlib.sha256(answer.content).hexdigest()


def seen(site: Site, firm: Firm, reference: str) -> tuple[str, str]:
    """What staff see of an intake: its page, and the hash of its recording."""
    with Browser(site, firm) as browser:
        assert browser.log_in(firm).status_code == 302
        page = intake_page(browser, reference)
        return page, recording_of(browser, page)


def sql(site: Site, statement: str) -> str:
    return site.project.execute("postgres", "psql", "-U", "postgres", "-d", "legal_intake", "-XAtc", statement)


def ship(site: Site) -> None:
    """What is written so far is in the target: a restore to a moment needs what came after it."""
    segment = sql(site, "SELECT pg_walfile_name(pg_current_wal_lsn()) FROM pg_switch_wal()").split()[-1]
    there = f"ls /backups/*/wal/{segment}.* /backups/wal/{segment}.* 2>/dev/null | grep -q ."
    wait_until(f"{segment} is in the target", lambda: _holds(site, there), SHIPPED_SECONDS, pause=2)


def _holds(site: Site, script: str) -> bool:
    return site.project.compose("exec", "-T", "backup", "sh", "-c", script, check=False).returncode == 0


@pytest.mark.stack(seconds=330)
def test_backup_drill_damage_restore_compare(site: Site, report: Report) -> None:
    harbor, summit = site.firms[:2]
    typed = asyncio.run(typed_intake(site, summit, "Tomas Typist", TYPED))
    spoken, voice = asyncio.run(spoken_intake(site, harbor, "Rita Recorded", speech("librivox-0920")))
    name = f"Gone Law {uuid4().hex[:6]}"
    gone = f"{name.replace(' ', '-').lower()}.{sites.DOMAIN}"
    site.manage("firm", "create", name, gone, "--admin", f"staff@{gone}")
    before = {spoken: seen(site, harbor, spoken), typed: seen(site, summit, typed)}
    assert before[spoken][1], "the recording is there to be lost"
    took: dict[str, float] = {}

    def timed(what: str, *arguments: str) -> str:
        began = now()
        said = deploy(site.root, *arguments)
        took[what] = now() - began
        return said

    timed("backup", "backup")
    timed("drill", "drill")
    asyncio.run(typed_intake(site, summit, "Nina Never", AFTERWARDS))
    site.manage("firm", "delete", gone, "--yes-delete", name)
    moment = datetime.now(UTC)
    wait_until("the next second", lambda: datetime.now(UTC) > moment.replace(microsecond=0), 3, pause=0.6)
    later = asyncio.run(typed_intake(site, summit, "Nobody Later", "Said after the moment."))
    ship(site)

    schema = sql(site, "SELECT schema_name FROM tenants_firm WHERE name = 'Harbor Law'").strip()
    assert re.fullmatch(r"[a-z0-9_]+", schema), schema
    sql(site, f'DROP SCHEMA "{schema}" CASCADE')
    site.project.execute("api", "sh", "-c", "rm -rf /data/media/*")
    with pytest.raises(EngineError, match="With --force it is put aside"):
        deploy(site.root, "restore")
    timed("restore", "restore", "--to", moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "--force")

    after = {spoken: seen(site, harbor, spoken), typed: seen(site, summit, typed)}
    said = heard(voice)
    assert all(utterance.split()[0] in after[spoken][0] for utterance in said)
    assert after[spoken][1] == before[spoken][1], "the recording, byte for byte"
    assert TYPED in after[typed][0]
    assert not seen(site, summit, later)[0], "what came after the moment is gone, as was said"
    assert name not in site.manage("firm", "list"), "a firm that was deleted since the backup stays deleted"
    assert asyncio.run(typed_intake(site, harbor, "Nora Next", "And the firm goes on.")), "new people are served"
    if "ha" in sites.STARTED:
        site.project.wait_ready(["postgres-standby"], 10)
        assert (
            sql(site, "SELECT state FROM pg_stat_replication WHERE application_name = 'postgres-standby'")
            == "streaming\n"
        )
    report.say(
        "backup, drill, a dropped schema and a wiped media volume, restore to a moment, compare",
        f"{', '.join(f'{what} {seconds:.0f} s' for what, seconds in took.items())}; intakes, recording and words as "
        "before, what came after the moment is gone, a deleted firm stays deleted; the standby streams again",
    )


@pytest.mark.stack(seconds=40)
def test_a_restore_that_cannot_be_leaves_the_stack_as_it_was(site: Site, report: Report, tmp_path: Path) -> None:
    key = site.root / "deploy" / "secrets" / "master_key"
    aside = tmp_path / "master_key"
    shutil.copy2(key, aside)
    refused = {
        "another master key": (["--force"], "the backup needs master key"),
        "no such backup": (["--backup", "20200101T000000Z", "--force"], "Nothing was touched"),
        "no identity": (["--identity", str(tmp_path / "none"), "--force"], "the key that opens backups is not at"),
    }
    for what, (arguments, words) in refused.items():
        if what == "another master key":
            key.write_text("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n")
        try:
            with pytest.raises(EngineError, match=words):
                deploy(site.root, "restore", *arguments)
        finally:
            shutil.copy2(aside, key)
    with Browser(site, site.firms[0]) as browser:
        assert browser.get("/api/firm").status_code == 200
    report.say("a restore with another master key, without its backup, without its identity", "refused; nobody noticed")
