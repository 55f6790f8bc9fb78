"""The peers of `POST /v1/score`, each a FastAPI server as one writes it.

plain
    Gets finished rows of features, as many columns as the bundle has. pydantic checks them, LightGBM's `pred_contrib`
    gives margin and contributions, the answer has the chance and the five strongest features with value and effect. It
    knows no interval, no calibration, no words, no counts, no contract, and no features: somebody else has made them.
pandas
    Gets the rows of the contract that Takt gets, makes frames of them and from these those features that come from
    touches, one window after the other, with pandas; the others are missing. Then as *plain*. It checks no reference
    and no rule of the contract, and makes fewer features than Takt.

    python -m benchmarks.score_peers plain|pandas FOLDER_OF_THE_BUNDLE PORT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from features.algebra.terms import ANY, Arithmetic, Slot, Term
from features.catalog import Catalog, catalog
from features.facts.definitions import parse

_STRONGEST = 5


class Asked(BaseModel):
    """Finished rows of features; missing is null."""

    rows: list[list[float | None]]


class Facts(BaseModel):
    """Rows of the contract."""

    as_of: pd.Timestamp | str
    prospects: list[dict[str, Any]]
    touches: list[dict[str, Any]] = []

    model_config = {"arbitrary_types_allowed": True, "extra": "allow"}


class Reason(BaseModel):
    """One feature."""

    feature: str
    value: float | None
    effect: float


class Answer(BaseModel):
    """One row."""

    chance: float
    reasons: list[Reason]


class Model:
    """The trees of a bundle and the names of its features."""

    def __init__(self, folder: Path) -> None:
        self.booster = lightgbm.Booster(model_file=str(folder / "model.lgb"))
        self.names: list[str] = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))["features"]

    def answer(self, x: np.ndarray[Any, np.dtype[np.float32]]) -> list[Answer]:
        """Explain rows."""
        parts = self.booster.predict(x, pred_contrib=True)
        chances = 1.0 / (1.0 + np.exp(-parts.sum(axis=1)))
        strongest = np.argsort(-np.abs(parts[:, :-1]), axis=1)[:, :_STRONGEST]
        return [
            Answer(
                chance=chance,
                reasons=[
                    Reason(feature=self.names[j], value=None if np.isnan(row[j]) else row[j], effect=part[j])
                    for j in top
                ],
            )
            for row, part, chance, top in zip(x, parts, chances, strongest, strict=True)
        ]


def plain(folder: Path) -> FastAPI:
    """Return the peer that gets finished rows."""
    app, model = FastAPI(docs_url=None, redoc_url=None), Model(folder)

    @app.post("/score")
    def score(body: Asked) -> list[Answer]:
        return model.answer(np.array(body.rows, dtype=np.float32))

    return app


def with_pandas(folder: Path) -> FastAPI:
    """Return the peer that makes its features with pandas."""
    app, model = FastAPI(docs_url=None, redoc_url=None), Model(folder)
    declared = catalog(parse(json.loads((folder / "definitions.json").read_text(encoding="utf-8"))))

    @app.post("/score")
    def score(body: Facts) -> list[Answer]:
        return model.answer(_features(body, declared, model.names))

    return app


def _features(body: Facts, declared: Catalog, names: list[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    touches, as_of = pd.DataFrame(body.touches), pd.Timestamp(body.as_of)
    ids = [row["prospect_id"] for row in body.prospects]
    for column in ("occurred_at", "recorded_at"):
        touches[column] = pd.to_datetime(touches[column], utc=True, format="ISO8601")
    touches = touches[touches["recorded_at"] < as_of].rename(columns={"contact_id": "contact"})
    touches["day"] = touches["occurred_at"].dt.floor("D")
    made: dict[Slot, pd.Series[Any]] = {}

    def worked_out(term: Term) -> pd.Series[Any]:
        if isinstance(term, Slot):
            if term not in made:
                known = _slot(touches, as_of, term).reindex(ids)
                made[term] = known if term.kind in ("last", "first") else known.fillna(0)
            return made[term]
        assert isinstance(term, Arithmetic)
        left, right = worked_out(term.left).fillna(0), worked_out(term.right).fillna(0)
        return left + right if term.op == "+" else left - right if term.op == "-" else left / right.replace(0, np.nan)

    missing = pd.Series(np.nan, index=ids)
    ours = [d for d in declared.declarations if all(s.events.stream == "touches" for s in d.term.slots())]
    columns = {d.name: worked_out(d.term) for d in ours if not d.is_category}
    return np.column_stack([columns.get(name, missing) for name in names]).astype(np.float32)


def _slot(touches: pd.DataFrame, as_of: pd.Timestamp, slot: Slot) -> pd.Series[Any]:
    some = touches
    for column, words in slot.events.where:
        some = some[some[column].notna() if ANY in words else some[column].isin(words)] if column in some else some[:0]
    if slot.days is not None:
        some = some[some["occurred_at"] >= as_of - pd.Timedelta(days=slot.days)]
    grouped = some.groupby("prospect_id")
    if slot.kind == "count":
        return grouped.size()
    if slot.kind in ("total", "distinct"):
        if slot.of not in some:
            return pd.Series(dtype="float64")
        return grouped[slot.of].sum() if slot.kind == "total" else grouped[slot.of].nunique()
    when = grouped["occurred_at"].max() if slot.kind == "last" else grouped["occurred_at"].min()
    return (as_of - when) / pd.Timedelta(days=1)


if __name__ == "__main__":
    which = {"plain": plain, "pandas": with_pandas}[sys.argv[1]]
    uvicorn.run(which(Path(sys.argv[2])), port=int(sys.argv[3]), log_level="info")
