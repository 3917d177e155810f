"""The single records, for whoever wants to see them as they are stored. Lists show no words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin

from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.site import firm_admin
from intake.models import AuditEvent, Consent, Fact, Turn
from intake.sealing import sealed_in
from intake.services.decisions import note_viewed

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class WordsAdmin(ReadOnlyAdmin):
    """Rows that hold a client's words: opening one is audited."""

    list_select_related: tuple[str, ...] = ("intake",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Reading one row's words is reading the intake."""
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            note_viewed(intake=row.intake, user=staff_member(request))
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response


@admin.register(Turn, site=firm_admin)
class TurnAdmin(WordsAdmin):
    """Turns, with what they correct."""

    list_display = ("number", "intake", "role", "modality", "question", "supersedes", "at")
    list_filter = ("role", "modality")
    fields: ClassVar[list[str]] = [
        "intake", "number", "role", "modality", "question", "text", "supersedes", "at",
        "utterance_id", "audio_start_ms", "audio_end_ms",
    ]  # fmt: skip
    readonly_fields = ("text",)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """What was told before the firm is free to listen is not shown here either."""
        turn = super().get_object(request, object_id, from_field)
        if turn is not None and turn.number in sealed_in(turn.intake):
            turn.text = None
        return turn


@admin.register(Fact, site=firm_admin)
class FactAdmin(WordsAdmin):
    """Facts, with their evidence."""

    list_display = ("key", "intake", "state", "turn", "at")
    list_filter = ("key", "state")
    fields: ClassVar[list[str]] = [
        "intake", "key", "state", "value", "turn", "span_start", "span_end",
        "audio_start_ms", "audio_end_ms", "supersedes", "at",
    ]  # fmt: skip
    readonly_fields = ("value",)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Nor what was read out of it."""
        fact = super().get_object(request, object_id, from_field)
        if fact is not None and fact.turn and fact.turn.number in sealed_in(fact.intake):
            fact.value = None
        return fact


@admin.register(Consent, site=firm_admin)
class ConsentAdmin(ReadOnlyAdmin):
    """Consents, with the wording they were given to."""

    list_display = ("intake", "kind", "granted", "wording_version", "locale", "channel", "place", "at")
    list_filter = ("kind", "granted", "place")
    list_select_related = ("intake",)


@admin.register(AuditEvent, site=firm_admin)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what. `manage.py firm audit verify` checks the chains."""

    list_display = ("at", "action", "actor", "target_type", "chain", "sequence")
    list_filter = ("action",)
    ordering = ("-at",)
    fields: ClassVar[list[str]] = [
        "at", "action", "actor", "target_type", "target_id", "data", "chain", "sequence", "hash_text",
    ]  # fmt: skip
    readonly_fields = ("hash_text",)

    @admin.display(description="hash")
    def hash_text(self, event: AuditEvent) -> str:
        """The event's hash, in hexadecimal."""
        return bytes(event.hash).hex()
