"""The firm's language model: whether and how it is used, and what it did beside which turn."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from intake.models import Intake
from tenants.crypto import SealedText
from tenants.ids import new_id

#: How long a whole answer may take, unless the firm says otherwise.
TIMEOUT_MS = 3_000


class AssistantSettings(models.Model):
    """At most one row; none is the same as off. The key is written here and shown nowhere."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    only = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    enabled = models.BooleanField(default=False)
    base_url = models.CharField(max_length=300, blank=True, default="")
    weights = models.JSONField(default=list, help_text="[name, weight] of each model; the first one phrases.")
    key_ct = models.BinaryField(default=bytes, blank=True, editable=False)
    key = SealedText("key_ct")
    timeout_ms = models.PositiveIntegerField(default=TIMEOUT_MS)
    no_train_note = models.CharField(max_length=500, blank=True, default="")
    phrases = models.BooleanField(default=True)
    proposes = models.BooleanField(default=True)
    votes = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "intake"
        verbose_name = verbose_name_plural = "language model"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(only=1), name="intake_assistant_one"),
        ]

    def __str__(self) -> str:
        return "language model"


class ModelUse(models.Model):
    """What a model did for one turn: the words of a reply, facts read in what the client said, votes on its area.

    Keys and numbers alone. The words stand in the turn, the facts in the event that proposed them.
    """

    class Task(models.TextChoices):
        """What it was asked for."""

        PHRASE = "phrase", "worded the reply"
        FACTS = "facts", "proposed facts"
        AREAS = "areas", "voted on the area"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="model_uses")
    turn = models.ForeignKey("intake.Turn", on_delete=models.PROTECT, related_name="model_uses")
    task = models.CharField(max_length=10, choices=Task)
    model = models.CharField(max_length=100)
    prompt = models.CharField(max_length=20, help_text="Name and version of the prompt, such as phrase@1.")
    keys = models.JSONField(default=list, help_text="Wordings, questions or areas that it was about.")
    first_ms = models.PositiveIntegerField(help_text="Until its first words came.")
    total_ms = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "intake"
        ordering: ClassVar[list[str]] = ["intake", "id"]

    def __str__(self) -> str:
        return f"{self.task} by {self.model} ({self.prompt})"
