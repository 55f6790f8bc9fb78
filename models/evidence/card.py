"""The model card: what a bundle predicts, from which data, how well on later data, and what to beware of.

After Mitchell et al. (2019), "Model Cards for Model Reporting". The card is read from the bundle alone, so it
cannot praise another model; as plain values for the app and as Markdown for people and MLflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.heads.held_out import CHOSEN

CHANCE_LEVEL: Final = {"auc": 0.5, "lift_at_10": 1.0}
"""What a model that knows nothing reaches; below it at the lower end of the interval there is no signal."""
FEW_WINS: Final = 50
RUNG_NAMES: Final = {
    "frequency": "naive Bayes", "boosted": "LightGBM", "blended": "the mean of naive Bayes, logistic and LightGBM",
}  # fmt: skip
"""What the rungs are called outside, where it is another word."""
LEARNED: Final = ("blended", "logistic", "boosted")
"""Rungs that weigh facts against each other; the ones below only count or order."""

Card = dict[str, Any]


def card(bundle: Bundle, *, simulated: bool) -> Card:
    """Answer what a person must know before believing a score of this bundle.

    Returns
    -------
    dict
        Plain values only (JSON): `title`, `predicts`, `simulated`, `rung`, `trained_as_of`, `horizon_days`, `base_rate`
        (None: not measured), `parts` (date ranges by part), `figures` and `ladder` (rows as in the bundle),
        `versions`, `warnings` (sentences, possibly none) and `note`.
    """
    return {
        "title": f"{bundle.company}: {bundle.head}{' (simulated data)' if simulated else ''}",
        "predicts": f"the chance that an open prospect is won within {bundle.horizon_days} days of the morning it is "
        "scored, from what was known by then",
        "simulated": simulated,
        "rung": bundle.rung.name,
        "trained_as_of": bundle.trained_as_of.isoformat(),
        "horizon_days": bundle.horizon_days,
        "base_rate": None if np.isnan(bundle.base_rate) else bundle.base_rate,
        "parts": dict(bundle.split or {}),
        "figures": [dict(row) for row in bundle.metrics],
        "ladder": [dict(row) for row in bundle.ladder],
        "versions": {
            "bundle": bundle.fingerprint,
            "definitions": bundle.definitions_hash,
            "catalog": bundle.catalog_hash,
            "data": bundle.data_version,
        },
        "warnings": list(_warnings(bundle, simulated)),
        "note": bundle.note,
    }


def markdown(given: Card) -> str:
    """Return the card as Markdown."""
    base = "not measured" if given["base_rate"] is None else f"{given['base_rate']:.1%}"
    facts = [
        f"Predicts {given['predicts']}.",
        f"Model: {given['rung']}, trained as of {given['trained_as_of']}. Base rate: {base}.",
        *(f"- {part}: {words}" for part, words in given["parts"].items()),
        *(f"- {name}: `{text}`" for name, text in given["versions"].items()),
    ]
    warnings = [f"- {w}" for w in given["warnings"]] or ["none"]
    return "\n\n".join(
        [
            f"# {given['title']}",
            "\n".join(facts),
            "## Beware\n\n" + "\n".join(warnings),
            "## On later data\n\n" + _table(given["figures"], ("model", "metric", "value", "low", "high", "reason")),
            "## Ladder\n\n" + _table(given["ladder"], ("rung", "gain", "low", "high", "taken", "why")),
        ]
    )


def _warnings(bundle: Bundle, simulated: bool) -> Iterable[str]:
    if simulated:
        yield "simulated data: nothing here was seen in a real company"
    if bundle.calibration is None:
        yield "no chance is given: too few wins; prospects are only ordered"
    if not bundle.metrics:
        yield "nothing was measured: history is too short for a test on later data"
    for row in bundle.metrics:
        least = CHANCE_LEVEL.get(row["metric"]) if row["model"] == CHOSEN else None
        if least is not None and (row["low"] is None or row["low"] <= least):
            yield f"no signal shown: {_figure(row)} does not lie above {least:g}, which is what chance reaches"
    if (bundle.split or {}).get("calibration", "").startswith("on the training period"):
        yield "calibrated on the training period: chances are less sure than calibration on later data would make them"
    wins = [row["wins"] for row in bundle.ladder if row.get("wins") is not None]
    if wins and min(wins) < FEW_WINS:
        yield f"few wins: {min(wins)} winning prospects decide between the models"
    if bundle.rung.name not in LEARNED:
        name = RUNG_NAMES.get(bundle.rung.name, bundle.rung.name)
        yield f"a simple model ({name}) makes the order: nothing more complex was surely better on later data"


def _figure(row: Mapping[str, Any]) -> str:
    if row["value"] is None or row["low"] is None:
        return f"{row['metric']} (not measured)"
    return f"{row['metric']} {row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


def _table(rows: list[Mapping[str, Any]], columns: tuple[str, ...]) -> str:
    """Return rows as a Markdown table; numbers with three digits, missing ones empty."""
    if not rows:
        return "none"
    table = pd.DataFrame(rows).reindex(columns=list(columns))
    lines = [" | ".join(_cell(v) for v in row) for row in table.itertuples(index=False)]
    head = [" | ".join(columns), " | ".join("---" for _ in columns)]
    return "\n".join(f"| {line} |" for line in head + lines)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.3f}"
    return "" if value is None else str(value).replace("|", "/").replace("\n", " ")
