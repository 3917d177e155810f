"""One-time links for setting a password."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from tenants.context import current_scope, schema_of


class FirmTokenGenerator(PasswordResetTokenGenerator):
    """Django's, with the schema in the salt: a link made in one firm means nothing in another."""

    @property
    def key_salt(self) -> str:  # type: ignore[override]
        """The salt of the token's signature."""
        return f"legal-intake:{schema_of(current_scope())}:password"


password_tokens = FirmTokenGenerator()
