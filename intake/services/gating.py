"""The conflict gate as a conversation comes to it: what is asked first, the match, and what the engine is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake import conflicts
from intake.conflicts import details, entries, probing
from intake.conflicts.comparing import Name
from intake.interview.events import ConflictMatched, DetailWanted
from intake.interview.guided import frame
from intake.interview.guided.reading import language, today_of
from intake.interview.guided.talk import Talk
from intake.models import ConflictCheck, SafetyAlert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from intake.interview.events import Finding
    from intake.models import Party
    from intake.services.steps import Step

_ROLES: Final = {frame.NAME: "client", frame.OTHER_SIDE: "other_side"}
#: Questions whose answers are ways to reach the client.
_CONTACTS: Final = ("phone", "email")
#: Kinds of the alerts that a check raises; never more than that stands in one.
COMMON_NAME: Final = "common_name_matched"
PROBING: Final = "names_changed_often"


def to_the_gate(step: Step, findings: Sequence[Finding]) -> None:
    """Take the names, ask what tells common ones apart, match them, and tell the engine: all under the names' locks."""
    hashes = [conflicts.name_hash(found.value) for found in findings if found.party and found.value]
    hashes += [bytes(party.name_hash) for party in conflicts.current_parties(step.intake)]
    conflicts.lock_names(hashes)
    step.keep(findings)
    wanted = _wanted(step.state)
    if wanted:
        step.advance(DetailWanted(keys=wanted, **step.context))
        return
    parties = conflicts.current_parties(step.intake)
    told = _details(step, parties)
    _index(parties, told)
    tried = probing.tried_too_many(step.intake, [bytes(party.name_hash) for party in parties], _contacts(step.state))
    outcome = conflicts.match(step.intake, told, probing=tried)
    check = ConflictCheck(
        intake=step.intake,
        result=ConflictCheck.Result.HIT if outcome.is_hit else ConflictCheck.Result.CLEAR,
        why=outcome.why if outcome.is_hit else "",
        matches=[str(one) for one in outcome.matches],
    )
    check.findings = outcome.findings or None
    check.save(force_insert=True)
    step.checks.append(check)
    kinds = [PROBING] if check.why == ConflictCheck.Why.PROBING else []
    kinds += [COMMON_NAME] if outcome.needs_detail and not outcome.is_hit else []
    if kinds:
        level = SafetyAlert.Level.ATTENTION
        step.alerts.append(SafetyAlert(intake=step.intake, level=level, kinds=kinds, at=step.at))
    step.advance(ConflictMatched(hit=outcome.is_hit, **step.context))


def _wanted(state: Any) -> tuple[str, ...]:
    """The questions to put before the match, in order: for each name that is common and was not told apart yet. They
    are put whether the name is on file or not."""
    if not isinstance(state, Talk):
        return ()
    names = {
        key: str(known.value)
        for key in frame.DETAILS
        if (known := state.known.get(key)) is not None and known.value and frame.DETAILS[key] not in state.known
    }
    common = conflicts.common_names(names) if names else frozenset()
    return tuple(frame.DETAILS[key] for key in frame.DETAILS if key in common)


def _details(step: Step, parties: Sequence[Party]) -> dict[UUID, Name]:
    """By party, the name with what was asked further, also where the client did not know it; and common names about
    which nothing further is asked (a second opponent): by its name alone none of them stops anybody."""
    talk = step.state
    found: dict[UUID, Name] = {}
    if not isinstance(talk, Talk):
        return found
    for key, detail_key in frame.DETAILS.items():
        known, told = talk.known.get(key), talk.known.get(detail_key)
        if known is None or told is None or not known.value:
            continue
        hashed, text = conflicts.name_hash(str(known.value)), str(told.value or "")
        year = details.birth_year(text, today_of(_event(step)), language(text, step.intake.locale))
        place = details.city(text) if detail_key == frame.OTHER_PLACE else ""
        for party in parties:
            if party.role == _ROLES[key] and bytes(party.name_hash) == hashed:
                found[party.id] = Name(party.name or "", "unknown", (), year, place)
    left = {str(one.id): one.name or "" for one in parties if one.id not in found and one.role in _ROLES.values()}
    common = conflicts.common_names(left)
    return found | {one.id: Name(one.name or "") for one in parties if str(one.id) in common}


def _event(step: Step) -> Any:
    return ConflictMatched(hit=False, **step.context)


def _index(parties: Sequence[Party], told: dict[UUID, Name]) -> None:
    """What was told goes with the name, so that a later intake is compared with it."""
    for party in parties:
        name = told.get(party.id)
        if name is not None and (name.birth_year or name.city):
            entries.index_party(party, name)


def _contacts(state: Any) -> list[str]:
    if not isinstance(state, Talk):
        return []
    known = [state.known.get(key) for key in _CONTACTS]
    return [str(one.value) for one in known if one is not None and one.value]
