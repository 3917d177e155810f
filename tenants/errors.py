"""Errors of the tenancy layer.

    TenancyError
    +-- FirmNotSet            code ran outside any firm and outside public scope
    +-- UnknownFirm           no firm answers to this host, id or name
    +-- FirmUnavailable       the firm exists but may not be served now
    |   +-- FirmSuspended
    |   +-- FirmNotReady      still being provisioned, or provisioning failed
    |   +-- FirmBehind        its schema is older than this code accepts
    +-- InvalidSchemaName
    +-- KeyUnavailable        no usable master key or data key
    |   +-- WrongMasterKey
    +-- CannotDecrypt         a ciphertext was moved, altered or belongs to another firm
"""

from __future__ import annotations


class TenancyError(Exception):
    """Base of every error raised by `tenants`."""

    code = "tenancy_error"


class FirmNotSet(TenancyError):
    """Code ran outside any firm. Nothing falls back to `public`."""

    code = "firm_not_set"


class UnknownFirm(TenancyError):
    """No firm answers to this host, id or name."""

    code = "unknown_firm"


class FirmUnavailable(TenancyError):
    """The firm exists but may not be served now."""

    code = "firm_unavailable"


class FirmSuspended(FirmUnavailable):
    """An operator suspended the firm."""

    code = "firm_suspended"


class FirmNotReady(FirmUnavailable):
    """The firm is being provisioned, or provisioning failed."""

    code = "firm_not_ready"


class FirmBehind(FirmUnavailable):
    """The firm's schema is older than this code accepts."""

    code = "firm_behind"


class InvalidSchemaName(TenancyError):
    """A schema name that the engine would not put into a search path."""

    code = "invalid_schema_name"


class KeyUnavailable(TenancyError):
    """No usable master key or data key."""

    code = "key_unavailable"


class WrongMasterKey(KeyUnavailable):
    """The configured master key does not open the stored data keys."""

    code = "wrong_master_key"


class CannotDecrypt(TenancyError):
    """A ciphertext was moved, altered or belongs to another firm."""

    code = "cannot_decrypt"
