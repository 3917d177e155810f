"""What can be wrong with an archive, or with restoring it.

TenancyError
+-- ArchiveBroken           no archive, truncated, or altered
+-- ArchiveNewer            made by a later release than this one
+-- ArchiveOlder            made by a release whose schemas this code can no longer make
+-- ExportDisturbed         the firm's keys changed while it was read: try again
+-- RestoreFailed           the restored firm does not match the archive; nothing was changed
+-- WrongState
    +-- FirmLives           the firm is here already; `--force` replaces it
    +-- FirmDeleted         it was deleted after the archive was made; `--undelete` brings it back
"""

from __future__ import annotations

from tenants.errors import TenancyError, WrongState


class ArchiveBroken(TenancyError):
    """No archive, truncated, or altered."""

    code = "archive_broken"


class ArchiveNewer(TenancyError):
    """Made by a later release than this one."""

    code = "archive_newer"


class ArchiveOlder(TenancyError):
    """Made by a release whose schemas this code can no longer make."""

    code = "archive_older"


class ExportDisturbed(TenancyError):
    """The firm's keys changed while it was read."""

    code = "export_disturbed"


class RestoreFailed(TenancyError):
    """The restored firm does not match the archive; nothing was changed."""

    code = "restore_failed"


class FirmLives(WrongState):
    """The firm is here already."""

    code = "firm_lives"


class FirmDeleted(WrongState):
    """It was deleted after the archive was made."""

    code = "firm_deleted"
