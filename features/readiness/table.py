"""What can be said of a table that has no times: one row per prospect, one column with the outcome.

No time is invented for it. What is left to see is whether a column knows the outcome, what is empty or in disguise,
and, where the rows are in the order of time, whether the share of wins moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from features.errors import TaktError
from features.readiness import table_columns, table_rows
from features.readiness.assessment import Assessment, Finding, unknown
from features.readiness.columns import Floats, alone

NOT_IN_A_TABLE: Final = {
    "person": "A row is a prospect: there is no table of people and of whom each touch went to.",
    "place": "There is no log of touches with their channel and result.",
    "offer": "There is no log of offers made with their answer and the chance of each.",
    "flow": "There is no log of steps from stage to stage.",
    "experiments": "Nothing tells which rows were treated by chance.",
}
LOGS: Final = "Export the log of touches and offers with their times, and map it to the contract."


class TableError(TaktError):
    """A table cannot be assessed: its outcome is not where table.yaml says; the text says what is there."""


def assess_table(
    frame: pd.DataFrame,
    *,
    target: str,
    positive: str = "1",
    ordered_by_row: bool = False,
    known_after: tuple[str, ...] = (),
    ids: tuple[str, ...] = (),
    missing_words: tuple[str, ...] = (),
    subject: str = "table",
    rungs: Mapping[str, int] | None = None,
) -> Assessment:
    """Answer what a table without times is good for, and what it is not.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        As it was exported; text or numbers.
    target, positive : str
        The column of the outcome, and its value, as text, that means won. Every other value means not won.
    ordered_by_row : bool
        Whether the rows are in the order of time, the oldest first.
    known_after : tuple of str
        Columns that are known only after the outcome.
    ids : tuple of str
        Columns that name the row; they are not looked at.
    missing_words : tuple of str
        Values that mean "missing" here, beyond those that are known everywhere.
    rungs : mapping of str to int, optional
        Winning prospects that each rung of the ladder needs.

    Raises
    ------
    TableError
        The table has no row, or no such column; a target is missing in a row, or nobody has `positive`.
    """
    won = _outcome(frame, target, positive)
    skipped = {target, *ids}
    columns = [
        alone(frame[name], won, ordered=ordered_by_row, missing_words=missing_words)
        for name in frame.columns
        if name not in skipped
    ]
    given = table_columns.Columns(tuple(columns), frozenset(known_after), len(frame), won, ordered_by_row)
    findings = [
        *table_rows.findings(frame.drop(columns=list(skipped)), won, ordered=ordered_by_row, rungs=rungs or {}),
        *table_columns.findings(given),
        *_not_there(),
    ]
    return Assessment.of(subject, None, findings)


def _outcome(frame: pd.DataFrame, target: str, positive: str) -> Floats:
    if frame.empty:
        raise TableError("the table has no rows; there is nothing to assess.")
    if target not in frame.columns:
        raise TableError(f"target: no column {target!r}; the table has {', '.join(map(str, frame.columns))}.")
    empty = int(frame[target].isna().sum())
    if empty:
        raise TableError(f"target: {empty:,} of {len(frame):,} rows have no {target!r}; leave open prospects out.")
    text = frame[target].astype("str")
    if not text.eq(positive).any():
        found = ", ".join(map(repr, sorted(text.unique())[:5]))
        raise TableError(
            f"positive: no row has {target!r} = {positive!r}; found {found}. Correct the value that is won."
        )
    won: Floats = text.eq(positive).to_numpy(dtype=np.float64)
    return won


def _not_there() -> list[Finding]:
    return [
        unknown(principle, "Not in a table of prospects", evidence=said, action=LOGS)
        for principle, said in NOT_IN_A_TABLE.items()
    ]
