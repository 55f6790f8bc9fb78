"""How good is it, forward in time, against the simple things one could do instead: the table of `takt evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalog import Catalog
from features.errors import NotEnoughHistory
from features.facts.definitions import Definitions
from features.matrix import Matrix
from models.heads.encoding import Encoding
from models.heads.held_out import CHOSEN, OVER_RECENCY
from models.heads.ladder import STEPS
from models.heads.learned import Fitted
from models.heads.training import Training
from models.heads.win import fit_win, named_capacity
from models.measures.metrics import OF_CHANCE, report
from models.measures.splits import ForwardSplit, Mask, rolling_origin

SIGNAL: Final = "signal"
NO_SIGNAL: Final = "no signal"
FIGURES: Final = ["metric", "value", "low", "high", "reason"]


@dataclass(frozen=True)
class Evaluation:
    """What a forward test showed.

    Attributes
    ----------
    table : DataFrame
        model, metric, value, low, high, reason, verdict; one row per model and metric, on the test part.
        Models: "base rate", the rungs "recency", "frequency" (naive Bayes), "logistic", "boosted"
        (LightGBM), and "takt", the rung that the ladder kept. A rung that could not be fitted has one row
        with its reason.
    parts : DataFrame
        part, first, last (as_of, both included), snapshots, prospects, wins (winning snapshots), won (winning
        prospects), base_rate.
    ladder : DataFrame
        The ladder's comparisons.
    verdict : str
        "signal" or "no signal", of "takt".
    words : str
        The verdict in a sentence, with figures.
    """

    table: pd.DataFrame
    parts: pd.DataFrame
    ladder: pd.DataFrame
    verdict: str
    words: str


def evaluate(
    matrix: Matrix,
    label: npt.ArrayLike,
    *,
    catalog: Catalog,
    definitions: Definitions,
    capacity: int | None = None,
    seed: int = 7,
    threads: int = 2,
    draws: int = 200,
) -> Evaluation:
    """Fit every rung on the past, measure all on the same later snapshots, and say whether there is signal.

    There is signal if the lower ends of the intervals say so: the AUC lies above 0.5 and the lift in the top 10 %
    above 1, and it is more than telling stale prospects from live ones, that is, the AUC among newcomers
    (prospects at their first snapshot) lies above 0.5 or the AUC lies above that of the recency order. Anything
    less is "no signal", whatever the point estimates say.

    Parameters
    ----------
    matrix, label, catalog, definitions, capacity, seed, threads, draws
        As in `fit_win`; the model measured is the one it would keep.

    Raises
    ------
    NotEnoughHistory
        No forward test is possible.
    """
    now = matrix.keys["as_of"].max()
    fitted = fit_win(
        matrix, label, catalog=catalog, definitions=definitions, trained_as_of=now, data_version="evaluation",
        capacity=capacity, seed=seed, threads=threads, draws=draws,
    )  # fmt: skip
    if fitted.split is None:
        raise NotEnoughHistory(fitted.note)
    verdicts = {model: _verdict(rows) for model, rows in fitted.report.groupby("model")}
    table = pd.concat([fitted.report, _not_fitted(fitted)], ignore_index=True)
    return Evaluation(
        table=table.assign(verdict=table["model"].map(verdicts).fillna(NO_SIGNAL)),
        parts=_parts(matrix.keys, np.asarray(label, dtype=np.float64), fitted.split),
        ladder=fitted.ladder,
        verdict=verdicts[CHOSEN],
        words=_words(fitted.report, verdicts[CHOSEN]),
    )


def rolling(
    matrix: Matrix, label: npt.ArrayLike, *, rung: str, definitions: Definitions, capacity: int | None = None,
    folds: int = 4, seed: int = 7, threads: int = 2, draws: int = 200,
) -> pd.DataFrame:  # fmt: skip
    """Answer whether one rung's order holds: refitted at each origin, measured on the block after it.

    Returns
    -------
    DataFrame
        fold (1 the earliest), first, last (as_of of the test block), train_wins (winning prospects),
        metric, value, low, high, reason. Only figures of the order: no fold has a calibration of its own. A
        fold with fewer wins than the rung needs has no figures but its reason.

    Raises
    ------
    NotEnoughHistory
        Fewer labelled days than folds.
    """
    values, calls = np.asarray(label, dtype=np.float64), named_capacity(definitions) if capacity is None else capacity
    horizon = pd.Timedelta(days=definitions.horizon_days)
    tables = []
    pairs = rolling_origin(matrix.keys, values, horizon=horizon, folds=folds)
    for fold, (train, test) in enumerate(pairs, start=1):
        encoding = Encoding.fit(matrix.values[train])
        training = Training.of(
            matrix.values, values, keys=matrix.keys, encoding=encoding, horizon=horizon, seed=seed, threads=threads
        )
        days = matrix.keys["as_of"][test]
        figures = _fold(rung, training, keys=matrix.keys, train=train, test=test, draws=draws, capacity=calls)
        tables.append(
            figures.assign(fold=fold, first=days.min(), last=days.max(), train_wins=training.take(train).wins)
        )
    return pd.concat(tables, ignore_index=True)[["fold", "first", "last", "train_wins", *FIGURES]]


def _fold(
    rung: str, training: Training, *, keys: pd.DataFrame, train: Mask, test: Mask, draws: int, capacity: int
) -> pd.DataFrame:
    past, later = training.take(train), training.take(test)
    if past.wins < STEPS[rung].least_wins:
        reason = f"{past.wins} winning prospects, needs {STEPS[rung].least_wins}"
        return pd.DataFrame([{"metric": "auc", "reason": reason}]).reindex(columns=FIGURES)
    margin = STEPS[rung].fit(past).margin(later.values)
    none = np.full(len(margin), np.nan)
    found = report(later.label, none, keys=keys[test], capacity=capacity, seed=training.seed, draws=draws, order=margin)
    return found[~found["metric"].isin(OF_CHANCE)]


def _verdict(rows: pd.DataFrame) -> str:
    low = rows.set_index("metric")["low"]
    more_than_staleness = low["auc_fresh"] > 0.5 or low.get(OVER_RECENCY, 0.0) > 0.0
    return SIGNAL if low["auc"] > 0.5 and low["lift_at_10"] > 1.0 and more_than_staleness else NO_SIGNAL


def _not_fitted(fitted: Fitted) -> pd.DataFrame:
    absent = fitted.ladder[~fitted.ladder["rung"].isin(fitted.report["model"])]
    rows = pd.DataFrame({"model": absent["rung"], "metric": "auc", "reason": absent["why"]})
    return rows.reindex(columns=fitted.report.columns)


def _parts(keys: pd.DataFrame, label: npt.NDArray[np.float64], split: ForwardSplit) -> pd.DataFrame:
    return pd.DataFrame(
        [
            _part(name, keys[rows], label[rows])
            for name, rows in (("train", split.train), ("calibrate", split.calibrate), ("test", split.test))
        ]
    )


def _part(name: str, keys: pd.DataFrame, label: npt.NDArray[np.float64]) -> dict[str, Any]:
    return {
        "part": name,
        "first": keys["as_of"].min(),
        "last": keys["as_of"].max(),
        "snapshots": len(keys),
        "prospects": keys["prospect_id"].nunique(),
        "wins": int(label.sum()),
        "won": keys["prospect_id"][label == 1.0].nunique(),
        "base_rate": float(label.mean()),
    }


def _words(table: pd.DataFrame, verdict: str) -> str:
    rows = table[table["model"] == CHOSEN].set_index("metric")
    said = "; ".join(f"{words} {_figure(rows.loc[metric])}" for metric, words in _SAID.items())
    meaning = {
        SIGNAL: "Signal: the order beats chance on later data",
        NO_SIGNAL: "No signal: on later data the order does not reliably beat chance and the plain order by recency",
    }
    return f"{meaning[verdict]} ({said})."


_SAID: Final = {
    "auc": "AUC",
    "auc_fresh": "AUC among newcomers",
    "lift_at_10": "lift in the top 10 %",
    "lift_at_capacity": "lift at the day's capacity",
}


def _figure(row: pd.Series) -> str:
    if np.isnan(row["value"]):
        return f"unknown, {row['reason']}"
    return f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
