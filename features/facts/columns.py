"""A contract table column by column: words as codes, times as microseconds, numbers as float64.

Where text is written as codes once, nothing behind it compares text. A table comes as a DataFrame or as Arrow; what is
never asked for is never made, so that a million touches that came as Arrow need not become a DataFrame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.facts.arrow import differ, from_arrow
from features.facts.tables import TIME_TYPE

NO_TIME: Final = np.iinfo(np.int64).min
"""A missing time in microseconds."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Words:
    """A column of words as codes: row `i` has the word `levels[codes[i]]`, or none where the code is -1."""

    codes: Ints
    levels: pd.Index

    @classmethod
    def of(cls, column: pd.Series) -> Words:
        """Encode a column; the levels come in the order in which they appear, but for a categorical."""
        if isinstance(column.dtype, pd.CategoricalDtype):
            return cls(column.cat.codes.to_numpy().astype(np.int64), column.cat.categories)
        codes, levels = pd.factorize(column)
        return cls(codes.astype(np.int64), pd.Index(levels))


class Columns:
    """One table.

    Parameters
    ----------
    table : DataFrame or pyarrow.Table
        Typed as `features.facts.contract.empty`; text in Arrow may be dictionary-encoded.
    by : sequence of str
        What an Arrow table is sorted by when it becomes a DataFrame.
    """

    def __init__(self, table: pd.DataFrame | pa.Table, *, by: Sequence[str] = ()) -> None:
        self._table, self._by = table, by
        self._frame: pd.DataFrame | None = table if isinstance(table, pd.DataFrame) else None
        self._words: dict[str, Words] = {}
        self._unique: bool | None = None

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, name: object) -> bool:
        names = self._table.columns if isinstance(self._table, pd.DataFrame) else self._table.column_names
        return name in names

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a DataFrame, typed as `features.facts.contract.empty`; made when first asked for."""
        if self._frame is None:
            plain = [
                c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in self._table.itercolumns()
            ]
            whole = pa.table(dict(zip(self._table.column_names, plain, strict=True)))
            self._frame = from_arrow(whole.sort_by([(c, "ascending") for c in self._by]) if self._by else whole)
        return self._frame

    def unique(self, key: Sequence[str]) -> bool:
        """Say whether no two rows have the same key (always asked with the same one); found out once."""
        if self._unique is None:
            self._unique = self._differ(key)
        return self._unique

    def words(self, name: str) -> Words:
        """Return a column of text as codes; encoded once."""
        if name not in self._words:
            table = self._table
            found = Words.of(table[name]) if isinstance(table, pd.DataFrame) else _encoded(table.column(name))
            self._words[name] = found
        return self._words[name]

    def times(self, name: str) -> Ints:
        """Return a column of times as UTC microseconds since 1970; missing is `NO_TIME`."""
        if isinstance(self._table, pd.DataFrame):
            values: Ints = self._table[name].astype(TIME_TYPE).to_numpy("datetime64[us]").view("int64")
            return values
        column = self._table.column(name).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        return _ints(column.fill_null(NO_TIME) if column.null_count else column)

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return a column of numbers; missing is NaN."""
        if isinstance(self._table, pd.DataFrame):
            values: npt.NDArray[np.float64] = self._table[name].to_numpy("float64")
            return values
        column = self._table.column(name).cast(pa.float64())
        values = (column.fill_null(np.nan) if column.null_count else column).to_numpy()
        return values

    def _differ(self, key: Sequence[str]) -> bool:
        if len(key) == 1 and _is_text(column := self._arrow(key[0])) and differ(column):
            return True
        return not bool(self.frame.duplicated(list(key)).any())

    def _arrow(self, name: str) -> pa.ChunkedArray:
        if isinstance(self._table, pa.Table):
            return self._table.column(name)
        column = pa.array(self._table[name].array)
        return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])

    def texts(self, name: str, rows: Ints) -> npt.NDArray[np.object_]:
        """Return the words of some rows; missing is None."""
        if isinstance(self._table, pd.DataFrame):
            found: npt.NDArray[np.object_] = self._table[name].iloc[rows].to_numpy(dtype=object, na_value=None)
            return found
        return np.array(self._table.column(name).take(pa.array(rows)).to_pylist(), dtype=object)


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _encoded(column: pa.ChunkedArray) -> Words:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if column.num_chunks == 0:
        return Words(np.zeros(0, dtype=np.int64), pd.Index([], dtype="str"))
    whole = column.unify_dictionaries()
    levels = pd.Index(whole.chunk(0).dictionary.to_pandas(), dtype="str")
    codes = pa.chunked_array([chunk.indices for chunk in whole.chunks])
    return Words(_ints(pc.fill_null(codes, -1) if codes.null_count else codes), levels)


def _ints(column: pa.ChunkedArray) -> Ints:
    values: Ints = column.to_numpy().astype(np.int64, copy=False)
    return values
