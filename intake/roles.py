"""What a member of staff may do. Roles are groups of these names, made with the firm's schema.

Who has an account and no role may read. A superuser is an administrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import Any

ADMINISTRATOR: Final = "administrator"
ATTORNEY: Final = "attorney"
INTAKE: Final = "intake"
READ_ONLY: Final = "read-only"
ROLES: Final = (ADMINISTRATOR, ATTORNEY, INTAKE, READ_ONLY)


def is_staff(user: Any) -> bool:
    """Whether this is an active member of the firm's staff, who may read."""
    return bool(user.is_active and user.is_staff)


def may_decide(user: Any) -> bool:
    """Whether they may decide about conflicts."""
    return is_staff(user) and bool(user.is_superuser or _has(user, {ADMINISTRATOR, ATTORNEY, INTAKE}))


def may_edit_playbooks(user: Any) -> bool:
    """Whether they may change and publish what clients are asked."""
    return is_staff(user) and bool(user.is_superuser or _has(user, {ADMINISTRATOR, ATTORNEY}))


def may_set_rules(user: Any) -> bool:
    """Whether they may change the rules of the conflict check."""
    return is_staff(user) and bool(user.is_superuser or _has(user, {ADMINISTRATOR}))


def may_manage_users(user: Any) -> bool:
    """Whether they may add, change and disable accounts."""
    return is_staff(user) and bool(user.is_superuser or _has(user, {ADMINISTRATOR}))


def may_set_assistant(user: Any) -> bool:
    """Whether they may say which language model the firm uses, and with which key."""
    return may_manage_users(user)


def may_confirm_limits(user: Any) -> bool:
    """Whether they may import and confirm limitation periods: a lawyer's judgement, or an administrator's."""
    return is_staff(user) and bool(user.is_superuser or _has(user, {ADMINISTRATOR, ATTORNEY}))


def _has(user: Any, wanted: set[str]) -> bool:
    if not hasattr(user, "_role_names"):  # once a request
        user._role_names = set(user.groups.values_list("name", flat=True))
    return bool(wanted & user._role_names)
