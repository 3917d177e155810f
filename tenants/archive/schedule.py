"""When archives of changed firms are made: every `EXPORT_HOURS`, and when the backup asks.

The backup runs without our code and without the master key. It asks by a file: it writes `request` with words
of its own into `EXPORTS_DIR`, and after the next run finds the same words in `answered`.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Final

from django.conf import settings

from tenants.archive.changed import export_changed

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
REQUEST, ANSWERED = "request", "answered"


def look() -> None:
    """Export what changed, if it is time or somebody asked."""
    if not settings.EXPORTS_DIR:
        return
    folder = Path(settings.EXPORTS_DIR)
    asked, answered = _words(folder / REQUEST), _words(folder / ANSWERED)
    if asked == answered and not _due(folder / ANSWERED):
        return
    report = export_changed(folder=folder, actor="scheduler", say=_log)
    logger.info(
        "firms_exported",
        extra={"written": len(report.written), "unchanged": report.unchanged, "failed": len(report.failed)},
    )
    if report.failed:
        # No answer: whoever asked waits and then says so.
        names = ", ".join(firm.schema_name for firm, _ in report.failed)
        raise RuntimeError(f"not exported: {names}")
    part = folder / f".{ANSWERED}.part"
    part.write_text(asked)
    part.replace(folder / ANSWERED)


def _log(line: str) -> None:
    logger.info("firm_archive", extra={"line": line})


def _words(path: Path) -> str:
    try:
        return path.read_text()[:200]
    except FileNotFoundError:
        return ""


def _due(answered: Path) -> bool:
    try:
        return time.time() - answered.stat().st_mtime > float(settings.EXPORT_HOURS) * 3600
    except FileNotFoundError:
        return True
