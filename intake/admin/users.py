"""The firm's own accounts: made, given roles, disabled. Nobody is deleted, for the audit names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from intake import audit, roles
from intake.admin.base import staff_member
from intake.admin.site import firm_admin
from tenants.accounts import services as accounts
from tenants.accounts.models import User
from tenants.errors import InvalidInput

if TYPE_CHECKING:
    from django.http import HttpRequest

    UserModelForm = forms.ModelForm[User]
else:
    UserModelForm = forms.ModelForm  # Django's own takes no parameter


class UserForm(UserModelForm):
    """An account and its roles."""

    groups = forms.ModelMultipleChoiceField(
        queryset=Group.objects.all(), required=False, widget=forms.CheckboxSelectMultiple, label="roles"
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["email", "name", "is_active", "groups"]

    def clean_email(self) -> str:
        """As accounts keep it, so that the check for a taken address sees the same."""
        email: str = self.cleaned_data["email"]
        return email.lower()


@admin.register(User, site=firm_admin)
class UserAdmin(ModelAdmin):
    """Accounts of this firm. A new one sets its password by a link that is shown once."""

    form = UserForm
    list_display = ("email", "name", "role_names", "is_superuser", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("email", "name")
    actions: ClassVar[list[str]] = ["make_password_link"]

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        """The names of the user's roles."""
        return ", ".join(group.name for group in user.groups.all()) or "-"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Whoever could disable or demote themselves might leave the firm with nobody to undo it.
        if obj is None:
            return ()
        return ("email", "is_active", "groups") if obj == request.user else ("email",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["email", "name", "groups"] if obj is None else ["email", "name", "is_active", "groups"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the accounts' services, with an event in the firm's chain."""
        with transaction.atomic():
            if change:
                obj.save(update_fields=["name", "is_active"])
            else:
                link = accounts.add_user(email=obj.email, name=obj.name)
                obj.pk = accounts.user_by_email(obj.email).pk
                obj.refresh_from_db()
                self._show_link(request, obj, link)
            chosen = form.cleaned_data.get("groups")
            _record(request, "user.changed" if change else "user.added", obj, changed=sorted(form.changed_data))
            if chosen is not None:
                obj.groups.set(chosen)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return roles.may_manage_users(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_manage_users(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return roles.may_manage_users(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_manage_users(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Make a link to set a new password")
    def make_password_link(self, request: HttpRequest, queryset: Any) -> None:
        """Voids the password; the link is shown to the administrator, who hands it over."""
        for user in queryset:
            try:
                with transaction.atomic():
                    link = accounts.reset_password(email=user.email)
                    _record(request, "user.password_reset", user)
            except InvalidInput as refused:
                messages.error(request, str(refused))
            else:
                self._show_link(request, user, link)

    def _show_link(self, request: HttpRequest, user: User, link: str) -> None:
        text = format_html(
            "One-time link for {} to set a password: <code>{}</code>", user.email, request.build_absolute_uri(link)
        )
        messages.success(request, text)


def _record(request: HttpRequest, action: str, user: User, **data: Any) -> None:
    audit.record(
        action=action,
        chain=None,
        target_type="user",
        target_id=user.pk,
        actor=audit.staff(staff_member(request).pk),
        data=data,
    )
