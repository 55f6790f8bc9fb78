"""Contract tables as Arrow and back, for DuckDB and Delta Lake.

`pyarrow.Table.from_pandas` and DuckDB's own reading of a DataFrame ask pandas 3.1 for zoned times in a way
that it warns against (Pandas4Warning); here times are handed over as UTC microseconds instead.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
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


def differ(column: pa.ChunkedArray) -> bool | None:
    """Say whether no two texts of a column without nulls are equal; None where only a full comparison tells.

    Equal texts have equal hashes, so that different hashes settle it.
    """
    hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *(_hashes(chunk) for chunk in column.chunks)])
    return True if _all_differ(hashes) else None


def _hashes(texts: pa.Array) -> npt.NDArray[np.uint64]:
    _, offsets, data = texts.buffers()
    if not len(texts):
        return np.zeros(0, dtype=np.uint64)
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    begin = np.frombuffer(offsets, dtype=width)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else np.zeros(0, dtype=np.uint8)
    found: npt.NDArray[np.uint64] = _fnv(begin.astype(np.int64), letters)
    return found


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fnv(begin: Any, letters: Any) -> Any:
    """Hash each text by FNV-1a, the last step mixed so that the low bits tell texts apart."""
    out = np.empty(len(begin) - 1, np.uint64)
    for i in range(len(out)):
        value = np.uint64(14695981039346656037)
        for k in range(begin[i], begin[i + 1]):
            value = (value ^ np.uint64(letters[k])) * np.uint64(1099511628211)
        out[i] = value ^ (value >> np.uint64(32))
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _all_differ(hashes: Any) -> bool:
    """Put the hashes into a table at least twice as large; stop at the first that is there already."""
    size = 2
    while size < 2 * len(hashes):
        size *= 2
    table, mask, zeros = np.zeros(size, np.uint64), np.uint64(size - 1), 0
    for value in hashes:
        if value == 0:  # an empty place
            zeros += 1
            continue
        at = value & mask
        while table[at] != 0 and table[at] != value:
            at = (at + np.uint64(1)) & mask
        if table[at] == value:
            return False
        table[at] = value
    return zeros < 2
