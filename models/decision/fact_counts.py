"""How often prospects with the same fact won: the counts that stand beside each reason.

A number falls into one of a few bins, a category into its level, a missing value into a bin of its own. Each
prospect counts once per bin, at the first snapshot that found it there, so that a prospect looked at on fifty
Mondays is not fifty prospects.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import SchemaMismatch
from features.matrix import Matrix

Labels = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

BINS: Final = 8
"""Bins of a number, about; few enough that each holds some dozens of a few hundred prospects."""
LEAST: Final = 50
"""Snapshots that a bin of uncommon values holds, the last one perhaps fewer."""
SCHEMA: Final = 1


@dataclass(frozen=True)
class Fact:
    """Counts of one feature. `n` and `won` have a last entry for the missing value.

    `edges` (numbers): inner bin edges, ascending, bins `[edge, next edge)`. `levels` (categories): one bin each.
    """

    edges: tuple[float, ...]
    levels: tuple[str, ...]
    n: tuple[int, ...]
    won: tuple[int, ...]

    def bin(self, value: Any) -> int | None:
        """Return the bin of one value, the last for a missing one, None for a level never seen."""
        if pd.isna(value):
            return len(self.n) - 1
        if isinstance(value, str):
            return self.levels.index(value) if value in self.levels else None
        return bisect_right(self.edges, float(value))


@dataclass(frozen=True)
class FactCounts:
    """For each feature how many prospects had a value like this, and how many of them won within the horizon."""

    facts: Mapping[str, Fact]

    @classmethod
    def fit(cls, matrix: Matrix, label: Labels) -> FactCounts:
        """Count the labelled snapshots (label 1.0 won, 0.0 not, NaN unlabelled: not counted).

        Raises
        ------
        SchemaMismatch
            Matrix and label differ in length.
        """
        if len(label) != len(matrix.keys):
            raise SchemaMismatch(f"{len(matrix.keys)} snapshots but {len(label)} labels; expected one each.")
        # ascending time (stable), so that the first row of a prospect in a bin is its earliest
        order = np.argsort(matrix.keys["as_of"].to_numpy(), kind="stable")
        rows = order[~np.isnan(label[order])]
        who = pd.factorize(matrix.keys["prospect_id"].to_numpy()[rows])[0].astype(np.int64)
        values = matrix.values.iloc[rows]
        return cls({name: _count(values[name], who, label[rows]) for name in values.columns})

    def lookup(self, feature: str, value: Any) -> tuple[int, int]:
        """Return (n, won) of the prospects with a value like this; (0, 0) where none was seen.

        Raises
        ------
        SchemaMismatch
            The feature was not counted.
        """
        if feature not in self.facts:
            raise SchemaMismatch(f"no counts for feature {feature!r}; facts.json has {sorted(self.facts)}.")
        fact = self.facts[feature]
        place = fact.bin(value)
        return (0, 0) if place is None else (fact.n[place], fact.won[place])

    def to_json(self) -> str:
        """Return the counts as JSON text, the same bytes for the same counts."""
        facts = {name: asdict(fact) for name, fact in self.facts.items()}
        return json.dumps({"schema": SCHEMA, "facts": facts}, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> FactCounts:
        """Read what `to_json` wrote.

        Raises
        ------
        SchemaMismatch
            The text is not such JSON, or was written under another schema.
        """
        try:
            raw = json.loads(text)
            if raw["schema"] != SCHEMA:
                raise SchemaMismatch(f"facts.json: schema {raw['schema']}, expected {SCHEMA}; train again.")
            return cls({n: Fact(**{k: tuple(v) for k, v in f.items()}) for n, f in raw["facts"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SchemaMismatch(f"facts.json is not readable ({error!r}); train again.") from error


def _count(column: pd.Series[Any], who: Codes, label: Labels) -> Fact:
    edges, levels, codes = _codes(column)
    bins = (len(levels) if levels is not None else len(edges) + 1) + 1
    _, first = np.unique(who * bins + codes, return_index=True)
    n = np.bincount(codes[first], minlength=bins)
    won = np.bincount(codes[first], weights=label[first], minlength=bins)
    return Fact(edges, levels or (), tuple(map(int, n)), tuple(map(int, won)))


def _codes(column: pd.Series[Any]) -> tuple[tuple[float, ...], tuple[str, ...] | None, Codes]:
    """Return (edges, levels, bin of each row); levels is None for a number."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = tuple(map(str, column.cat.categories))
        codes = column.cat.codes.to_numpy().astype(np.int64)
        return (), levels, np.where(codes < 0, len(levels), codes)
    values = column.to_numpy(np.float64)
    known = values[~np.isnan(values)]
    edges = _edges(known)
    binned = np.searchsorted(edges, values, side="right")
    return tuple(map(float, edges)), None, np.where(np.isnan(values), len(edges) + 1, binned)


def _edges(known: Labels) -> Labels:
    """Return inner edges, each a value seen: every value its own bin where there are few, else bins of equal size.

    A value that is common by itself (mostly 0: "no meeting") has a bin of its own, or the few who differ would be
    counted with the many who do not.
    """
    distinct, rows = np.unique(known, return_counts=True)
    if len(distinct) <= BINS:
        return distinct[1:]
    common = rows >= rows.sum() / BINS
    others = np.where(common, 0, rows)
    size = max(others.sum() / (BINS - common.sum()), LEAST)
    part = (np.cumsum(others) - others) // size
    edges: Labels = distinct[1:][common[1:] | common[:-1] | (part[1:] != part[:-1])]
    return edges
