"""What one column of a table says of the outcome, alone: to find those that know it.

A column is turned into levels (numbers into twenty of equal size, missing as its own), each level into its share of
wins among the *other* rows (five folds), and these shares are ranked. So a column of ids ranks at 0.5, and a number of
which both ends win is seen too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest, rankdata

FOLDS: Final = 5
LEVELS: Final = 20
SMOOTHED: Final = 5.0
"""Rows of the base rate that are added to each level, so that rare levels do not stand out."""
BLOCKS: Final = 10
PURE: Final = 0.02
"""A level of which less than this share won, or more than its complement, decides the outcome ..."""
SURE: Final = 1e-6
"""... if chance would do this less often than so."""
MISSING: Final = frozenset(
    ("select", "unknown", "n/a", "na", "none", "null", "nan", "-", "--", "?", "not specified", "not provided", "tbd")
)
"""Words that people and forms write where they have nothing to write; compared without case."""
_NINES: Final = r"9{3,}(?:\.0+)?"
NINES_SHARE: Final = 0.05
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Alone:
    """One column against the outcome.

    Attributes
    ----------
    auc : float
        Chance that a winner ranks above a non-winner by this column alone; 0.5 says nothing.
    within : float
        The same within tenths of the rows in their order; NaN where the order means nothing. Far below `auc`: the
        column tells the period, and not the prospect.
    filled_won, filled_rest : float
        Share filled among winners and among the others.
    deciding : tuple of (level, rows, share won)
        Levels that decide the outcome.
    distinct : int
        Different values.
    usual : float
        Share of rows that have the most frequent value, missing included.
    disguised : tuple of (word, rows)
        Values that mean "missing".
    missing : int
        Rows without a value, those in disguise among them.
    gaps : str
        Equal for columns that are missing in exactly the same rows; empty where none is.
    """

    name: str
    auc: float
    within: float
    filled_won: float
    filled_rest: float
    deciding: tuple[tuple[str, int, float], ...]
    distinct: int
    usual: float
    disguised: tuple[tuple[str, int], ...]
    missing: int
    gaps: str

    @property
    def decided(self) -> int:
        """Rows whose level decides the outcome."""
        return sum(rows for _, rows, _ in self.deciding)


def alone(column: pd.Series, won: Floats, *, ordered: bool, missing_words: Iterable[str] = ()) -> Alone:
    """Look at one column alone.

    Parameters
    ----------
    column : Series, shape (n_rows,)
        Text or numbers; text of which all values are numbers is taken as numbers.
    won : float array, shape (n_rows,)
        1.0 won, 0.0 not.
    ordered : bool
        Whether the order of the rows is the order of time.
    missing_words : iterable of str
        Values that mean "missing" in this table, beyond `MISSING`.
    """
    text = column.astype("str")
    disguised = _disguised(text, frozenset(w.casefold() for w in missing_words) | MISSING)
    kept = text.where(~text.isin([word for word, _ in disguised]))
    levels = _levels(kept)
    score = _rates(levels, won)
    there = kept.notna().to_numpy(dtype=bool)
    return Alone(
        str(column.name),
        auc(score, won),
        _within(score, won) if ordered else float("nan"),
        filled_won=_mean(there[won == 1.0]),
        filled_rest=_mean(there[won == 0.0]),
        deciding=tuple(_deciding(kept if kept.nunique() <= LEVELS * 5 else levels, won)),
        distinct=int(text.nunique()),
        usual=float(text.value_counts(normalize=True, dropna=False).iloc[0]),
        disguised=disguised,
        missing=int((~there).sum()),
        gaps="" if there.all() else hashlib.sha256(np.packbits(there).tobytes()).hexdigest(),
    )


def auc(score: Floats, won: Floats) -> float:
    """Return the area under the ROC curve, ties counted half; NaN where there is one class only."""
    n = float(won.sum())
    if n == 0 or n == len(won):
        return float("nan")
    ranks = rankdata(score)[won == 1.0].sum()
    return float((ranks - n * (n + 1) / 2) / (n * (len(won) - n)))


def as_numbers(text: pd.Series) -> pd.Series | None:
    """Return the column as numbers if every value that is there is one, else None."""
    codes, values = pd.factorize(text)
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=np.float64)
    if not len(numbers) or not np.isfinite(numbers).all():
        return None
    return pd.Series(np.append(numbers, np.nan)[codes], index=text.index)


def _levels(text: pd.Series) -> pd.Series:
    numbers = as_numbers(text)
    if numbers is not None and numbers.nunique() > LEVELS:
        text = pd.qcut(numbers, LEVELS, duplicates="drop").cat.rename_categories(str)
        return text.cat.add_categories("(missing)").fillna("(missing)")
    return text.fillna("(missing)")


def _rates(levels: pd.Series, won: Floats) -> Floats:
    """Return the share of wins of each row's level in the other folds, drawn towards their base rate."""
    codes, names = pd.factorize(levels)
    fold = np.random.default_rng(0).permutation(len(won)) % FOLDS
    score = np.empty(len(won))
    for out in range(FOLDS):
        rest = fold != out
        rows = np.bincount(codes[rest], minlength=len(names))
        wins = np.bincount(codes[rest], weights=won[rest], minlength=len(names))
        base = float(won[rest].mean()) if rest.any() else float(won.mean())
        score[~rest] = ((wins + SMOOTHED * base) / (rows + SMOOTHED))[codes[~rest]]
    return score


def _within(score: Floats, won: Floats) -> float:
    """Return the mean AUC inside tenths of the rows, weighted by the pairs that each compares."""
    found, weight = [], []
    for rows in np.array_split(np.arange(len(won)), BLOCKS):
        n = float(won[rows].sum())
        if 0 < n < len(rows):
            found.append(auc(score[rows], won[rows]))
            weight.append(n * (len(rows) - n))
    return float(np.average(found, weights=weight)) if found else float("nan")


def _deciding(levels: pd.Series, won: Floats) -> list[tuple[str, int, float]]:
    base, found = float(won.mean()), []
    by = pd.DataFrame({"level": levels.to_numpy(), "won": won}).dropna().groupby("level")["won"].agg(["sum", "size"])
    for level, row in by.iterrows():
        hits, n = int(row["sum"]), int(row["size"])
        share = hits / n
        if PURE < share < 1 - PURE or n < LEVELS:
            continue
        side = "less" if share < base else "greater"
        if binomtest(hits, n, base, alternative=side).pvalue < SURE:
            found.append((str(level), n, share))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _disguised(text: pd.Series, words: frozenset[str]) -> tuple[tuple[str, int], ...]:
    counts = text.value_counts()
    values = counts.index.to_series().astype("str")
    found = values.str.strip().str.casefold().isin(words)
    numbers = as_numbers(text)
    if numbers is not None:
        # a run of nines that is the largest number of a column and frequent there stands for "none"
        nines = values.str.fullmatch(_NINES) & (pd.to_numeric(values) == numbers.max())
        found |= nines & (counts >= NINES_SHARE * len(text))
    return tuple((str(value), int(counts[value])) for value in values[found])


def _mean(flags: npt.NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else float("nan")
