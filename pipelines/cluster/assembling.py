"""Parts of a matrix as Arrow tables, and the whole from them: every row at its place, every category with its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.catalog import Catalog
from features.matrix import Matrix
from pipelines.cluster.dealing import Ints


def to_table(matrix: Matrix) -> pa.Table:
    """Return the values of a matrix as Arrow: float32 with NaN kept as it is, categories as dictionaries."""
    return pa.table({name: _column(matrix.values[name]) for name in matrix.values.columns})


def together(parts: Mapping[int, tuple[Ints, pa.Table]], keys: pd.DataFrame, catalog: Catalog) -> Matrix:
    """Put the parts together.

    Parameters
    ----------
    parts : mapping of shard to (rows, table)
        Which rows of `keys` the rows of the table are. All rows of `keys` are in one part each.

    Returns
    -------
    Matrix
        Equal to the one of `features.matrix.build` for all keys, bit for bit.
    """
    declared = {d.name: d.is_category for d in catalog.declarations}
    numbers = [name for name, is_category in declared.items() if not is_category]
    values = np.empty((len(numbers), len(keys)), dtype=np.float32)
    for rows, table in parts.values():
        for place, name in enumerate(numbers):
            values[place, rows] = table[name].to_numpy()
    frame = pd.DataFrame(values.T, index=keys.index, columns=numbers, copy=False)
    for place, (name, is_category) in enumerate(declared.items()):
        if is_category:
            frame.insert(place, name, _words([(rows, table[name]) for rows, table in parts.values()], len(keys)))
    return Matrix(keys, frame)


def _column(values: pd.Series[Any]) -> pa.Array:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = pa.array(values.cat.codes.to_numpy(), pa.int32(), mask=values.isna().to_numpy())
        return pa.DictionaryArray.from_arrays(codes, pa.array(values.cat.categories, pa.string()))
    return pa.array(values.to_numpy(), pa.float32())


def _words(columns: list[tuple[Ints, pa.ChunkedArray]], n: int) -> pd.Categorical:
    """Join categories; their words are all that occur in a part, in their order, as if they had been made at once."""
    single = [(rows, column.unify_dictionaries().combine_chunks()) for rows, column in columns]
    seen = pd.Index(sorted({word for _, one in single for word in one.dictionary.to_pylist()}), dtype="str")
    codes = np.full(n, -1, dtype=np.int64)
    for rows, one in single:
        place = np.append(seen.get_indexer(pd.Index(one.dictionary.to_pylist(), dtype="str")), -1)
        codes[rows] = place[one.indices.fill_null(-1).to_numpy()]
    return pd.Categorical.from_codes(codes, categories=seen)
