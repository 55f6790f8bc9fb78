"""Which rows were withdrawn, and when: what a CRM deleted, or merged into another record.

A withdrawal hides every version of its row that was recorded at or before it, from then on; a version that is recorded
later brings the row back. What is withdrawn is not forgotten: on the days before, it was known.

Worked example, run as a doctest. A call is typed in on the 1st and corrected on the 3rd, deleted on the 5th, restored
on the 8th. The two first versions are withdrawn on the 5th, the third stands:

>>> import pandas as pd
>>> day = lambda n: pd.Timestamp(f"2026-03-{n:02}", tz="UTC").as_unit("us")
>>> calls = pd.DataFrame({"touch_id": ["c"] * 3, "recorded_at": [day(1), day(3), day(8)]})
>>> gone = pd.DataFrame({"table": ["touches"], "id": ["c"], "happened_at": [pd.NaT], "name": [None],
...                      "recorded_at": [day(5)], "reason": ["deleted"]})
>>> when = withdrawals_of("touches", calls, gone)[WITHDRAWN_AT]
>>> [None if pd.isna(t) else f"{t:%d}" for t in when]
['05', '05', None]
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

import pandas as pd

from features.facts.tables import NAMED, TIME_TYPE, WITHDRAWALS

WITHDRAWN_AT: Final = "_withdrawn_at"
WITHDRAWN_AS: Final = "_withdrawn_as"
"""Columns of withdrawn rows; no attribute is called so, for attributes begin with a letter."""
MARKS: Final = (WITHDRAWN_AT, WITHDRAWN_AS)

Tables = dict[str, pd.DataFrame]


def part(tables: Mapping[str, pd.DataFrame]) -> tuple[Tables, Tables]:
    """Split the rows of all tables into those that stand and those that are withdrawn.

    Parameters
    ----------
    tables : mapping of table name to DataFrame
        With all versions; `withdrawals` among them.

    Returns
    -------
    standing, gone : dict of table name to DataFrame
        `gone` names only tables of which something was withdrawn, with the columns `MARKS` (when: UTC, by the first
        withdrawal at or after the row's `recorded_at`; why: "deleted" or "merged"). The index of such a table is the
        position of a row in the table given, in both parts.
    """
    standing, gone, withdrawals = dict(tables), {}, tables[WITHDRAWALS]
    for name in withdrawals["table"].unique() if len(withdrawals) else ():
        frame = tables[name].reset_index(drop=True)
        marks = withdrawals_of(name, frame, withdrawals)
        away = marks[WITHDRAWN_AT].notna().to_numpy()
        if away.any():
            standing[name], gone[name] = frame[~away], frame[away].assign(**marks)
    return standing, gone


def join(standing: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """Put the two parts of a table together again, with `MARKS` missing where a row stands, in the order given."""
    nothing = {
        WITHDRAWN_AT: pd.Series(pd.NaT, index=standing.index, dtype=TIME_TYPE),
        WITHDRAWN_AS: pd.Series(None, index=standing.index, dtype="str"),
    }
    return pd.concat([standing.assign(**nothing), gone]).sort_index(kind="stable")


def until(standing: pd.DataFrame, gone: pd.DataFrame, as_of: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut both parts of a table to what was known before `as_of`; what was withdrawn later stands again."""
    seen, away = (frame[(frame["recorded_at"] < as_of).to_numpy()] for frame in (standing, gone))
    later = (away[WITHDRAWN_AT] >= as_of).to_numpy()
    if not later.any():
        return seen, away
    back = away[later].drop(columns=list(MARKS))
    return pd.concat([seen, back]).sort_index(kind="stable"), away[~later]


def withdrawals_of(name: str, frame: pd.DataFrame, withdrawals: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Answer for each row of a table when it was withdrawn, and why: `MARKS`, missing where it stands.

    A part of the key that a withdrawal leaves out (`happened_at`, `name`) fits every row.
    """
    asked = withdrawals[(withdrawals["table"] == name).to_numpy()]
    near = frame[frame[NAMED[name][0]].isin(asked["id"]).to_numpy()]
    found = [_first(near, asked[rows], by) for rows, by in _patterns(name, asked)]
    told = pd.concat([one for one in found if len(one)] or [_NONE])
    first = told.sort_values(WITHDRAWN_AT, kind="stable")
    first = first[~first.index.duplicated()].reindex(frame.index)
    return {WITHDRAWN_AT: first[WITHDRAWN_AT].astype(TIME_TYPE), WITHDRAWN_AS: first[WITHDRAWN_AS].astype("str")}


def _patterns(name: str, asked: pd.DataFrame) -> list[tuple[pd.Series[bool], dict[str, str]]]:
    """Return, for each set of parts that withdrawals give, which ones give it and the columns it speaks of."""
    who, when, what = NAMED[name]
    out = []
    for has_time, has_name in product((False, True), repeat=2):
        rows = (asked["happened_at"].notna() == has_time) & (asked["name"].notna() == has_name)
        by = {"id": who} | ({"happened_at": when} if has_time else {}) | ({"name": what} if has_name else {})
        if rows.any() and all(by.values()):
            out.append((rows, by))
    return out


def _first(rows: pd.DataFrame, asked: pd.DataFrame, by: Mapping[str, str]) -> pd.DataFrame:
    """Return the first withdrawal at or after each row's record, by the index of the rows; those without one are out.

    Of two withdrawals of one moment the one that sorts first by reason counts, whatever the order given.
    """
    left = rows[[*by.values(), "recorded_at"]].set_axis([*by, WITHDRAWN_AT], axis="columns").assign(row=rows.index)
    right = asked[[*by, "recorded_at", "reason"]].set_axis([*by, WITHDRAWN_AT, WITHDRAWN_AS], axis="columns")
    right = right.sort_values([WITHDRAWN_AT, WITHDRAWN_AS], kind="stable").drop_duplicates([*by, WITHDRAWN_AT])
    both = left.merge(right, on=list(by), suffixes=("_row", ""))
    both = both[(both[WITHDRAWN_AT] >= both[f"{WITHDRAWN_AT}_row"]).to_numpy()]
    return both.sort_values(WITHDRAWN_AT, kind="stable").drop_duplicates("row").set_index("row")[list(MARKS)]


UNMARKED: Final = {WITHDRAWN_AT: pd.Series([], dtype=TIME_TYPE), WITHDRAWN_AS: pd.Series([], dtype="str")}
_NONE: Final = pd.DataFrame(UNMARKED)
