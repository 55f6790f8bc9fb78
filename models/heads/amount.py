"""The amount head: what a deal will be worth if it is won, with an interval.

Learned from won prospects only, one row each: a snapshot from before the win, drawn by chance, and the amount that was
won. The target is the log of the amount (errors are shares of it: 10 % too much is as wrong for a large deal as for a
small one), and what is said is its median, not its mean. Amounts of zero or below are no amounts; the note counts them.

The ladder: *median* is the median of the segment (of everybody, where the segment has fewer than `LEAST_IN_SEGMENT`
wins); *boosted* is LightGBM on the log amount, from `LEAST_WINS` wins on, kept if its absolute error on later wins is
smaller by a 95 % interval. The interval said is split conformal: the prediction plus the `COVERAGE` quantiles of the
errors made on later wins (Papadopoulos et al., 2002; Lei et al., 2018). Where later wins are too few, it is that of
the wins themselves, and the note says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.matrix import Matrix
from models.heads.amount_rungs import MEDIAN, AmountRung, BoostedAmount, SegmentMedian, fit_boosted_amount, fit_median
from models.heads.encoding import Encoding
from models.heads.held_out import CHOSEN, REPORT_COLUMNS
from models.heads.landmarks import check_columns
from models.heads.learned import Versions
from models.measures.metrics import resamples
from models.measures.ranking import Floats, ratio

LEAST_WINS: Final = 50
LEAST_LATER: Final = 20
COVERAGE: Final = 0.8
VALUES: Final = ["prospect_id", "as_of", "amount", "low", "high", "n", "said"]
ERROR: Final = "absolute_log_error"


@dataclass(frozen=True)
class Amount:
    """A fitted amount head.

    Attributes
    ----------
    rung : AmountRung or None
        None where no amount was ever won.
    errors : (float, float)
        What is added to a predicted log amount for the ends of the interval; NaN where not known.
    """

    rung: AmountRung | None
    errors: tuple[float, float]
    currency: str
    versions: Versions
    report: pd.DataFrame
    note: str

    def values(self, matrix: Matrix) -> pd.DataFrame:
        """Answer for each snapshot what it is worth if it is won.

        Returns
        -------
        DataFrame, shape (n_snapshots, 7)
            `VALUES`, rows as in the matrix: the median amount and its `COVERAGE` interval in the company's currency,
            `n` the won amounts it rests on, `said` one clause. NaN: no amount was ever won (n is 0), or no interval
            is known.
        """
        table = matrix.keys[["prospect_id", "as_of"]].reset_index(drop=True)
        if self.rung is None:
            return table.assign(amount=np.nan, low=np.nan, high=np.nan, n=0, said="no won amount is known")[VALUES]
        log, n = self.rung.predict(matrix.values)
        table["amount"], table["n"] = np.exp(log), n
        table["low"], table["high"] = np.exp(log + self.errors[0]), np.exp(log + self.errors[1])
        told = zip(table["amount"], table["low"], table["high"], n, strict=True)
        table["said"] = [self._said(*row) for row in told]
        return table[VALUES]

    def _said(self, amount: float, low: float, high: float, n: int) -> str:
        about = f"about {_round(amount)} {self.currency}"
        between = (
            "" if np.isnan(low) else f", {COVERAGE:.0%} between {_round(low)} and {_round(high)}".replace("%", " %")
        )
        return f"{about}{between} (from {n} won amount{'s' if n != 1 else ''})"

    def to_files(self) -> dict[str, str]:
        """Return amount.json, and the files of the rung."""
        raw = {
            "rung": self.rung.name if self.rung else None, "errors": [_none(e) for e in self.errors],
            "currency": self.currency, "note": self.note,
            "versions": {**asdict(self.versions), "trained_as_of": self.versions.trained_as_of.isoformat()},
            "report": [{k: _none(v) for k, v in row.items()} for row in self.report.to_dict("records")],
        }  # fmt: skip
        return {"amount.json": json.dumps(raw, sort_keys=True, indent=1), **(self.rung.to_files() if self.rung else {})}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Amount:
        """Read what `to_files` wrote."""
        raw = json.loads(files["amount.json"])
        rung: AmountRung | None = None
        if raw["rung"]:
            rung = SegmentMedian.from_files(files) if raw["rung"] == MEDIAN else BoostedAmount.from_files(files)
        low, high = (np.nan if e is None else e for e in raw["errors"])
        told = raw["versions"]
        versions = Versions(**told | {"trained_as_of": pd.Timestamp(told["trained_as_of"]).as_unit("us")})
        return cls(rung, (low, high), raw["currency"], versions, _report(raw["report"]), raw["note"])


def fit_amount(
    matrix: Matrix, facts: Facts, *, catalog: Catalog, definitions: Definitions, trained_as_of: pd.Timestamp,
    data_version: str, seed: int = 7, threads: int = 2, draws: int = 200,
) -> Amount:  # fmt: skip
    """Fit and measure the amount head on what was known at `trained_as_of`; works from zero wins on.

    Raises
    ------
    SchemaMismatch
        The matrix has other columns than the catalogue.
    """
    check_columns(matrix, catalog)
    wins, told = won_amounts(matrix, facts.visible(trained_as_of), seed=seed)
    versions = Versions(
        definitions.company, definitions.horizon_days, trained_as_of, definitions.meaning, catalog.hash, data_version
    )
    found = _climb(matrix, wins, seed=seed, threads=threads, draws=draws)
    note = f"{found.note}; {told}."
    return Amount(found.rung, found.errors, definitions.currency, versions, found.report, note)


def won_amounts(matrix: Matrix, known: Facts, *, seed: int) -> tuple[pd.DataFrame, str]:
    """Return one row for each prospect with a won amount: position in the matrix, when it was known, log amount.

    Also words: how many wins have no amount, an amount of zero or below, or no snapshot before them.
    """
    ends = current(known.outcomes, TABLES["outcomes"].key)
    won = ends[ends["result"].eq("won")].sort_values(["occurred_at", "prospect_id"], kind="stable")
    without, low = won["amount"].isna(), won["amount"] <= 0
    usable = won[~without & ~low].drop_duplicates("prospect_id")
    order = np.random.default_rng(seed).permutation(len(matrix))
    rows = matrix.keys.assign(row=np.arange(len(matrix))).iloc[order]
    rows = rows.merge(usable[["prospect_id", "occurred_at", "recorded_at", "amount"]], on="prospect_id")
    rows = rows[rows["as_of"] <= rows["occurred_at"]].drop_duplicates("prospect_id").sort_values("row")
    wins = pd.DataFrame(
        {
            "row": rows["row"], "as_of": rows["as_of"], "known_at": rows["recorded_at"],
            "prospect_id": rows["prospect_id"], "log": np.log(rows["amount"].to_numpy(dtype=np.float64)),
        }
    ).reset_index(drop=True)  # fmt: skip
    return wins, (
        f"{len(won)} wins: {int(without.sum())} without an amount, {int(low.sum())} with an amount of zero or below "
        f"left out, {len(usable) - len(wins)} without a snapshot before the win"
    )


@dataclass(frozen=True)
class _Climbed:
    rung: AmountRung | None
    errors: tuple[float, float]
    report: pd.DataFrame
    note: str


def _climb(matrix: Matrix, wins: pd.DataFrame, *, seed: int, threads: int, draws: int) -> _Climbed:
    """Choose on the wins between the halves, fit on what was known before the last quarter, measure on that."""
    if wins.empty:
        return _Climbed(None, (np.nan, np.nan), _unmeasured("no won amount"), "no won amount is known, so none is said")
    later, last = (wins["as_of"].sort_values().iloc[int(len(wins) * share)] for share in (0.5, 0.75))
    fitting = _Fitting(matrix, seed=seed, threads=threads)
    trial, held = wins[wins["known_at"] < later], wins[(wins["as_of"] >= later) & (wins["known_at"] < last)]
    train, test = wins[wins["known_at"] < last], wins[wins["as_of"] >= last]
    if len(trial) < LEAST_LATER or min(len(held), len(test)) < LEAST_LATER:
        rung = fitting.rung(MEDIAN, wins)
        errors = conformal(wins["log"].to_numpy() - fitting.predict(rung, wins))
        why = f"{len(trial)}, {len(held)} and {len(test)} wins to fit, choose and measure on, needs {LEAST_LATER} each"
        note = f"rung median from {len(wins)} won amounts, interval from these wins themselves; not measured: {why}"
        return _Climbed(rung, errors, _unmeasured(why), note)
    losses = {MEDIAN: fitting.errors(fitting.rung(MEDIAN, trial), held)}
    kept, why = MEDIAN, f"boosted: {len(trial)} won amounts, needs {LEAST_WINS}"
    if len(trial) >= LEAST_WINS:
        losses["boosted"] = fitting.errors(fitting.rung("boosted", trial), held)
        saved = np.abs(losses[MEDIAN]) - np.abs(losses["boosted"])
        better = _interval(saved, held, seed=seed, draws=draws)[1] > 0
        kept, why = ("boosted", "boosted: better") if better else (MEDIAN, "boosted: not better")
        why = f"{why} than the median on {len(held)} later wins"
    rung, errors = fitting.rung(kept, train), conformal(losses[kept])
    report = _measured(
        {MEDIAN: fitting.rung(MEDIAN, train), CHOSEN: rung}, fitting, test, errors=errors, given=(seed, draws)
    )
    return _Climbed(
        rung, errors, report, f"rung {kept} from {len(train)} won amounts known before {last.date()}; {why}"
    )


@dataclass(frozen=True)
class _Fitting:
    matrix: Matrix
    seed: int
    threads: int

    def rung(self, name: str, wins: pd.DataFrame) -> AmountRung:
        values, log = self.matrix.values.iloc[wins["row"]].reset_index(drop=True), wins["log"].to_numpy()
        if name == MEDIAN:
            return fit_median(values, log)
        return fit_boosted_amount(values, log, encoding=Encoding.fit(values), seed=self.seed, threads=self.threads)

    def predict(self, rung: AmountRung, wins: pd.DataFrame) -> Floats:
        return rung.predict(self.matrix.values.iloc[wins["row"]].reset_index(drop=True))[0]

    def errors(self, rung: AmountRung, wins: pd.DataFrame) -> Floats:
        errors: Floats = wins["log"].to_numpy() - self.predict(rung, wins)
        return errors


def conformal(errors: Floats) -> tuple[float, float]:
    """Return the errors between which a new one falls with chance `COVERAGE`, if it is like these; NaN if too few.

    Each end is the order statistic that leaves `(1 - COVERAGE) / 2` outside, counted among n + 1.
    """
    n = len(errors)
    # rounded first: (1 - 0.8) / 2 * 20 is 1.9999... in floating point
    place = int(np.floor(round((1 - COVERAGE) / 2 * (n + 1), 9)))
    if place < 1:
        return float("nan"), float("nan")
    ordered = np.sort(errors)
    return float(ordered[place - 1]), float(ordered[n - place])


def _measured(
    rungs: Mapping[str, AmountRung], fitting: _Fitting, test: pd.DataFrame, *, errors: tuple[float, float],
    given: tuple[int, int],
) -> pd.DataFrame:  # fmt: skip
    rows: list[dict[str, Any]] = []
    for name, rung in rungs.items():
        missed = fitting.errors(rung, test)
        figures = {ERROR: np.abs(missed)}
        if name == CHOSEN:
            figures["covered"] = ((missed >= errors[0]) & (missed <= errors[1])).astype(np.float64)
        for metric, by_row in figures.items():
            value, low, high = _interval(by_row, test, seed=given[0], draws=given[1])
            rows.append({"model": name, "metric": metric, "value": value, "low": low, "high": high, "reason": ""})
    return _report(rows)


def _interval(by_row: Floats, wins: pd.DataFrame, *, seed: int, draws: int) -> tuple[float, float, float]:
    drawn = np.concatenate([ratio(w @ by_row, w.sum(axis=1)) for w in resamples(wins, seed=seed, draws=draws)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(by_row.mean()), float(low), float(high)


def _unmeasured(why: str) -> pd.DataFrame:
    row = {"model": CHOSEN, "metric": ERROR, "value": np.nan, "low": np.nan, "high": np.nan, "reason": why}
    return _report([row])


def _report(rows: list[dict[str, Any]]) -> pd.DataFrame:
    report = pd.DataFrame(rows, columns=REPORT_COLUMNS)
    return report.astype({"value": "float64", "low": "float64", "high": "float64"})


def _none(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def _round(amount: float) -> str:
    """Return an amount with three figures: more would claim a precision that a median does not have."""
    digits = 2 - int(np.floor(np.log10(amount))) if amount > 0 else 0
    return f"{round(amount, digits):,.{max(digits, 0)}f}"
