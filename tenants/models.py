"""The shared tables, in `public`: firms, their domains, wrapped keys, schema states, operators' acts.

Nothing personal of a client is here. Every read and write happens inside `public_scope()`.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from tenants.context import FirmRef
from tenants.ids import new_id


def new_schema_name() -> str:
    """A fresh schema name: no firm's name in it, so renaming a firm never renames a schema."""
    return f"t_{new_id().hex[-16:]}"


class Firm(TenantMixin):
    """A law firm. Its rows live in its own schema; this row says where, and whether it is served."""

    class Status(models.TextChoices):
        """`provisioning -> ready | failed`; `suspended` and back; `deleting` is final."""

        PROVISIONING = "provisioning"
        READY = "ready"
        FAILED = "failed"
        SUSPENDED = "suspended"
        DELETING = "deleting"

    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    schema_name = models.CharField(max_length=63, unique=True, default=new_schema_name, editable=False)
    name = models.CharField(max_length=200)
    shard = models.CharField(max_length=63, default="default", editable=False)
    accent = models.CharField(max_length=7, default="#2f5d62", help_text="Accent colour of the client page, #rrggbb.")
    status = models.CharField(max_length=20, choices=Status, default=Status.PROVISIONING)
    status_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> FirmRef:
        """What travels in the context."""
        return FirmRef(id=self.id, schema=self.schema_name, shard=self.shard)


class Domain(DomainMixin):
    """A host that a firm answers on: lower case, no port, IDNA-encoded.

    A firm's own domain gets a certificate only once it is verified (`tenants/verification.py`).
    """

    verified_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its token was last found; not needed under BASE_DOMAIN."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["domain"]

    def __str__(self) -> str:
        return str(self.domain)


class FirmKey(models.Model):
    """A firm's key, wrapped by the master key. Its id stands in every ciphertext made with it."""

    class Purpose(models.TextChoices):
        """`data` encrypts and rotates; `index` makes the keyed hashes of names and never rotates."""

        DATA = "data"
        INDEX = "index"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="keys")
    purpose = models.CharField(max_length=10, choices=Purpose)
    wrapped = models.BinaryField()
    master_key_id = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["firm", "purpose"],
                condition=models.Q(retired_at__isnull=True),
                name="tenants_one_current_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key {self.id}"


class SchemaState(models.Model):
    """What is known of a firm's schema: which migrations it has, and how the last wave went."""

    class State(models.TextChoices):
        """`quarantined`: its migration failed; reported, left alone until a person says otherwise."""

        OK = "ok"
        AHEAD = "ahead"
        BEHIND = "behind"
        QUARANTINED = "quarantined"

    firm = models.OneToOneField(Firm, on_delete=models.CASCADE, primary_key=True, related_name="schema_state")
    state = models.CharField(max_length=20, choices=State, default=State.BEHIND)
    fingerprint = models.CharField(max_length=64, blank=True)
    applied = models.JSONField(
        default=list, help_text='Applied migrations as "app.name". Each process holds its own window against them.'
    )
    served = models.BooleanField(default=False, help_text="Was inside the window of the release that last looked.")
    wave = models.PositiveSmallIntegerField(default=1, help_text="When it is migrated: 0 canary, then 1, 2, ...")
    error = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.firm_id}: {self.state}"


class DirectoryVersion(models.Model):
    """One row that goes up with every change of a firm, domain, key or schema state.

    Deferred triggers raise it at the end of the changing transaction, whoever wrote and however.
    Each process compares it with what it last saw to know that its cached directory is old.
    """

    id = models.SmallIntegerField(primary_key=True)
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.version)


class OperatorEvent(models.Model):
    """An operator's act on a firm, append-only (a trigger refuses UPDATE and DELETE)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=200, help_text="An operator's address, or the system account of a command.")
    action = models.CharField(max_length=60)
    firm_id = models.UUIDField(null=True, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


class RunningProcess(models.Model):
    """A process of ours that runs, or ran a moment ago: see `tenants.releases`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    role = models.CharField(max_length=40)
    release = models.PositiveIntegerField()
    version = models.CharField(max_length=60)
    host = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.role} on {self.host} (release {self.release})"


class ReleaseFloor(models.Model):
    """One row: the oldest release that the schemas still serve. Raised before a contract step runs."""

    id = models.SmallIntegerField(primary_key=True)
    release = models.PositiveIntegerField()
    raised_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"release {self.release} or newer"
