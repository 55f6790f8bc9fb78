"""The timing head beside Cox's proportional hazards, as lifelines fits them, on the same parts of the same snapshots.

Cox (1972) stands there twice. *lost is censored* is what most would do: one model, and the chance is 1 minus its
survival curve. *competing* is Cox at its best here: one model for being won, one for being lost, and their cumulative
incidence. Both get the snapshots, spells and figures of the head; numbers as signed logs, standardised, the missing at
the mean with an indicator, categories one column a level. The ridge penalty is chosen, as the head's rung is, on the
held part.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.errors import NotEnoughHistory, TaktError
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix
from features.time.labels import observed_until
from features.time.spells import observed_from
from models.heads.encoding import FIRST, Encoding
from models.heads.hazard import LEAST_ENDS
from models.heads.held_out import CHOSEN
from models.heads.landmarks import Followed, Landmarks, Parts, check_columns, divide
from models.heads.periods import EDGES
from models.heads.timing_ladder import climb, compared, measure_chances
from models.measures.ranking import Floats
from models.measures.survival import integrated_brier_rows

PENALTIES: Final = (0.001, 0.01, 0.1, 1.0)
NAIVE: Final = "cox, lost is censored"
COMPETING: Final = "cox, competing"
COLUMNS: Final = ["model", "metric", "value", "low", "high"]
_FARTHEST: Final = 5.0
_LEAST_SPREAD: Final = 0.02
"""Standard deviation below which a column is left out: proportional hazards do not converge on it."""


class PeerMissing(TaktError):
    """The library of a peer is not installed."""


def compare_with_cox(
    matrix: Matrix, facts: Facts, *, catalog: Catalog, definitions: Definitions, trained_as_of: pd.Timestamp,
    seed: int = 7, threads: int = 2, draws: int = 200,
) -> pd.DataFrame:  # fmt: skip
    """Answer whether the timing head is as good as Cox on later snapshots.

    Returns
    -------
    DataFrame
        model, metric, value, low, high: the figures of `timing_ladder.measure_chances` for "takt" and both Cox models;
        and `integrated_brier_over_...` and `concordance_over_...` of "takt", the paired difference from each of them,
        positive where takt is better.

    Raises
    ------
    PeerMissing
        lifelines is not installed.
    NotEnoughHistory
        There are no later snapshots to compare on, or too few wins to fit either.
    """
    check_columns(matrix, catalog)
    fitter = _fitter()
    known = facts.visible(trained_as_of)
    until = observed_until(known, trained_as_of, definitions=definitions)
    parts = divide(Followed(matrix, known, observed_from(definitions), until, seed))
    hazards = climb(parts, seed=seed, threads=threads, draws=draws).hazards
    if hazards is None or min(parts.trial.winners, parts.held.winners) < LEAST_ENDS:
        raise NotEnoughHistory(f"{parts.held.winners} winning prospects to choose on, Cox needs {LEAST_ENDS}.")
    times = parts.test.times[: hazards.watched]
    cox = _Cox.fit(parts.train, penalty=_penalty(parts, fitter), fitter=fitter)
    chances = {CHOSEN: hazards.incidence(parts.test.values)[:, : len(times)], **cox.chances(parts.test, times)}
    tables = [
        measure_chances(chance, times, parts.test, seed=seed, draws=draws).assign(model=name)
        for name, chance in chances.items()
    ]
    for name in (NAIVE, COMPETING):
        better = compared(chances[CHOSEN], chances[name], times, part=parts.test, seed=seed, draws=draws)
        tables.append(better.assign(model=CHOSEN, metric=better["metric"] + f"_over_{name}"))
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def _fitter() -> Any:
    try:
        return importlib.import_module("lifelines").CoxPHFitter
    except ImportError:
        raise PeerMissing(
            "lifelines is not installed, so there is no Cox model to compare with; install it, or leave this peer out."
        ) from None


def _penalty(parts: Parts, fitter: Any) -> float:
    """Choose the ridge penalty with the least integrated Brier score on the held part."""
    times = parts.held.times
    losses = {}
    for penalty in PENALTIES:
        chance = _Cox.fit(parts.trial, penalty=penalty, fitter=fitter).chances(parts.held, times)[COMPETING]
        losses[penalty] = float(integrated_brier_rows(parts.held.ends, chance, times).mean())
    return min(losses, key=lambda penalty: losses[penalty])


@dataclass(frozen=True)
class _Cox:
    """A fitted model for each cause; None where too few ended so."""

    design: _Design
    won: Any
    over: Any

    @classmethod
    def fit(cls, part: Landmarks, *, penalty: float, fitter: Any) -> _Cox:
        design = _Design.of(part.values)
        ends, entry = part.ends, part.spells["from_days"].to_numpy()
        days = np.clip(ends.days, 0.01, EDGES[-1])
        at_risk = entry < days
        columns = design.table(part.values)
        models = []
        for ended in (ends.won, ends.over):
            table = columns.assign(days=days, entry=entry, ended=(ended & (ends.days < EDGES[-1])).astype(int))[at_risk]
            few = table["ended"].sum() < LEAST_ENDS
            models.append(None if few else _quietly(fitter(penalizer=penalty), table))
        return cls(design, *models)

    def chances(self, part: Landmarks, times: tuple[float, ...]) -> Mapping[str, Floats]:
        """Return the chance to be won by each time, shape (n_rows, n_times), by both readings; steps of a day."""
        table, grid = self.design.table(part.values), np.arange(0.0, times[-1] + 1)
        won, over = (self._cumulated(model, table, grid) for model in (self.won, self.over))
        open_between = np.exp(-(won + over))
        open_between = (open_between[:, :-1] + open_between[:, 1:]) / 2
        incidence = np.column_stack([np.zeros(len(table)), np.cumsum(open_between * np.diff(won, axis=1), axis=1)])
        at = np.array(times, dtype=np.int64)
        return {NAIVE: 1 - np.exp(-won[:, at]), COMPETING: incidence[:, at]}

    @staticmethod
    def _cumulated(model: Any, table: pd.DataFrame, grid: Floats) -> Floats:
        if model is None:
            return np.zeros((len(table), len(grid)))
        hazard: Floats = model.predict_cumulative_hazard(table, times=grid).to_numpy().T
        return hazard


def _quietly(model: Any, table: pd.DataFrame) -> Any:
    """Fit; lifelines warns of calls that a later pandas will refuse, and of penalties at which it does not converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # lifelines takes much longer with late entries, so they are only told where there are any
        if (table["entry"] > 0).any():
            return model.fit(table, "days", "ended", entry_col="entry")
        return model.fit(table.drop(columns="entry"), "days", "ended")


@dataclass(frozen=True)
class _Design:
    """Columns for a linear predictor, standardised as at the fit."""

    encoding: Encoding
    scales: Mapping[str, tuple[float, float]]
    kept: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, values: pd.DataFrame) -> _Design:
        encoding = Encoding.fit(values)
        scales = {}
        for j, name in enumerate(encoding.features):
            seen = _signed_log(encoding.apply(values)[:, j])
            seen = seen[~np.isnan(seen)]
            scales[name] = (float(seen.mean()), float(seen.std()) or 1.0) if len(seen) else (0.0, 1.0)
        table = cls(encoding, scales).table(values)
        spread = table.std()
        return cls(encoding, scales, tuple(table.columns[spread > _LEAST_SPREAD]))

    def table(self, values: pd.DataFrame) -> pd.DataFrame:
        x, out = self.encoding.apply(values), {}
        for j, name in enumerate(self.encoding.features):
            if name in self.encoding.levels:
                for code in range(FIRST + len(self.encoding.levels[name])):
                    out[f"{name} {code}"] = (x[:, j] == code).astype(np.float64)
                continue
            mean, scale = self.scales[name]
            z = np.clip((_signed_log(x[:, j]) - mean) / scale, -_FARTHEST, _FARTHEST)
            out[name], out[f"{name} missing"] = np.nan_to_num(z), np.isnan(z).astype(np.float64)
        table = pd.DataFrame(out)
        return table[list(self.kept)] if self.kept else table


def _signed_log(column: Any) -> Floats:
    wide: Floats = column.astype(np.float64)
    return np.sign(wide) * np.log1p(np.abs(wide))
