"""What can go wrong when a home is copied, put back, or a person is taken out of it."""

from __future__ import annotations

from features.errors import TaktError


class BackupError(TaktError):
    """A backup cannot be written or is not whole; the text says which, and that nothing was changed."""


class EraseError(TaktError):
    """A person cannot be erased, or something of them is left; the text says where."""
