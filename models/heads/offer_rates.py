"""How often each offer was answered with yes, in each segment and stage: counts, which are no effects."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from models.measures.likeness import wilson

AS_IF: Final = 20.0
"""The share of yes in a place is drawn to the offer's overall share as if so many more had gone like all of them."""


def rates(seen: pd.DataFrame, stood: pd.DataFrame, *, offer_ids: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count offers whose time is over, by place and over all places.

    Parameters
    ----------
    seen : DataFrame
        As `offers_seen` returns it.
    stood : DataFrame, shape (n_places, 2)
        The places (segment, stage) that get a row for each offer.
    offer_ids : Series
        The offers there are; those made but not among them are added.

    Returns
    -------
    (here, overall) : DataFrames
        segment, stage, offer_id, basis ("association", or "none" for an offer never made), n, accepted, rate, rate_low,
        rate_high. Where n is 0 the interval is NaN; the rate is NaN only where the offer was made nowhere.
    """
    ids = pd.Series(sorted({*offer_ids, *seen["offer_id"]}), name="offer_id", dtype="str")
    done = seen[seen["yes"].notna()]
    total = _counts(done, ["offer_id"]).reindex(ids, fill_value=0)
    made = total["n"].to_numpy()
    share = np.divide(total["accepted"].to_numpy(), made, out=np.full(len(made), np.nan), where=made > 0)
    overall = total.reset_index().assign(segment="", stage="", rate=share)
    cells = stood.merge(ids, how="cross")
    keys = ["segment", "stage", "offer_id"]
    found = _counts(done, keys).reindex(pd.MultiIndex.from_frame(cells[keys]), fill_value=0)
    here = cells.assign(n=found["n"].to_numpy(), accepted=found["accepted"].to_numpy())
    prior = here["offer_id"].map(dict(zip(ids, share, strict=True))).to_numpy(dtype=np.float64)
    here["rate"] = (here["accepted"] + AS_IF * prior) / (here["n"] + AS_IF)
    ever = set(seen["offer_id"])
    return _judged(here, ever), _judged(overall, ever)


def _counts(done: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    grouped = done.groupby(by)["yes"]
    return pd.DataFrame({"n": grouped.size(), "accepted": grouped.sum()}).astype("int64")


def _judged(table: pd.DataFrame, ever: set[str]) -> pd.DataFrame:
    low, high = wilson(table["accepted"].to_numpy(), table["n"].to_numpy())
    basis = np.where(table["offer_id"].isin(ever), "association", "none")
    return table.assign(rate_low=low, rate_high=high, basis=basis)
