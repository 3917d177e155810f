"""The areas of law a matter can be filed under: codes of LIST (taxonomy.legal), names and descriptions of our own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.language.guess import Language

HERE: Final = Path(__file__).parent
# The C reader where the wheel has it: the lexicons take 20 ms with it and 400 ms without.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(name: str) -> Any:
    """A data file beside this code. Raises `yaml.YAMLError` or `OSError`: a broken file is a broken build."""
    return yaml.load((HERE / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 -- a safe loader


@dataclass(frozen=True, slots=True)
class Area:
    """One area: `code` as in LIST, `parent` empty for the twenty at the top, `names` by language."""

    code: str
    parent: str
    names: Mapping[str, str]
    description: str

    def name(self, language: Language) -> str:
        """What a client is offered."""
        return self.names[language]


@lru_cache(maxsize=1)
def areas() -> Mapping[str, Area]:
    """Every area by its code, top ones before what is below them."""
    rows = read_yaml("areas.yaml")["areas"]
    found = {
        row["code"]: Area(row["code"], row["parent"], MappingProxyType(row["name"]), row["description"]) for row in rows
    }
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def top_codes() -> tuple[str, ...]:
    """The twenty at the top, in alphabetical order."""
    return tuple(sorted(code for code, area in areas().items() if not area.parent))


def top_of(code: str) -> str:
    """The area at the top that `code` belongs to: itself for one at the top."""
    return f"{code[:2]}-00-00-00-00"


def full_code(short: str) -> str:
    """`HO-02` as LIST writes it: `HO-02-00-00-00`."""
    return short + "-00" * (4 - short.count("-"))
