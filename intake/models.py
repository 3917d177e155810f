"""The conversation's tables, in a firm's own schema.

What a client said stands only in `*_ct` columns, sealed with the firm's key (tenants.crypto);
no `__str__` shows it. Turns, facts, parties and consents are append-only: a trigger refuses DELETE
and every UPDATE except of a ciphertext (a key rotation, or an erasure that empties it). Audit
events refuse every change.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now, TruncDate
from django.utils import timezone

from intake.interview.stages import Stage
from tenants.crypto import SealedJSON, SealedText
from tenants.ids import new_id

#: Types of facts whose value is stored as JSON; all others are words.
JSON_KINDS = frozenset({"money", "count", "address"})
#: The chain of firm-level events. An intake's chain is named by the intake's id.
FIRM_CHAIN = UUID(int=0)


class Intake(models.Model):
    """One client's conversation. `state` is the engine's: keys and numbers, never words.

    A guided interview's whole state holds answers, so it stands sealed in `mind`; `state` has its plain part.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    secret_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    reference = models.CharField(max_length=12, unique=True, null=True, blank=True, editable=False)
    stage = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Stage], default=Stage.NOTICE.value)
    playbook = models.CharField(max_length=60, help_text="Key and version of the playbook, such as first-form@1.")
    state = models.JSONField(default=dict)
    mind_ct = models.BinaryField(null=True, blank=True, editable=False)
    mind = SealedJSON("mind_ct")
    locale = models.CharField(max_length=16, default="en")
    zone = models.CharField(
        max_length=40, default="UTC", db_default="UTC", help_text="The client's time zone, such as America/New_York."
    )
    urgency = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False, help_text="For staff alone: points of intake.urgency; kept to sort by."
    )
    urgency_due = models.DateField(
        null=True,
        blank=True,
        default=None,
        db_default=TruncDate(Now()),
        editable=False,
        help_text="The day on which the points may be others. Rows of an earlier release are due at once.",
    )
    last_turn = models.PositiveIntegerField(default=0)
    last_event = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Keyed hashes of where it was begun, so that one who tries names is counted (intake.conflicts.probing).
    device_hash = models.BinaryField(max_length=32, null=True, blank=True, editable=False)
    address_hash = models.BinaryField(max_length=32, null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["stage", "-created_at"], name="intake_stage_age"),
            models.Index(fields=["-urgency", "-created_at"], name="intake_by_urgency"),
            models.Index(
                fields=["urgency_due"], name="intake_urgency_due", condition=models.Q(urgency_due__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.reference or f"intake {str(self.id)[-8:]}"


class Turn(models.Model):
    """What one side said, numbered from 1 without gaps. A correction is a new turn that supersedes."""

    class Role(models.TextChoices):
        """Who speaks. A notice is fixed text that the law or the firm wants read."""

        CLIENT = "client"
        ASSISTANT = "assistant"
        STAFF = "staff"
        NOTICE = "notice"

    class Modality(models.TextChoices):
        """How the client's words came; empty for everybody else's."""

        NONE = "", "-"
        TYPED = "typed"
        VOICE = "voice"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="turns")
    number = models.PositiveIntegerField()
    role = models.CharField(max_length=10, choices=Role)
    modality = models.CharField(max_length=10, choices=Modality, blank=True, default=Modality.NONE)
    question = models.CharField(max_length=60, blank=True, help_text="Key of the question asked, or answered.")
    text_ct = models.BinaryField()
    text = SealedText("text_ct")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    client_ref = models.UUIDField(
        null=True, blank=True, help_text="The client's own id of this turn: sending twice makes one."
    )
    utterance_id = models.UUIDField(null=True, blank=True, help_text="The utterance these words were heard in.")
    audio_start_ms = models.PositiveBigIntegerField(null=True, blank=True)
    audio_end_ms = models.PositiveBigIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["intake", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["intake", "number"], name="intake_turn_number"),
            models.UniqueConstraint(fields=["intake", "client_ref"], name="intake_turn_client_ref"),
        ]

    def __str__(self) -> str:
        return f"turn {self.number} ({self.role})"


class Fact(models.Model):
    """Something learnt, with its evidence: the turn, its characters, its milliseconds of audio.

    Nothing is overwritten: a later fact with the same key supersedes, and both stay. One that contradicts stands
    beside the other until the client decides. What staff wrote down has no turn, and says who did.
    """

    class State(models.TextChoices):
        """How sure we are. `refused`: the person would rather not say."""

        STATED = "stated"
        INFERRED = "inferred"
        UNKNOWN = "unknown"
        REFUSED = "refused"
        CONTRADICTED = "contradicted"
        CONFIRMED = "confirmed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="facts")
    key = models.CharField(max_length=60)
    kind = models.CharField(
        max_length=20, default="", db_default="", blank=True, help_text="Type of the value; empty: text."
    )
    state = models.CharField(max_length=12, choices=State, default=State.STATED)
    value_ct = models.BinaryField()
    value = SealedText("value_ct")
    turn = models.ForeignKey(Turn, on_delete=models.PROTECT, null=True, blank=True, related_name="facts")
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    span_start = models.PositiveIntegerField(help_text="First character of the evidence in the turn's text.")
    span_end = models.PositiveIntegerField(help_text="The character after its last.")
    audio_start_ms = models.PositiveBigIntegerField(null=True, blank=True)
    audio_end_ms = models.PositiveBigIntegerField(null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["intake", "id"]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"

    @property
    def typed(self) -> Any:
        """The value as the engine knows it: a number, a range, parts, or words. None: unknown, refused or erased."""
        value = self.value
        return json.loads(value) if value is not None and self.kind in JSON_KINDS else value


class Party(models.Model):
    """A person or organisation of an intake. Matched by `name_hash`, a keyed hash of the normal form."""

    class Role(models.TextChoices):
        """On whose side they stand."""

        CLIENT = "client"
        OTHER_SIDE = "other_side", "other side"
        RELATED = "related"
        INSTITUTION = "institution"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="parties")
    role = models.CharField(max_length=12, choices=Role)
    name_ct = models.BinaryField()
    name = SealedText("name_ct")
    name_hash = models.BinaryField(max_length=32, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.PROTECT, related_name="parties")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["intake", "id"]
        verbose_name_plural = "parties"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["name_hash", "role"], name="intake_party_match")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {str(self.id)[-8:]}"


class ConflictCheck(models.Model):
    """One run of the conflict gate, and the decision that a person took on a hit, once."""

    class Result(models.TextChoices):
        """What the match said."""

        CLEAR = "clear"
        HIT = "hit"

    class Why(models.TextChoices):
        """What stopped the client; empty: the names, or nothing."""

        NAMES = "", "-"
        HOLD_EVERYONE = "hold_everyone", "the firm looks at everyone first"
        OWN_PEOPLE = "own_people", "the other side is the firm, or works for it"
        COMMON_NAME = "common_name", "a common name, and nothing that tells it apart"
        PROBING = "probing", "names were tried again and again"

    class Decision(models.TextChoices):
        """What a person decided about a hit; empty while nobody has."""

        OPEN = "", "-"
        CLEARED = "cleared"
        CONFIRMED = "confirmed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="conflict_checks")
    result = models.CharField(max_length=10, choices=Result)
    why = models.CharField(
        max_length=20, choices=Why, blank=True, default=Why.NAMES, db_default="",
        help_text="Why it stopped, where it was not the names alone.",
    )  # fmt: skip
    matches = models.JSONField(default=list, help_text="Ids of the parties that matched, or of imported entries.")
    findings_ct = models.BinaryField(null=True, blank=True)
    findings = SealedJSON("findings_ct")
    at = models.DateTimeField(default=timezone.now, editable=False)
    decision = models.CharField(max_length=10, choices=Decision, blank=True, default=Decision.OPEN)
    reason_ct = models.BinaryField(default=bytes, blank=True)
    reason = SealedText("reason_ct")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["intake", "id"]

    def __str__(self) -> str:
        return f"{self.result}{f', {self.decision}' if self.decision else ''}"


class ConflictEntry(models.Model):
    """A party in the firm's conflict index: of an intake, or of an imported list. Never deleted with a story.

    `keys` are keyed hashes of what two spellings of one name have in common (intake.conflicts.blocking);
    rows that share one with a question are opened and compared. `rules` says by which rules they were made.
    """

    class Role(models.TextChoices):
        """What the party is to the firm."""

        CLIENT = "client"
        FORMER_CLIENT = "former_client", "former client"
        PROSPECT = "prospect"
        ADVERSE = "adverse"
        RELATED = "related"
        INSTITUTION = "institution"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    role = models.CharField(max_length=14, choices=Role)
    party = models.OneToOneField(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="conflict_entry",
        help_text="The party of an intake; empty for an imported one.",
    )  # fmt: skip
    record_ct = models.BinaryField()
    record = SealedJSON("record_ct")
    keys = ArrayField(models.BigIntegerField(), editable=False)
    rules = models.PositiveSmallIntegerField(editable=False)
    imported_as = models.BinaryField(
        max_length=32, null=True, unique=True, editable=False, help_text="Keyed hash of the imported row."
    )
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name_plural = "conflict entries"
        indexes: ClassVar[list[models.Index]] = [GinIndex(fields=["keys"], name="intake_conflict_keys")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {str(self.id)[-8:]}"


class ConflictRules(models.Model):
    """The firm's own rules, at most one row; thresholds that it leaves out are the project's (thresholds.yaml)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    thresholds = models.JSONField(default=dict)
    hold_everyone = models.BooleanField(
        default=False, db_default=False, help_text="Everybody waits for a person after the conflict check."
    )
    stop_common = models.BooleanField(
        "stop common names", default=False, db_default=False,
        help_text="A common name that matches also stops when the client does not know what tells it apart; "
        "otherwise it is a note, and staff are alerted.",
    )  # fmt: skip
    alert_hours = models.PositiveSmallIntegerField(
        "hours until staff are alerted", default=24, db_default=24,
        help_text="A stop that nobody has decided about for so long raises an alert.",
    )  # fmt: skip

    states = models.JSONField(
        default=list, db_default=[], blank=True,
        help_text="From where the firm takes matters, two letters each; empty: from everywhere.",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "conflict rules"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="intake_conflict_rules_one"),
        ]

    def __str__(self) -> str:
        return "conflict rules"


class Consent(models.Model):
    """A consent given or withdrawn, with the wording it was given to. The latest of a kind holds."""

    class Kind(models.TextChoices):
        """What was agreed to (intake.interview.agreeing has the words)."""

        SERVICE = "service", "use this service"
        TRANSCRIPTION = "transcription", "turn speech into words"
        KEEP_AUDIO = "keep_audio", "keep the recording"
        AI_PROCESSING = "ai_processing", "a language model may read the words"
        SMS = "sms", "text messages"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=20, choices=Kind)
    granted = models.BooleanField()
    wording_version = models.CharField(max_length=40)
    locale = models.CharField(max_length=16)
    channel = models.CharField(max_length=10, help_text="Where it was given: web.")
    place = models.CharField(
        max_length=12, default="", db_default="", blank=True,
        help_text="Where on the page: start, microphone, talk, choices.",
    )  # fmt: skip
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["intake", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {'granted' if self.granted else 'not granted'}"


class AuditEvent(models.Model):
    """Who did what, hash-chained per intake, with one more chain for the firm (`FIRM_CHAIN`).

    `data` holds keys, numbers and ids only: an erasure never has to reach in here, and a key
    rotation changes nothing that `hash` covers.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    chain = models.UUIDField(default=FIRM_CHAIN)
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80, help_text="client, system, or staff:<id>.")
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering: ClassVar[list[str]] = ["chain", "sequence"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="intake_audit_sequence"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"


# At the end: they refer to the models above.
from intake.assistant_rows import AssistantSettings, ModelUse  # noqa: E402
from intake.contactbook import (  # noqa: E402
    ContactCount,
    ContactMessage,
    ContactSettings,
    ResumeLock,
    ResumePass,
)
from intake.declining import Declination  # noqa: E402
from intake.duty import DutySettings, OnCall, Page, Paging  # noqa: E402
from intake.keeping import Erasure, LegalHold  # noqa: E402
from intake.logbook import InterviewEvent, SafetyAlert  # noqa: E402
from intake.periods import LimitationPeriod  # noqa: E402
from intake.playbook_versions import PlaybookVersion  # noqa: E402

__all__ = [
    "FIRM_CHAIN", "JSON_KINDS", "AssistantSettings", "AuditEvent", "ConflictCheck", "ConflictEntry", "ConflictRules",
    "Consent", "ContactCount", "ContactMessage", "ContactSettings", "Declination", "DutySettings", "Erasure", "Fact",
    "Intake", "InterviewEvent", "LegalHold", "LimitationPeriod", "ModelUse", "OnCall", "Page", "Paging", "Party",
    "PlaybookVersion", "ResumeLock", "ResumePass", "SafetyAlert", "Turn",
]  # fmt: skip
