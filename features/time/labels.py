"""What came after: `won_within_H`, and who cannot be labelled yet.

Worked example, run as a doctest: H is 30 days and outcomes are known before 1 March. A prospect won on 31 January:
looked at on 1 January the win is inside `[1 Jan, 31 Jan)`? No, 31 January is the first day outside, so 0. Looked at
on 2 January it is inside, so 1. On 31 January itself it is still ahead, so 1. On 30 January the window ends on
1 March, the last that can be known. For a look on 31 January of somebody who never won we would have to see until
2 March, so there is no label, and certainly not 0.

Of a prospect whose record was deleted or merged nothing is known from then on: without an outcome before that there is
no label where the window reaches beyond it.

>>> import pandas as pd
>>> from features.facts.ledger import Facts
>>> day = lambda text: pd.Timestamp(text, tz="UTC").as_unit("us")
>>> won = pd.DataFrame({"prospect_id": ["a"], "occurred_at": [day("2026-01-31")], "result": ["won"],
...                     "recorded_at": [day("2026-02-02")]})
>>> keys = pd.DataFrame({"prospect_id": ["a", "a", "b", "b"], "as_of": [
...     day("2026-01-01"), day("2026-01-02"), day("2026-01-30"), day("2026-01-31")]})
>>> won_within(Facts.of({"outcomes": won}), keys, days=30, observed_until=day("2026-03-01")).tolist()
[0.0, 1.0, 0.0, nan]
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.facts.withdrawn import WITHDRAWN_AT
from features.time.asof import moment


def won_within(facts: Facts, keys: pd.DataFrame, *, days: int, observed_until: pd.Timestamp) -> pd.Series:
    """Answer for each snapshot whether the prospect was won in `[as_of, as_of + days)`.

    A label is what came after, so it is read from the last recorded version of an outcome: a win that was booked by
    mistake and corrected is no win.

    Parameters
    ----------
    keys : DataFrame, shape (n_snapshots, 2)
        prospect_id and as_of (UTC).
    days : int
        The horizon H, in days of 24 hours.
    observed_until : Timestamp
        Outcomes before this moment are recorded; at or after it nothing is known.

    Returns
    -------
    Series of float, shape (n_snapshots,)
        1 won, 0 not won, missing where the window reaches beyond `observed_until`, or beyond the moment at which a
        prospect that did not end before was withdrawn: unlabelled, never negative.
    """
    ends = current(facts.outcomes, TABLES["outcomes"].key)
    wins = ends.loc[ends["result"] == "won", ["prospect_id", "occurred_at"]]
    wins = wins.assign(won_at=wins["occurred_at"]).sort_values("occurred_at", kind="stable")
    asked = keys.assign(row=np.arange(len(keys))).sort_values("as_of", kind="stable")
    found = pd.merge_asof(asked, wins, left_on="as_of", right_on="occurred_at", by="prospect_id", direction="forward")
    end = found["as_of"] + pd.Timedelta(days=days)
    label = (found["won_at"] < end).astype("float64").where(end <= observed_until)
    withdrawn = withdrawn_at(facts)
    if len(withdrawn):
        label = label.mask(_out_of_sight(found["prospect_id"], end, withdrawn=withdrawn, ends=ends))
    return pd.Series(
        label.to_numpy()[np.argsort(found["row"].to_numpy())], index=keys.index, name=f"won_within_{days}d"
    )


def _out_of_sight(ids: pd.Series, end: pd.Series, *, withdrawn: pd.Series, ends: pd.DataFrame) -> pd.Series:
    """Say in which snapshots a prospect is withdrawn before the window's end, and did not end before that."""
    at = ids.map(withdrawn)
    return (at < end) & ~(ids.map(ends.groupby("prospect_id")["occurred_at"].min()) < at)


def withdrawn_at(facts: Facts) -> pd.Series:
    """Return since when each prospect that no longer stands has been withdrawn, by prospect_id; labels end there."""
    gone = facts.withdrawn("prospects")
    return pd.Series(gone[WITHDRAWN_AT].array, index=pd.Index(gone["prospect_id"]))


def observed_until(facts: Facts, as_of: pd.Timestamp, *, definitions: Definitions) -> pd.Timestamp:
    """Return the end of what is known about outcomes: the declared end, or else the last recorded fact.

    Never later than `as_of`. A data set that was exported in March says nothing about wins in April.
    """
    last = facts.last_recorded()
    ends = [as_of, as_of if last is None else last]
    if definitions.observed_until is not None:
        ends = [as_of, moment(definitions.observed_until, definitions.zone)]
    return min(ends)
