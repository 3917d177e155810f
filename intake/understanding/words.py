"""The word lists beside the code, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

_DATA: Final = Path(__file__).parent / "data"


# The C loader is ten times as fast; it is part of every wheel, yet not of every build.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which `yes`, `no` and `on` are words."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@cache
def table(name: str) -> dict[str, Any]:
    """The YAML file `data/NAME.yaml`."""
    read: dict[str, Any] = yaml.load((_DATA / f"{name}.yaml").read_bytes(), Loader=_Loader)  # noqa: S506
    return read


@cache
def word_set(name: str, key: str) -> frozenset[str]:
    """The words of one list in one table."""
    return frozenset(table(name)[key])


@cache
def plain_words(name: str) -> frozenset[str]:
    """The words of `data/NAME.txt`, folded, separated by space. A line that starts with # is a comment."""
    lines = (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def phrases(name: str, key: str) -> tuple[tuple[str, ...], ...]:
    """The phrases of one list, each as its words, the longest first."""
    return tuple(sorted((tuple(str(p).split()) for p in table(name)[key]), key=len, reverse=True))
