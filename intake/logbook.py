"""What happened in a guided interview, event by event, and what staff were told to look at at once."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from intake.models import Intake
from tenants.crypto import SealedJSON
from tenants.ids import new_id


class InterviewEvent(models.Model):
    """An event as the engine took it. Replaying an intake's events gives its state, byte for byte.

    `data` are the event's own fields; a turn's words stand in the turn alone.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="interview_events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    zone = models.CharField(max_length=40)
    locale = models.CharField(max_length=16)
    playbook = models.CharField(max_length=60)
    data_ct = models.BinaryField()
    data = SealedJSON("data_ct")

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["intake", "sequence"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["intake", "sequence"], name="intake_event_sequence"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"


class SafetyAlert(models.Model):
    """Something in a turn for which a person has to look at once. Codes alone, never a word of it."""

    class Level(models.TextChoices):
        """How soon. `danger_now` pauses the conversation; the others do not."""

        DANGER_NOW = "danger_now", "danger now"
        URGENT = "urgent"
        ATTENTION = "attention"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="safety_alerts")
    turn = models.ForeignKey("intake.Turn", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    level = models.CharField(max_length=12, choices=Level)
    kinds = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now, editable=False)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["intake", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["acknowledged_at", "at"], name="intake_alert_open"),
        ]

    def __str__(self) -> str:
        return f"{self.level}: {', '.join(self.kinds)}"
