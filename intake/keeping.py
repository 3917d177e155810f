"""What is deleted because somebody took a consent back, and what has to be kept all the same."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from intake.models import Consent, Intake
from tenants.crypto import SealedText
from tenants.ids import new_id


class LegalHold(models.Model):
    """While one is in force, nothing of its intake is deleted. Placed and released by staff, each with a reason."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="legal_holds")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now, editable=False)
    reason_ct = models.BinaryField(default=bytes, blank=True)
    reason = SealedText("reason_ct")
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    released_at = models.DateTimeField(null=True, blank=True)
    released_because_ct = models.BinaryField(default=bytes, blank=True)
    released_because = SealedText("released_because_ct")

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["intake", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["intake"], condition=models.Q(released_at__isnull=True), name="intake_one_legal_hold"
            ),
        ]

    def __str__(self) -> str:
        return "legal hold" if self.released_at is None else "legal hold, released"


class Erasure(models.Model):
    """Something that has to go: asked for in the transaction that took the consent back, done by a job, again and
    again until it is done, given up, or held."""

    class State(models.TextChoices):
        """How far it is. `held`: a legal hold is in force; its release lets it go on."""

        WAITING = "waiting"
        HELD = "held", "kept: legal hold"
        DONE = "done", "deleted"
        FAILED = "failed", "not deleted"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="erasures")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="erasures")
    what = models.CharField(max_length=20, help_text="Name of the eraser: recordings, voice_journal.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    next_at = models.DateTimeField(default=timezone.now, help_text="Not tried before this.")
    attempts = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveIntegerField(default=0, help_text="How many pieces were deleted.")
    error = models.CharField(max_length=60, blank=True, default="", help_text="Kind of the last failure.")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["intake", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="intake_erasure_due"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.get_state_display()}"
