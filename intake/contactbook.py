"""How a client is reached and comes back: codes that were sent, resume codes, what was tried how often."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from intake.models import Intake
from tenants.crypto import SealedText
from tenants.ids import new_id


class ContactSettings(models.Model):
    """The firm's own wishes, at most one row; without it the defaults hold."""

    class Verify(models.TextChoices):
        """When a client is asked for a code before the conflict check."""

        WHEN_POSSIBLE = "when_possible", "when a code can be sent to a safe e-mail or phone"
        OFF = "off", "never"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    verify = models.CharField(
        "ask for a code", max_length=14, choices=Verify, default=Verify.WHEN_POSSIBLE,
        help_text="Before the conflict check. Who has no safe way, or gets no code, goes on and is marked unverified.",
    )  # fmt: skip
    sender = models.CharField(
        "sender's name", max_length=40, blank=True, default="",
        help_text="What a message is signed with. Somebody else may read it: leave it empty for a neutral one.",
    )  # fmt: skip
    text_messages = models.BooleanField(
        "send text messages", default=False, help_text="Only where this service is set up to send them."
    )
    resume_days = models.PositiveSmallIntegerField(
        "days to come back", default=14, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )

    class Meta:
        app_label = "intake"
        verbose_name = verbose_name_plural = "contact settings"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="intake_contact_settings_one"),
        ]

    def __str__(self) -> str:
        return "contact settings"


class ContactMessage(models.Model):
    """A code or a link for one client, sent once. Address and contents are emptied when it is sent or given up."""

    class Purpose(models.TextChoices):
        """What it is for."""

        VERIFY = "verify", "confirm an address"
        RESUME = "resume", "come back"
        LINK = "link", "link to come back"

    class Way(models.TextChoices):
        """How it goes."""

        EMAIL = "email", "e-mail"
        PHONE = "phone", "text message"

    class State(models.TextChoices):
        """Whether it went."""

        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="contact_messages")
    purpose = models.CharField(max_length=8, choices=Purpose)
    way = models.CharField(max_length=8, choices=Way)
    address_ct = models.BinaryField(default=bytes, blank=True)
    address = SealedText("address_ct")
    address_hash = models.BinaryField(max_length=32, editable=False)
    secret_ct = models.BinaryField(default=bytes, blank=True)
    secret = SealedText("secret_ct")
    code_hash = models.BinaryField(max_length=32, default=bytes, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True, default="")
    at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["intake", "purpose", "-at"], name="intake_contact_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} by {self.get_way_display()}: {self.state}"


class ResumePass(models.Model):
    """A way back into one conversation: a code to read out, perhaps a link, perhaps a PIN. One at a time is open."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="resume_passes")
    code_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    token_hash = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    pin_hash = models.CharField(max_length=160, blank=True, default="", editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name_plural = "resume passes"

    def __str__(self) -> str:
        return f"resume pass {str(self.id)[-8:]}"


class ContactCount(models.Model):
    """How often something was done in one stretch of time, by a keyed hash of what and for whom."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key_hash = models.BinaryField(max_length=32, editable=False)
    begins_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "intake"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key_hash", "begins_at"], name="intake_contact_count_key"),
        ]

    def __str__(self) -> str:
        return f"{self.count} since {self.begins_at:%H:%M}"


class ResumeLock(models.Model):
    """Failed tries at one resume code, there or not, by its keyed hash: each from the fifth on costs a longer wait."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    failures = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "intake"

    def __str__(self) -> str:
        return f"{self.failures} failed tries"
