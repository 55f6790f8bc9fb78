"""The ladder of the timing head: hazards counted by period, logistic, boosted trees, the mean of both.

Rungs are compared by the integrated Brier score of the chances to be won (`models.measures.survival`), on snapshots
that are later than everything the rung was fitted on. A step is taken if the 95 % interval of the gain lies above 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from models.heads.hazard import BOTH, POOLED, Hazards, average, fit_hazards
from models.heads.held_out import CHOSEN, REPORT_COLUMNS
from models.heads.ladder import LEAST_WINS_FOR_CHANCE, STEPS
from models.heads.landmarks import Landmarks, Parts
from models.heads.periods import EDGES
from models.measures.metrics import resamples
from models.measures.ranking import Floats, ratio
from models.measures.survival import brier_rows, concordance, integrated_brier_rows, won_rows

LADDER_COLUMNS: Final = ("rung", "wins", "metric", "against", "gain", "low", "high", "taken", "why")
METRIC: Final = "integrated_brier"
NEEDS: Final = {
    "logistic": STEPS["logistic"].least_wins,
    "boosted": STEPS["boosted"].least_wins,
    BOTH: STEPS["boosted"].least_wins,
}
"""Winning prospects that the trial and the held part must each have."""


@dataclass(frozen=True)
class Climb:
    """Where the ladder led; `hazards` is None where too few were won to say a chance."""

    hazards: Hazards | None
    ladder: pd.DataFrame
    report: pd.DataFrame
    note: str


def climb(parts: Parts, *, seed: int, threads: int, draws: int) -> Climb:
    """Choose a rung on the held part, fit it on the train part, and measure that fit on the test part."""
    wins = min(parts.trial.winners, parts.held.winners)
    if parts.train.winners < LEAST_WINS_FOR_CHANCE:
        why = f"{parts.train.winners} winning prospects, a chance needs {LEAST_WINS_FOR_CHANCE}"
        report = pd.DataFrame([_row(CHOSEN, METRIC, reason=why)], columns=REPORT_COLUMNS)
        return Climb(
            None, pd.DataFrame(columns=list(LADDER_COLUMNS)), report, f"no chance is said: {why}; {parts.words}."
        )
    fitting: dict[str, Any] = {"seed": seed, "threads": threads}
    steps = _steps(parts, wins, draws=draws, **fitting)
    kept = [row["rung"] for row in steps if row["taken"]][-1]
    fits = {name: _fit(parts.train, name, **fitting) for name in dict.fromkeys((POOLED, kept))}
    tables = {name: measure(fit, parts.test, seed=seed, draws=draws) for name, fit in fits.items()}
    report = pd.concat([t.assign(model=m) for m, t in {**tables, CHOSEN: tables[kept]}.items()], ignore_index=True)
    told = "; ".join(f"{row['rung']}: {row['why']}" for row in steps)
    note = f"rung {kept} from {parts.train.winners} winning prospects; {told}; {_reach(fits[kept])}{parts.words}."
    return Climb(fits[kept], pd.DataFrame(steps).reindex(columns=LADDER_COLUMNS), report[REPORT_COLUMNS], note)


def _steps(parts: Parts, wins: int, *, seed: int, threads: int, draws: int) -> list[dict[str, Any]]:
    held, fits = parts.held, {POOLED: _fit(parts.trial, POOLED, seed=seed, threads=threads)}
    kept, rows = POOLED, [{"rung": POOLED, "wins": wins, "taken": True, "why": "what was counted"}]
    times = held.times[: fits[POOLED].watched]
    losses = {POOLED: _losses(fits[POOLED], held, times)} if times else {}
    for name, needs in NEEDS.items():
        row: dict[str, Any] = {"rung": name, "wins": wins, "taken": False}
        rows.append(row)
        if wins < needs or not times:
            row["why"] = f"{wins} winning prospects, needs {needs}" if times else "nobody is followed later"
            continue
        fits[name] = _fit(parts.trial, name, seed=seed, threads=threads, fits=fits)
        losses[name] = _losses(fits[name], held, times)
        row |= _compare(losses, name, kept, keys=held.keys, seed=seed, draws=draws)
        kept = name if row["taken"] else kept
    return rows


def _losses(fit: Hazards, part: Landmarks, times: tuple[float, ...]) -> Floats:
    return integrated_brier_rows(part.ends, fit.incidence(part.values)[:, : len(times)], times)


def _fit(part: Landmarks, rung: str, *, seed: int, threads: int, fits: Mapping[str, Hazards] | None = None) -> Hazards:
    """Fit a rung; the mean of both from those that are there already."""
    if rung == BOTH:
        logistic, boosted = (fits or {}).get("logistic"), (fits or {}).get("boosted")
        return average(
            logistic or _fit(part, "logistic", seed=seed, threads=threads),
            boosted or _fit(part, "boosted", seed=seed, threads=threads),
        )
    return fit_hazards(part.values, part.spells, keys=part.keys, rung=rung, seed=seed, threads=threads)


def _compare(
    losses: Mapping[str, Floats], name: str, kept: str, *, keys: pd.DataFrame, seed: int, draws: int
) -> dict[str, Any]:
    value, low, high = interval(losses[kept] - losses[name], keys=keys, seed=seed, draws=draws)
    taken = low > 0
    return {
        "metric": METRIC, "against": kept, "gain": value, "low": low, "high": high, "taken": taken,
        "why": f"{'better' if taken else 'not better'} than {kept} on later data",
    }  # fmt: skip


def interval(by_row: Floats, *, keys: pd.DataFrame, seed: int, draws: int) -> tuple[float, float, float]:
    """Return the mean of a loss over the rows, and its 95 % interval over draws of whole prospects."""
    drawn = np.concatenate([ratio(w @ by_row, w.sum(axis=1)) for w in resamples(keys, seed=seed, draws=draws)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(by_row.mean()), float(low), float(high)


def measure(hazards: Hazards, part: Landmarks, *, seed: int, draws: int) -> pd.DataFrame:
    """Return metric, value, low, high, reason of chances on a part: Brier scores, concordance, bias.

    `bias_T` is the mean chance within T days minus the share that was won, weighted for censoring.
    """
    times = part.times[: hazards.watched]
    chances = hazards.incidence(part.values)[:, : len(times)]
    return measure_chances(chances, times, part, seed=seed, draws=draws)


def measure_chances(
    chances: Floats, times: tuple[float, ...], part: Landmarks, *, seed: int, draws: int
) -> pd.DataFrame:
    """Measure any model's chances by the ends of `times`, shape (n_rows, n_times)."""
    if not times:
        return pd.DataFrame([_row("", METRIC, reason="nobody is followed for a whole period")])[REPORT_COLUMNS[1:]]
    ends, given = part.ends, {"keys": part.keys, "seed": seed, "draws": draws}
    rows = [_row("", METRIC, *interval(integrated_brier_rows(ends, chances, times), **given), reason=_until(times))]
    rows.append(_row("", "concordance", *_concordance(part, chances[:, -1], seed=seed, draws=draws)))
    for horizon in (14.0, 30.0, 90.0):
        if horizon not in times:
            rows.append(_row("", f"brier_{horizon:g}", reason=f"too few are followed for {horizon:g} days"))
            continue
        chance = chances[:, times.index(horizon)]
        rows.append(_row("", f"brier_{horizon:g}", *interval(brier_rows(ends, chance, horizon), **given)))
        rows.append(_row("", f"bias_{horizon:g}", *interval(chance - won_rows(ends, horizon), **given)))
    return pd.DataFrame(rows)[REPORT_COLUMNS[1:]]


def compared(
    one: Floats, other: Floats, times: tuple[float, ...], *, part: Landmarks, seed: int, draws: int
) -> pd.DataFrame:
    """Return metric, value, low, high: how much better one model's chances are than another's, on paired draws."""
    ends, given = part.ends, {"keys": part.keys, "seed": seed, "draws": draws}
    saved = integrated_brier_rows(ends, other, times) - integrated_brier_rows(ends, one, times)
    score = [concordance(ends, chance[:, -1])[0] for chance in (one, other)]
    drawn = [
        concordance(ends, one[:, -1], weight=w) - concordance(ends, other[:, -1], weight=w)
        for w in resamples(part.keys, seed=seed, draws=draws)
    ]
    low, high = np.nanquantile(np.concatenate(drawn), [0.025, 0.975])
    rows = [_row("", METRIC, *interval(saved, **given)), _row("", "concordance", score[0] - score[1], low, high)]
    return pd.DataFrame(rows)[["metric", "value", "low", "high"]]


def _concordance(part: Landmarks, score: Floats, *, seed: int, draws: int) -> tuple[float, float, float, str]:
    value = float(concordance(part.ends, score)[0])
    if np.isnan(value):
        return value, value, value, f"no two rows to compare, {part.winners} winning prospects"
    chunks = [concordance(part.ends, score, weight=w) for w in resamples(part.keys, seed=seed, draws=draws)]
    low, high = np.nanquantile(np.concatenate(chunks), [0.025, 0.975])
    return value, float(low), float(high), ""


def _row(
    model: str, metric: str, value: float = np.nan, low: float = np.nan, high: float = np.nan, reason: str = ""
) -> dict[str, Any]:
    return {"model": model, "metric": metric, "value": value, "low": low, "high": high, "reason": reason}


def _until(times: tuple[float, ...]) -> str:
    return f"over the first {times[-1]:g} days"


def _reach(hazards: Hazards) -> str:
    days = EDGES[hazards.watched]
    return "" if days == EDGES[-1] else f"no chance beyond {days} days: too few were followed so long; "
