"""Errors of the models service. Those that a caller hears of carry a `code`; docs/protocol/models.md lists them."""

from __future__ import annotations


class ServiceError(Exception):
    """The service cannot start or go on; its text says what is wrong and what to do."""


class ManifestError(ServiceError):
    """The models volume is not what its manifest says."""


class SlotLost(Exception):
    """A slot ended, or did not answer, in the middle of its work."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SlotRefused(Exception):
    """The recogniser says no, for a reason that lies with what it was given."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadMessage(Exception):
    """A client sent what we do not take."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
