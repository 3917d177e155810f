"""Staff sessions: rows of the firm's own schema, signed with a salt that holds the schema.

A session row or cookie that turns up in another firm does not decode there, so it is nobody's.
"""

from __future__ import annotations

from django.contrib.sessions.backends import db

from tenants.context import current_scope, schema_of


class SessionStore(db.SessionStore):
    """Django's database sessions, bound to the scope they were made in."""

    @property
    def key_salt(self) -> str:
        """The salt of the session's signature."""
        return f"legal-intake:{schema_of(current_scope())}:session"
