"""The same call twice: once tapped in our pages, once delivered by the source, whose record then counts.

A company may record calls in its CRM, or its telephone does, and tap them here as well. Were both kept, every call
would count twice from the day on which the taps began, and no earlier call did: the models would see a team that
works twice as hard. So a tap gives way to a touch of the source for the same prospect, of the same kind, outbound,
within `WINDOW`, with the same person or none named; each touch stands for one tap, the nearest. The tap holds until
the source's touch became known.

A tap does *not* give way where the source's touch does not say what came of the call and the tap does, and never where
the tap says that somebody asked not to be contacted.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from features.facts.contract import TABLES, TIME_TYPE
from features.facts.ledger import Facts, current
from features.facts.own import is_own
from pipelines.steps.tap_rows import KIND, RESULT
from serving.store import feedback

WINDOW: Final = pd.Timedelta(hours=1)
"""How far the two times of one call may lie apart; people write calls down from memory."""
GIVING_WAY: Final = tuple(kind for kind in RESULT if kind != feedback.NEVER_AGAIN)


def replaced_at(said: pd.DataFrame, facts: Facts) -> pd.Series[Any]:
    """Answer for each tap when the source's record of the same call became known.

    Parameters
    ----------
    said : DataFrame
        See `tap_rows.rows`.
    facts : Facts
        All facts.

    Returns
    -------
    Series of Timestamp (UTC), by index of `said`; missing where the source has no such call
    """
    kind = said["channel"].map(KIND).fillna("message").mask(said["channel"].isna(), "call")
    taps = said.assign(touch_kind=kind, tap=said.index)[said["kind"].isin(GIVING_WAY)]
    # a record that the CRM deleted later stood for the tap all the same: the same taps give the same rows on any day
    touches = facts.ever("touches")
    near = touches[touches["prospect_id"].isin(taps["prospect_id"])]
    theirs = current(near[~is_own(near)], TABLES["touches"].key)
    theirs = theirs[theirs["direction"].eq("outbound")].rename(columns={"kind": "touch_kind"})
    both = taps[["tap", "prospect_id", "touch_kind", "kind", "contact_id", "at"]].merge(
        theirs[["touch_id", "prospect_id", "touch_kind", "contact_id", "occurred_at", "recorded_at", "result"]],
        on=["prospect_id", "touch_kind"], suffixes=("", "_theirs"),
    )  # fmt: skip
    apart = (both["at"] - both["occurred_at"]).abs()
    named = both["contact_id"].notna() & both["contact_id_theirs"].notna()
    same = ~named | both["contact_id"].eq(both["contact_id_theirs"])
    tells = both["result"].notna() | both["kind"].eq(feedback.NO_ANSWER)
    pairs = both.assign(apart=apart)[(apart <= WINDOW) & same & tells]
    return _nearest(pairs).reindex(said.index).astype(TIME_TYPE)


def _nearest(pairs: pd.DataFrame) -> pd.Series[Any]:
    """Pair each tap with one touch and each touch with one tap, the nearest pair first; return recorded_at by tap."""
    taken: set[str] = set()
    out: dict[int, pd.Timestamp] = {}
    for pair in pairs.sort_values(["apart", "tap", "touch_id"], kind="stable").itertuples():
        if pair.tap not in out and pair.touch_id not in taken:
            out[int(pair.tap)] = pair.recorded_at
            taken.add(str(pair.touch_id))
    return pd.Series(out, dtype=TIME_TYPE)
