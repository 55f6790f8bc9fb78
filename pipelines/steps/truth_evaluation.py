"""How much of what could be had does the list get, on simulated companies, whose true chances are known.

For each of several companies (seeds) the model is trained as in production; then, on each snapshot day of its test
part, orders are compared at the team's capacity by the **true** chances of those called:

- `oracle`: the true chances themselves, which know today's hidden needs and who decides, but not what is still open:
  when needs that do not show yet will begin, and when any will end;
- `clairvoyant`: the chances of somebody who knows even that; what its list earns is counted in these chances;
- `knowable`: a model of the same features, fitted on the true chances of a company `TIMES` as large that was simulated
  with another seed: about the most that these features can say, whoever learns from them;
- `takt`: the list; `recency`: the last touched first; `whom they know`: the most contacted in 30 days first, which is
  whom this team prefers; `anybody`: the mean of the cohort.

All of that is measured on the test part, by the fit that was measured there. What serves is the same rung fitted once
more on everything labelled; it is measured on the days of the last horizon, which nobody has learned from, for the
truth is known there though no outcome is: `takt, as it serves` beside `takt, as it was tested` and the oracle.

The list's effect is what a call of the list wins more than a call to anybody in the cohort of that day. It is
estimated from what happened, with an interval, as it would be at a real company, and the truth is the same difference
in true chances.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import lightgbm
import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.errors import NotEnoughHistory
from features.facts.definitions import Definitions
from features.matrix import Matrix
from features.time.asof import moment
from models.heads.encoding import Encoding
from models.heads.held_out import CHOSEN
from models.heads.learned import Fitted
from models.heads.refitted import refitted
from models.heads.win import fit_win
from models.measures.metrics import resamples
from models.measures.ranking import Floats, ratio
from models.measures.splits import Mask
from pipelines.sources.folders import SourceFolder
from pipelines.sources.mapping import map_source
from pipelines.steps import training

TIMES: Final = 20
OTHER_SEED: Final = 1_000_003
"""Of the large company: no seed that is evaluated."""
NEAR: Final = pd.Timedelta(hours=12)
"""How far from a snapshot its true chance may have been written down: days begin by one clock or by another."""
CLAIRVOYANT: Final = "clairvoyant"
ORDERS: Final = ("oracle", CLAIRVOYANT, "knowable", CHOSEN, "recency", "whom they know")
RECENT, KNOWN = "touch_all_days_since", "touch_outbound_count_30d"
SERVED, TESTED = "takt, as it serves", "takt, as it was tested"
TREES: Final = 300
COLUMNS: Final = ("model", "metric", "value", "low", "high", "n", "note")


@dataclass(frozen=True)
class World:
    """A simulated company with its truth.

    Attributes
    ----------
    matrix, label
        All snapshots of the training grid.
    chance, foreseen : float array, shape (n_rows,)
        The true chance to win within H, from the hidden state of the day and with the days of all needs known
        beforehand; NaN where none was written down.
    """

    matrix: Matrix
    label: Floats
    chance: Floats
    foreseen: Floats
    catalog: Catalog
    definitions: Definitions
    as_of: pd.Timestamp
    capacity: int


@dataclass(frozen=True)
class Effect:
    """Wins per call of the list above those of anybody: the truth, and its estimate with a 95 % interval."""

    truth: float
    estimate: float
    low: float
    high: float

    @property
    def covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def simulate(source: SourceFolder, place: Path, *, seed: int, prospects: int, end: str) -> World:
    """Make one company in the folder `place` and read its facts and its truth."""
    source.pull(place / "raw", prospects=prospects, seed=seed, end=end)
    mapped = map_source(source, place / "raw")
    facts, words = mapped.facts(), mapped.definitions
    as_of = moment(dt.date.fromisoformat(end), words.zone)
    given = training.material(facts.visible(as_of), as_of, definitions=words)
    told = pd.read_parquet(place / "truth" / "chances.parquet")
    chance, foreseen = (true_chances(given.matrix.keys, told, column=c) for c in ("chance", "chance_foreseen"))
    return World(given.matrix, given.label, chance, foreseen, given.catalog, words, as_of, given.capacity)


def true_chances(keys: pd.DataFrame, chances: pd.DataFrame, *, column: str = "chance") -> Floats:
    """Return what was written down in `column` nearest to each snapshot, at most `NEAR` away; else NaN."""
    asked = keys.assign(row=np.arange(len(keys))).sort_values("as_of", kind="stable")
    told = chances[["prospect_id", "as_of", column]].sort_values("as_of", kind="stable")
    told = told.astype({"as_of": asked["as_of"].dtype, "prospect_id": asked["prospect_id"].dtype})
    found = pd.merge_asof(asked, told, on="as_of", by="prospect_id", direction="nearest", tolerance=NEAR)
    out: Floats = found.sort_values("row")[column].to_numpy(dtype=np.float64)
    return out


def fit_knowable(world: World, *, threads: int, seed: int = training.SEED) -> tuple[Encoding, lightgbm.Booster]:
    """Fit boosted trees on the true chances themselves: what the features can say, without the noise of outcomes."""
    told = ~np.isnan(world.chance)
    encoding = Encoding.fit(world.matrix.values)
    parameters = {
        "objective": "cross_entropy", "learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": 200,
        "feature_fraction": 0.5, "lambda_l2": 10.0, "seed": seed, "num_threads": threads, "deterministic": True,
        "force_row_wise": True, "verbosity": -1,
    }  # fmt: skip
    data = lightgbm.Dataset(
        encoding.apply(world.matrix.values)[told], np.clip(world.chance[told], 0.0, 1.0),
        categorical_feature=[encoding.features.index(name) for name in encoding.levels], params={"verbosity": -1},
    )  # fmt: skip
    return encoding, lightgbm.train(parameters, data, TREES)


def orders(world: World, fitted: Fitted, knowable: Floats) -> dict[str, Floats]:
    """Return a score for every snapshot by each order, higher is called first."""
    values = world.matrix.values
    return {
        "oracle": world.chance,
        CLAIRVOYANT: world.foreseen,
        "knowable": knowable,
        CHOSEN: fitted.kept.rung.margin(values),
        "recency": -values[RECENT].to_numpy(dtype=np.float64),
        "whom they know": values[KNOWN].to_numpy(dtype=np.float64),
    }


def called(score: Floats, day: pd.Series, rows: Mask, *, calls: int) -> Mask:
    """Mark the `calls` first of each day among `rows`; a missing score comes last, ties in the order of the rows."""
    ranked = pd.DataFrame({"score": np.where(np.isnan(score), -np.inf, score)[rows], "day": day[rows].to_numpy()})
    place = ranked.sort_values("score", ascending=False, kind="stable").groupby("day").cumcount()
    out = np.zeros(len(score), dtype=np.bool_)
    out[np.flatnonzero(rows)] = (place.sort_index() < calls).to_numpy()
    return out


def effect(world: World, listed: Mask, rows: Mask, *, seed: int, draws: int) -> Effect:
    """Estimate what a listed call wins more than a call to anybody of the same day, and say the truth.

    `rows` are labelled snapshots. Each day counts by its calls, in the list and for anybody alike; the interval is by
    draws of whole prospects, the list staying as it was made.
    """
    keys, mine = world.matrix.keys[rows], listed[rows].astype(np.float64)
    day = keys["as_of"]
    share = day.map(pd.Series(mine).groupby(day.to_numpy()).mean()).to_numpy(dtype=np.float64)

    def difference(weight: Floats, won: Floats) -> Floats:
        # anybody: every snapshot of a day with the share of that day that was called
        return ratio(weight @ (mine * won), weight @ mine) - ratio(weight @ (share * won), weight @ share)

    once, label = np.ones((1, len(mine))), world.label[rows]
    drawn = np.concatenate([difference(w, label) for w in resamples(keys, seed=seed, draws=draws)])
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    truth = difference(once, world.chance[rows])[0]
    return Effect(float(truth), float(difference(once, label)[0]), float(low), float(high))


def evaluate_truth(
    source: SourceFolder, place: Path, *, seeds: Sequence[int], prospects: int = 2000, end: str = "2026-07-01",
    threads: int = 2, times: int = TIMES, draws: int = 1000,
) -> pd.DataFrame:  # fmt: skip
    """Answer how much of the oracle's wins the list gets, and how often the estimate of its effect holds the truth.

    Parameters
    ----------
    place : Path
        Folder for the simulated companies, one below it for each seed.
    end : str
        YYYY-MM-DD, the first day after the simulated time; the last day of the training grid.
    seeds : sequence of int
        Companies; an interval over seeds needs several.
    times : int
        How many times larger the company is that `knowable` learns from.

    Returns
    -------
    DataFrame
        model, metric, value, low, high, n, note. `true wins per call` of each order and its `share of oracle` are
        means over the seeds with the 2.5 and 97.5 % points of the mean over draws of seeds, n the seeds. `share of
        knowable` and `share of clairvoyant` are those of Takt, `share of oracle, last days` that of what serves and
        of what was tested. `effect covered` is the number of seeds whose interval holds the truth.
    """
    large = simulate(source, place / "large", seed=OTHER_SEED, prospects=times * prospects, end=end)
    knowing = fit_knowable(large, threads=threads)
    del large
    worths, effects, lasts = [], [], []
    for seed in seeds:
        world = simulate(source, place / str(seed), seed=seed, prospects=prospects, end=end)
        fitted = fit_win(
            world.matrix, world.label, catalog=world.catalog, definitions=world.definitions,
            trained_as_of=world.as_of, data_version="evaluation", capacity=world.capacity, seed=training.SEED,
            threads=threads,
        )  # fmt: skip
        if fitted.split is not None:
            worth, seen = measure(world, fitted, knowing, seed=seed, draws=draws)
            worths.append(worth)
            effects.append(seen)
            again = refitted(
                fitted, world.matrix.values, world.label, keys=world.matrix.keys, seed=training.SEED, threads=threads
            )  # fmt: skip
            lasts.append(last_days(world, again))
    found = summed_up(pd.DataFrame(worths), effects, seed=training.SEED)
    return pd.concat([found, served(pd.DataFrame(lasts), seed=training.SEED)], ignore_index=True)


def measure(
    world: World, fitted: Fitted, knowing: tuple[Encoding, lightgbm.Booster], *, seed: int, draws: int
) -> tuple[dict[str, float], Effect]:
    """Return the mean true chance of those called by each order on the test part, and the effect of Takt's list."""
    if fitted.split is None:
        raise NotEnoughHistory(fitted.note)
    encoding, booster = knowing
    knowable = booster.predict(encoding.apply(world.matrix.values), num_threads=1)
    rows: Mask = fitted.split.test & ~np.isnan(world.chance)
    day, calls = world.matrix.keys["as_of"], world.capacity
    lists = {k: called(s, day, rows, calls=calls) for k, s in orders(world, fitted, knowable).items()}
    counted = {name: world.foreseen if name == CLAIRVOYANT else world.chance for name in lists}
    worth = {name: float(counted[name][mask].mean()) for name, mask in lists.items()}
    return worth | {"anybody": float(world.chance[rows].mean())}, effect(
        world, lists[CHOSEN], rows, seed=seed, draws=draws
    )


def last_days(world: World, fitted: Fitted) -> dict[str, float]:
    """Return the mean true chance of those called on the days without an answer, by who orders them."""
    rows: Mask = np.isnan(world.label) & ~np.isnan(world.chance)
    values, day, calls = world.matrix.values, world.matrix.keys["as_of"], world.capacity
    serves = fitted.kept if fitted.served is None else fitted.served.model
    scores = {SERVED: serves.rung.margin(values), TESTED: fitted.kept.rung.margin(values), "oracle": world.chance}
    return {name: float(world.chance[called(s, day, rows, calls=calls)].mean()) for name, s in scores.items()}


def served(lasts: pd.DataFrame, *, seed: int, draws: int = 2000) -> pd.DataFrame:
    """Return `share of oracle, last days` of what serves and of what was tested, and the gain, in the same columns."""
    if lasts.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    n = len(lasts)
    drawn = np.random.default_rng(seed).integers(0, n, (draws, n))
    means = {name: lasts[name].to_numpy()[drawn].mean(axis=1) for name in lasts}
    rows = []
    for name in (SERVED, TESTED):
        low, high = np.quantile(means[name] / means["oracle"], [0.025, 0.975])
        share = lasts[name].mean() / lasts["oracle"].mean()
        rows.append((name, "share of oracle, last days", float(share), float(low), float(high), n, ""))
    low, high = np.quantile(means[SERVED] / means[TESTED] - 1, [0.025, 0.975])
    more = float(lasts[SERVED].mean() / lasts[TESTED].mean() - 1)
    rows.append((SERVED, "more true wins per call than as tested", more, float(low), float(high), n, "as a share"))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def summed_up(worths: pd.DataFrame, effects: Sequence[Effect], *, seed: int, draws: int = 2000) -> pd.DataFrame:
    """Return the table of `evaluate_truth` from one row of `worths` and one effect for each seed."""
    if worths.empty:
        why = "no company had history enough for a test"
        return pd.DataFrame([{"model": CHOSEN, "metric": "true wins per call", "note": why}]).reindex(columns=COLUMNS)
    n = len(worths)
    drawn = np.random.default_rng(seed).integers(0, n, (draws, n))
    means = {name: worths[name].to_numpy()[drawn].mean(axis=1) for name in worths}

    def row(model: str, metric: str, value: float, draws: Floats, note: str = "") -> tuple[object, ...]:
        low, high = np.quantile(draws, [0.025, 0.975])
        return model, metric, value, float(low), float(high), n, note

    more = [(CHOSEN, whole) for whole in (CLAIRVOYANT, "knowable") if whole in worths]
    rows = [row(name, "true wins per call", worths[name].mean(), means[name]) for name in worths]
    for model, whole in [(name, "oracle") for name in worths if name != "oracle"] + more:
        value = worths[model].mean() / worths[whole].mean()
        rows.append(row(model, f"share of {whole}", value, means[model] / means[whole]))
    held = sum(e.covered for e in effects)
    error = np.array([e.estimate - e.truth for e in effects])
    rows.append((CHOSEN, "effect covered", float(held), np.nan, np.nan, n, f"of {n} companies, by 95 % intervals"))
    rows.append(row(CHOSEN, "effect, estimate minus truth", error.mean(), error[drawn].mean(axis=1), "wins per call"))
    return pd.DataFrame(rows, columns=list(COLUMNS))
