"""What an offer changes, person by person: a doubly robust learner for several arms.

Each row gets a score per arm that is right on average whatever the outcome model is, because the chances are known.
Its difference from the score of the control, regressed on what was known before, is the effect given these facts
(Kennedy, "Towards optimal doubly robust estimation of heterogeneous causal effects", 2020). The regression climbs:
the same effect for everybody -> a ridge regression -> LightGBM. The ridge draws all effects towards the common one by
itself, as far as rows left out tell it to, and is taken unless it foretells people left out clearly worse; trees do
not, and are taken only where they are clearly better. The table says which it was, and by how much.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import lightgbm
import numpy as np
import pandas as pd

from models.heads.boosted import Boosted
from models.heads.encoding import Encoding
from models.heads.logistic import Effect, Logistic
from models.heads.outcome_model import cross_fitted
from models.heads.ridge import fit_ridge
from models.heads.trial import Mask, Trial
from models.measures.policy import Estimate, mean_of, scores
from models.measures.ranking import Floats, Ints

FOLDS: Final = 3
LEAST_DRAWN: Final = {"linear": 100, "boosted": 1500}
"""Rows that each of the two arms must have been drawn in before a rung is tried."""
TREES: Final = 60
MANIFEST: Final = "uplift.json"
TABLE: Final = ["arm", "rung", "gain", "low", "high", "taken", "why"]

Regression = Logistic | Boosted
"""What is fitted of one arm; its `margin` is the effect."""


@dataclass(frozen=True)
class Uplift:
    """The effect of each arm against the first one, the control.

    Attributes
    ----------
    arms : tuple of str
        Names; the first is the control.
    regressions : tuple
        One per arm behind the first.
    table : DataFrame
        One row per arm and rung that was tried: arm, rung, gain (in squared error, on people left out), low, high,
        taken, why.
    """

    arms: tuple[str, ...]
    encoding: Encoding
    regressions: tuple[Regression, ...]
    table: pd.DataFrame

    def effects(self, values: pd.DataFrame) -> Floats:
        """Return what each arm adds to the outcome against the control, shape (n_rows, n_arms); the first is 0."""
        return np.column_stack([np.zeros(len(values)), *(r.margin(values) for r in self.regressions)])

    def best(self, values: pd.DataFrame, *, allowed: Mask | None = None) -> Ints:
        """Return the arm with the largest effect among those allowed (default all), shape (n_rows,)."""
        effects = self.effects(values)
        best: Ints = np.argmax(effects if allowed is None else np.where(allowed, effects, -np.inf), axis=1)
        return best

    def to_files(self) -> Mapping[str, str]:
        """Return uplift.json and one file per arm, all text."""
        head = {
            "arms": self.arms,
            "features": self.encoding.features,
            "levels": dict(self.encoding.levels),
            "rungs": [r.name for r in self.regressions],
            "table": json.loads(self.table.to_json(orient="records")),
        }
        files = {MANIFEST: json.dumps(head, sort_keys=True)}
        for j, regression in enumerate(self.regressions, start=1):
            files |= {f"uplift{j}.{name}": text for name, text in regression.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Uplift:
        """Read what `to_files` wrote."""
        head = json.loads(files[MANIFEST])
        levels = {name: tuple(found) for name, found in head["levels"].items()}
        encoding = Encoding(tuple(head["features"]), levels)
        read = [_read(files, j, rung, encoding) for j, rung in enumerate(head["rungs"], start=1)]
        return cls(tuple(head["arms"]), encoding, tuple(read), pd.DataFrame(head["table"]))


def fit_uplift(trial: Trial, *, seed: int = 7, threads: int = 2) -> Uplift:
    """Learn what each arm changes.

    Parameters
    ----------
    trial : Trial
        Rows whose arm was drawn by chance.

    Returns
    -------
    Uplift
        With the same effect for everybody where there are few rows or no evidence of differences.
    """
    points = pseudo_outcomes(trial, seed=seed, threads=threads)
    encoding = Encoding.fit(trial.values)
    found = [_climb(trial, points, arm, encoding, seed=seed, threads=threads) for arm in range(1, len(trial.arms))]
    table = pd.concat([steps for _, steps in found], ignore_index=True)
    return Uplift(trial.arms, encoding, tuple(r for r, _ in found), table)


def pseudo_outcomes(trial: Trial, *, seed: int = 7, threads: int = 2) -> Floats:
    """Return the cross-fitted doubly robust score of each arm in each row, shape (n_rows, n_arms).

    The mean over any group of rows in which an arm was possible is an unbiased estimate of what the arm would have
    earned there. NaN where the arm could not have been drawn: nothing is known of it.
    """
    model = cross_fitted(trial, seed=seed, threads=threads)
    return np.where(trial.could, scores(trial.logged, model), np.nan)


def _climb(
    trial: Trial, points: Floats, arm: int, encoding: Encoding, *, seed: int, threads: int
) -> tuple[Regression, pd.DataFrame]:
    """Fit the rungs of one arm and keep the highest that was earned."""
    rows = np.flatnonzero(trial.could[:, arm] & trial.could[:, 0])
    there = trial.take(rows)
    task = _Task(
        encoding.apply(there.values), points[rows, arm] - points[rows, 0], encoding, seed=seed, threads=threads
    )  # fmt: skip
    fold, who = there.folds(FOLDS, seed=seed + 1), there.logged.who
    drawn = int(min((there.logged.arm == 0).sum(), (there.logged.arm == arm).sum()))
    kept, steps = "constant", []
    error = task.errors(kept, there.values, fold)
    for rung, least in LEAST_DRAWN.items():
        if drawn < least:
            why = f"{drawn} drawn rows of the rarer arm, {least} needed"
            steps.append((trial.arms[arm], rung, np.nan, np.nan, np.nan, False, why))
            continue
        tried = task.errors(rung, there.values, fold)
        gain = mean_of(error - tried, who=who)
        taken, why = _judge(rung, kept, gain)
        steps.append((trial.arms[arm], rung, gain.value, gain.low, gain.high, taken, why))
        kept, error = (rung, tried) if taken else (kept, error)
    table = pd.DataFrame(steps, columns=TABLE)
    return task.fit(kept, np.ones(len(rows), dtype=np.bool_)), table


def _judge(rung: str, kept: str, gain: Estimate) -> tuple[bool, str]:
    """Say whether a rung is taken and why; no people left out, no figure: not taken."""
    if rung == "linear":
        taken = bool(gain.high > 0)
        return taken, f"{'not worse' if taken else 'worse'} than {kept} on people left out, beyond luck"
    taken = bool(gain.low > 0)
    return taken, f"{'better' if taken else 'not better'} than {kept} on people left out, beyond luck"


@dataclass(frozen=True, eq=False)
class _Task:
    """The regression of one arm's differences."""

    x: Any
    difference: Floats
    encoding: Encoding
    seed: int
    threads: int

    def errors(self, rung: str, values: pd.DataFrame, fold: Ints) -> Floats:
        """Return the squared error on each row, by a fit on the other folds."""
        out = np.zeros(len(fold))
        for k in range(FOLDS):
            held = fold == k
            if held.any() and not held.all():
                out[held] = (self.difference[held] - self.fit(rung, ~held).margin(values[held])) ** 2
        return out

    def fit(self, rung: str, rows: Mask) -> Regression:
        x, y = self.x[rows], self.difference[rows]
        if rung == "linear":
            return fit_ridge(x, y, encoding=self.encoding)
        if rung == "boosted":
            return self._trees(x, y)
        nothing = tuple(_nothing(self.encoding.levels.get(name)) for name in self.encoding.features)
        return Logistic(self.encoding, float(y.mean()) if len(y) else float("nan"), nothing, name="constant")

    def _trees(self, x: Any, y: Floats) -> Boosted:
        parameters = {
            "objective": "l2", "learning_rate": 0.05, "num_leaves": 4, "min_data_in_leaf": max(100, len(y) // 30),
            "lambda_l2": 10.0, "seed": self.seed, "num_threads": self.threads, "deterministic": True,
            "force_row_wise": True, "verbosity": -1,
        }  # fmt: skip
        names = [f"f{j}" for j in range(x.shape[1])]
        categories = [self.encoding.features.index(name) for name in self.encoding.levels]
        data = lightgbm.Dataset(x, y, feature_name=names, categorical_feature=categories, params={"verbosity": -1})
        text = lightgbm.train(parameters, data, TREES).model_to_string()
        return Boosted(self.encoding, text, threads=self.threads)


def _nothing(levels: tuple[str, ...] | None) -> Effect:
    return Effect(slope=0.0) if levels is None else Effect(levels=(0.0,) * (len(levels) + 2))


def _read(files: Mapping[str, str], number: int, rung: str, encoding: Encoding) -> Regression:
    prefix = f"uplift{number}."
    own = {name.removeprefix(prefix): text for name, text in files.items() if name.startswith(prefix)}
    if rung == "boosted":
        return Boosted.from_files(own, encoding)
    kept = Logistic.from_files(own, encoding)
    return Logistic(encoding, kept.base, kept.effects, name=rung)
