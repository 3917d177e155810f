"""What was seen: `.data/cluster/results.json`, and the same as a table for docs/kubernetes.md."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("CLUSTER_RESULTS") or Path(__file__).resolve().parents[3] / ".data" / "cluster")


class Report:
    """Lines of (what, result), in the order they came; written at once, so that a run cut off leaves what it had."""

    def __init__(self, about: str) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        self.head = {
            "commit": commit.stdout.strip(),
            "when": datetime.now(UTC).isoformat(timespec="minutes"),
            "machine": f"{os.cpu_count()} cores",
            "cluster": about,
        }
        self.lines: list[dict[str, Any]] = []

    def say(self, what: str, result: str, **numbers: Any) -> None:
        """One line of the table; numbers go to the JSON beside it."""
        self.lines.append({"what": what, "result": result, **numbers})
        (FOLDER / "results.json").write_text(json.dumps({**self.head, "lines": self.lines}, indent=1) + "\n")
        rows = "\n".join(f"| {line['what']} | {line['result']} |" for line in self.lines)
        head = ", ".join(self.head.values())
        (FOLDER / "results.md").write_text(f"{head}\n\n| What | Seen |\n|---|---|\n{rows}\n")
