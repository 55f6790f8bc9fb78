"""Would choosing offers by their effects have earned more? Measured on later draws than those learned from."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from models.heads.held_out import CHOSEN, REPORT_COLUMNS
from models.heads.offer_effects import LEAST_DRAWN, Effects, effects
from models.heads.outcome_model import expected
from models.heads.trial import Trial
from models.heads.uplift import fit_uplift, pseudo_outcomes
from models.measures.policy import chosen, doubly_robust, gain
from models.measures.ranking import Floats

LEARNER: Final = "uplift learner"
SINGLE: Final = "best single offer"
RANDOM: Final = "by chance"
TEST_SHARE: Final = 0.35
NOTHING_MEASURED: Final = pd.DataFrame(
    {c: pd.Series([], dtype="str" if c in ("model", "metric", "reason") else "float64") for c in REPORT_COLUMNS}
)


def later_value(trial: Trial, drawn: pd.DataFrame, *, horizon: pd.Timedelta, seed: int, threads: int) -> pd.DataFrame:
    """Learn from the earlier draws, and value on the later ones what would have been chosen there.

    Parameters
    ----------
    trial, drawn : Trial, DataFrame
        The same rows, by time; `drawn` has occurred_at, segment and stage.
    horizon : Timedelta
        Earlier draws must have had their time before the first later one.

    Returns
    -------
    DataFrame
        model, metric, value, low, high, reason. `policy_value` is the share of yes per offer made, doubly robust;
        `over_best_single` and `over_chance` are paired differences. `takt` chooses by segment and stage; the learner,
        which looks at everything that was known, stands beside it and is not used.
    """
    at = drawn["occurred_at"]
    start = at.quantile(1 - TEST_SHARE, interpolation="nearest")
    learn, test = (at + horizon <= start).to_numpy(), (at >= start).to_numpy()
    before, after = trial.take(learn), trial.take(test)
    drawings = np.bincount(before.logged.arm, minlength=len(trial.arms))
    if drawings[0] < LEAST_DRAWN or (drawings[1:] < LEAST_DRAWN).all() or not test.any():
        why = f"{len(before)} earlier and {len(after)} later draws are too few for a test on later ones"
        return pd.DataFrame([(CHOSEN, "policy_value", np.nan, np.nan, np.nan, why)], columns=REPORT_COLUMNS)
    points = pseudo_outcomes(before, seed=seed, threads=threads)
    where = drawn[["segment", "stage"]]
    found = effects(before, points, where[learn].reset_index(drop=True))
    single = np.where(after.could, _alone(found, trial), -np.inf)
    by_place = np.where(after.could, _by_place(found, trial, where[test]), -np.inf)
    learner = fit_uplift(before, seed=seed, threads=threads)
    k = len(trial.arms)
    policies = {
        CHOSEN: chosen(by_place.argmax(axis=1), arms=k),
        LEARNER: chosen(learner.best(after.values, allowed=after.could), arms=k),
        SINGLE: chosen(single.argmax(axis=1), arms=k),
        RANDOM: after.could / after.could.sum(axis=1, keepdims=True),
    }
    return _report(policies, after, expected(before, after.values, seed=seed, threads=threads))


def _alone(found: Effects, trial: Trial) -> Floats:
    """Return the effect of each arm over all places, -inf where there is none."""
    general = found.elsewhere.set_index("offer_id")["effect"]
    out: Floats = general.reindex(trial.arms).fillna(-np.inf).to_numpy()
    return out


def _by_place(found: Effects, trial: Trial, where: pd.DataFrame) -> Floats:
    table = found.of(where.reset_index(drop=True)).reindex(columns=list(trial.arms))
    out: Floats = table.fillna(-np.inf).to_numpy()
    return out


def _report(policies: dict[str, Floats], after: Trial, model: Floats) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for name, policy in policies.items():
        found = {"policy_value": doubly_robust(after.logged, policy, model=model)}
        for metric, other in (("over_best_single", SINGLE), ("over_chance", RANDOM)):
            if name != other:
                found[metric] = gain(after.logged, policy, over=policies[other], model=model)
        rows += [(name, metric, e.value, e.low, e.high, "") for metric, e in found.items()]
    return pd.DataFrame(rows, columns=REPORT_COLUMNS)
