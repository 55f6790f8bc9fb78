"""Touches for the feature benchmark: journeys of very unequal length over two years, and weekly looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.facts.arrow import from_arrow, to_arrow
from features.facts.contract import CHANNELS, KINDS, RESULTS
from features.facts.ledger import Facts
from features.time.asof import DAY

PER_PROSPECT = 50
_START = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us")


@dataclass(frozen=True)
class Made:
    """Where the touches lie (Parquet, sorted by prospect and time) and the looks: prospect_id, as_of."""

    place: Path
    keys: pd.DataFrame

    def facts(self) -> Facts:
        """Read the touches."""
        return Facts.of({"touches": from_arrow(pq.read_table(self.place))})


def make(folder: Path, *, touches: int, seed: int = 7) -> Made:
    """Draw touches with gamma-skewed journey lengths, everything recorded when it happened."""
    rng = np.random.default_rng(seed)
    prospects = max(touches // PER_PROSPECT, 1)
    length = rng.gamma(0.8, 1.0, prospects)
    length = np.maximum(1, np.rint(length / length.sum() * touches)).astype(np.int64)
    owner = np.repeat(np.arange(prospects), length)
    n = len(owner)
    began, lasted = rng.uniform(0, 600, prospects), rng.gamma(2.0, 45.0, prospects)
    offset = np.rint((began[owner] + rng.random(n) * lasted[owner]) * DAY).astype(np.int64)
    order = np.lexsort((offset, owner))
    owner, when = owner[order], _START + pd.to_timedelta(offset[order], unit="us")
    frame = pd.DataFrame(
        {
            "touch_id": _ids("t", np.arange(n)),
            "prospect_id": _ids("p", owner),
            "contact_id": _ids("c", owner * 4 + rng.integers(0, 4, n)).where(rng.random(n) < 0.8),
            "kind": _words(rng, KINDS, n),
            "channel": _words(rng, CHANNELS[:5], n).where(rng.random(n) < 0.9),
            "direction": _words(rng, ("inbound", "outbound"), n),
            "occurred_at": when,
            "recorded_at": when,
            "stage": pd.Series(pd.NA, index=range(n), dtype="str"),
            "result": _words(rng, RESULTS, n).where(rng.random(n) < 0.6),
            "value": np.where(rng.random(n) < 0.1, rng.integers(1, 10_000, n) / 4, np.nan),
            "duration_s": np.where(rng.random(n) < 0.4, rng.integers(10, 3_600, n), np.nan),
        }
    )
    place = folder / "touches.parquet"
    pq.write_table(to_arrow(frame), place, compression="zstd")
    return Made(place, _weekly(frame))


def _weekly(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a look a week over each journey, from the week after its first touch to that after its last."""
    week = 7 * DAY
    when = frame["occurred_at"].astype("int64").to_numpy()
    first = np.flatnonzero(frame["prospect_id"].ne(frame["prospect_id"].shift()).to_numpy())
    last = np.append(first[1:], len(frame)) - 1
    from_week, to_week = when[first] // week + 1, when[last] // week + 1
    each = to_week - from_week + 1
    start = np.repeat(np.cumsum(each) - each, each)
    weeks = np.repeat(from_week, each) + np.arange(each.sum()) - start
    as_of = pd.Series(pd.to_datetime(weeks * week, unit="us", utc=True)).astype("datetime64[us, UTC]")
    return pd.DataFrame({"prospect_id": np.repeat(frame["prospect_id"].to_numpy()[first], each), "as_of": as_of})


def _ids(letter: str, numbers: np.ndarray) -> pd.Series:
    return pd.Series(letter + pd.Series(numbers).astype("str").str.zfill(8), dtype="str")


def _words(rng: np.random.Generator, words: tuple[str, ...], n: int) -> pd.Series:
    return pd.Series(np.array(words, dtype=object)[rng.integers(0, len(words), n)], dtype="str")
