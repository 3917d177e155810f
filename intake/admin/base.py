"""Rows that staff read and nobody edits here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from unfold.admin import ModelAdmin

from intake import roles
from tenants.accounts.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest


def staff_member(request: HttpRequest) -> User:
    """Who is logged in. Raises PermissionDenied for a visitor, whom the site's own check stops before."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class ReadOnlyAdmin(ModelAdmin):
    """Every member of staff may read; nothing is added, changed or deleted."""

    actions = None
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return roles.is_staff(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.is_staff(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
