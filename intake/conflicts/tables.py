"""The word lists and frequencies beside this file, read once for each process."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DATA: Final = Path(__file__).parent / "data"
#: People per million who bear a name that no table has.
UNKNOWN_SURNAME: Final = 2.0
UNKNOWN_GIVEN: Final = 10.0


@cache
def surnames() -> Mapping[str, float]:
    """People per million, of the frequent surnames of the United States."""
    return {row["name"]: float(row["per_million"]) for row in _rows("surnames.csv")}


@cache
def given_names() -> Mapping[str, tuple[float, float]]:
    """Men and women per million, of the frequent given names of the United States."""
    return {row["name"]: (float(row["men"]), float(row["women"])) for row in _rows("given.csv")}


@cache
def nicknames() -> Mapping[str, frozenset[str]]:
    """Word -> the given names that it may stand for, itself among them when it is one."""
    found: dict[str, set[str]] = {}
    for name, short in read_yaml("nicknames.yaml").items():
        found.setdefault(name, set()).add(name)
        for word in short.split():
            found.setdefault(word, set()).add(name)
    return {word: frozenset(names) for word, names in found.items()}


@cache
def translations() -> Mapping[str, frozenset[str]]:
    """Given name -> what it is called in English, where that is another word: "juan" is "john"."""
    found: dict[str, set[str]] = {}
    for english, others in read_yaml("translations.yaml").items():
        for word in others.split():
            found.setdefault(word, set()).add(english)
    return {word: frozenset(names) for word, names in found.items()}


@cache
def compounds() -> Mapping[str, tuple[str, str]]:
    """A given name that is two in one -> the two."""
    found = {word: tuple(both.split()) for word, both in read_yaml("compounds.yaml").items()}
    return {word: (both[0], both[1]) for word, both in found.items()}


@cache
def spellings() -> Mapping[str, frozenset[int]]:
    """Word -> the lines of `spellings.yaml` that it stands on."""
    found: dict[str, set[int]] = {}
    lines = [line for section in read_yaml("spellings.yaml").values() for line in section]
    for number, line in enumerate(lines):
        for word in line.replace("-", "").replace("'", "").split():
            found.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@cache
def family_first_surnames() -> frozenset[str]:
    """Surnames of peoples who say them first: Chinese, Korean and Vietnamese."""
    sections = read_yaml("spellings.yaml")
    return frozenset(
        word for name in ("chinese_korean", "vietnamese") for line in sections[name] for word in line.split()
    )


@cache
def family_lines() -> frozenset[int]:
    """The lines of `spellings` that hold for family names alone."""
    sections = read_yaml("spellings.yaml")
    count = sum(len(sections[name]) for name in ("chinese_korean", "vietnamese"))
    return frozenset(range(count))


@cache
def thresholds() -> Mapping[str, float]:
    """The project's thresholds and weights, by name."""
    return {name: float(value) for name, value in read_yaml("thresholds.yaml").items()}


@cache
def person_words(section: str) -> frozenset[str]:
    """The words of one section of `persons.yaml`."""
    return frozenset(read_yaml("persons.yaml")[section].split())


@cache
def words(section: str) -> frozenset[str]:
    """The words of one section of `organisations.yaml`."""
    return frozenset(organisation_lists()[section].split())


@cache
def organisation_lists() -> Mapping[str, Any]:
    """`organisations.yaml` as it is."""
    return read_yaml("organisations.yaml")


def read_yaml(name: str) -> Mapping[str, Any]:
    """One of our data files."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with (_DATA / name).open(encoding="utf-8") as file:
        read: Mapping[str, Any] = yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    return read


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
