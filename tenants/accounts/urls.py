"""Setting a password by a one-time link, on a firm's host and on the operators'."""

from __future__ import annotations

from django.urls import path

from tenants.accounts.views import PasswordSet, SetPassword

urlpatterns = [
    path("accounts/set-password/done/", PasswordSet.as_view(), name="set-password-done"),
    path("accounts/set-password/<uidb64>/<token>/", SetPassword.as_view(), name="set-password"),
]
