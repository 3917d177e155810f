"""A firm's own table of limitation periods, for its staff alone."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from tenants.ids import new_id


class LimitationPeriod(models.Model):
    """A row that the firm imported. It counts once a person of the firm has confirmed it, and until it is retired:
    a changed row is a new one beside the old, which says when it stopped to count. An example never counts."""

    class Unit(models.TextChoices):
        """What `amount` counts."""

        DAYS = "days"
        MONTHS = "months"
        YEARS = "years"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(max_length=2, help_text="Two letters, such as TX.")
    area = models.CharField(max_length=20, help_text="LIST code; a top code counts for all beneath it.")
    claim = models.CharField(max_length=120)
    amount = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=6, choices=Unit)
    begins = models.CharField(
        max_length=60,
        blank=True,
        default="",
        help_text="Key of the question that time runs from; empty: any event date.",
    )
    cite = models.CharField(max_length=200)
    note = models.CharField(max_length=400, blank=True, default="")
    source = models.CharField(max_length=300, blank=True, default="")
    checked = models.DateField(null=True, blank=True, help_text="When the source was last read.")
    example = models.BooleanField(default=False, help_text="Example, not verified: never counts.")
    imported_at = models.DateTimeField(default=timezone.now, editable=False)
    imported_by = models.CharField(max_length=200, help_text="staff:<id>, or who ran the command.")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["state", "area", "claim", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["state", "area", "claim"],
                condition=models.Q(retired_at__isnull=True),
                name="intake_limitation_row",
            ),
            models.CheckConstraint(
                condition=models.Q(example=False) | models.Q(confirmed_at__isnull=True),
                name="intake_limitation_no_example",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.area}: {self.claim}"

    @property
    def counts(self) -> bool:
        """Whether flags may be made from it."""
        return self.confirmed_at is not None and self.retired_at is None and not self.example
