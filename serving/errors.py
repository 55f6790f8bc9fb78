"""What can go wrong between the store, the champion and a caller; which status that becomes: problems.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.errors import ContractError, TaktError

if TYPE_CHECKING:
    from serving.store.feedback import Said


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


class BadFeedback(TaktError):
    """What somebody said about a call cannot be kept as it is; `field` is what to correct."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class AlreadySaid(TaktError):
    """The key of a feedback stands for something else: for `said`, which was taken back where `undone`."""

    def __init__(self, said: Said, *, undone: bool) -> None:
        super().__init__(
            f"{said.prospect_id!r} was already recorded as {said.kind!r} under this key"
            + (", and that was taken back. Load the list again." if undone else ". Undo it to change it.")
        )
        self.said, self.undone = said, undone


class NothingToUndo(TaktError):
    """What is to be taken back was never said, or was taken back before."""


class BadAccount(TaktError):
    """What is asked of a user, a password or a token cannot be done."""


class NotAllowed(TaktError):
    """Whoever asks is known, and may not do this."""


class TooMany(TaktError):
    """More was tried than is taken in this time; `seconds` says when to come back."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
