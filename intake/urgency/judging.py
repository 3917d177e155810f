"""`judge`: points with their reasons, the level they make, and the day on which they may be others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from intake.limits.reckoning import NEAR_DAYS, Status, earliest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from intake.playbooks.model import RedFlag, Scoring

_FILE: Final = Path(__file__).with_name("rules.yaml")
STAFF_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class Point:
    """Points, and why."""

    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class Urgency:
    """`due`: the first day on which the same answers may make another total; None: it stays."""

    total: int
    level: str
    points: tuple[Point, ...]
    due: date | None

    @property
    def label(self) -> str:
        """The level as staff read it."""
        return label_of(self.level)


def judge(
    *,
    answers: Mapping[str, Any],
    seen: Iterable[str],
    scored: Sequence[Scoring],
    flags: Sequence[RedFlag],
    limits: Status,
    today: date,
) -> Urgency:
    """All points that apply. `seen`: what the detector heard, as `level:kind:concept`."""
    rules = _rules()
    points = [*_heard(rules, seen), *_days(rules, answers, today)]
    points += [Point(int(rules["flags"][flag.level]), f"Red flag: {_words(flag.reason)}") for flag in flags]
    points += [Point(rule.points, _words(rule.reason)) for rule in scored]
    points += _limits(rules, limits)
    points = [point for point in points if point.points]
    total = max(0, min(sum(point.points for point in points), int(rules["most"])))
    ordered = tuple(sorted(points, key=lambda point: (-point.points, point.reason)))
    return Urgency(total, level_of(total), ordered, _due(rules, answers, limits, today))


def level_of(total: int) -> str:
    """The level that so many points make."""
    return next(str(level["level"]) for level in _rules()["levels"] if total >= level["from"])


def label_of(level: str) -> str:
    """A level as staff read it."""
    return next(str(each["label"]) for each in _rules()["levels"] if each["level"] == level)


def bounds() -> tuple[tuple[str, int, int | None], ...]:
    """Each level with its points: from, and below (None: no end), the highest first."""
    found: list[tuple[str, int, int | None]] = []
    above: int | None = None
    for level in _rules()["levels"]:
        found.append((level["level"], level["from"], above))
        above = level["from"]
    return tuple(found)


def _heard(rules: Mapping[str, Any], seen: Iterable[str]) -> Iterator[Point]:
    """The graver of each kind, once."""
    heard = [mark.split(":") for mark in seen if mark.count(":") == 2]
    danger = {kind for level, kind, _concept in heard if level == "danger_now"}
    for kind in sorted(danger):
        rule = rules["danger_now"]
        yield Point(rule["points"], rule["reason"].format(kind=_kind(kind)))
    for kind in sorted({kind for _level, kind, _concept in heard} - danger):
        yield Point(rules["urgent"].get(kind, 0), rules["urgent_reason"].format(kind=_kind(kind)))


def _days(rules: Mapping[str, Any], answers: Mapping[str, Any], today: date) -> Iterator[Point]:
    for ahead in (True, False):
        for rule in rules["days_ahead" if ahead else "days_behind"]:
            best: tuple[int, str] | None = None
            for day in _dates(rule["keys"], answers):
                away = (day - today).days if ahead else (today - day).days
                if away < (0 if ahead else 1):
                    continue
                points = next((step["points"] for step in rule["steps"] if away <= step["within"]), 0)
                if points and (best is None or points > best[0]):
                    when = "today" if not away else f"in {away} days" if ahead else f"{away} days ago"
                    best = points, f"{rule['what']} {when} ({day.isoformat()})"
            if best is not None:
                yield Point(*best)


def _dates(keys: Iterable[str], answers: Mapping[str, Any]) -> list[date]:
    return [day for key in keys if (day := earliest(answers.get(key))) is not None]


def _limits(rules: Mapping[str, Any], limits: Status) -> Iterator[Point]:
    """Once, however many rows: the worst."""
    near = {flag.nearness for flag in limits.flags}
    name = "near" if "near" in near else "passed" if "passed" in near else ""
    if not name and limits.missing == "date":
        name = "no_date"
    if name:
        yield Point(rules["limits"][name]["points"], rules["limits"][name]["reason"])


def _due(rules: Mapping[str, Any], answers: Mapping[str, Any], limits: Status, today: date) -> date | None:
    days: list[date] = []
    for day in _safe(_dates({key for rule in rules["days_ahead"] for key in rule["keys"]}, answers)):
        days.append(day + timedelta(days=1))
        days += [day - timedelta(days=step["within"]) for rule in rules["days_ahead"] for step in rule["steps"]]
    for day in _safe(_dates({key for rule in rules["days_behind"] for key in rule["keys"]}, answers)):
        days.append(day + timedelta(days=1))
        days += [day + timedelta(days=step["within"] + 1) for rule in rules["days_behind"] for step in rule["steps"]]
    for flag in limits.flags:
        days += [flag.ends + timedelta(days=1)] if flag.ends.year < date.max.year else []
        days += [flag.ends - timedelta(days=NEAR_DAYS)] if flag.ends.year > 1 else []
    return min((day for day in days if day > today), default=None)


def _safe(days: Iterable[date]) -> list[date]:
    """Years from which one may count some days on and back."""
    return [day for day in days if 1 < day.year < date.max.year]


def _kind(kind: str) -> str:
    return kind.replace("_", " ")


def _words(texts: Mapping[str, str]) -> str:
    return texts.get(STAFF_LANGUAGE) or next(iter(texts.values()), "")


@cache
def _rules() -> Mapping[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return found
