"""Whose a prospect is and where it lies: what the CRM said last, as of what is visible."""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.facts.contract import TABLES
from features.facts.ledger import Facts, current


def owners(facts: Facts) -> pd.Series[Any]:
    """Return owner_id by prospect_id from visible facts: the last known one, a change of owner included."""
    return last_known(facts, "owner_id")


def last_known(facts: Facts, column: str) -> pd.Series[Any]:
    """Answer what a column of prospects says now.

    Parameters
    ----------
    facts : Facts
        Only what was visible at the moment of the question.
    column : str
        A column of the table `prospects`, such as owner_id or territory.

    Returns
    -------
    Series of str, index prospect_id
        The value of the last visible change, else the one known at creation. Missing: never known, or emptied by a
        change (an owner who was taken away has not kept the prospect).
    """
    first = current(facts.prospects, TABLES["prospects"].key).set_index("prospect_id")[column]
    changes = facts.attribute_changes
    moved = changes[changes["entity"].eq("prospect") & changes["name"].eq(column)]
    moved = moved.sort_values(["occurred_at", "recorded_at"], kind="stable").drop_duplicates("id", keep="last")
    changed = first.index.isin(moved["id"])
    return first.mask(changed, moved.set_index("id")["value"].reindex(first.index)).astype("str")
