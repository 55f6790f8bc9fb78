"""What can be wrong with data or words, as exceptions that say what to do about it."""

from __future__ import annotations


class TaktError(Exception):
    """Base of every error that Takt raises on purpose; its text is meant for the person at the keyboard."""


class ContractError(TaktError):
    """A whole table breaks the contract (missing column, time without a zone): nothing of it is used."""


class QuarantineExceeded(ContractError):
    """More rows were quarantined than `max_quarantine` allows: the run stops, nothing is published."""


class DefinitionsError(TaktError):
    """definitions.yaml is missing, unreadable, incomplete or contradicts itself."""


class CatalogError(TaktError):
    """A feature is declared wrongly: a name twice, an unknown filter, a window that is not positive."""


class NotEnoughHistory(TaktError):
    """The data hold too few labelled snapshots for what was asked; the text says how many there are."""


class SchemaMismatch(TaktError):
    """A matrix does not have the columns that the bundle was fitted on; the text shows the difference."""
