"""(f) Training: the ladder beside the `lightgbm.train` calls it contains, and one fit of trees beside its peers.

What is timed is `fit_head` and `refitted` on a made table in memory: from the matrix to what would be registered. The
building of features, the heads beside win, the checks and MLflow are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import lightgbm
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.clock import Took, in_turn, stages
from benchmarks.report import Section, seconds, times
from models.heads import blended
from models.heads.encoding import Encoding
from models.heads.held_out import HeldOut
from models.heads.learned import Fitted, Question, Versions, fit_head
from models.heads.refitted import refitted
from models.heads.rehearsal import Rehearsal

FEATURES, LOOKS, WEEKS = 150, 20, 210
TREES, LEAVES, RATE, THREADS = 200, 31, 0.05, 2
OFTEN_MISSING: Final = 20
"""Features of which a tenth is missing, as days since a kind of touch that never was; counts never are."""
_INSIDE: Final = "lightgbm.train, with the building of its datasets"
_PARTS: Final[Mapping[str, tuple[Any, str]]] = {
    _INSIDE: (lightgbm, "train"),
    "logistic regressions": (LogisticRegression, "fit"),
    "scale of naive Bayes in the blend": (blended, "_scale"),
    "intervals by which rungs are chosen": (Rehearsal, "gain"),
    "intervals of the report": (HeldOut, "report"),
    "encoding to float32": (Encoding, "apply"),
}


@dataclass(frozen=True)
class Made:
    """A made table: snapshots in time order, what was known, and who was won."""

    values: pd.DataFrame
    keys: pd.DataFrame
    label: np.ndarray

    @property
    def x(self) -> np.ndarray:
        """The numbers, float32, shape (n_rows, n_features)."""
        return self.values.to_numpy()


def measure(*, rows: int, rounds: int) -> list[Section]:
    """Time the ladder on a made table of about so many snapshots, then one fit of trees in every way in turn."""
    made = _made(rows)
    return [_ladder(made), _peers(made, rounds)]


def _made(rows: int) -> Made:
    rng = np.random.default_rng(1)
    people = rows // LOOKS
    week = (rng.integers(0, WEEKS - LOOKS, people)[:, None] + np.arange(LOOKS)).ravel()
    order = np.argsort(week, kind="stable")
    who, week = np.repeat(np.arange(people), LOOKS)[order], week[order]
    mood = rng.normal(size=people)
    x = rng.poisson(2, size=(len(who), FEATURES)).astype(np.float32)
    x[:, :10] += mood[who][:, None] * np.linspace(0.2, 1, 10)
    x[:, -OFTEN_MISSING:][rng.random((len(x), OFTEN_MISSING)) < 0.1] = np.nan
    as_of = pd.Timestamp("2022-01-03", tz="UTC") + pd.to_timedelta(week * 7, unit="D")
    keys = pd.DataFrame({"prospect_id": np.char.mod("p%07d", who), "as_of": as_of.as_unit("us")})
    label = (rng.random(len(who)) < 1 / (1 + np.exp(3.5 - mood[who]))).astype(np.float64)
    return Made(pd.DataFrame(x, columns=[f"touch_{j}" for j in range(FEATURES)]), keys, label)


def _fit(made: Made) -> Fitted:
    last = made.keys["as_of"].max()
    versions = Versions("made", 90, last, "none", "none", "none")
    question = Question("win", versions, pd.Timedelta(days=90), 20)
    fitted = fit_head(made.values, made.label, keys=made.keys, question=question, threads=THREADS)
    return refitted(fitted, made.values, made.label, keys=made.keys, threads=THREADS)


def _ladder(made: Made) -> Section:
    with stages(_PARTS) as spent:
        took = in_turn({"all": lambda: _fit(made)}, rounds=1)["all"]
    inside = spent[_INSIDE]
    rows = [_share("the ladder, measured and fitted once more", took, took, inside)]
    rows += [_share(name, spent[name], took, inside) for name in _PARTS]
    words = (
        f"{len(made.label):,} made snapshots x {FEATURES} features, {THREADS} threads, one run; the goal for all of "
        "`takt train` is at most 1.3 times its lightgbm.train calls. Not in it: features, the heads beside win, "
        "checks, MLflow. Parts overlap where one calls another (encoding)."
    )
    head = ("part", "time", "CPU", "share of the time", "times lightgbm.train, by the clock")
    return Section("Training: where the time of the ladder goes", words, head, rows)


def _share(name: str, part: Took, whole: Took, inside: Took) -> tuple[str, ...]:
    over = times(part.wall / inside.wall) if inside.wall else "no trees were fitted"
    return name, seconds(part.wall), seconds(part.cpu), f"{part.wall / whole.wall:.0%}", over


def _peers(made: Made, rounds: int) -> Section:
    learn = np.arange(len(made.label)) < int(0.75 * len(made.label))
    x, y, later, answers = made.x[learn], made.label[learn], made.x[~learn], made.label[~learn]
    said: dict[str, np.ndarray] = {}

    def way(name: str, fit: Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]) -> None:
        said[name] = fit(x, y)(later)

    ways = {name: (lambda n=name, f=fit: way(n, f)) for name, fit in _ways().items()}
    took = in_turn(ways, rounds=rounds)
    first = next(iter(took.values()))
    rows = [
        (name, seconds(t.wall), seconds(t.cpu), times(t.wall / first.wall), f"{roc_auc_score(answers, said[name]):.4f}")
        for name, t in took.items()
    ]
    absent = [name for name in ("xgboost", "catboost") if find_spec(name) is None]
    words = (
        f"{TREES} trees of {LEAVES} leaves on {len(y):,} rows, {THREADS} threads, then a prediction for "
        f"{len(answers):,} later rows, of which the AUC is; medians of {rounds} rounds in turn."
        + (f" Not installed here, so not measured: {', '.join(absent)}." if absent else "")
    )
    head = ("way", "time", "CPU", "times LightGBM", "AUC on later rows")
    return Section("Training: one fit of trees beside its peers", words, head, rows)


def _ways() -> dict[str, Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]]:
    ways = {
        "LightGBM": lambda x, y: _lightgbm(x, y),
        "LightGBM, use_quantized_grad": lambda x, y: _lightgbm(x, y, use_quantized_grad=True),
        "HistGradientBoosting (all cores)": _histogram,
    }
    if find_spec("xgboost") is not None:
        ways["XGBoost, hist, lossguide"] = _xgboost
    if find_spec("catboost") is not None:
        ways["CatBoost, Lossguide"] = _catboost
    return ways


def _lightgbm(x: np.ndarray, y: np.ndarray, **more: bool) -> Callable[[np.ndarray], np.ndarray]:
    how = {
        "objective": "binary", "learning_rate": RATE, "num_leaves": LEAVES, "num_threads": THREADS, "seed": 7,
        "deterministic": True, "force_row_wise": True, "verbosity": -1, **more,
    }  # fmt: skip
    return lightgbm.train(how, lightgbm.Dataset(x, y), TREES).predict


def _histogram(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, early_stopping=False, random_state=7
    )
    fitted = model.fit(x, y)
    return lambda rows: fitted.predict_proba(rows)[:, 1]


def _xgboost(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    import xgboost

    how = {
        "objective": "binary:logistic", "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": LEAVES,
        "max_depth": 0, "eta": RATE, "nthread": THREADS, "seed": 7,
    }  # fmt: skip
    model = xgboost.train(how, xgboost.QuantileDMatrix(x, y, nthread=THREADS), TREES)
    return lambda rows: model.predict(xgboost.DMatrix(rows, nthread=THREADS))


def _catboost(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    import catboost

    model = catboost.CatBoostClassifier(
        iterations=TREES, grow_policy="Lossguide", max_leaves=LEAVES, learning_rate=RATE, thread_count=THREADS,
        random_seed=7, verbose=False, allow_writing_files=False,
    ).fit(x, y)  # fmt: skip
    return lambda rows: model.predict_proba(rows)[:, 1]
