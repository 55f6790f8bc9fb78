"""Challenger against champion: who scores tomorrow.

Both are measured on the same snapshots, which neither was fitted on: those after the champion was trained that lie
in the challenger's test period. The challenger wins if its average precision (how pure the top of the list is) is
higher, by an interval.
A champion trained under other definitions or features answers another question; it is stale and is replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from features.matrix import Matrix
from models.bundle import Bundle
from models.measures.metrics import gain

METRIC = "average_precision"
LEAST_WINS = 20
"""Winning prospects needed to compare at all."""


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger becomes champion, and why, in words."""

    promote: bool
    why: str


def challenge(
    challenger: Bundle,
    champion: Bundle | None,
    matrix: Matrix,
    label: npt.NDArray[np.float64],
    *,
    seed: int,
) -> Verdict:
    """Decide whether the challenger replaces the champion.

    Parameters
    ----------
    champion : Bundle or None
        None before the first promotion.
    matrix, label
        The challenger's test period, 1.0 won, 0.0 not, NaN unlabelled. Snapshots with `as_of` before the champion's
        `trained_as_of` are not used: the champion may have learned from them.
    """
    if champion is None:
        return Verdict(True, "the first model of this company")
    if champion.fingerprint == challenger.fingerprint:
        return Verdict(False, "the same model as the champion")
    if champion.definitions_hash != challenger.definitions_hash:
        return Verdict(True, f"the champion was trained under other definitions ({champion.definitions_hash})")
    if champion.catalog_hash != challenger.catalog_hash:
        return Verdict(True, f"the champion was trained with other features ({champion.catalog_hash})")
    rows = (matrix.keys["as_of"] >= champion.trained_as_of).to_numpy() & ~np.isnan(label)
    won = matrix.keys["prospect_id"][rows & (label == 1.0)].nunique()
    if won < LEAST_WINS:
        return Verdict(
            False, f"{won} wins since the champion was trained, {LEAST_WINS} needed to compare; the champion stays"
        )
    return _measured(challenger, champion, matrix.where(rows), label[rows], seed=seed)


def _measured(
    challenger: Bundle, champion: Bundle, matrix: Matrix, label: npt.NDArray[np.float64], *, seed: int
) -> Verdict:
    # only the order counts here, and a margin orders as its chance does
    new, old = (expit(bundle.rung.margin(matrix.values)) for bundle in (challenger, champion))
    found = gain(label, new, old, keys=matrix.keys, metric=METRIC, seed=seed)
    said = f"gains {found.value:+.3f} average precision [{found.low:+.3f}, {found.high:+.3f}] on later data"
    if found.low > 0:
        return Verdict(True, f"the challenger {said}")
    return Verdict(False, f"the challenger {said}, not surely more; the champion stays")
