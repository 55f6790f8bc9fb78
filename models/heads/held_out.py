"""The test part, on which every model is measured by the same draws: rungs, base rate, and the rung that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from models.heads.ladder import BASE_RATE, Climbed
from models.heads.training import Training
from models.measures.metrics import gain, report
from models.measures.ranking import Floats
from models.measures.splits import Mask

CHOSEN: Final = "takt"
"""Name under which the kept rung stands in a report, beside the rungs it was chosen from."""
OVER_RECENCY: Final = "auc_over_recency"
"""Figure of a report: AUC minus that of the recency order."""
REPORT_COLUMNS: Final = ["model", "metric", "value", "low", "high", "reason"]


def first_looks(keys: pd.DataFrame) -> Mask:
    """Say which snapshots are the first of their prospect, shape (n_rows,)."""
    first = keys.groupby("prospect_id", sort=False)["as_of"].transform("min")
    looks: Mask = (keys["as_of"] == first).to_numpy()
    return looks


@dataclass(frozen=True)
class HeldOut:
    """The test part.

    Attributes
    ----------
    part : Training
        Its rows and labels; nothing was fitted or chosen on them.
    keys : DataFrame, shape (n_rows, 2)
        prospect_id and as_of of the same rows.
    fresh : bool array, shape (n_rows,)
        First snapshots of their prospects.
    capacity, draws : int
        Calls that the team makes on a day; bootstrap draws.
    """

    part: Training
    keys: pd.DataFrame
    fresh: Mask
    capacity: int
    draws: int

    def report(self, climbed: Climbed, base_rate: float) -> pd.DataFrame:
        """Return model, metric, value, low, high, reason for the base rate, each fitted rung, and `takt`."""
        rows = len(self.part.label)
        tables = {BASE_RATE: self._of(np.full(rows, base_rate), np.zeros(rows))}
        recency = climbed.rungs["recency"].rung.margin(self.part.values)
        for name, fitted in climbed.rungs.items():
            margin = fitted.rung.margin(self.part.values)
            tables[name] = pd.concat([self._of(fitted.chance(margin), margin), self._over(margin, recency)])
        tables[CHOSEN] = tables[climbed.name]
        return pd.concat([t.assign(model=m) for m, t in tables.items()], ignore_index=True)[REPORT_COLUMNS]

    def _over(self, margin: Floats, recency: Floats) -> pd.DataFrame:
        """Measure what an order adds to calling the most recent first, on paired draws."""
        seed, draws = self.part.seed, self.draws
        more = gain(self.part.label, margin, recency, keys=self.keys, metric="auc", seed=seed, draws=draws)
        reason = "" if not np.isnan(more.value) else "one class only"
        row = {"metric": OVER_RECENCY, "value": more.value, "low": more.low, "high": more.high, "reason": reason}
        return pd.DataFrame([row])

    def _of(self, chance: Floats, margin: Floats) -> pd.DataFrame:
        return report(
            self.part.label, chance, keys=self.keys, capacity=self.capacity, seed=self.part.seed,
            draws=self.draws, order=margin, fresh=self.fresh,
        )  # fmt: skip
