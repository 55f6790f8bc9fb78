"""The timing head: when it will be signed, and whether it is too early to call.

Chances to be won within 14, 30 and 90 days come from one cumulative incidence, so they never fall with the horizon,
and who will be lost first is not counted as a future winner. Snapshots of the last 90 days are censored, not left out.

**Too early** means, operationally: given still open at its start, some later period (from 14 days on) has at least
`TIMES_BETTER` times the chance per day that the first 14 days have. `back_on` is the start of the best such period, a
day in the company's time zone, at least 14 days after `as_of`. Where hazards are the same for everybody (the pooled
rung) nothing is known of this one prospect's time, and nobody is too early: the date would move ahead every day. It
says when deals like this are signed, not that a call makes it so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.errors import NotEnoughHistory
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix
from features.time.labels import observed_until
from features.time.spells import observed_from
from models.heads.hazard import POOLED, Hazards, fit_hazards, read_cause
from models.heads.held_out import REPORT_COLUMNS
from models.heads.ladder import LEAST_WINS_FOR_CHANCE
from models.heads.landmarks import Followed, Landmarks, check_columns, divide
from models.heads.learned import Versions
from models.heads.periods import EDGES, STARTS
from models.heads.timing_ladder import LADDER_COLUMNS, Climb, climb
from models.measures.ranking import Floats

HORIZONS: Final = (14, 30, 90)
NOW: Final = 14
"""Days that count as now: a call is made once in a while, not on the hour."""
TIMES_BETTER: Final = 2.0
CHANCES: Final = ["prospect_id", "as_of", *(f"within_{h}" for h in HORIZONS), "back_on", "said"]
_CAUSES: Final = ("won", "over")


@dataclass(frozen=True)
class Timing:
    """A fitted timing head.

    Attributes
    ----------
    hazards : Hazards or None
        None where too few were won to say a chance.
    timezone : str
        The company's, in which `back_on` is a day.
    ladder : DataFrame
        rung, wins, metric, against, gain, low, high, taken, why.
    report : DataFrame
        model, metric, value, low, high, reason on the test part.
    note : str
        Which rung, from how many wins, why not higher, and the dates of the parts.
    """

    hazards: Hazards | None
    timezone: str
    versions: Versions
    ladder: pd.DataFrame
    report: pd.DataFrame
    note: str

    @property
    def rung(self) -> str:
        """Name of the rung, "none" without chances."""
        return "none" if self.hazards is None else self.hazards.name

    def chances(self, matrix: Matrix) -> pd.DataFrame:
        """Answer for each snapshot how likely it is won within 14, 30 and 90 days, and whether it is too early.

        Returns
        -------
        DataFrame, shape (n_snapshots, 7)
            `CHANCES`, rows as in the matrix. Chances do not fall with the horizon; NaN is not known. `back_on` is
            midnight of a local day without a zone, NaT unless it is too early. `said` is one clause.

        Raises
        ------
        SchemaMismatch
            The matrix has other columns than the head was fitted on (a learned rung).
        """
        within, back = self._within(matrix), self._back_on(matrix)
        table = matrix.keys[["prospect_id", "as_of"]].reset_index(drop=True)
        for j, horizon in enumerate(HORIZONS):
            table[f"within_{horizon}"] = within[:, j]
        table["back_on"] = back
        table["said"] = [_said(row, on) for row, on in zip(within, back, strict=True)]
        return table[CHANCES]

    def _within(self, matrix: Matrix) -> Floats:
        if self.hazards is None or not len(matrix):
            return np.full((len(matrix), len(HORIZONS)), np.nan)
        ends = [EDGES.index(h) - 1 for h in HORIZONS]
        return self.hazards.incidence(matrix.values)[:, ends]

    def _back_on(self, matrix: Matrix) -> pd.Series[Any]:
        today = matrix.keys["as_of"].reset_index(drop=True).dt.tz_convert(ZoneInfo(self.timezone))
        today = today.dt.tz_localize(None).dt.normalize().astype("datetime64[us]")
        if self.hazards is None or self.hazards.name == POOLED or not len(matrix):
            return pd.Series(pd.NaT, index=today.index, dtype="datetime64[us]")
        wait = days_to_wait(self.hazards.of_winning(matrix.values))
        return (today + pd.to_timedelta(wait, unit="D")).where(wait > 0).astype("datetime64[us]")

    def to_files(self) -> dict[str, str]:
        """Return timing.json, and the files of each cause with its name in front."""
        raw = {
            "timezone": self.timezone, "note": self.note, "watched": self.hazards.watched if self.hazards else None,
            "at_risk": self.hazards.at_risk if self.hazards else None,
            "versions": {**asdict(self.versions), "trained_as_of": self.versions.trained_as_of.isoformat()},
            "ladder": _rows(self.ladder), "report": _rows(self.report),
        }  # fmt: skip
        files = {"timing.json": json.dumps(raw, sort_keys=True, indent=1)}
        for cause in _CAUSES if self.hazards else ():
            files |= {f"{cause}.{name}": text for name, text in getattr(self.hazards, cause).to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Timing:
        """Read what `to_files` wrote; other files are not looked at."""
        raw = json.loads(files["timing.json"])
        hazards = None
        if raw["watched"] is not None:
            of = {c: {n.removeprefix(f"{c}."): t for n, t in files.items() if n.startswith(f"{c}.")} for c in _CAUSES}
            hazards = Hazards(read_cause(of["won"]), read_cause(of["over"]), raw["watched"], tuple(raw["at_risk"]))
        told = raw["versions"]
        versions = Versions(**told | {"trained_as_of": pd.Timestamp(told["trained_as_of"]).as_unit("us")})
        ladder = pd.DataFrame(raw["ladder"], columns=list(LADDER_COLUMNS))
        return cls(hazards, raw["timezone"], versions, ladder, _report(raw["report"]), raw["note"])


def fit_timing(
    matrix: Matrix, facts: Facts, *, catalog: Catalog, definitions: Definitions, trained_as_of: pd.Timestamp,
    data_version: str, seed: int = 7, threads: int = 2, draws: int = 200,
) -> Timing:  # fmt: skip
    """Fit and measure the timing head; from zero wins on it returns something that says what it does not know.

    Parameters
    ----------
    matrix : Matrix
        Snapshots of the training grid, columns in the catalogue's order. More than `landmarks.MOST` are sampled.
    facts : Facts
        Only what was visible at `trained_as_of` is looked at.
    draws : int
        Bootstrap draws of the intervals.

    Raises
    ------
    SchemaMismatch
        The matrix has other columns than the catalogue.
    """
    check_columns(matrix, catalog)
    known = facts.visible(trained_as_of)
    until = observed_until(known, trained_as_of, definitions=definitions)
    followed = Followed(matrix, known, observed_from(definitions), until, seed)
    versions = Versions(
        definitions.company, max(HORIZONS), trained_as_of, definitions.meaning, catalog.hash, data_version
    )
    try:
        found = climb(divide(followed), seed=seed, threads=threads, draws=draws)
    except NotEnoughHistory as error:
        found = _only_counted(followed.everything(), str(error))
    return Timing(found.hazards, definitions.timezone, versions, found.ladder, found.report, found.note)


def days_to_wait(winning: Floats) -> Floats:
    """Apply the rule of the module: days until the best later period, 0 where now is no bad time.

    Parameters
    ----------
    winning : array, shape (n_rows, n_periods)
        Chance to be won in each period given open at its start; NaN unknown, such a period is not waited for.
    """
    now = STARTS < NOW
    per_day = winning / np.diff(EDGES)
    here = 1 - np.prod(1 - winning[:, now], axis=1)
    later = np.where(np.isnan(per_day[:, ~now]), -1.0, per_day[:, ~now])
    best = later.argmax(axis=1)
    better = later[np.arange(len(later)), best] >= TIMES_BETTER * here / NOW
    worth = later[np.arange(len(later)), best] > 0
    return np.where(better & worth, STARTS[~now][best], 0)


def _only_counted(everyone: Landmarks, why: str) -> Climb:
    """Count hazards by period where there are wins enough, without a figure: history is too short for a test."""
    enough = everyone.winners >= LEAST_WINS_FOR_CHANCE
    hazards = fit_hazards(everyone.values, everyone.spells, keys=everyone.keys, rung=POOLED) if enough else None
    return Climb(
        hazards, pd.DataFrame(columns=list(LADDER_COLUMNS)), _report([]),
        f"{'pooled hazards' if enough else 'no chance is said'} ({everyone.winners} winning prospects), "
        f"nothing measured: {why}",
    )  # fmt: skip


def _said(within: Floats, back_on: pd.Timestamp) -> str:
    known = [(h, c) for h, c in zip(HORIZONS, within, strict=True) if not np.isnan(c)]
    if not known:
        return "when it will be signed is not known: too few wins so far"
    signed = f"{', '.join(f'{_percent(c)} within {h}' for h, c in known)} days"
    if pd.isna(back_on):
        return f"call this week (chance to sign: {signed})"
    return f"too early: back on {back_on.day} {back_on:%B %Y} (chance to sign: {signed})"


def _percent(chance: float) -> str:
    return "under 1 %" if chance < 0.01 else f"{chance:.0%}".replace("%", " %")


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]


def _report(rows: list[dict[str, Any]]) -> pd.DataFrame:
    report = pd.DataFrame(rows, columns=REPORT_COLUMNS)
    return report.astype({"value": "float64", "low": "float64", "high": "float64"})
