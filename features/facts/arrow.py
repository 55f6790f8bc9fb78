"""Contract tables as Arrow and back, for DuckDB and Delta Lake.

`pyarrow.Table.from_pandas` and DuckDB's own reading of a DataFrame ask pandas 3.1 for zoned times in a way
that it warns against (Pandas4Warning); here times are handed over as UTC microseconds instead.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import pyarrow as pa

TIME: Final = pa.timestamp("us", "UTC")


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return the columns as text, float64, int64 or UTC microseconds, without the index; missing is null.

    Zoned times become UTC; NaN of a number becomes null, as both mean missing in the contract.
    """
    return pa.table({name: _array(column) for name, column in frame.items()})


def from_arrow(table: pa.Table) -> pd.DataFrame:
    """Return the table with the contract's types (`str`, `float64`, `datetime64[us, UTC]`), index 0 to n-1."""
    return table.to_pandas()


def _array(column: pd.Series[Any]) -> pa.Array:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return pa.array(column.dt.tz_convert(None).dt.as_unit("us").to_numpy(), TIME)
    if isinstance(column.dtype, pd.StringDtype):
        return pa.array(column.array, pa.string(), from_pandas=True)
    return pa.array(column.array, from_pandas=True)
