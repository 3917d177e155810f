"""The voice's tables, in a firm's own schema.

What was said stands only in sealed columns: text, words, and the recogniser's state, which is
derived from the voice. Positions are samples of the session's audio clock (16 kHz).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from intake.models import Intake
from tenants.crypto import SealedJSON, SealedText
from tenants.ids import new_id


class VoiceSession(models.Model):
    """One client's microphone over all its sockets. `epoch` fences: a lower one may not commit."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="voice_sessions")
    resume_hash = models.BinaryField(max_length=32, editable=False)
    epoch = models.PositiveBigIntegerField(default=0, help_text="The highest lease that has committed here.")
    committed_sample = models.PositiveBigIntegerField(
        default=0, help_text="Everything before this sample is committed; a replay starts here."
    )
    state_ct = models.BinaryField(default=bytes, blank=True)
    state = SealedJSON("state_ct")  # the recogniser's state that the next utterance begins with; None: the prior
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"voice session {str(self.id)[-8:]}"


class Utterance(models.Model):
    """A finished stretch of speech: its words with times, and the state it was recognised from.

    `id` is the wire's item id. One per `(session, start_sample)`, whoever commits it, however often.
    """

    class Status(models.TextChoices):
        """What became of it. A failed one keeps its audio."""

        COMMITTED = "committed"
        EMPTY = "empty"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey(VoiceSession, on_delete=models.PROTECT, related_name="utterances")
    start_sample = models.PositiveBigIntegerField(help_text="First sample that the recogniser was fed.")
    end_sample = models.PositiveBigIntegerField(help_text="The sample after its last.")
    audio_start_ms = models.PositiveBigIntegerField(help_text="Where speech begins.")
    audio_end_ms = models.PositiveBigIntegerField(help_text="Where speech ends.")
    status = models.CharField(max_length=10, choices=Status, default=Status.COMMITTED)
    error = models.CharField(max_length=40, blank=True, default="")
    text_ct = models.BinaryField(default=bytes, blank=True)
    text = SealedText("text_ct")
    words_ct = models.BinaryField(default=bytes, blank=True)
    words = SealedJSON("words_ct")  # [{word, start_ms, end_ms}] on the session's audio clock
    start_state_ct = models.BinaryField(default=bytes, blank=True)
    start_state = SealedJSON("start_state_ct")  # None: the shipped prior
    recogniser = models.CharField(max_length=60, help_text="Name and version of what recognised it.")
    turn_number = models.PositiveIntegerField(null=True, blank=True)
    epoch = models.PositiveBigIntegerField(help_text="The lease under which it was committed.")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["session", "start_sample"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session", "start_sample"], name="audio_utterance_once"),
        ]

    def __str__(self) -> str:
        return f"utterance {str(self.id)[-8:]} ({self.status})"


class Recording(models.Model):
    """The master of one utterance: FLAC of exactly the samples the recogniser was fed, encrypted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    utterance = models.OneToOneField(Utterance, on_delete=models.PROTECT, related_name="recording")
    name = models.CharField(max_length=200, help_text="Its name in the firm's storage.")
    sample_pos = models.PositiveBigIntegerField(help_text="Its first sample on the session's audio clock.")
    samples = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField(help_text="Bytes of the FLAC before encryption.")
    sha256 = models.BinaryField(max_length=32, help_text="Of the FLAC before encryption.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"recording {str(self.id)[-8:]}"
