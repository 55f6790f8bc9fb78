"""Which rows break a rule of the contract: one named reason for each, and what was found in its place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from features.facts.tables import CLOCK_SKEW, NAMED, TABLES, WITHDRAWALS, Table


def broken(table: Table, frame: pd.DataFrame, kinds: tuple[str, ...]) -> pd.DataFrame:
    """List the rows that break a rule, the first broken rule of each.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        In the contract's columns and types, index 0 to n_rows - 1.
    kinds : tuple of str
        Kinds of touches beyond the standard ones.

    Returns
    -------
    DataFrame, shape (n_broken, 3)
        `row` (its index), `reason` (`column: what is wrong`), `got` (the value as text, missing if none),
        in the order of the rows.
    """
    if frame.empty:
        return _NONE
    found = [*_outside_schema(table, frame, kinds), *_time_travel(frame), *_endless(table, frame)]
    if table.name == WITHDRAWALS:
        found += _beyond_the_key(frame)
    return pd.concat(found).drop_duplicates("row").sort_values("row", ignore_index=True) if found else _NONE


@cache
def _schema(name: str, kinds: tuple[str, ...]) -> pa.DataFrameSchema:
    columns = {}
    for c, spec in TABLES[name].columns.items():
        checks = []
        among = (*spec.among, *kinds) if (name, c) == ("touches", "kind") else spec.among
        if among:
            checks.append(pa.Check.isin(among, error=f"{c}: not one of {', '.join(among)}"))
        if spec.low is not None and spec.high is not None:
            checks.append(pa.Check.in_range(spec.low, spec.high, error=f"{c}: outside {spec.low:g} to {spec.high:g}"))
        if spec.type == "id":
            checks.append(pa.Check.str_length(1, 200, error=f"{c}: empty or longer than 200 characters"))
        columns[c] = pa.Column(nullable=spec.nullable, checks=checks, required=True)
    return pa.DataFrameSchema(columns)


def _outside_schema(table: Table, frame: pd.DataFrame, kinds: tuple[str, ...]) -> Iterator[pd.DataFrame]:
    try:
        _schema(table.name, kinds).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.set_index("index")
        reason = cases["check"].where(cases["check"] != "not_nullable", cases["column"] + ": missing")
        yield _reasons(reason, cases["failure_case"])


def _time_travel(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Find facts recorded before they happened, beyond what two clocks may differ."""
    for happened in frame.columns.intersection(["occurred_at", "created_at"]):
        early = frame["recorded_at"] < frame[happened] - CLOCK_SKEW
        if early.any():
            yield _reasons(f"recorded_at: before {happened}", frame.loc[early, "recorded_at"])


def _endless(table: Table, frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Find infinite numbers among the attributes; the contract's own numbers have a range."""
    for name in frame.columns.difference(list(table.columns)):
        if frame[name].dtype == "float64" and np.isinf(frame[name]).any():
            yield _reasons(f"{name}: not a finite number", frame.loc[np.isinf(frame[name]), name])


def _beyond_the_key(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Find withdrawals that name a time or a name of rows that have none in their key: they would hit nothing."""
    for place, part in enumerate(("happened_at", "name"), start=1):
        without = [name for name, columns in NAMED.items() if not columns[place]]
        beyond = frame[part].notna() & frame["table"].isin(without)
        if beyond.any():
            yield _reasons(f"{part}: not in the key of such rows", frame.loc[beyond, part])


def _reasons(reason: str | pd.Series[str], got: pd.Series[Any]) -> pd.DataFrame:
    """Write one finding per value; the index of `got` are the rows."""
    found = pd.DataFrame({"reason": reason, "got": got.astype("str")}).rename_axis("row")
    return found.reset_index().astype({"row": "int64", "reason": "str"})


_NONE: Final = pd.DataFrame({"row": [], "reason": [], "got": []}).astype(
    {"row": "int64", "reason": "str", "got": "str"}
)
