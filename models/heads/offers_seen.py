"""Every offer that was made, with where the prospect then stood and whether a yes came of it in time."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalog import Catalog
from features.facts.contract import TABLES, TIME_TYPE
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.matrix import Matrix, build
from features.time.asof import earlier
from features.time.labels import observed_until, won_within

Mask = npt.NDArray[np.bool_]

YES: Final = ("accepted", "interested")
NO: Final = ("declined", "cancelled")
PLACE: Final = {"segment": "prospect_segment", "stage": "stage_last"}
"""Where a prospect stands, and the feature that says it."""
NOWHERE: Final = ""
"""Stands for a segment or stage that is not known."""


def offers_seen(
    facts: Facts, *, catalog: Catalog, definitions: Definitions, trained_as_of: pd.Timestamp
) -> pd.DataFrame:
    """Answer what was offered, to whom, where they stood, and what came of it.

    Returns
    -------
    DataFrame, one row per offer made, by time
        prospect_id, offer_id, occurred_at (UTC), propensity (missing where none was logged), segment and stage as
        known before the offer (`NOWHERE` where not known), and `yes`: 1.0 where it was answered with one of `YES` in
        `[occurred_at, occurred_at + H)`, 0.0 where it was not, missing while H is not over. An answer without its
        own time counts from when it was recorded. Where no answer to any offer is on record, `yes` is a win
        within H.
    """
    known = facts.visible(trained_as_of)
    made = current(known.offers_made, TABLES["offers_made"].key)
    made = made[made["occurred_at"] < trained_as_of].sort_values(
        ["occurred_at", "prospect_id", "offer_id"], ignore_index=True
    )
    until = observed_until(known, trained_as_of, definitions=definitions)
    days = definitions.horizon_days
    keys = made[["prospect_id"]].assign(as_of=made["occurred_at"].astype(TIME_TYPE))
    if answers_known(made):
        end = made["occurred_at"] + pd.Timedelta(days=days)
        at = made["responded_at"].where(made["responded_at"].notna(), made["recorded_at"])
        said = made["response"].isin(YES) & (at < earlier(end, pd.Series(trained_as_of, index=made.index)))
        yes = said.astype("float64").where(end <= until)
    else:
        yes = won_within(known, keys, days=days, observed_until=until)
    seen = made[["prospect_id", "offer_id", "occurred_at", "propensity"]].assign(yes=yes.to_numpy())
    return pd.concat([seen, places(at_moments(known, keys, _only_places(catalog)))], axis=1)


def answers_known(made: pd.DataFrame) -> bool:
    """Say whether any answer to an offer is on record."""
    return bool(made["response"].notna().any())


def at_moments(facts: Facts, keys: pd.DataFrame, catalog: Catalog) -> Matrix:
    """Build features at any moments: keys in any order, also twice; rows as in `keys`."""
    keys = keys.reset_index(drop=True)
    once = keys.drop_duplicates().sort_values(["prospect_id", "as_of"], ignore_index=True)
    built = build(facts, once, catalog)
    row = keys.merge(once.assign(row=once.index), on=["prospect_id", "as_of"], how="left")["row"].to_numpy()
    return Matrix(keys, built.values.iloc[row].reset_index(drop=True))


def places(matrix: Matrix) -> pd.DataFrame:
    """Return segment and stage of each row of a matrix as text, `NOWHERE` where missing or not a feature."""
    columns = {}
    for name, feature in PLACE.items():
        if feature in matrix.values.columns:
            columns[name] = matrix.values[feature].astype("object").where(matrix.values[feature].notna(), NOWHERE)
        else:
            columns[name] = pd.Series(NOWHERE, index=matrix.values.index)
    return pd.DataFrame(columns).astype("str")


def allowed(offer: pd.Series, where: pd.DataFrame, at: pd.Series) -> Mask:
    """Say in which rows an offer may be made: valid at the moment, and meant for the segment and the stage.

    Parameters
    ----------
    offer : Series
        One row of the offers table. `[valid_from, valid_to)`; `stages` and `segments` as names with commas between,
        missing where it is for all. A prospect whose stage is not known gets no offer that is for certain stages.
    where : DataFrame, shape (n_rows, 2)
        segment and stage.
    at : Series of Timestamp, shape (n_rows,)
        UTC.
    """
    may = np.ones(len(at), dtype=np.bool_)
    if pd.notna(offer["valid_from"]):
        may &= (at >= offer["valid_from"]).to_numpy()
    if pd.notna(offer["valid_to"]):
        may &= (at < offer["valid_to"]).to_numpy()
    for column, name in (("stages", "stage"), ("segments", "segment")):
        if pd.notna(offer[column]):
            names = [part.strip() for part in str(offer[column]).split(",")]
            may &= where[name].isin(names).to_numpy()
    return may


def _only_places(catalog: Catalog) -> Catalog:
    return Catalog(tuple(d for d in catalog.declarations if d.name in PLACE.values()))


def declined(candidates: pd.DataFrame, facts: Facts, *, days: int) -> Mask:
    """Say which candidates were turned down by this prospect in the last days, as their last answer then known."""
    made = facts.offers_made
    made = made[made["response"].notna()]
    at = made["responded_at"].where(made["responded_at"].notna(), made["recorded_at"])
    answers = made[["prospect_id", "offer_id", "response"]].assign(
        answered_at=at, known_at=at.where(at > made["recorded_at"], made["recorded_at"])
    )
    both = candidates[["row", "prospect_id", "offer_id", "as_of"]].merge(answers, on=["prospect_id", "offer_id"])
    both = both[(both["known_at"] < both["as_of"]) & (both["answered_at"] >= both["as_of"] - pd.Timedelta(days=days))]
    last = both.sort_values(["answered_at", "known_at"], kind="stable").drop_duplicates(
        ["row", "offer_id"], keep="last"
    )
    said_no = pd.MultiIndex.from_frame(last.loc[last["response"].isin(NO), ["row", "offer_id"]])
    out: Mask = pd.MultiIndex.from_frame(candidates[["row", "offer_id"]]).isin(said_no)
    return out
