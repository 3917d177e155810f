"""A firm's playbooks: drafts, publishing, rolling back, switching off. Each act on what clients meet is audited."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from intake import audit, firm_playbooks
from intake.errors import NoPlaybook, PlaybookChanged, PlaybookInvalid, PlaybookRefused
from intake.interviews import GENERAL
from intake.models import PlaybookVersion
from intake.playbook_versions import FIRST_OWN, MAX_KEY
from intake.playbooks.editing import as_yaml, begun_as, numbered
from intake.playbooks.exporting import export
from intake.playbooks.problems import PlaybookError, Problem
from intake.playbooks.reading import read_playbook, shipped
from intake.playbooks.sources import MAX_BYTES, read_source
from intake.text import clean
from tenants.crypto import blind_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from intake.playbooks.model import Playbook
    from tenants.accounts.models import User

_DRAFT: Final = PlaybookVersion.Status.DRAFT
_PUBLISHED: Final = PlaybookVersion.Status.PUBLISHED
_RETIRED: Final = PlaybookVersion.Status.RETIRED
_NOTE: Final = 200


@transaction.atomic
def start_draft(*, key: str, user: User | None, version: int | None = None) -> PlaybookVersion:
    """The draft of `key`: the one that is there, or a copy of `version`, of what is in use where that is None.

    Raises NoPlaybook.
    """
    _one_at_a_time()
    draft = _draft(key)
    if draft is not None:
        return draft
    text, name = text_of(key=key, version=version)
    return _new_draft(key, text, user, based_on=name)


@transaction.atomic
def new_playbook(*, key: str, titles: Mapping[str, str], codes: Iterable[str], user: User | None) -> PlaybookVersion:
    """A draft of a playbook of the firm's own, which begins with the general questions.

    Raises PlaybookRefused: the key is taken. PlaybookInvalid: key, titles or codes are not possible.
    """
    _one_at_a_time()
    if key in shipped() or PlaybookVersion.objects.filter(key=key).exists():
        raise PlaybookRefused(f'There is a playbook "{key}" already. Choose another short name.')
    made = begun_as(shipped()[GENERAL], key=key, titles=titles, codes=codes, version=FIRST_OWN)
    text = export(made)
    problems = problems_of(text, key)
    if problems:
        raise PlaybookInvalid(problems)
    return _new_draft(key, text, user, based_on=shipped()[GENERAL].name)


@transaction.atomic
def save_draft(
    *, key: str, source: str, user: User | None, revision: int | None = None, note: str | None = None
) -> PlaybookVersion:
    """Write a draft's text, also one that is not good yet: it is kept, and cannot be published.

    `revision`: the one that was opened. Raises NoPlaybook, PlaybookChanged; PlaybookInvalid: it is too long to keep.
    """
    draft = _open_draft(key, revision)
    if len(source.encode("utf-8", "replace")) > MAX_BYTES:
        raise PlaybookInvalid(read_source(source, key).problems)
    draft.source = numbered(clean(source), draft.version)
    draft.note = draft.note if note is None else _noted(note)
    draft.revision += 1
    draft.changed_by, draft.changed_at = user, timezone.now()
    draft.save(update_fields=["source", "note", "revision", "changed_by", "changed_at"])
    return draft


@transaction.atomic
def discard_draft(*, key: str, user: User | None) -> None:
    """Throw the draft away. Raises NoPlaybook."""
    draft = _open_draft(key, None)
    _record("discarded", draft, user)
    draft.delete()


@transaction.atomic
def publish(*, key: str, user: User | None, revision: int | None = None, note: str | None = None) -> PlaybookVersion:
    """Make the draft the one that new conversations take. Those that began go on under their own version.

    `revision`: the one that was looked at. Raises NoPlaybook, PlaybookChanged, PlaybookInvalid, PlaybookRefused.
    """
    draft = _open_draft(key, revision)
    problems = problems_of(draft.source, key)
    if problems:
        raise PlaybookInvalid(problems)
    number = _next_number(key, besides=draft)
    if draft.version < number:
        # Another version was published since this draft was begun: later is higher.
        draft.version, draft.source = number, numbered(draft.source, number)
    draft.note = draft.note if note is None else _noted(note)
    before = _publish(draft, user)
    _record("published", draft, user, instead_of=before)
    return draft


@transaction.atomic
def roll_back(*, key: str, version: int, user: User | None, note: str = "") -> PlaybookVersion:
    """Publish an earlier version's text again, under the next number: what was in use when stays true.

    Raises NoPlaybook, PlaybookInvalid, PlaybookRefused: it is in use now, or switched the playbook off.
    """
    _one_at_a_time()
    earlier = PlaybookVersion.objects.filter(key=key, version=version).exclude(status=_DRAFT).first()
    if earlier is None:
        raise NoPlaybook
    if earlier.status == _PUBLISHED:
        raise PlaybookRefused(f"Version {version} is the one in use now. There is nothing to roll back.")
    if earlier.switched_off:
        raise PlaybookRefused(f"Version {version} switched this playbook off. Use the button that does so.")
    number = _next_number(key)
    row = PlaybookVersion(
        key=key, version=number, source=numbered(earlier.source, number), note=_noted(note), restores=version,
        based_on=earlier.name, made_by=user, changed_by=user,
    )  # fmt: skip
    problems = problems_of(row.source, key)
    if problems:
        raise PlaybookInvalid(problems)
    before = _publish(row, user, new=True)
    _record("rolled_back", row, user, instead_of=before, restores=version)
    return row


@transaction.atomic
def switch_off(*, key: str, user: User | None, note: str = "") -> None:
    """Interview nobody by this playbook any more: its areas get another that fits, or the general questions.

    Raises NoPlaybook, PlaybookRefused: it is off already, or is the general one.
    """
    _one_at_a_time()
    if key == GENERAL:
        raise PlaybookRefused("The general questions cannot be switched off: they are asked where nothing else fits.")
    now = firm_playbooks.in_use_of(key)
    if now is None and key not in shipped():
        raise NoPlaybook
    if now is not None and now.switched_off:
        raise PlaybookRefused("This playbook is switched off already.")
    row = PlaybookVersion(
        key=key, version=_next_number(key), switched_off=True, note=_noted(note), made_by=user, changed_by=user
    )
    before = _publish(row, user, new=True)
    _record("switched_off", row, user, instead_of=before)


@transaction.atomic
def use_shipped(*, key: str, user: User | None) -> None:
    """Retire the firm's own version, so that the one that ships is asked again, whatever its release.

    Raises NoPlaybook: none ships. PlaybookRefused: it is in use already.
    """
    _one_at_a_time()
    if key not in shipped():
        raise NoPlaybook
    row = PlaybookVersion.objects.filter(key=key, status=_PUBLISHED).first()
    if row is None:
        raise PlaybookRefused("The playbook that ships is in use already.")
    _retire(row)
    _record("shipped_again", row, user)


@transaction.atomic
def import_playbook(*, content: str | bytes, file: str, user: User | None, note: str = "") -> PlaybookVersion | None:
    """Keep a file's playbook as the draft of its key. None: it says what is in use already.

    Raises PlaybookInvalid; PlaybookRefused: somebody has a draft of it open.
    """
    _one_at_a_time()
    try:
        playbook = read_playbook(content, file)
        text = as_yaml(content, file)
    except PlaybookError as error:
        raise PlaybookInvalid(error.problems) from None
    key = playbook.key
    # The text is YAML by now, whatever the file was.
    problems = problems_of(text, key, file.removesuffix(".json"))
    if problems:
        raise PlaybookInvalid(problems)
    if _draft(key) is not None:
        raise PlaybookRefused(f'There is a draft of "{key}" already. Publish it or discard it first.')
    now = _asked_now(key)
    if now is not None and replace(now, version=playbook.version) == playbook:
        return None
    return _new_draft(key, text, user, based_on=playbook.name, note=note)


def problems_of(text: str, key: str, file: str = "") -> tuple[Problem, ...]:
    """All that keeps `text` from being the firm's playbook `key`. Empty: it is good."""
    name = file or key
    try:
        found = read_playbook(text, name)
    except PlaybookError as error:
        return error.problems
    place = read_source(text, name).line(("key",))
    if len(found.key) > MAX_KEY:
        return (Problem(name, place, "key", "the key is too long", f"at most {MAX_KEY} characters"),)
    if found.key != key:
        return (Problem(name, place, "key", f'"{found.key}" is not this playbook\'s key', key),)
    return ()


# -- the parts


def _one_at_a_time() -> None:
    """One writer of a firm's playbooks at a time, until the transaction ends. The key mixes in the firm."""
    lock = int.from_bytes(blind_index("playbooks", purpose="playbooks.lock")[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def _draft(key: str) -> PlaybookVersion | None:
    return PlaybookVersion.objects.filter(key=key, status=_DRAFT).first()


def _open_draft(key: str, revision: int | None) -> PlaybookVersion:
    _one_at_a_time()
    draft = _draft(key)
    if draft is None:
        raise NoPlaybook
    if revision is not None and revision != draft.revision:
        raise PlaybookChanged
    return draft


def _new_draft(key: str, text: str, user: User | None, *, based_on: str, note: str = "") -> PlaybookVersion:
    number = _next_number(key)
    draft = PlaybookVersion(
        key=key, version=number, source=numbered(text, number), based_on=based_on[:60], note=_noted(note),
        made_by=user, changed_by=user,
    )  # fmt: skip
    draft.save(force_insert=True)
    return draft


def text_of(*, key: str, version: int | None = None) -> tuple[str, str]:
    """Text and name of a version; without a number of what is in use, or was at last. Raises NoPlaybook."""
    text, name = _text_or_none(key, version)
    if text is None:
        raise NoPlaybook
    return text, name


def _text_or_none(key: str, version: int | None) -> tuple[str | None, str]:
    """The text of a version of the firm, or of what ships; without a number of what is in use, or was at last."""
    own = PlaybookVersion.objects.filter(key=key, switched_off=False)
    if version is not None:
        row = own.filter(version=version).first()
    else:
        row = own.filter(status=_PUBLISHED).first()
        is_off = row is None and PlaybookVersion.objects.filter(key=key, status=_PUBLISHED).exists()
        if is_off or (row is None and key not in shipped()):
            row = own.filter(status=_RETIRED).order_by("-version").first()
    if row is not None:
        return row.source, row.name
    ships = shipped().get(key)
    if ships is None or version not in {None, ships.version}:
        return None, ""
    return export(ships), ships.name


def _asked_now(key: str) -> Playbook | None:
    """What is in use under `key`, with what is switched off in it."""
    row = PlaybookVersion.objects.filter(key=key, status=_PUBLISHED).first()
    if row is None:
        return shipped().get(key)
    return None if row.switched_off else firm_playbooks.read_version(row)


def _next_number(key: str, besides: PlaybookVersion | None = None) -> int:
    rows = PlaybookVersion.objects.filter(key=key)
    if besides is not None:
        rows = rows.exclude(pk=besides.pk)
    last = rows.order_by("-version").values_list("version", flat=True).first()
    return max(last or 0, FIRST_OWN - 1) + 1


def _publish(row: PlaybookVersion, user: User | None, *, new: bool = False) -> str:
    """Publish `row` in the place of what is in use. Returns that one's name; empty: there was none."""
    if not row.switched_off:
        _check_codes(row)
    before = PlaybookVersion.objects.filter(key=row.key, status=_PUBLISHED).first()
    if before is not None:
        _retire(before)
    row.status, row.published_by, row.published_at = _PUBLISHED, user, timezone.now()
    row.save(force_insert=new, force_update=not new)
    ships = shipped().get(row.key)
    return before.name if before is not None else ships.name if ships is not None else ""


def _retire(row: PlaybookVersion) -> None:
    row.status, row.retired_at = _RETIRED, timezone.now()
    row.save(update_fields=["status", "retired_at"])


def _check_codes(row: PlaybookVersion) -> None:
    """Two of the firm's own playbooks for one area: one of them would never be asked."""
    wanted = set(firm_playbooks.read_version(row).list_codes)
    for key, other in firm_playbooks.published().items():
        shared = sorted(wanted & set(other.playbook.list_codes)) if other.playbook is not None else []
        if key != row.key and shared:
            raise PlaybookRefused(
                f'"{key}" is asked for {", ".join(shared)} already. Take the area out of one of the two.'
            )


def _noted(note: str) -> str:
    return clean(note).strip()[:_NOTE]


def _record(action: str, row: PlaybookVersion, user: User | None, **data: Any) -> None:
    audit.record(
        action=f"playbook.{action}",
        chain=None,
        target_type="playbook",
        target_id=row.pk,
        actor=audit.staff(user.pk) if user is not None else audit.SYSTEM,
        data={"playbook": row.name, **{key: value for key, value in data.items() if value}},
    )
