"""(d) Explained scoring: our SHAP values beside LightGBM's `pred_contrib`, shap.TreeExplainer and a plain predict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

import lightgbm
import numpy as np
import shap

from benchmarks.clock import Took, in_turn
from benchmarks.report import Section, seconds, times
from models.heads.tree_shap import TreeShap

TREES, LEAVES, FEATURES = 300, 31, 150
_ROWS_TO_LEARN = 20_000
_SLOW_SHARE = 20
"""The slow ways explain one row in so many and are scaled up."""
_OURS, _THEIRS, _PLAIN = "Takt, {}", "pred_contrib, {}", "plain predict, {}"
_TREE_EXPLAINER, _TREE_EXPLAINER_OWN = "shap.TreeExplainer, as it comes", "shap.TreeExplainer, its own C code"


def measure(*, rows: int, rounds: int, calls: int) -> list[Section]:
    """Fit a model, explain `rows` rows in every way in turn, then one row `calls` times."""
    model, x = _fitted(rows)
    text = model.model_to_string()
    began = time.perf_counter()
    ours = TreeShap.of(text)
    compiled = time.perf_counter() - began
    began = time.perf_counter()
    ours.values(x[:1])
    first = time.perf_counter() - began
    few = x[: max(1, rows // _SLOW_SHARE)]
    apart = np.abs(ours.values(few) - model.predict(few, pred_contrib=True)).max()
    took = in_turn(_ways(model, ours, x, few), rounds=max(rounds, 5))
    slow = len(x) / len(few)
    took = {name: t if name.startswith(("Takt", "plain")) else t.scaled(slow) for name, t in took.items()}
    words = (
        f"{TREES} trees of {LEAVES} leaves, {FEATURES} features, {len(x):,} rows; medians of {max(rounds, 5)} rounds. "
        f"pred_contrib and shap ran on {len(few):,} rows and are scaled up. Largest difference from pred_contrib: "
        f"{apart:.0e}. Reading the model took {seconds(compiled)}, the first row {seconds(first)} (numba compiles, or "
        "reads its cache). Rows per second and ratios are those of the clock; CPU is the seconds of all cores."
    )
    head = ("way", "time", "CPU", "rows per second", "times pred_contrib, same threads", "times a plain predict")
    table = [_row(name, t, took, len(x)) for name, t in took.items()]
    return [Section("Explained scoring: a batch", words, head, table), _one_row(model, ours, x, calls)]


def _fitted(rows: int) -> tuple[lightgbm.Booster, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(max(rows, _ROWS_TO_LEARN), FEATURES)).astype(np.float32)
    x[:, ::5] = np.round(np.abs(x[:, ::5]) * 3)
    x[rng.random(x.shape) < 0.05] = np.nan
    known = np.nan_to_num(x)
    weight = rng.normal(size=FEATURES) * (rng.random(FEATURES) < 0.5)
    label = rng.random(len(x)) < 1 / (1 + np.exp(1 - 0.3 * known @ weight - known[:, 0] * known[:, 1]))
    how = {"objective": "binary", "num_leaves": LEAVES, "learning_rate": 0.05, "feature_fraction": 0.5, "verbosity": -1}
    learned = lightgbm.Dataset(x[:_ROWS_TO_LEARN], label[:_ROWS_TO_LEARN])
    return lightgbm.train(how, learned, TREES), x[:rows]


def _ways(
    model: lightgbm.Booster, ours: TreeShap, x: np.ndarray, few: np.ndarray
) -> Mapping[str, Callable[[], object]]:
    as_it_comes, own = shap.TreeExplainer(model), shap.TreeExplainer(model)
    # for LightGBM shap calls pred_contrib; so that its own code runs it must not know whose trees they are
    own.model.model_type = "internal"
    ways: dict[str, Callable[[], object]] = {}
    for threads, said in ((1, "1 thread"), (2, "2 threads")):
        ways[_OURS.format(said)] = lambda n=threads: ours.values(x, threads=n)
        ways[_THEIRS.format(said)] = lambda n=threads: model.predict(few, pred_contrib=True, num_threads=n)
        ways[_PLAIN.format(said)] = lambda n=threads: model.predict(x, raw_score=True, num_threads=n)
    ways[_TREE_EXPLAINER] = lambda: as_it_comes.shap_values(few)
    ways[_TREE_EXPLAINER_OWN] = lambda: own.shap_values(few)
    return ways


def _row(name: str, took: Took, all_took: Mapping[str, Took], rows: int) -> tuple[str, ...]:
    said = "2 threads" if name.endswith(("2 threads", "as it comes")) else "1 thread"
    theirs, plain = all_took[_THEIRS.format(said)], all_took[_PLAIN.format(said)]
    return (
        name, seconds(took.wall), seconds(took.cpu), f"{rows / took.wall:,.0f}", times(theirs.wall / took.wall),
        times(took.wall / plain.wall),
    )  # fmt: skip


def _one_row(model: lightgbm.Booster, ours: TreeShap, x: np.ndarray, calls: int) -> Section:
    ways: dict[str, Callable[[np.ndarray], object]] = {
        "Takt": ours.values,
        "pred_contrib, 1 thread": lambda row: model.predict(row, pred_contrib=True, num_threads=1),
        "plain predict, 1 thread": lambda row: model.predict(row, raw_score=True, num_threads=1),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for call in range(calls):
        row = x[call % len(x)][None]
        for name, way in ways.items():
            began = time.perf_counter()
            way(row)
            spent[name].append((time.perf_counter() - began) * 1e6)
    rows = [(name, *(f"{np.percentile(each, p):,.0f}" for p in (50, 99))) for name, each in spent.items()]
    words = (
        f"The same model, {calls:,} calls of each in turn; load {os.getloadavg()[0]:.1f}. Microseconds on the clock."
    )
    return Section("Explained scoring: one row", words, ("way", "p50", "p99"), rows)
