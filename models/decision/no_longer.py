"""Who is not in the cohort because the CRM no longer has its record: said for a while, so that nobody wonders."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from features.facts.withdrawn import WITHDRAWN_AS, WITHDRAWN_AT
from features.time.asof import moment
from models.decision.obstacles import Day

WITHDRAWN: Final = "withdrawn"
_SAID: Final = {"deleted": "deleted in the CRM on ", "merged": "merged into another record in the CRM on "}


def no_longer(day: Day) -> pd.DataFrame:
    """Answer which prospects would be looked at today, had their record not been deleted or merged.

    Parameters
    ----------
    day : Day
        Withdrawals are told for `definitions.horizon_days` days; after that a prospect is like one that never was.

    Returns
    -------
    DataFrame, shape (n, 5), by prospect_id
        `prospect_id`, `owner_id` (the last one known), `reason` (`WITHDRAWN`), `words` (with the date in the company's
        time zone), `until` (missing: only a new version of the record brings it back).
    """
    gone = day.seen.withdrawn("prospects")
    if gone.empty:
        return gone
    rules = day.definitions
    wanted = gone[WITHDRAWN_AT] >= day.as_of - pd.Timedelta(days=rules.horizon_days)
    wanted &= ~gone["prospect_id"].isin(day.seen.outcomes["prospect_id"])
    if rules.cohort_from is not None:
        wanted &= gone["created_at"] >= moment(rules.cohort_from, rules.zone)
    if rules.max_age_days is not None:
        wanted &= gone["created_at"] + pd.Timedelta(days=rules.max_age_days) >= day.as_of
    rows = gone[wanted].sort_values("prospect_id")
    on = rows[WITHDRAWN_AT].dt.tz_convert(rules.zone).dt.strftime("%Y-%m-%d")
    words: pd.Series[Any] = rows[WITHDRAWN_AS].map(_SAID) + on
    out = rows[["prospect_id", "owner_id"]].assign(reason=WITHDRAWN, words=words, until=pd.NaT)
    return out.astype({"reason": "str", "words": "str", "until": "datetime64[us]"}).reset_index(drop=True)
