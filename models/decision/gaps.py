"""Whom we reached lately: the gap between two calls to one person, and to anybody of one account.

A touch is ours if it is outbound and reached out to somebody. It is too recent while `occurred_at >= as_of - gap`,
with days of 24 hours, as everywhere.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.facts.contract import INTERNAL, TABLES
from features.facts.ledger import Facts, current
from models.heads.same_person import known_persons, spread


def recent(seen: Facts, as_of: pd.Timestamp, days: int) -> pd.DataFrame:
    """Return our touches within the gap before `as_of`; none where the gap is 0 days."""
    start = as_of - pd.Timedelta(days=days)
    # every version of what was ever said to lie in the gap, so that few rows are looked at
    late = seen.touches.loc[seen.touches["occurred_at"] >= start, "touch_id"].unique()
    touches = current(seen.touches[seen.touches["touch_id"].isin(late)], TABLES["touches"].key)
    ours = touches["direction"].eq("outbound") & ~touches["kind"].isin(INTERNAL)
    return touches[ours & (touches["occurred_at"] >= start)] if days > 0 else touches.iloc[:0]


def resting(seen: Facts, as_of: pd.Timestamp, days: int) -> pd.Series[Any]:
    """Answer which contacts were reached within the gap, and when last.

    Returns
    -------
    Series of Timestamp (UTC), index contact_id
    """
    return _reached(recent(seen, as_of, days), seen)


def _reached(touches: pd.DataFrame, seen: Facts) -> pd.Series[Any]:
    """Return when each contact was last reached, under any id of the same person."""
    return spread(touches.groupby("contact_id")["occurred_at"].max(), known_persons(seen), last=True)


def last_person(members: pd.DataFrame, seen: Facts, as_of: pd.Timestamp, *, days: int) -> pd.Series[Any]:
    """Answer for which prospects nobody can be asked yet, and since when the first of them rests.

    A touch that names no contact counts for everybody at the prospect, and so does any touch where no willing contact
    is known. Else a prospect waits only while all of its willing contacts were reached within the gap.

    Parameters
    ----------
    members : DataFrame
        `models.decision.contact_choice.people`: `prospect_id`, `contact_id`, `refuses`.

    Returns
    -------
    Series of Timestamp (UTC), index prospect_id; prospects without an obstacle are not in it
    """
    touches = recent(seen, as_of, days)
    willing = members.loc[~members["refuses"], ["prospect_id", "contact_id"]]
    reached = _reached(touches, seen)
    # only where somebody was reached at all can everybody have been
    some = willing.loc[willing["contact_id"].isin(reached.index), "prospect_id"]
    near = willing[willing["prospect_id"].isin(some)]
    each = near.assign(last=reached.reindex(near["contact_id"]).array).groupby("prospect_id")["last"]
    everybody = each.min()[each.count() == each.size()]
    known = willing.loc[willing["prospect_id"].isin(touches["prospect_id"].unique()), "prospect_id"].unique()
    named = touches["contact_id"].notna() & touches["prospect_id"].isin(known)
    nameless = touches[~named].groupby("prospect_id")["occurred_at"].max()
    return pd.concat([everybody, nameless]).groupby(level=0).max()


def last_account(account: pd.Series[Any], seen: Facts, as_of: pd.Timestamp, *, days: int) -> pd.Series[Any]:
    """Answer when somebody of the same account was last reached within the gap.

    Parameters
    ----------
    account : Series of str, index prospect_id
        The account of every known prospect; one without an account is an account of its own.

    Returns
    -------
    Series of Timestamp (UTC), index prospect_id; missing where nobody was
    """
    touches = recent(seen, as_of, days)
    own = account.fillna(pd.Series("\0" + account.index.astype("str"), index=account.index))
    last = touches.groupby(touches["prospect_id"].map(own))["occurred_at"].max()
    return last.reindex(own).set_axis(own.index)
