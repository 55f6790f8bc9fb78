"""What anybody could do with scikit-learn and LightGBM at their defaults: the models that Takt is measured against.

Five peers see the same features and are measured on the same test part as the model that Takt keeps. They are fitted
on every snapshot whose label was closed when the test begins, Takt's training and calibration parts together: a peer
that needs no calibration would not leave rows unused. Their chances are taken as they come.

Where a library has no default for something, the plain choice is made: categories one column per level (levels with
fewer than `RARE` rows together), missing numbers as the mean and numbers standardised for the models that need both,
columns without any value left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from features.errors import NotEnoughHistory
from features.matrix import Matrix
from models.heads.held_out import CHOSEN
from models.heads.learned import Fitted
from models.measures.metrics import gain, report
from models.measures.ranking import Floats
from models.measures.splits import Mask

RARE: Final = 20
MOST_LEVELS: Final = 250
"""Levels of a category beyond the most frequent ones are missing for the peers: HistGradientBoosting takes 255."""
ITERATIONS: Final = 1000
"""Of logistic regression: the default of 100 stops before it has converged, which would flatter Takt."""
FIGURES: Final = (
    "auc", "average_precision", "lift_at_10", "captured_at_capacity", "log_loss", "brier", "calibration_error",
)  # fmt: skip
GAINS: Final = ("auc", "average_precision", "log_loss")
COLUMNS: Final = ("model", "metric", "value", "low", "high", "n", "note")
BELOW: Final = "below the peer by more than the interval"
_NUMBERS = make_column_selector(dtype_include="number")
_CATEGORIES = make_column_selector(dtype_include="category")


def _lightgbm(seed: int, threads: int) -> Any:
    return lightgbm.LGBMClassifier(random_state=seed, n_jobs=threads, verbosity=-1)


def _hist(seed: int, threads: int) -> Any:  # noqa: ARG001 - it takes its threads from OpenMP
    return HistGradientBoostingClassifier(random_state=seed)


def _logistic(seed: int, threads: int) -> Any:  # noqa: ARG001 - deterministic and single-threaded
    return make_pipeline(_standardised(), LogisticRegression(max_iter=ITERATIONS))


def _forest(seed: int, threads: int) -> Any:
    levels = make_column_transformer(("passthrough", _NUMBERS), (_levels(), _CATEGORIES))
    return make_pipeline(levels, RandomForestClassifier(random_state=seed, n_jobs=threads))


def _bayes(seed: int, threads: int) -> Any:  # noqa: ARG001 - as above
    return make_pipeline(_standardised(), GaussianNB())


PEERS: Final[Mapping[str, Callable[[int, int], Any]]] = {
    "LightGBM": _lightgbm,
    "HistGradientBoosting": _hist,
    "logistic regression": _logistic,
    "random forest": _forest,
    "naive Bayes": _bayes,
}


def compare(
    matrix: Matrix, label: npt.ArrayLike, fitted: Fitted, *, capacity: int, seed: int = 7, threads: int = 2,
    draws: int = 200,
) -> pd.DataFrame:  # fmt: skip
    """Answer how Takt's kept model stands beside the peers on its test part.

    Parameters
    ----------
    matrix, label
        As given to `fit_win`: snapshots, and 1.0 won within H, 0.0 not, NaN unlabelled.
    fitted : Fitted
        What `fit_win` returned for them.
    capacity : int
        Calls that the team makes on a day.

    Returns
    -------
    DataFrame
        model, metric, value, low, high (95 %), n (test snapshots), note. First the figures of `takt` (its note names
        the rung) and of each peer; then, with model `takt` and metric `<metric>_over <peer>`, what Takt gains over
        each peer on the same draws of prospects (positive is better for Takt), the note saying where it is below by
        more than the interval. Takt is ranked by its margin; where it gives no chance, figures of chances are NaN.

    Raises
    ------
    NotEnoughHistory
        Nothing was held out, or all that was known before the test is of one class.
    """
    if fitted.split is None:
        raise NotEnoughHistory(fitted.note)
    answers = np.asarray(label, dtype=np.float64)
    test = fitted.split.test
    known = _known_before(matrix.keys, answers, test, days=fitted.versions.horizon_days)
    if len(np.unique(answers[known])) < 2:
        raise NotEnoughHistory(f"the {known.sum()} snapshots known before the test are of one class: nothing to fit.")
    margin = fitted.kept.rung.margin(matrix.values[test])
    scores = {CHOSEN: (fitted.kept.chance(margin), margin)}
    for name, chance in _foretold(matrix.values, answers, known, test=test, seed=seed, threads=threads).items():
        scores[name] = (chance, chance)
    keys = matrix.keys[test]
    figures = [
        _figures(answers[test], *pair, keys=keys, capacity=capacity, seed=seed, draws=draws).assign(model=name)
        for name, pair in scores.items()
    ]
    table = pd.concat([*figures, _gains(answers[test], scores, keys=keys, seed=seed, draws=draws)], ignore_index=True)
    note = table["note"].where(table["model"].ne(CHOSEN) | table["metric"].str.contains("_over "), _kept(fitted))
    return table.assign(n=int(test.sum()), note=note)[list(COLUMNS)]


def best_peer(table: pd.DataFrame, metric: str = "auc") -> str:
    """Return the peer with the best point estimate of a metric on the test part itself, to Takt's disadvantage."""
    rows = table[table["metric"].eq(metric) & table["model"].isin(PEERS)].set_index("model")["value"]
    return str(rows.idxmin() if metric in ("log_loss", "brier", "calibration_error") else rows.idxmax())


def _known_before(keys: pd.DataFrame, label: Floats, test: Mask, *, days: int) -> Mask:
    closed = keys["as_of"] + pd.Timedelta(days=days) <= keys["as_of"][test].min()
    known: Mask = closed.to_numpy() & ~np.isnan(label)
    return known


def _foretold(
    values: pd.DataFrame, label: Floats, known: Mask, *, test: Mask, seed: int, threads: int
) -> dict[str, Floats]:
    filled = [c for c in values.columns if values[c][known].notna().any()]
    past, later = values.loc[known, filled], values.loc[test, filled]
    for name in past.select_dtypes("category"):
        frequent = list(past[name].value_counts().index[:MOST_LEVELS])
        past[name], later[name] = (part[name].cat.set_categories(frequent) for part in (past, later))
    return {
        name: make(seed, threads).fit(past, label[known]).predict_proba(later)[:, 1].astype(np.float64)
        for name, make in PEERS.items()
    }


def _figures(
    label: Floats, chance: Floats, order: Floats, *, keys: pd.DataFrame, capacity: int, seed: int, draws: int
) -> pd.DataFrame:
    found = report(label, chance, keys=keys, capacity=capacity, seed=seed, draws=draws, order=order)
    found = found[found["metric"].isin(FIGURES)]
    return found.rename(columns={"reason": "note"})


def _gains(
    label: Floats, scores: Mapping[str, tuple[Floats, Floats]], *, keys: pd.DataFrame, seed: int, draws: int
) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for peer in PEERS:
        for metric in GAINS:
            ours, theirs = (scores[model][0 if metric == "log_loss" else 1] for model in (CHOSEN, peer))
            row: dict[str, object] = {"model": CHOSEN, "metric": f"{metric}_over {peer}", "note": ""}
            if np.isnan(ours).any():
                rows.append(row | {"note": "no chance is given"})
                continue
            won = gain(label, ours, theirs, keys=keys, metric=metric, seed=seed, draws=draws)
            below = BELOW if won.high < 0 else ""
            rows.append(row | {"value": won.value, "low": won.low, "high": won.high, "note": below})
    return pd.DataFrame(rows).reindex(columns=["model", "metric", "value", "low", "high", "note"])


def _kept(fitted: Fitted) -> str:
    return f"rung {fitted.kept.rung.name}"


def _levels() -> Any:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RARE, sparse_output=False)


def _standardised() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_column_transformer((numbers, _NUMBERS), (_levels(), _CATEGORIES))
