"""Accounts of the current scope: a firm's staff inside its scope, operators in public scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tenants.accounts.models import User
from tenants.accounts.tokens import password_tokens
from tenants.errors import InvalidInput

if TYPE_CHECKING:
    from django.db.models import QuerySet


def add_administrator(*, email: str, name: str = "") -> str:
    """An account that may do everything in this schema, without a password. Returns the path to set one.

    Raises:
        InvalidInput: no e-mail address, or one that has an account here.
    """
    return password_path(user=_add(email, name, is_staff=True, is_superuser=True))


def add_user(*, email: str, name: str = "", administrator: bool = False) -> str:
    """An account for the admin, without a password. Returns the path to set one. Raises InvalidInput."""
    return password_path(user=_add(email, name, is_staff=True, is_superuser=administrator))


def disable_user(*, email: str) -> User:
    """End an account: no log-in, and every session of it ends at its next request. Raises InvalidInput."""
    user = user_by_email(email)
    user.is_active = False
    user.save(update_fields=["is_active"])
    return user


def reset_password(*, email: str) -> str:
    """Void the password (which ends every session) and return the path to set a new one. Raises InvalidInput."""
    user = user_by_email(email)
    if not user.is_active:
        raise InvalidInput(f"the account {user.email} is disabled")
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return password_path(user=user)


def password_path(*, user: User) -> str:
    """Path with a one-time token, valid on this schema's host alone until a password is set or the time is over."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("set-password", urlconf="tenants.accounts.urls", args=[uid, password_tokens.make_token(user)])


def user_by_email(email: str) -> User:
    """Raises InvalidInput for an address without an account here."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise InvalidInput(f"no account {email!r} here")
    return user


def users() -> QuerySet[User]:
    """Everyone with an account here, by address."""
    return User.objects.order_by("email")


def _add(email: str, name: str, **flags: bool) -> User:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidInput(f"{email!r} is no e-mail address") from None
    try:
        with transaction.atomic():
            return User.objects.create_user(email, None, name=name, **flags)
    except IntegrityError:
        raise InvalidInput(f"{email} has an account here already") from None
