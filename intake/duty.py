"""Who is told of a safety alert, in which order, and what was sent to whom. No client's word stands here."""

from __future__ import annotations

from datetime import time
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from intake.logbook import SafetyAlert
from tenants.crypto import SealedText
from tenants.ids import new_id

MAX_WAIT_MINUTES = 240
MAX_ROUNDS = 10


def _minutes(default: int, help_text: str) -> models.PositiveSmallIntegerField[int, int]:
    checks = [MinValueValidator(1), MaxValueValidator(MAX_WAIT_MINUTES)]
    return models.PositiveSmallIntegerField(default=default, db_default=default, validators=checks, help_text=help_text)


class DutySettings(models.Model):
    """The firm's own choices about safety and about whom it does not take, one row at most. What is not there counts
    as the defaults below. The webhook's address and secret stand sealed: an address may be a secret too."""

    class Decline(models.TextChoices):
        """Whom the firm declines without a person's look. The client sees the same as at every other stop."""

        NEVER = "never", "nobody: a person decides"
        REPRESENTED = "represented", "who has a lawyer in this matter and names no other reason"
        ALL = "all", "also who wants to change lawyers or asks for a second opinion"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    one = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    country = models.CharField(
        max_length=2, default="US", db_default="US", help_text="Whose help lines clients are given (ISO 3166)."
    )
    decline_represented = models.CharField(
        "decline by itself", max_length=12, choices=Decline, default=Decline.NEVER, db_default="never"
    )
    wait_danger_now = _minutes(5, "Danger now: minutes until the next person is told.")
    wait_urgent = _minutes(30, "Urgent: minutes until the next person is told.")
    page_attention = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Send also what only wants a look, such as somebody asking for a person.",
    )
    wait_attention = _minutes(120, "Attention: minutes until the next person is told.")
    max_rounds = models.PositiveSmallIntegerField(
        default=3,
        db_default=3,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_ROUNDS)],
        help_text="How often the whole list is gone through. Everybody on it is told at the end of each round.",
    )
    webhook_url_ct = models.BinaryField(null=True, blank=True, editable=False)
    webhook_url = SealedText("webhook_url_ct")
    webhook_secret_ct = models.BinaryField(null=True, blank=True, editable=False)
    webhook_secret = SealedText("webhook_secret_ct")

    class Meta:
        app_label = "intake"
        verbose_name = "safety settings"
        verbose_name_plural = "safety settings"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(one=1), name="intake_duty_settings_one"),
        ]

    def __str__(self) -> str:
        return "safety settings"

    def wait_minutes(self, level: str) -> int:
        """How long one step waits for somebody to take an alert of this level up."""
        return int(getattr(self, f"wait_{level}"))

    def pages(self, level: str) -> bool:
        """Whether alerts of this level are sent to people at all."""
        return level != SafetyAlert.Level.ATTENTION or self.page_attention


class OnCall(models.Model):
    """A member of staff on the list, with the hours in which they are told first, in their own time zone.

    From and until the same: all day. Until before from: over midnight, and the day is the one it begins on.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=1, help_text="Who is told first: the lowest.")
    zone = models.CharField("time zone", max_length=40, default="America/New_York")
    days = models.CharField(max_length=7, default="1234567", help_text="1 is Monday, 7 is Sunday.")
    begins = models.TimeField("from", default=time(0))
    ends = models.TimeField("until", default=time(0))
    active = models.BooleanField(default=True)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["position", "id"]
        verbose_name = "person on call"
        verbose_name_plural = "people on call"

    def __str__(self) -> str:
        return f"{self.position}. {self.user}"


class Paging(models.Model):
    """How far the telling of one alert has come. `next_at` is when it goes on; empty once it has ended."""

    class Outcome(models.TextChoices):
        """How it ended."""

        OPEN = "", "under way"
        ACKNOWLEDGED = "acknowledged", "taken up"
        UNACKNOWLEDGED = "unacknowledged", "nobody took it up"

    alert = models.OneToOneField(SafetyAlert, on_delete=models.PROTECT, primary_key=True, related_name="paging")
    round = models.PositiveSmallIntegerField(default=0)
    step = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True, default=Outcome.OPEN)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["alert_id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_at"], name="intake_paging_due", condition=models.Q(next_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.get_outcome_display()


class Page(models.Model):
    """One message about an alert: kept before it is sent, so that none is lost with a process or a broker."""

    class Channel(models.TextChoices):
        """By which way."""

        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook"

    class Status(models.TextChoices):
        """What became of it. `dropped`: somebody had taken the alert up before."""

        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    paging = models.ForeignKey(Paging, on_delete=models.PROTECT, related_name="pages")
    channel = models.CharField(max_length=8, choices=Channel)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    round = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(default=timezone.now)
    code = models.CharField(max_length=40, blank=True, default="", help_text="Why the last try failed.")

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["try_at"], name="intake_page_waiting", condition=models.Q(status="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.status}"
