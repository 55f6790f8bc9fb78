"""How far the other ways are from the kernel, feature by feature and row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from benchmarks.features.made import Made
from benchmarks.features.streamed import Stream
from benchmarks.features.terms import Numbers

Block = npt.NDArray[np.float32]


def ours(stream: Stream) -> Block:
    """Return all features of all looks as one array, shape (n_looks, n_features)."""
    return np.concatenate([filled.numbers.copy() for shard in stream.shards() for filled in shard.blocks()])


def punctual(made: Made) -> npt.NDArray[np.bool_]:
    """Say of each look whether everything of its prospect was recorded when it happened, shape (n_looks,)."""
    times = pq.read_table(made.touches, columns=["prospect_id", "occurred_at", "recorded_at"]).to_pandas()
    late = times.loc[times["occurred_at"] < times["recorded_at"], "prospect_id"].unique()
    looks = pq.read_table(made.weekly, columns=["prospect_id"]).to_pandas()
    found: npt.NDArray[np.bool_] = ~looks["prospect_id"].isin(late).to_numpy()
    return found


def largest(mine: Block, others: Sequence[Numbers], *, columns: Sequence[int]) -> float:
    """Return the largest difference, relative to values above 1; infinite where only one of two is missing."""
    return max(_difference(mine[:, column], other) for column, other in zip(columns, others, strict=True))


def _difference(mine: npt.NDArray[np.float32], other: Numbers) -> float:
    if len(mine) != len(other) or (np.isnan(mine) != np.isnan(other)).any():
        return float("inf")
    return float(np.nanmax(np.abs(mine - other) / np.maximum(np.abs(other), 1.0), initial=0.0))
