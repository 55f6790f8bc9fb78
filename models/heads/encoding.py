"""From a feature table to the numbers that a rung sees, with the schema of the fit enforced at every score.

Levels of a category are learned at the fit. A level that was never seen, or hardly ever, is its own level
*unknown*, and a missing one is its own level *missing*: neither is quietly taken for the first in the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import SchemaMismatch

Encoded = npt.NDArray[np.float32]
Given: TypeAlias = pd.DataFrame | Encoded
"""What a rung takes: a feature table, or what `Encoding.apply` made of one."""

UNKNOWN: Final = 0
MISSING: Final = 1
FIRST: Final = 2
"""Code of the first learned level; the others follow."""
RARE: Final = 20
"""Rows below which a level is folded into *unknown*, which thereby gets rows to learn from."""


@dataclass(frozen=True)
class Encoding:
    """The columns of a fit, in order, and the levels of those that are categories."""

    features: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]

    @classmethod
    def fit(cls, values: pd.DataFrame, *, rare: int = RARE) -> Encoding:
        """Learn the columns and, for each category, the levels with at least `rare` rows, sorted by name."""
        levels = {}
        for name in values.columns:
            if _is_category(values[name]):
                counts = values[name].astype("object").value_counts()
                levels[str(name)] = tuple(sorted(map(str, counts.index[counts >= rare])))
        return cls(tuple(map(str, values.columns)), levels)

    def apply(self, values: Given) -> Encoded:
        """Encode a feature table; one that is encoded already stays as it is.

        Returns
        -------
        float32 array, shape (n_rows, n_features)
            C-contiguous, columns in the order of the fit whatever the order given. Numbers as they are,
            missing NaN; categories as `UNKNOWN`, `MISSING` or `FIRST + position in levels`.

        Raises
        ------
        SchemaMismatch
            Columns are missing, unexpected or of the other type (the text is a diff), or a number is
            infinite.
        """
        if isinstance(values, pd.DataFrame):
            self._check(values)
            out = np.empty((len(values), len(self.features)), dtype=np.float32)
            for j, name in enumerate(self.features):
                out[:, j] = self._codes(name, values[name]) if name in self.levels else values[name].to_numpy()
        else:
            out = values
        if np.isinf(out).any():
            row, column = np.argwhere(np.isinf(out))[0]
            raise SchemaMismatch(
                f"feature {self.features[column]}, row {row}: got an infinite number; a value that cannot be "
                "computed must be missing (NaN)."
            )
        return out

    @cached_property
    def codes(self) -> Mapping[str, Mapping[str, int]]:
        """Code of each learned level, by feature; a word that is none of them is `UNKNOWN`."""
        return {name: {level: FIRST + i for i, level in enumerate(levels)} for name, levels in self.levels.items()}

    def _codes(self, name: str, column: pd.Series) -> npt.NDArray[np.int64]:
        code = self.codes[name]
        levels = [code.get(str(level), UNKNOWN) for level in column.cat.categories]
        # pandas' code of a missing value is -1: the last place of the list
        coded: npt.NDArray[np.int64] = np.array([*levels, MISSING])[column.cat.codes.to_numpy()]
        return coded

    def _check(self, values: pd.DataFrame) -> None:
        given = {str(name): _is_category(values[name]) for name in values.columns}
        diff = [f"  - {name}: fitted on, not given" for name in self.features if name not in given]
        diff += [f"  + {name}: given, not fitted on" for name in given if name not in self.features]
        for name in self.features:
            if name in given and given[name] != (name in self.levels):
                was, now = _kind(name in self.levels), _kind(given[name])
                diff.append(f"  ~ {name}: fitted on as {was}, given as {now}")
        if diff:
            raise SchemaMismatch(
                f"the matrix has other columns than the bundle was fitted on, {len(diff)} difference(s):\n"
                + "\n".join(diff)
                + "\nBuild the matrix with the catalogue of the bundle, or train again."
            )


def _is_category(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _kind(category: bool) -> str:
    return "category" if category else "number"
