"""The cells of the board of offers: one offer in one segment, at each stage and over all stages.

The head tells effects by segment and stage, each drawn towards what all places show. Over stages they are averaged by
the draws that were made there, and so are the ends of their intervals. Errors of the stages are not independent (they
share a mean), and the average of the ends is what they come to if they went wrong all together: the interval of a
segment is rather too wide than too narrow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from models.measures.likeness import wilson
from serving.boards.offers import ALL, LEAST, Basis, Cell, Offered, Says

ENDS: Final = ["effect", "low", "high"]


def cells_of(
    known: pd.DataFrame, offers: Sequence[Offered], *, control: str | None, segments: Sequence[str],
    stages: Sequence[str], today: dt.date,
) -> tuple[Cell, ...]:  # fmt: skip
    """Make the cells of every segment and of all together.

    Parameters
    ----------
    known : DataFrame
        `models.heads.offer.Offer.by_segment`, names in the place of a missing segment or stage.
    """
    draws = known[known["basis"] == "uplift"].groupby(["segment", "stage"])["n"].sum()
    weighed = known.assign(weight=draws.reindex(pd.MultiIndex.from_frame(known[["segment", "stage"]])).to_numpy())
    out = []
    for offer in offers:
        own = weighed[weighed["offer_id"] == offer.offer_id]
        drawn = _basis(own, control=offer.offer_id == control)
        for segment in (ALL, *segments):
            here = own if segment == ALL else own[own["segment"] == segment]
            places = [(None, here)] + [(s, here[here["stage"] == s]) for s in stages if segment != ALL]
            out += [
                _cell(rows, drawn, says=may(offer, segment, stage, today=today), key=(segment, stage, offer.offer_id))
                for stage, rows in places
            ]
    return tuple(out)


def _cell(rows: pd.DataFrame, basis: Basis, *, says: Says | None, key: tuple[str, str | None, str]) -> Cell:
    n, accepted = int(rows["n"].sum()), int(rows["accepted"].sum())
    figures: dict[str, Any] = {}
    if n >= LEAST:
        low, high = wilson(np.array([accepted]), np.array([n]))
        figures = {"share": accepted / n, "share_low": float(low[0]), "share_high": float(high[0])}
        if basis == "uplift":
            figures |= dict(zip(ENDS, _averaged(rows), strict=True))
    segment, stage, offer_id = key
    return Cell(
        segment=segment, stage=stage, offer_id=offer_id, basis=basis, says=says or _counted(n), n=n, accepted=accepted,
        **figures,
    )  # fmt: skip


def may(offer: Offered, segment: str, stage: str | None, *, today: dt.date) -> Says | None:
    """Say why an offer may not be made here today; None where it may."""
    if offer.valid_to is not None and offer.valid_to <= today:
        return "expired"
    if offer.valid_from is not None and offer.valid_from > today:
        return "not yet"
    if offer.segments and segment not in (ALL, *offer.segments):
        return "elsewhere"
    if offer.stages and stage is not None and stage not in offer.stages:
        return "elsewhere"
    return None


def _basis(rows: pd.DataFrame, *, control: bool) -> Basis:
    if control:
        return "control"
    if (rows["basis"] == "uplift").any():
        return "uplift"
    return "association" if (rows["basis"] == "association").any() else "none"


def _counted(n: int) -> Says:
    if n == 0:
        return "never"
    return "figure" if n >= LEAST else "few"


def _averaged(rows: pd.DataFrame) -> list[float]:
    weight = rows["weight"].to_numpy(np.float64)
    return [float(np.average(rows[name].to_numpy(np.float64), weights=weight)) for name in ENDS]
