"""What can go wrong with writing back; the texts say what stands in the CRM now and what to do."""

from __future__ import annotations

from features.errors import TaktError


class WriteBackError(TaktError):
    """Base of what keeps Takt from writing into a CRM. The published list is not touched by any of it."""


class UnknownTarget(WriteBackError):
    """No CRM of that name can be written into; the text names those that can."""


class FieldsMissing(WriteBackError):
    """The CRM has no fields of Takt's yet, and it writes into no others."""


class WrongAccount(WriteBackError):
    """The credentials are for another account than the one that the ledger speaks of."""


class WriteBackFailed(WriteBackError):
    """Some rows were not written; the text has the counts and the vendor's words."""


class Stopped(WriteBackError):
    """The CRM does not take anything any more: refused, revoked, or out of reach after all retries."""
