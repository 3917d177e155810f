"""A firm's own playbooks, version by version. What was once published is never changed."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils import timezone

from tenants.ids import new_id

#: A firm's own versions count from here, so that none ever meets the number of one that ships.
FIRST_OWN: Final = 1001
#: `Intake.playbook` holds `key@version` in 60 characters.
MAX_KEY: Final = 50


class PlaybookVersion(models.Model):
    """One version of one playbook of the firm, as text. At most one of a key is published, at most one a draft.

    A trigger refuses any change of a version that was published, but for its being retired by the next one.
    `switched_off`: published to say that nobody is interviewed by this key any more; it has no text.
    `restores`: the version whose text this one brought back. `revision` counts the savings of a draft.
    """

    class Status(models.TextChoices):
        """Where a version stands. It goes one way."""

        DRAFT = "draft"
        PUBLISHED = "published"
        RETIRED = "retired"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=MAX_KEY)
    version = models.PositiveIntegerField()
    source = models.TextField(blank=True, help_text="The playbook as YAML.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    switched_off = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True, help_text="What is new, in the words of who wrote it.")
    based_on = models.CharField(max_length=60, blank=True, help_text="Key and version that it began as a copy of.")
    restores = models.PositiveIntegerField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who began it; nobody: an operator.",
    )  # fmt: skip
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["key", "-version"]
        verbose_name = "playbook"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key", "version"], name="intake_playbook_version"),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(status="published"), name="intake_playbook_one_published"
            ),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(status="draft"), name="intake_playbook_one_draft"
            ),
            models.CheckConstraint(condition=models.Q(version__gte=FIRST_OWN), name="intake_playbook_own_number"),
            models.CheckConstraint(
                condition=models.Q(status="draft", published_at__isnull=True)
                | (~models.Q(status="draft") & models.Q(published_at__isnull=False)),
                name="intake_playbook_when_published",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Key and version, as an intake stores it."""
        return f"{self.key}@{self.version}"
