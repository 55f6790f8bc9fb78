"""Whether the list of a company that has hardly won anything yet is ever worse than calling the last touched first.

Simulated companies, whose true chances are known, are cut down to a company that knows so many wins: prospects in an
order drawn by lot, as many as hold so many that won; without any win, all those who did not win. The list is made as
in production, learned from these alone, and orders everybody who is open on the days of the last horizon, whose
outcomes nobody has learned from. Beside it stands recency: at the team's capacity of each of these days, the mean true
chance of those called. The draws behind an interval are of companies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from models.evidence.checks.at_capacity import recency_order
from models.heads.held_out import CHOSEN
from models.heads.learned import Fitted
from models.heads.refitted import refitted
from models.heads.win import fit_win
from models.measures.ranking import Floats
from models.measures.splits import Mask
from pipelines.sources.folders import SourceFolder
from pipelines.steps import training
from pipelines.steps.truth_evaluation import COLUMNS, World, called, simulate

WINS: Final = (0, 20, 50, 200)
RECENCY, RUNG = "recency", "rung"
FEW_DRAWS: Final = 50
"""Of the intervals in the head's own report, which nobody reads here; those by which the ladder climbs stay."""


def evaluate_small(
    source: SourceFolder, place: Path, *, seeds: Sequence[int], prospects: int = 1600, end: str = "2026-07-01",
    threads: int = 1, wins: Sequence[int] = WINS,
) -> pd.DataFrame:  # fmt: skip
    """Measure the list beside recency in companies that know so many wins.

    Parameters
    ----------
    place : Path
        Folder for the simulated companies, one below it for each seed.
    prospects : int
        Of a whole company, whose open prospects are called.
    wins : sequence of int
        Winning prospects that are known.

    Returns
    -------
    DataFrame
        model, metric, value, low, high, n, note. For each number of wins the true wins per call of recency and of the
        list, and what the list earns more, as a share (`n` companies, 95 % by draws of companies); its note says in how
        many companies it is better, equal or worse, and which rungs made the list.
    """
    rows: list[dict[str, object]] = []
    for seed in seeds:
        world = simulate(source, place / str(seed), seed=seed, prospects=prospects, end=end)
        for known in wins:
            kept = cut_down(world, known, seed=seed)
            if kept is not None:
                rows.append({"wins": known, "seed": seed, **measure(world, kept, threads=threads)})
    return summed_up(pd.DataFrame(rows), wins=wins, seed=training.SEED)


def cut_down(world: World, wins: int, *, seed: int) -> Mask | None:
    """Mark the snapshots of a smaller company, in which exactly so many prospects are known to have won.

    None where the company has not that many. With 0 wins all who did not win are kept.
    """
    ids = world.matrix.keys["prospect_id"]
    won = pd.Series(world.label == 1.0).groupby(ids.to_numpy()).any()
    if not wins:
        lost: Mask = (~ids.map(won)).to_numpy(dtype=np.bool_)
        return lost
    if won.sum() < wins:
        return None
    drawn = won.sample(frac=1.0, random_state=seed)
    smaller = drawn.index[: int(np.searchsorted(drawn.cumsum().to_numpy(), wins)) + 1]
    among: Mask = ids.isin(smaller).to_numpy(dtype=np.bool_)
    return among


def measure(world: World, kept: Mask, *, threads: int) -> dict[str, object]:
    """Return the mean true chance of those called by recency and by a list that learned from `kept`, and its rung."""
    fitted = learn(world, kept, threads=threads)
    serves = fitted.kept if fitted.served is None else fitted.served.model
    rows: Mask = np.isnan(world.label) & ~np.isnan(world.chance)
    values, day = world.matrix.values, world.matrix.keys["as_of"]
    scores: dict[str, Floats] = {
        RECENCY: recency_order(values, world.matrix.keys), CHOSEN: serves.rung.margin(values),
    }  # fmt: skip
    lists = {name: called(score, day, rows, calls=world.capacity) for name, score in scores.items()}
    return {**{name: float(world.chance[mask].mean()) for name, mask in lists.items()}, RUNG: serves.rung.name}


def learn(world: World, kept: Mask, *, threads: int) -> Fitted:
    """Fit the win head as in production, from the snapshots of `kept` alone."""
    matrix, label = world.matrix.where(kept), world.label[kept]
    fitted = fit_win(
        matrix, label, catalog=world.catalog, definitions=world.definitions, trained_as_of=world.as_of,
        data_version="evaluation", capacity=world.capacity, seed=training.SEED, threads=threads, draws=FEW_DRAWS,
    )  # fmt: skip
    return refitted(fitted, matrix.values, label, keys=matrix.keys, seed=training.SEED, threads=threads)


def summed_up(found: pd.DataFrame, *, wins: Sequence[int], seed: int, draws: int = 2000) -> pd.DataFrame:
    """Return the table of `evaluate_small` from one row (wins, recency, takt, rung) per company and number of wins."""
    rows: list[tuple[object, ...]] = []
    for known in wins:
        here = found[found["wins"] == known] if len(found) else found
        title = f"{known} wins known"
        if here.empty:
            rows.append((CHOSEN, f"{title}: more than recency", np.nan, np.nan, np.nan, 0, "no company has so many"))
            continue
        n = len(here)
        drawn = np.random.default_rng(seed).integers(0, n, (draws, n))
        means = {name: here[name].to_numpy()[drawn].mean(axis=1) for name in (RECENCY, CHOSEN)}
        for name, mean in means.items():
            low, high = np.quantile(mean, [0.025, 0.975])
            rows.append((name, f"{title}: true wins per call", here[name].mean(), low, high, n, ""))
        low, high = np.quantile(means[CHOSEN] / means[RECENCY] - 1, [0.025, 0.975])
        more = here[CHOSEN].mean() / here[RECENCY].mean() - 1
        rows.append((CHOSEN, f"{title}: more than recency", more, low, high, n, _note(here)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _note(here: pd.DataFrame) -> str:
    more = np.sign((here[CHOSEN] - here[RECENCY]).round(9))
    counts = ", ".join(
        f"{word} in {(more == sign).sum()}" for sign, word in ((1, "better"), (0, "equal"), (-1, "worse"))
    )
    rungs = ", ".join(f"{name} {count}" for name, count in here[RUNG].value_counts().sort_index().items())
    return f"as a share; {counts}; made by {rungs}"
