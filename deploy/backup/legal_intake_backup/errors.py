"""What goes wrong here, each a sentence that says what to do.

BackupError
+-- ToolFailed       a program that we run said no
+-- NotUsable        a backup is missing, damaged, older or newer than we read, or lacks its key
+-- WouldOverwrite   there is living data where the restore would write
+-- Differs          what was restored is not what the manifest says
"""

from __future__ import annotations


class BackupError(Exception):
    """Base of every error raised here."""

    code = "backup_error"


class ToolFailed(BackupError):
    """A program that we run said no."""

    code = "tool_failed"


class NotUsable(BackupError):
    """A backup is missing, damaged, older or newer than we read, or lacks its key."""

    code = "backup_not_usable"


class WouldOverwrite(BackupError):
    """There is living data where the restore would write."""

    code = "would_overwrite"


class Differs(BackupError):
    """What was restored is not what the manifest says."""

    code = "backup_differs"
