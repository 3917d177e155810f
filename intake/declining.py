"""How a client who was declined is told. Imported at the end of `intake.models`."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from intake.models import Intake
from tenants.crypto import SealedText
from tenants.ids import new_id


class Declination(models.Model):
    """The firm's "no" to one client: fixed words, no reason. The page shows it; an e-mail goes only where that is safe.

    The address is not kept here: it is read from the sealed answers when the message is sent.
    """

    class Status(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "waiting to be sent"
        SENT = "sent"
        FAILED = "failed", "could not be sent"
        NO_CHANNEL = "no_channel", "no safe way to send it"
        OTHERWISE = "otherwise", "told another way"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.OneToOneField(Intake, on_delete=models.PROTECT, related_name="declination")
    wording = models.CharField(max_length=40, help_text="Version of the words.")
    locale = models.CharField(max_length=16)
    status = models.CharField(max_length=12, choices=Status)
    attempts = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, help_text="When it is tried again, if it has to be.")
    sent_at = models.DateTimeField(null=True, blank=True)
    note_ct = models.BinaryField(default=bytes, blank=True)
    note = SealedText("note_ct")
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["intake"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["status", "at"], name="intake_declination_open")]

    def __str__(self) -> str:
        return f"declination: {self.get_status_display()}"
