"""What can be wrong with what was given."""

from __future__ import annotations


class CapacityError(Exception):
    """One sentence that says what is wrong and, where it helps, what would be right."""
