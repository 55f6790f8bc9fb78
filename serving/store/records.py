"""From a DataFrame to rows of a store table: missing values become None, numbers and times Python's own."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, Table

from serving.errors import RunRefused
from serving.store.tables import Base, UtcTime


def records(table: type[Base], frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `frame` with the table's columns; columns the table does not have are left away.

    The columns `run` and `id` are the store's own. A column that may be missing and is absent is None in
    every row.

    Raises
    ------
    RunRefused
        A column is absent, has a missing value where none may be, or a time without its zone.
    """
    columns = cast(Table, table.__table__).columns
    values = {c.key: _values(c, frame) for c in columns if c.key not in ("run", "id")}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def plain(value: Any) -> Any:
    """Return a JSON value: NaN and NA as None, NumPy's numbers as Python's, nested values likewise."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if value is pd.NA or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _values(column: Column[Any], frame: pd.DataFrame) -> list[Any]:
    where = f"{column.table.name}.{column.key}"
    if column.key not in frame.columns:
        if column.nullable:
            return [None] * len(frame)
        raise RunRefused(f"{where}: no such column among {list(frame.columns)}; a run must bring it.")
    series = frame[column.key]
    if not column.nullable and series.isna().any():
        row = int(series.isna().to_numpy().argmax())
        raise RunRefused(f"{where}: missing in row {row}: {frame.iloc[row].to_dict()}.")
    return _converted(column, series, where)


def _converted(column: Column[Any], series: pd.Series[Any], where: str) -> list[Any]:
    if isinstance(column.type, JSON):
        return [plain(v) for v in series]
    if isinstance(column.type, UtcTime):
        if not isinstance(series.dtype, pd.DatetimeTZDtype) and series.notna().any():
            raise RunRefused(f"{where}: expected times with their zone, got {series.dtype}.")
        return [None if v is pd.NaT or v is None else v.to_pydatetime(warn=False) for v in series]
    if isinstance(column.type, Date):
        return [None if pd.isna(v) else dt.date(v.year, v.month, v.day) for v in series]
    kind = {Integer: int, Float: float, Boolean: bool}.get(type(column.type), str)
    return [None if missing else kind(v) for v, missing in zip(series, series.isna(), strict=True)]
