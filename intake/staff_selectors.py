"""Reads for the firm's staff: what needs a person first, the list, and one conversation whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Case, CharField, Exists, F, OuterRef, Subquery, Value, When

from intake.interview.agreeing import Wording, versions
from intake.interview.stages import Stage
from intake.models import (
    AuditEvent,
    ConflictCheck,
    Consent,
    Declination,
    Erasure,
    Fact,
    Intake,
    LegalHold,
    Party,
    SafetyAlert,
)
from intake.sealing import sealed_turns
from intake.selectors import TurnView, turns_after
from intake.summaries import Summary, summary_of
from tenants.accounts.models import User

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

#: `conflict_state` -> what staff read.
CONFLICT_WORDS: Final = {"open": "waits for a decision", "cleared": "cleared", "confirmed": "confirmed"}
#: What a party is to the firm -> what staff read.
ROLE_WORDS: Final = {
    "client": "client", "former_client": "former client", "prospect": "asked the firm before",
    "adverse": "the other side in a matter", "related": "related to a matter", "institution": "marked institution",
    "own people": "the firm's own",
}  # fmt: skip
#: Stage -> what staff read.
STAGE_WORDS: Final = {
    Stage.NOTICE: "not begun",
    Stage.CONSENT: "not begun",
    Stage.NAME: "asked for their name",
    Stage.OTHER_SIDE: "asked for the other side",
    Stage.TOPIC: "asked what it is about",
    Stage.BASICS: "first questions",
    Stage.CONFLICT_GATE: "conflict check",
    Stage.CONFLICT_HOLD: "stopped: possible conflict",
    Stage.STORY: "telling their story",
    Stage.QUESTIONS: "answering questions",
    Stage.REVIEW: "reading it over",
    Stage.SENT: "sent",
    Stage.SAFETY_PAUSE: "paused for safety",
    Stage.STOPPED: "stopped",
    Stage.PERSON_DECIDES: "a person decides",
    Stage.DECLINED: "declined",
    Stage.RESUMED: "coming back",
}
VIEWED: Final = "intake.viewed"
#: Stands over everything about a conversation that is printed or handed on.
PRIVILEGED: Final = "Confidential. Collected to seek legal advice; the firm has not accepted this person as a client."
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Need:
    """An intake that waits for a person, why, and since when."""

    intake: Intake
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One name that the check found, in words. `stops`: it stands on the wrong side; the others are notes."""

    name: str
    role: str
    score: int
    reasons: str
    stops: bool
    intake: Intake | None


@dataclass(frozen=True, slots=True)
class Check:
    """A conflict check with what it found, what stops first."""

    row: ConflictCheck
    found: list[Found]

    @property
    def why(self) -> str:
        """What stopped the client besides the names; empty where nothing did."""
        return self.row.get_why_display() if self.row.why else ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.row.result == ConflictCheck.Result.HIT and not self.row.decision


@dataclass(frozen=True, slots=True)
class Event:
    """An audit event with its actor's name."""

    row: AuditEvent
    actor: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent with the exact words that were shown. `words` is None where that version had none.

    `took_back`: no, after it had been given. `is_newest`: this is what holds.
    """

    row: Consent
    words: Wording | None
    took_back: bool
    is_newest: bool


@dataclass(frozen=True, slots=True)
class StaffRecord:
    """One conversation with everything that its page shows."""

    intake: Intake
    turns: list[TurnView]
    facts: list[Fact]
    parties: list[Party]
    consents: list[Agreed]
    erasures: list[Erasure]
    holds: list[LegalHold]
    checks: list[Check]
    events: list[Event]
    alerts: list[SafetyAlert]
    summary: Summary | None
    sealed: frozenset[int]
    declination: Declination | None
    earlier: list[Intake]

    @property
    def is_held(self) -> bool:
        """Whether a legal hold is in force."""
        return any(hold.released_at is None for hold in self.holds)


def intakes_with_conflict_state() -> QuerySet[Intake]:
    """Intakes with `conflict_state`: "open", "cleared", "confirmed", or "" where nothing ever matched."""
    hits = ConflictCheck.objects.filter(intake=OuterRef("pk"), result=ConflictCheck.Result.HIT).order_by("-id")
    latest = Subquery(hits.values("decision")[:1], output_field=CharField())
    return Intake.objects.annotate(latest_decision=latest).annotate(
        conflict_state=Case(
            When(latest_decision="", then=Value("open")),
            When(latest_decision__isnull=True, then=Value("")),
            default=F("latest_decision"),
            output_field=CharField(),
        )
    )


def needs_a_person() -> list[Need]:
    """At most 50: alerts that nobody has taken up, danger first; what could not be deleted; people who were stopped
    and wait for a decision, longest first; then what was sent and nobody has read yet."""
    held = Intake.objects.filter(stage=Stage.CONFLICT_HOLD).order_by("updated_at")[:_SHOWN]
    read = AuditEvent.objects.filter(chain=OuterRef("pk"), action=VIEWED)
    unread = Intake.objects.filter(~Exists(read), stage=Stage.SENT).order_by("sent_at")[:_SHOWN]
    needs = _alarms()
    failed = Erasure.objects.filter(state=Erasure.State.FAILED).select_related("intake").order_by("id")[:_SHOWN]
    needs += [
        Need(one.intake, f"Not deleted: {kind_words(one.what)}, though the client took it back", one.asked_at)
        for one in failed
    ]
    waiting = Intake.objects.filter(stage=Stage.PERSON_DECIDES).order_by("updated_at")[:_SHOWN]
    needs += [Need(one, "Stopped: a person has to decide", one.updated_at) for one in waiting]
    untold = Declination.objects.filter(status__in=("no_channel", "failed")).select_related("intake").order_by("at")
    needs += [Need(one.intake, "Declined, and not told yet: there is no safe way", one.at) for one in untold[:_SHOWN]]
    needs += [Need(one, "Stopped: a possible conflict waits for your decision", one.updated_at) for one in held]
    needs += [Need(one, "Sent, and not read by anybody yet", one.sent_at or one.updated_at) for one in unread]
    return needs[:_SHOWN]


def _alarms() -> list[Need]:
    """Danger first, then urgent matters, oldest first; one line for each alert."""
    first = Case(When(level="danger_now", then=Value(0)), When(level="urgent", then=Value(1)), default=Value(2))
    open_ones = SafetyAlert.objects.filter(acknowledged_at__isnull=True).select_related("intake")
    return [
        Need(one.intake, f"{one.get_level_display().capitalize()}: {', '.join(map(kind_words, one.kinds))}", one.at)
        for one in open_ones.order_by(first, "at")[:_SHOWN]
    ]


def kind_words(kind: str) -> str:
    """A kind of alert in words."""
    return kind.replace("_", " ")


def record_for_staff(intake_id: UUID) -> StaffRecord:
    """Everything about one conversation, in a fixed number of queries."""
    intake = Intake.objects.get(pk=intake_id)
    turns = turns_after(intake_id, 0)
    sealed = sealed_turns(intake, turns)
    found = Fact.objects.filter(intake=intake).select_related("turn", "superseded_by", "written_by").order_by("id")
    facts = [fact for fact in found if not (fact.turn and fact.turn.number in sealed)]
    alerts = SafetyAlert.objects.filter(intake=intake).select_related("turn", "acknowledged_by").order_by("id")
    checks = _checks(intake)
    return StaffRecord(
        intake=intake,
        turns=[replace(turn, text=None) if turn.number in sealed else turn for turn in turns],
        facts=facts,
        parties=list(Party.objects.filter(intake=intake).select_related("turn", "superseded_by").order_by("id")),
        consents=_consents(intake),
        erasures=list(Erasure.objects.filter(intake=intake).select_related("consent").order_by("id")),
        holds=list(LegalHold.objects.filter(intake=intake).select_related("placed_by", "released_by").order_by("id")),
        checks=checks,
        events=_events(intake),
        alerts=list(alerts),
        summary=summary_of(intake, facts, sealed),
        sealed=sealed,
        declination=Declination.objects.filter(intake=intake).select_related("noted_by").first(),
        earlier=_earlier(checks),
    )


def _consents(intake: Intake) -> list[Agreed]:
    rows = list(Consent.objects.filter(intake=intake).order_by("id"))
    newest = {row.kind: row.id for row in rows}
    given: set[str] = set()
    found = []
    for row in rows:
        version = versions().get(row.wording_version)
        words = version.wording(row.kind, row.locale) if version else None
        found.append(Agreed(row, words, row.kind in given and not row.granted, newest[row.kind] == row.id))
        (given.add if row.granted else given.discard)(row.kind)
    return found


def _earlier(checks: list[Check]) -> list[Intake]:
    """Intakes of somebody who seems to be the same client, newest first: who comes back, and how often."""
    found = {
        one.intake.id: one.intake
        for check in checks
        for one in check.found
        if one.intake is not None and not one.stops and one.role == ROLE_WORDS["prospect"]
    }
    return sorted(found.values(), key=lambda intake: intake.created_at, reverse=True)


def _checks(intake: Intake) -> list[Check]:
    rows = list(ConflictCheck.objects.filter(intake=intake).select_related("decided_by").order_by("id"))
    findings = {row.id: list(row.findings or ()) for row in rows}
    wanted = {one for row in rows for one in row.matches} | {
        found["id"] for several in findings.values() for found in several if found["id"]
    }
    parties = {str(one.id): one for one in Party.objects.filter(id__in=wanted).select_related("intake")}
    return [Check(row, _found(row, findings[row.id], parties)) for row in rows]


def _found(row: ConflictCheck, findings: list[dict[str, Any]], parties: dict[str, Party]) -> list[Found]:
    """What the index said of each name; and what was equal letter by letter where it said nothing."""
    found = [
        Found(
            name=one["name"],
            role=ROLE_WORDS.get(one["role"], one["role"]),
            score=round(100 * one["score"]),
            reasons="; ".join(one["reasons"]),
            stops=bool(one["hit"]) or one["id"] in row.matches,
            intake=parties[one["id"]].intake if one["id"] in parties else None,
        )
        for one in findings
    ]
    known = {one["id"] for one in findings}
    found += [
        Found(parties[one].name or "", parties[one].get_role_display(), 100, "the same name", True, parties[one].intake)
        for one in row.matches
        if one in parties and one not in known
    ]
    return sorted(found, key=lambda one: (not one.stops, -one.score))


def _events(intake: Intake) -> list[Event]:
    rows = list(AuditEvent.objects.filter(chain=intake.id).order_by("sequence"))
    ids = {row.actor.removeprefix("staff:") for row in rows if row.actor.startswith("staff:")}
    names = {f"staff:{user.pk}": user.get_full_name() for user in User.objects.filter(pk__in=ids)}
    return [Event(row, names.get(row.actor, row.actor)) for row in rows]
