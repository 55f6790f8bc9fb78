"""What can be wrong with a source: its folder, its files, its SQL."""

from __future__ import annotations

from features.errors import ContractError


class SourceError(ContractError):
    """A source folder, a raw file or a .sql cannot be used; the text names the file and what to do."""
