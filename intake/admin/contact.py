"""How the firm writes to its clients, the messages that went, and the part of an intake's page that tells of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from unfold.admin import ModelAdmin

from intake import roles
from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.panels import Panel, register_panel
from intake.admin.site import firm_admin
from intake.contact import ways
from intake.contact.standing import standing
from intake.models import ContactMessage, ContactSettings
from intake.services.settings import note_contact_settings
from tenants import directory
from tenants.context import current_firm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from intake.models import Intake

#: Words by which somebody who reads over a shoulder knows what this is about.
_TELLING: Final = re.compile(r"\b(law\w*|legal\w*|attorney\w*|abogad\w*|counsel\w*|court\w*)", re.IGNORECASE)


@admin.register(ContactSettings, site=firm_admin)
class ContactSettingsAdmin(ModelAdmin):
    """One row. Administrators change it."""

    fields: ClassVar[list[str]] = ["verify", "text_messages", "sender", "resume_days"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is nothing to list: straight to the row, or to where it is made."""
        del extra_context
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = ContactSettings.objects.first()
        if found is None and not self.has_add_permission(request):
            messages.info(request, "The defaults hold. An administrator can change them.")
            return HttpResponseRedirect(reverse("admin:index"))
        name = "admin:intake_contactsettings_change" if found else "admin:intake_contactsettings_add"
        return HttpResponseRedirect(reverse(name, args=[found.pk] if found else []))

    def save_model(self, request: HttpRequest, obj: ContactSettings, form: Any, change: bool) -> None:
        """With what an administrator may want to think over."""
        super().save_model(request, obj, form, change)
        note_contact_settings(saved=obj, user=staff_member(request))
        firm = directory.resolve_firm(current_firm().id).name
        if _TELLING.search(obj.sender) or (obj.sender and obj.sender.casefold() in firm.casefold()):
            messages.warning(request, "Whoever sees a client's phone can tell from this name that it is a law firm.")
        if not ways.configured():
            messages.warning(request, "This service is not set up to send mail or text messages: no code is asked for.")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return roles.is_staff(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.is_staff(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return roles.may_manage_users(request.user) and not ContactSettings.objects.exists()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_manage_users(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ContactMessage, site=firm_admin)
class ContactMessageAdmin(ReadOnlyAdmin):
    """Codes and links, and whether they went. Neither addresses nor codes."""

    list_display = ("at", "intake", "purpose", "way", "state", "error", "attempts", "sent_at")
    list_filter = ("state", "way", "purpose")
    list_select_related = ("intake",)
    ordering = ("-at",)
    fields: ClassVar[list[str]] = [
        "intake", "purpose", "way", "state", "error", "attempts", "tries", "at", "expires_at", "sent_at", "used_at",
    ]  # fmt: skip


def contact_panel(request: HttpRequest, intake: Intake) -> SafeString | None:
    """Whether the client can be reached, on their intake's page."""
    found = standing(intake)
    return render_to_string("intake/admin/contact.html", {"standing": found}, request) if found is not None else None


register_panel(Panel("contact", contact_panel))
