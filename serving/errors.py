"""What can go wrong between the store, the champion and a caller; which status that becomes: problems.py."""

from __future__ import annotations

from typing import Any

from features.errors import ContractError, TaktError


class NoRun(TaktError):
    """Nothing was published yet, or not for the day asked for."""


class Unknown(TaktError):
    """What was asked for by its id is not in the store."""


class BadCursor(TaktError):
    """The cursor of a page is not one that this server gave out."""


class NoChampion(TaktError):
    """No bundle was promoted yet, or the promoted one cannot be read."""


class StoreUnusable(TaktError):
    """The store cannot be opened, or was written by a newer Takt."""


class RunRefused(TaktError):
    """A run that is to be published contradicts itself or lacks a column."""


class BadRows(ContractError):
    """Rows of a request break the contract; `rows` lists table, row, reason and what was got."""

    def __init__(self, message: str, rows: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.rows = rows
