"""The tables of docs/kubernetes.md that come from the chart: `python deploy/chart/tables.py` writes them anew.

Each stands between two comments, `<!-- NAME -->` and `<!-- end of NAME -->`. A test holds them equal.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "legal-intake"
PAGE = ROOT / "docs" / "kubernetes.md"
KEY = re.compile(r"^( *)([A-Za-z0-9]+):")


def comments() -> dict[str, str]:
    """What values.yaml says above each value, by the value's path."""
    found: dict[str, str] = {}
    above: list[str] = []
    stack: list[tuple[int, str]] = []
    for line in (CHART / "values.yaml").read_text().splitlines():
        key = KEY.match(line)
        if line.strip().startswith("#"):
            above.append(line.strip().removeprefix("#").strip())
            continue
        if key:
            while stack and stack[-1][0] >= len(key[1]):
                stack.pop()
            stack.append((len(key[1]), key[2]))
            if above:
                found[".".join(name for _, name in stack)] = " ".join(above)
        above = []
    return found


def leaves(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Each value by its path: what holds no values of its own, or stands under one comment."""
    said = comments()
    found: dict[str, Any] = {}
    for name, value in values.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and value and path not in said:
            found |= leaves(value, f"{path}.")
        else:
            found[path] = value
    return found


def values_table() -> str:
    """Every value, what it is without you, and what it is for."""
    said = comments()
    rows = ["| Value | Default | For |", "|---|---|---|"]
    for path, value in leaves(yaml.safe_load((CHART / "values.yaml").read_text())).items():
        text = json.dumps(value)
        default = "see values.yaml" if len(text) > 90 else "" if value == "" else f"`{text}`"
        rows.append(f"| `{path}` | {default} | {said.get(path, '')} |".replace("|  |", "| |"))
    return "\n".join(rows)


def paths_table() -> str:
    """Who may reach whom."""
    rows = ["| From | To | Port | For |", "|---|---|---|---|"]
    paths = yaml.safe_load((CHART / "files" / "paths.yaml").read_text())
    rows += [f"| {path['from']} | {path['to']} | {path.get('port', '')} | {path['why']} |" for path in paths]
    return "\n".join(rows)


def filled(page: str) -> str:
    """The page with its tables as they are now."""
    for name, table in (("values", values_table()), ("paths", paths_table())):
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, found, rest = page.partition(begin)
        _, found_too, after = rest.partition(end)
        if not found or not found_too:
            raise SystemExit(f"{PAGE} has no place for the table {name}")
        page = f"{before}{begin}{table}{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
