"""From features to chances: a pure function of a bundle and a matrix, row by row.

`low` to `high` says how sure the chance is: the Wilson interval of the held-out prospects scored alike ("31
of 80 won": 0.29 to 0.50), widened to hold the chance where the two disagree. A row that cannot be scored
says so and is never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.matrix import Matrix
from models.bundle import Bundle
from models.measures.likeness import wilson
from models.measures.ranking import Floats, Ints
from models.measures.splits import Mask

SCORED: Final = "scored"
RANKED: Final = "ranked"
"""An order without a chance: the bundle saw too few wins to say one."""
UNSCORED: Final = "unscored"
COLUMNS: Final = (
    "prospect_id", "as_of", "margin", "chance", "low", "high", "like_n", "like_won", "state", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """The columns of `score` that a bundle decides, shape (n_rows,) each; rows as given."""

    margin: Floats
    chance: Floats
    low: Floats
    high: Floats
    like_n: Ints
    like_won: Ints
    state: npt.NDArray[np.str_]


def scored(bundle: Bundle, margin: Floats, blank: Mask) -> Scores:
    """Score rows by what the bundle's rung says of them; see `score` for what comes out.

    Parameters
    ----------
    margin : float array, shape (n_rows,)
    blank : bool array, shape (n_rows,)
        Rows of which nothing is known.
    """
    margin = np.where(blank, np.nan, margin)
    chance = _chance(bundle, margin)
    n, won = (np.where(blank, 0, count) for count in bundle.bands.like(margin))
    low, high = wilson(won, n)
    said = ~np.isnan(chance)
    counted = said & (n > 0)
    low = np.where(counted, np.fmin(low, chance), np.nan)
    high = np.where(counted, np.fmax(high, chance), np.nan)
    return Scores(margin, chance, low, high, n, won, np.where(blank, UNSCORED, np.where(said, SCORED, RANKED)))


def score(bundle: Bundle, matrix: Matrix) -> pd.DataFrame:
    """Score every row.

    Returns
    -------
    DataFrame, shape (n_rows, 10)
        Rows as in the matrix. `margin`: log-odds before calibration. `chance`: of a win in `[as_of, as_of +
        H)`, strictly inside (0, 1). `low`, `high`: 95 %. `like_n`, `like_won`: held-out prospects scored
        most alike and how many won. `state`: "scored"; "ranked" (margin only, chance missing); "unscored"
        (all missing, counts 0). `reason`: why not scored, else empty.

    Raises
    ------
    SchemaMismatch
        The matrix has other columns than the bundle was fitted on.
    """
    found = scored(bundle, bundle.rung.margin(matrix.values), _knows_nothing(matrix.values))
    return pd.DataFrame(
        {
            "prospect_id": matrix.keys["prospect_id"].to_numpy(),
            "as_of": matrix.keys["as_of"].to_numpy(),
            **vars(found),
            "reason": pd.Series(found.state).map(WHY_NOT).to_numpy(),
        },
        columns=list(COLUMNS),
    ).astype({"prospect_id": "str", "as_of": "datetime64[us, UTC]", "state": "str", "reason": "str"})


WHY_NOT: Final = {
    SCORED: "",
    RANKED: "not enough wins to say a chance; ranked by what happened last",
    UNSCORED: "nothing was known about this prospect",
}


def _chance(bundle: Bundle, margin: Floats) -> Floats:
    if bundle.calibration is None:
        return np.full(len(margin), np.nan)
    return np.where(np.isnan(margin), np.nan, bundle.calibration.apply(margin))


def _knows_nothing(values: pd.DataFrame) -> Mask:
    """Say which rows hold no fact: every number missing or 0 (a count of nothing), every category missing."""
    known = np.zeros(len(values), dtype=np.bool_)
    for name in values.columns:
        column = values[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            known |= column.notna().to_numpy()
        else:
            known |= np.nan_to_num(column.to_numpy()) != 0
    return ~known
