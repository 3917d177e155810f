"""The firm's admin, on the firm's own host: what needs a person first, one conversation, the staff."""

from intake.admin import conflicts, intakes, records, users  # noqa: F401 - each registers its models
from intake.admin.panels import Panel, register_panel
from intake.admin.site import firm_admin

__all__ = ["Panel", "firm_admin", "register_panel"]
