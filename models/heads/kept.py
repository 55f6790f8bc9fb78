"""A fitted ladder as text, for heads that keep more than a bundle does: what it says, and what was measured.

`Fitted` holds rows and splits of one training; `Kept` is what remains of it, reads back to the same bits, and says
chances with intervals. No pickle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from models.heads.encoding import Encoding
from models.heads.ladder import STEPS, Calibrated
from models.heads.learned import Fitted, Versions
from models.measures.calibration import Calibration
from models.measures.likeness import Bands, wilson

MANIFEST: Final = "kept.json"
FIGURES: Final = ("value", "low", "high", "gain")


@dataclass(frozen=True)
class Kept:
    """A fitted head, ready to say chances.

    Attributes
    ----------
    model : Calibrated
        The rung and its calibration; without one there is an order and no chance.
    base_rate : float
        Share of yes in the training and calibration rows; NaN where none is labelled.
    bands : Bands
        Held-out prospects by margin, and how many of them had a yes.
    ladder, report : DataFrame
        As in `Fitted`.
    parts : mapping
        The parts of the split as date ranges in words; empty where nothing was measured.
    """

    head: str
    model: Calibrated
    base_rate: float
    bands: Bands
    versions: Versions
    ladder: pd.DataFrame
    report: pd.DataFrame
    parts: Mapping[str, str]
    note: str

    @classmethod
    def of(cls, fitted: Fitted) -> Kept:
        """Keep what was fitted."""
        parts = dict(fitted.split.words) if fitted.split else {}
        return cls(
            fitted.head, fitted.kept, fitted.base_rate, fitted.bands, fitted.versions, fitted.ladder, fitted.report,
            parts, fitted.note,
        )  # fmt: skip

    def chances(self, values: pd.DataFrame) -> pd.DataFrame:
        """Answer how likely a yes is, and how sure that is.

        Returns
        -------
        DataFrame, index as `values`
            `margin`; `chance` (NaN without a calibration); `low`, `high`: the 95 % Wilson interval of the held-out
            prospects scored alike, widened to hold the chance; `like_n`, `like_yes`: those counts.

        Raises
        ------
        SchemaMismatch
            Other columns than fitted on.
        """
        margin = self.model.rung.margin(values)
        chance = self.model.chance(margin)
        n, yes = self.bands.like(margin)
        low, high = wilson(yes, n)
        counted = ~np.isnan(chance) & (n > 0)
        return pd.DataFrame(
            {
                "margin": margin,
                "chance": chance,
                "low": np.where(counted, np.fmin(low, chance), np.nan),
                "high": np.where(counted, np.fmax(high, chance), np.nan),
                "like_n": n,
                "like_yes": yes,
            },
            index=values.index,
        )

    def to_files(self) -> dict[str, str]:
        """Return the manifest and the files of the rung."""
        rung, calibration = self.model.rung, self.model.calibration
        versions = asdict(self.versions) | {"trained_as_of": self.versions.trained_as_of.isoformat()}
        content = {
            "head": self.head, "rung": rung.name, "features": rung.encoding.features,
            "levels": dict(rung.encoding.levels), "calibration": asdict(calibration) if calibration else None,
            "base_rate": None if np.isnan(self.base_rate) else self.base_rate, "bands": asdict(self.bands),
            "versions": versions, "ladder": _table(self.ladder), "report": _table(self.report),
            "parts": dict(self.parts), "note": self.note,
        }  # fmt: skip
        return {MANIFEST: json.dumps(content, sort_keys=True, indent=1, allow_nan=False) + "\n", **rung.to_files()}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Kept:
        """Read what `to_files` wrote."""
        raw = json.loads(files[MANIFEST])
        levels = {name: tuple(words) for name, words in raw["levels"].items()}
        encoding = Encoding(tuple(raw["features"]), levels)
        calibration = None if raw["calibration"] is None else Calibration.from_json(json.dumps(raw["calibration"]))
        trained = pd.Timestamp(raw["versions"]["trained_as_of"]).as_unit("us")
        return cls(
            head=raw["head"],
            model=Calibrated(STEPS[raw["rung"]].read(files, encoding), calibration),
            base_rate=float("nan") if raw["base_rate"] is None else raw["base_rate"],
            bands=Bands(**{name: tuple(numbers) for name, numbers in raw["bands"].items()}),
            versions=Versions(**(raw["versions"] | {"trained_as_of": trained})),
            ladder=_read(raw["ladder"]),
            report=_read(raw["report"]),
            parts=raw["parts"],
            note=raw["note"],
        )


def _table(table: pd.DataFrame) -> dict[str, Any]:
    """Return columns and rows of plain values: a missing one is None, and no numpy type is left."""
    plain = table.astype("object").where(table.notna(), None)
    rows = [[getattr(v, "item", lambda v=v: v)() for v in row] for row in plain.itertuples(index=False)]
    return {"columns": list(map(str, table.columns)), "rows": rows}


def _read(raw: Mapping[str, Any]) -> pd.DataFrame:
    """Read a table back; figures are float, with NaN for None."""
    table = pd.DataFrame(raw["rows"], columns=raw["columns"])
    return table.astype({name: "float64" for name in FIGURES if name in table.columns and len(table)})
