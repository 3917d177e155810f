"""Setting a password by a one-time link. Django's view: the token leaves the address before the form is shown."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from tenants.accounts.tokens import password_tokens


class SetPassword(PasswordResetConfirmView):
    """Only for the schema whose host this is: another firm's link is an invalid one."""

    template_name = "accounts/set_password.html"
    token_generator = password_tokens
    success_url = reverse_lazy("set-password-done")


@method_decorator(never_cache, name="dispatch")
class PasswordSet(TemplateView):
    """Says so, and where to log in."""

    template_name = "accounts/set_password_done.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(login_path="/admin/", **kwargs)
