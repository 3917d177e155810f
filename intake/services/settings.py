"""Changes of what a firm wishes, in its audit chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake import audit

if TYPE_CHECKING:
    from intake.models import ContactSettings
    from tenants.accounts.models import User


def note_contact_settings(*, saved: ContactSettings, user: User) -> None:
    """A member of staff changed how clients are written to. The sender's name stands in the row alone."""
    audit.record(
        action="settings.contact",
        chain=None,
        target_type="settings",
        target_id="contact",
        actor=audit.staff(user.pk),
        data={"verify": saved.verify, "text_messages": saved.text_messages, "resume_days": saved.resume_days},
    )
