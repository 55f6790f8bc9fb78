"""How long it took and how it ended: won, lost, or still open where the observation ends.

A label "won within H" throws away every snapshot whose window reaches beyond what is known. A spell keeps it: for 20
days it was watched and not won, and that is something. Three things limit what a spell can say:

* *censoring*: nothing is known from `observed_until` on, nor of a prospect whose record was deleted or merged from then
  on;
* *delayed entry* (left truncation): a snapshot speaks of those who were still open at its `as_of`, never of the days
  before; and where a source records outcomes only from some day on, its days before that count for nothing
  (`from_days`). Otherwise prospects of which no win could be recorded would count as prospects that did not win;
* *competing end*: who is lost is not a future winner.

Worked example, run as a doctest: outcomes are known from 1 February to before 1 March. `a` signed on 11 February;
looked at on 1 February that took 10 days. `b` was lost on 6 February, typed in later, so on 9 February it still stood
open: it was closed already. `c` is still open: watched for 21 days from 8 February. Of `d`, looked at on 22 January,
nothing is known in the first 10 days.

>>> import pandas as pd
>>> from features.facts.ledger import Facts
>>> day = lambda text: pd.Timestamp(f"2026-{text}", tz="UTC").as_unit("us")
>>> ends = pd.DataFrame({"prospect_id": ["a", "b"], "result": ["won", "lost"],
...     "occurred_at": [day("02-11"), day("02-06")], "recorded_at": [day("02-11"), day("02-20")]})
>>> keys = pd.DataFrame({"prospect_id": ["a", "b", "c", "d"],
...     "as_of": [day("02-01"), day("02-09"), day("02-08"), day("01-22")]})
>>> spells(Facts.of({"outcomes": ends}), keys, observed_from=day("02-01"), observed_until=day("03-01"))
   from_days  days  until_days     end
0        0.0  10.0        28.0     won
1        0.0   0.0        20.0  closed
2        0.0  21.0        21.0    open
3       10.0  38.0        38.0    open
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.time.asof import DAY, Micros, micros, moment
from features.time.labels import withdrawn_at

WON: Final = "won"
OPEN: Final = "open"
ENDS: Final = (WON, "lost", "closed", OPEN)
_NEVER: Final = np.iinfo(np.int64).max


def spells(
    facts: Facts, keys: pd.DataFrame, *, observed_until: pd.Timestamp, observed_from: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Answer for each snapshot how many days later it ended, and how, or for how long it was watched.

    Parameters
    ----------
    facts : Facts
        Outcomes are read from their last recorded version, as labels are. The first one at or after `as_of` is the
        end; a later one (a deal that was opened again) is not looked at.
    keys : DataFrame, shape (n_snapshots, 2)
        prospect_id and as_of (UTC).
    observed_from, observed_until : Timestamp
        Outcomes in `[observed_from, observed_until)` are recorded; None: from the beginning.

    Returns
    -------
    DataFrame, shape (n_snapshots, 4)
        Index as in `keys`; days of 24 hours after `as_of`. `from_days`: from when on the snapshot was watched, 0 or
        later. `days`: when it ended, or until when it was watched. `until_days`: until when it would have been
        watched without an end (negative where `as_of` lies behind `observed_until`). `end`: "won", "lost", "closed"
        (it had ended before `as_of`, and only the record came later), or "open" (censored).
    """
    as_of, until = micros(keys["as_of"]), _watched(facts, keys, observed_until)
    won_at, lost_at, before = _ends(facts, keys)
    first = np.minimum(won_at, lost_at)
    ended = (first < until) & (as_of < until)
    end = np.where(won_at <= lost_at, WON, "lost").astype(object)
    end = np.where(ended, end, np.where(before & (as_of < until), "closed", OPEN))
    days = np.where(ended, first, until) - as_of
    out = {
        "from_days": np.zeros(len(keys)) if observed_from is None else _days_until(observed_from, as_of),
        "days": np.where(end == "closed", 0, days) / DAY,
        "until_days": (until - as_of) / DAY,
        "end": pd.Categorical(end, categories=list(ENDS)),
    }
    return pd.DataFrame(out, index=keys.index)


def _watched(facts: Facts, keys: pd.DataFrame, observed_until: pd.Timestamp) -> Micros:
    """Return until when each snapshot was watched: to the end, or until its prospect was withdrawn."""
    end = np.full(len(keys), micros(pd.DatetimeIndex([observed_until]))[0])
    withdrawn = withdrawn_at(facts)
    if withdrawn.empty:
        return end
    at = keys["prospect_id"].map(withdrawn)
    return np.where(at.isna(), end, np.minimum(end, micros(at)))


def observed_from(definitions: Definitions) -> pd.Timestamp | None:
    """Return from when on outcomes are recorded, as declared by `cohort_from`; None: from the beginning.

    It is not guessed from the first outcome: a young company has a first win too, and the days before it are days
    without a win, not days without a record.
    """
    first = definitions.cohort_from
    return None if first is None else moment(first, definitions.zone)


def _days_until(observed_from: pd.Timestamp, as_of: Micros) -> np.ndarray:
    start = int(micros(pd.DatetimeIndex([observed_from]))[0])
    return np.maximum(start - as_of, 0) / DAY


def _ends(facts: Facts, keys: pd.DataFrame) -> tuple[Micros, Micros, np.ndarray]:
    """Return the next win and the next loss at or after each `as_of` (or never), and whether one lies before it."""
    known = current(facts.outcomes, TABLES["outcomes"].key)
    known = known.assign(at=micros(known["occurred_at"])).sort_values("occurred_at", kind="stable")
    asked = keys[["prospect_id", "as_of"]].assign(row=np.arange(len(keys))).sort_values("as_of", kind="stable")

    def ahead(result: str) -> Micros:
        some = known.loc[known["result"] == result, ["prospect_id", "occurred_at", "at"]]
        found = pd.merge_asof(
            asked, some, left_on="as_of", right_on="occurred_at", by="prospect_id", direction="forward"
        )
        out = np.full(len(keys), _NEVER)
        there = found["at"].notna().to_numpy()
        out[found["row"].to_numpy()[there]] = found["at"].to_numpy()[there].astype(np.int64)
        return out

    first = known.groupby("prospect_id")["at"].min().reindex(keys["prospect_id"]).to_numpy(dtype="float64")
    return ahead(WON), ahead("lost"), first < micros(keys["as_of"])
