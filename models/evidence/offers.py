"""What choosing an offer for each person is worth, measured on a randomised table, over many splits.

Half of the people are learned from, the other half tell what the choice would have earned there, doubly robust. One
split is one throw: of the splits' values and interval ends the medians are shown (Chernozhukov, Demirer, Duflo &
Fernandez-Val, "Generic machine learning inference on heterogeneous treatment effects", 2018). A random split: the
table has no times, and every figure from it is one of people like these at that time, not of later ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import lightgbm
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from models.heads.encoding import Encoding
from models.heads.outcome_model import expected
from models.heads.ridge import columns_of
from models.heads.trial import Mask, Trial
from models.heads.uplift import Uplift, fit_uplift
from models.measures.policy import Estimate, always, chosen, doubly_robust, gain
from models.measures.qini import qini_coefficients
from models.measures.ranking import Floats

CHOSEN: Final = "takt"
SINGLE: Final = "best single arm"
RANDOM: Final = "by chance"
PEERS: Final = {"logistic": "class transformation, logistic", "trees": "class transformation, LightGBM"}
COLUMNS: Final = ["model", "metric", "value", "low", "high", "n"]
DRAWS: Final = 40
"""Bootstrap draws of a Qini interval in one split."""


def evaluate_offers(trial: Trial, *, splits: int = 20, seed: int = 7, threads: int = 2) -> pd.DataFrame:
    """Answer what the chosen offer earns against the best single arm and against chance, and how it orders people.

    Parameters
    ----------
    trial : Trial
        Randomised rows; the first arm is the control.
    splits : int
        Random halvings, at least 1.

    Returns
    -------
    DataFrame
        model, metric, value, low, high, n. `policy_value` is the mean outcome per person; `over_best_single` and
        `over_chance` are paired differences. The best single arm is the one that did best in the learning half.
        `qini:<arm>` (0/1 outcomes only) is the Qini coefficient of the order by the effect of this arm, among the
        people who got it or the control, and `qini_over:<peer>:<arm>` a paired difference. low and high are 95 %
        intervals of one split; `n` the rows of a testing half. `better_than_best_single` is the share of splits with
        a gain.
    """
    rows = [row for k in range(splits) for row in _split(trial, seed=seed + k, threads=threads)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = table.drop_duplicates(["model", "metric"])[["model", "metric"]]
    middle = table.groupby(["model", "metric"], sort=False)[["value", "low", "high", "n"]].median()
    over = table[table["metric"] == "over_best_single"]
    won = over["value"].gt(0).groupby(over["model"], sort=False).mean().rename("value").reset_index()
    shares = won.assign(metric="better_than_best_single", low=np.nan, high=np.nan, n=splits)
    out = order.merge(middle.reset_index(), on=["model", "metric"])
    return pd.concat([out, shares], ignore_index=True).astype({"n": "int64"})[COLUMNS]


@dataclass(frozen=True, eq=False)
class _Halves:
    """One split: what is learned from, what is measured on, and what the learning half expects of the other."""

    learn: Trial
    test: Trial
    model: Floats

    def policy(self, name: str, policy: Floats, single: Floats, random: Floats) -> list[tuple[Any, ...]]:
        logged, m = self.test.logged, self.model
        rows = [(name, "policy_value", doubly_robust(logged, policy, model=m))]
        if name != SINGLE:
            rows.append((name, "over_best_single", gain(logged, policy, over=single, model=m)))
        if name != RANDOM:
            rows.append((name, "over_chance", gain(logged, policy, over=random, model=m)))
        return [_row(*row) for row in rows]


def _split(trial: Trial, *, seed: int, threads: int) -> list[tuple[Any, ...]]:
    half = trial.folds(2, seed=seed) == 0
    learn, test = trial.take(half), trial.take(~half)
    halves = _Halves(learn, test, expected(learn, test.values, seed=seed, threads=threads))
    uplift = fit_uplift(learn, seed=seed, threads=threads)
    arms = len(trial.arms)
    single = always(int(np.nanargmax(learn.means())), rows=len(test), arms=arms)
    random = test.could / test.could.sum(axis=1, keepdims=True)
    policies = {
        CHOSEN: chosen(uplift.best(test.values, allowed=test.could), arms=arms),
        SINGLE: single,
        RANDOM: random,
    }
    rows = [row for name, policy in policies.items() for row in halves.policy(name, policy, single, random)]
    return rows + (_orders(halves, uplift, seed=seed, threads=threads) if trial.binary else [])


def _orders(halves: _Halves, uplift: Uplift, *, seed: int, threads: int) -> list[tuple[Any, ...]]:
    """Measure how each model orders people by the effect of each arm, on paired draws."""
    rows: list[tuple[Any, ...]] = []
    for arm, name in enumerate(uplift.arms[1:], start=1):
        learn, test = _two_arms(halves.learn, arm), _two_arms(halves.test, arm)
        weight = np.vstack([np.ones(len(test)), _draws(len(test), seed=seed)])
        treated, outcome = test.logged.arm == arm, test.logged.outcome
        scores = {CHOSEN: uplift.effects(test.values)[:, arm]}
        scores |= {PEERS[k]: s for k, s in class_transformation(learn, test, arm=arm, threads=threads).items()}
        found = qini_coefficients(outcome, treated, scores=scores, weight=weight)
        rows += [_row(m, f"qini:{name}", _estimate(q, len(test))) for m, q in found.items()]
        rows += [
            _row(CHOSEN, f"qini_over:{m}:{name}", _estimate(found[CHOSEN] - found[m], len(test)))
            for m in PEERS.values()
        ]
    return rows


def class_transformation(learn: Trial, test: Trial, *, arm: int, threads: int = 2) -> dict[str, Floats]:
    """Score by the class transformation (Jaskowski & Jaroszewicz, "Uplift modeling for clinical trial data", 2012).

    One classifier of "treated and positive, or control and not": with even chances, twice its probability less one
    is the effect. `learn` and `test` hold the rows of two arms, drawn with the same chance.

    Returns
    -------
    dict of str to array, shape (n_test,)
        By the classifier: `logistic` and `trees`, with their libraries' settings.
    """
    turned = np.where(learn.logged.arm == arm, learn.logged.outcome, 1 - learn.logged.outcome)
    encoding = Encoding.fit(learn.values)
    x = columns_of(encoding.apply(learn.values), at=encoding.apply(test.values), encoding=encoding)
    models = {
        "logistic": LogisticRegression(max_iter=1000),
        "trees": lightgbm.LGBMClassifier(n_jobs=threads, verbosity=-1, deterministic=True, force_row_wise=True),
    }
    return {name: 2 * m.fit(x[0], turned).predict_proba(x[1])[:, 1] - 1 for name, m in models.items()}


def _two_arms(trial: Trial, arm: int) -> Trial:
    keep: Mask = (trial.logged.arm == 0) | (trial.logged.arm == arm)
    return trial.take(keep)


def _draws(rows: int, *, seed: int) -> Floats:
    drawn: Floats = np.random.default_rng(seed).poisson(1.0, (DRAWS, rows)).astype(np.float64)
    return drawn


def _estimate(draws: Floats, n: int) -> Estimate:
    """Read the figure from the first place and its interval from the draws behind it."""
    low, high = np.nanquantile(draws[1:], [0.025, 0.975]) if not np.isnan(draws[1:]).all() else (np.nan, np.nan)
    return Estimate(float(draws[0]), float(low), float(high), n)


def _row(model: str, metric: str, e: Estimate) -> tuple[Any, ...]:
    return model, metric, e.value, e.low, e.high, e.n
