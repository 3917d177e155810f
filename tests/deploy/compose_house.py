"""The Compose files as data, for tests that need no engine."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PRESETS = ROOT / "deploy" / "presets"
#: `${NAME:-default}`, whole.
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "kb": 2**10, "mb": 2**20, "gb": 2**30}


@cache
def stack(name: str = "docker-compose.yml") -> dict[str, Any]:
    """A Compose file, with its anchors filled in and its variables as they stand."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return loaded


def services(name: str = "docker-compose.yml") -> dict[str, dict[str, Any]]:
    """Its services."""
    found: dict[str, dict[str, Any]] = stack(name)["services"]
    return found


@cache
def preset(name: str) -> dict[str, str]:
    """A preset's sizes."""
    lines = (PRESETS / f"{name}.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled(value: object, values: dict[str, str]) -> str:
    """A value with its variables filled in, from the inside outwards."""
    text = str(value)
    while match := VARIABLE.search(text):
        text = text.replace(match[0], values.get(match[1]) or match[2])
    return text


def size(text: str) -> int:
    """Bytes of `512m`, `2g` or `768mb`."""
    number, unit = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", text).groups()  # type: ignore[union-attr]
    return int(float(number) * UNITS[unit.lower()])


def variables(node: object) -> dict[str, set[str]]:
    """Every variable in a part of the file, with the defaults it is given."""
    found: dict[str, set[str]] = {}
    for text in _texts(node):
        for name, default in VARIABLE.findall(text):
            found.setdefault(name, set()).add(default)
    return found


def _texts(node: object) -> list[str]:
    if isinstance(node, dict):
        return [text for part in node.values() for text in _texts(part)]
    if isinstance(node, list):
        return [text for part in node for text in _texts(part)]
    return [node] if isinstance(node, str) else []
