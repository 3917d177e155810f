"""The firm's admin, on the firm's own host: what needs a person first, one conversation, the staff."""

from intake.admin import (  # noqa: F401 - each registers its models
    assistant,
    conflicts,
    contact,
    duty,
    intakes,
    limits,
    playbooks,
    records,
    users,
)
from intake.admin.panels import Panel, register_panel
from intake.admin.site import firm_admin

__all__ = ["Panel", "firm_admin", "register_panel"]
