"""Who asked to be called later, or was moved to another day by us: off every list until that day.

The day is the value of one of two attributes of the prospect (`features.facts.own.PUT_OFF`), as "2026-12-03". Of
several the last one said counts. It no longer holds once they come back to us by themselves, or show interest: a
prospect who writes tomorrow does not wait until December because of what was said today.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from features.facts.contract import POSITIVE, TABLES
from features.facts.ledger import Facts, current
from features.facts.own import NOT_NOW_UNTIL, PUT_OFF
from models.decision.workdays import said
from models.heads.outreach import SPEAKING

_KEY = TABLES["attribute_changes"].key


def put_off(seen: Facts, date: dt.date) -> pd.DataFrame:
    """Answer which prospects wait for a later day than this one, and in whose words.

    Parameters
    ----------
    seen : Facts
        Only what was visible at the start of the day.
    date : date
        The day of the list, in the company's time zone.

    Returns
    -------
    DataFrame, index prospect_id
        `until` (date: the first day on which one may call) and `words`. A value that is no day puts nobody off, and a
        value taken back (a later version without one) gives way to what was said before it.
    """
    changes = seen.attribute_changes
    changes = changes[changes["entity"].eq("prospect") & changes["name"].isin(PUT_OFF)]
    changes = current(changes, _KEY).dropna(subset="value")
    last = changes.sort_values(["occurred_at", "recorded_at"], kind="stable").drop_duplicates("id", keep="last")
    day = pd.to_datetime(last["value"], format="%Y-%m-%d", errors="coerce")
    waits = last.assign(until=day.dt.date)[day > pd.Timestamp(date)].set_index("id").rename_axis("prospect_id")
    waits = waits[~waits.index.isin(_back(seen, waits))]
    words = [
        f"not now until {said(until)}, they said" if name == NOT_NOW_UNTIL else f"put off until {said(until)} by us"
        for name, until in zip(waits["name"], waits["until"], strict=True)
    ]
    return waits[["until"]].assign(words=pd.array(words, dtype="str"))


def _back(seen: Facts, waits: pd.DataFrame) -> pd.Index:
    """Return who came back to us, or showed interest, after the day was named."""
    mine = seen.touches[seen.touches["prospect_id"].isin(waits.index)]
    touches = current(mine, TABLES["touches"].key)
    spoke = touches["direction"].eq("inbound") & touches["kind"].isin(SPEAKING) & touches["result"].isna()
    good = touches[spoke | touches["result"].isin(POSITIVE)]
    since = waits["occurred_at"].reindex(good["prospect_id"]).array
    return pd.Index(good.loc[good["occurred_at"] > since, "prospect_id"].unique())
