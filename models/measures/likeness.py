"""What became of those who were scored alike: the counts beside a chance, "31 of 80 like it won".

Held-out prospects only, each once (one of its snapshots, drawn by seed): the same prospect on ten Mondays
is not ten prospects, and the interval of a count of dependent rows would be too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Final

import numpy as np
import pandas as pd

from models.measures.ranking import Floats, Ints

ALIKE: Final = 80
"""Prospects that count as scored alike: 40 next below and 40 next above, where there are as many."""
MOST_BANDS: Final = 2000


@dataclass(frozen=True)
class Bands:
    """Held-out prospects by rising margin, equal margins together: shape (n_bands,) each.

    Attributes
    ----------
    margin : tuple of float
        Ascending; where there were more than `MOST_BANDS`, neighbours are merged at their mean.
    n, won : tuple of int
        Prospects in the band, and how many won within the horizon.
    """

    margin: tuple[float, ...] = ()
    n: tuple[int, ...] = ()
    won: tuple[int, ...] = ()

    def like(self, margin: Floats, *, about: int = ALIKE) -> tuple[Ints, Ints]:
        """Return for each margin how many held-out prospects were scored most alike, and how many won.

        Bands are taken whole, so `n` may exceed `about`; it is smaller only where fewer were held out at all.
        """
        if not self.n:
            return np.zeros(len(margin), np.int64), np.zeros(len(margin), np.int64)
        at, n, won = self._running
        middle = (n[np.searchsorted(at, margin, "left")] + n[np.searchsorted(at, margin, "right")]) // 2
        low = np.clip(middle - about // 2, 0, max(n[-1] - about, 0))
        first = np.searchsorted(n, low, side="right") - 1
        last = np.searchsorted(n, np.minimum(low + about, n[-1]), side="left")
        return n[last] - n[first], won[last] - won[first]

    @cached_property
    def _running(self) -> tuple[Floats, Ints, Ints]:
        """Margins, and how many prospects and wins lie below each band and below the end."""
        n, won = (np.concatenate([[0], np.cumsum(c)]) for c in (self.n, self.won))
        return np.array(self.margin), n, won

    def after(self, shift: float, scale: float) -> Bands:
        """Return the same counts for margins `m` that mean `shift + scale * m` here; scale > 0."""
        return replace(self, margin=tuple((x - shift) / scale for x in self.margin))


def fit_bands(margin: Floats, label: Floats, *, prospects: Sequence[str] | pd.Series, seed: int) -> Bands:
    """Keep one snapshot of each held-out prospect; equal margins are one band, too many bands are merged."""
    chosen = pd.DataFrame({"prospect": np.asarray(prospects), "margin": margin, "won": label})
    chosen = chosen.sample(frac=1, random_state=seed).drop_duplicates("prospect").sort_values("margin")
    bands = chosen.groupby("margin", sort=True)["won"].agg(["size", "sum"]).reset_index()
    each = -(-len(bands) // MOST_BANDS) if len(bands) else 1
    parts = bands.groupby(np.arange(len(bands)) // each, sort=True)
    merged = parts.agg(margin=("margin", "mean"), n=("size", "sum"), won=("sum", "sum"))
    return Bands(tuple(map(float, merged["margin"])), tuple(map(int, merged["n"])), tuple(map(int, merged["won"])))


def wilson(won: Ints, n: Ints, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Interval of a share from counts (Wilson, 1927): honest for few and for none; NaN where n is 0."""
    z = _deviations(level)
    size = np.where(n > 0, n, np.nan).astype(np.float64)
    share = won / size
    center = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    return np.clip(center - half, 0.0, 1.0), np.clip(center + half, 0.0, 1.0)


@cache
def _deviations(level: float) -> float:
    """Return how many standard deviations on both sides of the mean hold this share of a normal distribution."""
    from scipy.special import ndtri  # a server starts without

    return float(ndtri(0.5 + level / 2))
