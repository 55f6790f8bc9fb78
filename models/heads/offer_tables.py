"""The table of offers by segment and stage: rates and effects side by side, looked up and kept as text."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from models.heads.offer_effects import Effects
from models.heads.offers_seen import NOWHERE, PLACE

BY_SEGMENT: Final = [
    "segment", "stage", "offer_id", "basis", "effect", "low", "high", "n", "accepted", "rate", "rate_low", "rate_high",
]  # fmt: skip
BASES: Final = ("uplift", "association", "none")
"""From the most to the least that is known; a better basis is suggested before a worse one."""
_KINDS: Final = {
    c: "str" if c in BY_SEGMENT[:4] else "int64" if c in BY_SEGMENT[7:9] else "float64" for c in BY_SEGMENT
}


def with_effects(table: pd.DataFrame, found: Effects | None, *, everywhere: bool = False) -> pd.DataFrame:
    """Put the effects of drawn offers, and the counts they come from, in the place of the plain counts."""
    out = table.assign(effect=np.nan, low=np.nan, high=np.nan)
    if found is not None:
        elsewhere = found.elsewhere.set_index("offer_id")
        figures = ["effect", "low", "high", "n", "accepted"]
        keys = ["segment", "stage", "offer_id"]
        wanted = pd.MultiIndex.from_frame(out[keys])
        exact = found.here.set_index(keys)[figures].reindex(wanted)
        general = elsewhere[figures].reindex(out["offer_id"])
        if not everywhere:
            # no draw of it here: what is expected from the other places, and no count of here
            general = general.assign(n=general["n"] * 0, accepted=general["accepted"] * 0)
        for name in figures:
            value = exact[name].reset_index(drop=True).fillna(general[name].reset_index(drop=True))
            out[name] = value.where(value.notna(), out[name])
        out["basis"] = out["basis"].where(~out["offer_id"].isin(found.known), "uplift")
    out = out.astype({"n": "int64", "accepted": "int64"})
    for name in PLACE:
        out[name] = out[name].where(out[name] != NOWHERE)
    return out[BY_SEGMENT].astype(_KINDS)


def told_of(each: pd.DataFrame, by_segment: pd.DataFrame, overall: pd.DataFrame) -> pd.DataFrame:
    """Look up each candidate (segment, stage, offer_id), and say what it is worth among the others.

    An offer's overall row is used where it has none for the place; `place` orders them by what is known (`BASES`),
    `worth` the effect or the drawn-in rate of yes, `of_all_places` whether its counts are those of all places.
    """
    filled = by_segment.assign(**{name: by_segment[name].fillna(NOWHERE).astype("str") for name in PLACE})
    told = each.merge(filled, on=["segment", "stage", "offer_id"], how="left", indicator="seen")
    general = overall.set_index("offer_id").reindex(told["offer_id"]).reset_index(drop=True)
    out = told.reset_index(drop=True)
    bare = (out["seen"] == "left_only") | (out["n"].fillna(0) == 0)
    for name in ("basis", "effect", "low", "high", "n", "accepted", "rate", "rate_low", "rate_high"):
        # an effect foretold for a place without draws is already in the table of places
        keep = ~bare if name in ("n", "accepted") else out["seen"] != "left_only"
        out[name] = out[name].where(keep, general[name])
    out["basis"] = out["basis"].fillna("none")
    out["of_all_places"] = bare
    place = out["basis"].map({basis: 2 * k for k, basis in enumerate(BASES)}).astype("int64")
    # among associations: an offer that was never made in such a place comes after those that were
    place = place + (bare & (out["basis"] == "association"))
    return out.assign(place=place, worth=out["effect"].where(out["basis"] == "uplift", out["rate"]).fillna(0.0))


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table for JSON; what is missing is None."""
    return [{k: None if pd.isna(v) else v for k, v in row.items()} for row in table.to_dict("records")]


def table_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the table that `records_of` wrote, columns `BY_SEGMENT`."""
    return pd.DataFrame(rows, columns=BY_SEGMENT).astype(_KINDS)
