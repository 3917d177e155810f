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
    +-- InvalidToken          a signed token is not ours, not this firm's, or altered
    |   +-- ExpiredToken
    +-- InvalidName           a stored file's name that would leave the firm's folder
    +-- InvalidInput          what an operator gave is no host, name, address or number we can use
    |   +-- HostTaken         somebody answers on this host already
    +-- WrongState            the firm's state does not allow this act
        +-- NotVerified       nothing on the network shows yet that a domain is the firm's

`code` and `status` are what an HTTP client is told (`tenants.problems`); the same two class
attributes on any other app's error do the same.
"""

from __future__ import annotations


class TenancyError(Exception):
    """Base of every error raised by `tenants`."""

    code = "tenancy_error"
    status = 500


class FirmNotSet(TenancyError):
    """Code ran outside any firm. Nothing falls back to `public`."""

    code = "firm_not_set"


class UnknownFirm(TenancyError):
    """No firm answers to this host, id or name."""

    code = "unknown_firm"
    status = 404


class FirmUnavailable(TenancyError):
    """The firm exists but may not be served now."""

    code = "firm_unavailable"
    status = 503


class FirmSuspended(FirmUnavailable):
    """An operator suspended the firm."""

    code = "firm_suspended"
    status = 403


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


class InvalidToken(TenancyError):
    """A signed token is not ours, not this firm's, or was altered."""

    code = "invalid_token"
    status = 403


class ExpiredToken(InvalidToken):
    """The token was ours; its time is over."""

    code = "expired_token"


class InvalidName(TenancyError):
    """A stored file's name that would leave the firm's folder."""

    code = "invalid_name"


class InvalidInput(TenancyError):
    """What an operator gave cannot be used; the message says why."""

    code = "invalid_input"
    status = 400


class HostTaken(InvalidInput):
    """Somebody answers on this host already."""

    code = "host_taken"
    status = 409


class WrongState(TenancyError):
    """The firm's state does not allow this act."""

    code = "wrong_state"
    status = 409


class NotVerified(WrongState):
    """Neither the TXT record nor the address of a domain answers its token."""

    code = "domain_not_verified"
