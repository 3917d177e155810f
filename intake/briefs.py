"""A conversation on one page, for paper and other systems: what the admin's page tells, in a fixed order and short."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from intake.interview.stages import Stage
from intake.limits.reckoning import SHORTER
from intake.staff_selectors import PRIVILEGED, STAGE_WORDS, StaffRecord, kind_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.models import ConflictCheck
    from intake.summaries import Group, Line, Summary

#: Lines that fit the one page of each part; the conversation's page and the JSON have all.
MOST_FACTS: Final = 40
MOST_LINES: Final = 5
MOST_LIMITS: Final = 4
LONGEST: Final = 96
#: A reason quotes words of both names.
_QUOTED: Final = re.compile(r'"[^"]*("|$)')
#: Rows of print that one page (letter or A4, two columns) has, and characters of a row: measured, with some to spare.
_ROWS: Final = 140
_ROW: Final = 62
#: Characters of a question that stay at least, however long its answer is.
_LEAST_ASKED: Final = 30


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and its lines. `left_out`: lines that the page has no room for."""

    title: str
    lines: tuple[str, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Brief:
    """`data`: everything, as JSON has it; `parts`: what fits a page. `name` names a file."""

    name: str
    data: dict[str, Any]
    parts: tuple[Part, ...]

    def as_json(self) -> str:
        """For another system."""
        return json.dumps(self.data, ensure_ascii=False, indent=2)

    def as_text(self) -> str:
        """The page as plain text."""
        lines = [self.data["label"], ""]
        for part in self.parts:
            lines += [part.title.upper(), *(f"- {line}" for line in part.lines)]
            lines += [f"- and {part.left_out} more"] if part.left_out else []
            lines.append("")
        return "\n".join(lines)


def brief_of(record: StaffRecord) -> Brief:
    """The page of one conversation. Costs no query beside the record's."""
    intake, summary = record.intake, record.summary
    data: dict[str, Any] = {
        "label": PRIVILEGED,
        "reference": intake.reference,
        "conversation": str(intake.id),
        "stage": STAGE_WORDS[Stage(intake.stage)],
        "received": intake.created_at.isoformat(),
        "sent": intake.sent_at.isoformat() if intake.sent_at else None,
        "language": intake.locale,
        "sealed": bool(record.sealed),
        "conflicts": [conflict for check in record.checks if (conflict := _conflict(check.row)) is not None],
        "consents": _consents(record),
        "alerts": [
            {
                "level": alert.level,
                "kinds": list(alert.kinds),
                "at": alert.at.isoformat(),
                "turn": alert.turn.number if alert.turn else None,
                "taken_up": alert.acknowledged_at.isoformat() if alert.acknowledged_at else None,
            }
            for alert in record.alerts
        ],
    }
    if summary is not None:
        data |= _of_summary(summary)
    return Brief(intake.reference or str(intake.id)[-8:], data, tuple(_parts(data, summary)))


def _of_summary(summary: Summary) -> dict[str, Any]:
    return {
        "area": summary.area,
        "waits_for": summary.waits_for,
        "urgency": {
            "level": summary.urgency.level,
            "points": summary.urgency.total,
            "reasons": [{"points": point.points, "reason": point.reason} for point in summary.urgency.points],
        },
        "time_limits": {
            "checked": bool(summary.limits.flags),
            "lines": list(summary.limits.lines),
            "warning": SHORTER,
            "possible": [
                {
                    "claim": flag.period.claim, "ends": flag.ends.isoformat(), "from": flag.begins.isoformat(),
                    "answer": flag.key, "cite": flag.period.cite, "note": flag.period.note, "nearness": flag.nearness,
                }
                for flag in summary.limits.flags
            ],
        },
        "red_flags": [{"level": level, "reason": reason} for level, reason in summary.flags],
        "facts": [_fact(group, line) for group in summary.groups for line in group.lines],
        "story_turns": summary.story,
        "documents": summary.documents,
        "open_questions": summary.open,
    }  # fmt: skip


def _fact(group: Group, line: Line) -> dict[str, Any]:
    fact = line.fact
    return {
        "section": group.title,
        "key": line.key,
        "question": line.label,
        "answer": line.text,
        "state": line.state,
        "said_otherwise": [other.value for other in line.others],
        "turn": fact.turn.number if fact and fact.turn else None,
        "span": [fact.span_start, fact.span_end] if fact and fact.turn else None,
        "audio_ms": [fact.audio_start_ms, fact.audio_end_ms] if fact and fact.audio_start_ms is not None else None,
        "words": line.quote or None,
        "written_by": fact.written_by.get_full_name() if fact and fact.written_by else None,
    }


def _conflict(row: ConflictCheck) -> dict[str, Any] | None:
    """A hit, with the index's reasons. Another client's name, and each word of it, stays on the conversation's page:
    paper travels."""
    if row.result != row.Result.HIT:
        return None
    return {
        "decision": row.decision or "waits for a decision",
        "why": row.get_why_display() if row.why else "",
        "matches": [
            {"role": one.get("role"), "score": one.get("score"), "reasons": _unnamed(one)} for one in row.findings or []
        ],
        "count": len(row.matches),
    }


def _unnamed(found: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(_QUOTED.sub("(name)", reason) for reason in found.get("reasons", [])))


def _consents(record: StaffRecord) -> list[dict[str, Any]]:
    """The latest of each kind holds."""
    latest = {agreed.row.kind: agreed.row for agreed in record.consents}
    return [
        {"kind": kind, "given": one.granted, "wording": one.wording_version, "at": one.at.isoformat()}
        for kind, one in latest.items()
    ]


def _parts(data: dict[str, Any], summary: Summary | None) -> list[Part]:
    received = data["received"][:16].replace("T", " ")
    head = [
        f"Reference {data['reference'] or 'not sent yet'}; {data['stage']}; received {received}",
        *([f"Area, as the client chose: {summary.area or 'not chosen'}"] if summary else []),
        *([f"A person has to decide: {summary.waits_for}"] if summary and summary.waits_for else []),
        *(["Some words are sealed until the conflict check is cleared"] if data["sealed"] else []),
    ]
    parts = [_part("Conversation", head)]
    if summary is not None:
        urgency = summary.urgency
        reasons = [f"{point.reason}: {point.points}" for point in urgency.points]
        parts.append(_part(f"Urgency: {urgency.label}, {urgency.total} points", reasons))
        parts.append(_limits(summary.limits.lines))
        parts.append(_part("Red flags", [f"{reason} ({level})" for level, reason in summary.flags]))
    parts.append(_part("Possible conflicts", _conflict_lines(data["conflicts"])))
    parts.append(_part("Alerts", [_alert_line(alert) for alert in data["alerts"]]))
    given = [f"{one['kind'].replace('_', ' ')}: {'given' if one['given'] else 'not given'}" for one in data["consents"]]
    last = [_part("Consents", ["; ".join(given)] if given else [])]
    if summary is None:
        return [*parts, *last]
    last = [_part("Open questions", summary.open), _part("Papers to bring", summary.documents), *last]
    facts = [_fact_line(line) for group in summary.groups for line in group.lines]
    return [*parts, fitted("Facts", facts, beside=[*parts, *last]), *last]


def fitted(title: str, lines: Sequence[str], *, beside: Sequence[Part]) -> Part:
    """As many of these lines as the page has room for, beside its other parts."""
    room = _ROWS - sum(map(_rows, beside)) - 2
    kept = 0
    for line in lines[:MOST_FACTS]:
        room -= _height(_short(line))
        if room < 0:
            break
        kept += 1
    return _part(title, lines, most=kept)


def _rows(part: Part) -> int:
    """Rows of print that a part takes: its heading counts two."""
    return 2 + sum(map(_height, part.lines)) + bool(part.left_out)


def _height(line: str) -> int:
    return -(-len(line) // _ROW)


def _limits(lines: tuple[str, ...]) -> Part:
    """Whole lines, and always the last one: what may make each shorter."""
    first, last = lines[:-1], lines[-1]
    return Part("Time limits, for staff alone", (*first[:MOST_LIMITS], last), max(0, len(first) - MOST_LIMITS))


def _part(title: str, lines: Sequence[str], *, most: int = MOST_LINES) -> Part:
    kept = [_short(line) for line in lines[:most]]
    return Part(title, tuple(kept) or ("none",), max(0, len(lines) - most))


def _short(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _fact_line(line: Line) -> str:
    """The question, what was answered, and from where. Where it is too long the question is cut, never the answer."""
    asked, mark, _more = " ".join(line.label.split()).partition("?")
    said = f" {line.text}{_source(line)}"
    room = max(_LEAST_ASKED, LONGEST - len(said))
    asked = f"{asked}{mark}"
    return f"{asked if len(asked) <= room else f'{asked[: room - 3]}...'}{said}"


def _source(line: Line) -> str:
    """Where an answer comes from, short enough for its line."""
    fact = line.fact
    if fact is None:
        return ""
    if fact.turn is None:
        return f" [{fact.written_by.get_full_name()}]" if fact.written_by else ""
    return f" [turn {fact.turn.number}, {line.state}]"


def _conflict_lines(conflicts: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in conflicts:
        why = f"; {one['why']}" if one["why"] else ""
        lines.append(f"{one['count']} matches: {one['decision']}{why}")
        lines += [f"{match['role']}: {', '.join(match['reasons'])}" for match in one["matches"]]
    return lines


def _alert_line(alert: dict[str, Any]) -> str:
    kinds = ", ".join(map(kind_words, alert["kinds"]))
    state = "taken up" if alert["taken_up"] else "open"
    return f"{alert['level'].replace('_', ' ')}: {kinds}, {alert['at'][:16]}, {state}"
