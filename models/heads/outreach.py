"""Every time we tried to reach somebody, and whether anything came back.

A *try* is an outbound touch on a channel by which a conversation can be started. Left out are work of our own,
proposals (what becomes of them is the offer's question) and touches with the result `completed`: an agreed meeting
that was held asked nobody for an answer.

A *reply* is the result that stands in the touch itself, or the next time they speak to us within `REPLY_WINDOW`. An
inbound touch answers one try only, the last one before it: by the same person on the same channel, else by the same
person; where it names nobody, the last one at that prospect. A reply is *positive* if its result is one of
`POSITIVE`, or if they came to us and no result is written.

Worked example, run as a doctest. A call on Monday is not answered, an e-mail on Tuesday has no result; on Thursday
the person writes back. The e-mail was answered, the call was not:

>>> import pandas as pd
>>> from features.facts.contract import check
>>> from features.facts.ledger import Facts
>>> days = pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-05"], utc=True)
>>> touches = check("touches", pd.DataFrame({
...     "touch_id": ["1", "2", "3"], "prospect_id": "a", "contact_id": "dana", "kind": ["call", "email", "email"],
...     "channel": ["phone", "email", "email"], "direction": ["outbound", "outbound", "inbound"],
...     "occurred_at": days, "recorded_at": days, "result": ["no_answer", None, None]})).good
>>> tries(Facts.of({"touches": touches}))[["touch_id", "answered", "positive"]].to_dict("records")
[{'touch_id': '1', 'answered': False, 'positive': False}, {'touch_id': '2', 'answered': True, 'positive': True}]
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from features.facts.contract import ANSWERED, POSITIVE, TABLES
from features.facts.ledger import Facts, current
from features.facts.tables import INTERNAL, KINDS
from models.measures.ranking import Floats

REACHABLE: Final = ("phone", "email", "in_person", "chat", "social", "post")
"""Channels on which a conversation can be started; nobody is called by web."""
TRYING: Final = tuple(k for k in KINDS if k not in (*INTERNAL, "proposal"))
SPEAKING: Final = ("call", "email", "message", "form", "meeting", "demo", "proposal")
"""Inbound kinds in which somebody speaks to us; a visit to the web site or a download is not an answer."""
AGREED: Final = "completed"
REPLY_WINDOW: Final = pd.Timedelta(days=7)
"""A reply comes after the try and before this long after it: `(occurred_at, occurred_at + 7 days)`."""
COLUMNS: Final = ("touch_id", "prospect_id", "contact_id", "channel", "result", "occurred_at", "recorded_at")
_PASSES: Final = (
    ("prospect_id", "contact_id", "channel"),
    ("prospect_id", "contact_id"),
    ("prospect_id", "channel"),
    ("prospect_id",),
)
"""By what an inbound touch finds the try that it answers; those without the person only where it names nobody."""


def tries(facts: Facts) -> pd.DataFrame:
    """Answer what we tried, and what came of it, as far as these facts say.

    Parameters
    ----------
    facts : Facts
        What is known; the last version of each touch counts.

    Returns
    -------
    DataFrame, one row per try by `occurred_at`, then `touch_id`
        `COLUMNS` of the touch (contact_id and result may be missing), and the bools `answered` and `positive`.
    """
    known = current(facts.touches, TABLES["touches"].key)
    tried = known[known["direction"].eq("outbound") & known["kind"].isin(TRYING) & known["channel"].isin(REACHABLE)]
    tried = tried[~tried["result"].eq(AGREED)][list(COLUMNS)].sort_values(["occurred_at", "touch_id"])
    came = known[known["direction"].eq("inbound") & known["kind"].isin(SPEAKING)]
    replies = _answering(came, tried)
    good = replies.loc[replies["result"].isna() | replies["result"].isin(POSITIVE), "answers"]
    return tried.assign(
        answered=tried["result"].isin(ANSWERED) | tried["touch_id"].isin(replies["answers"]),
        positive=tried["result"].isin(POSITIVE) | tried["touch_id"].isin(good),
    ).reset_index(drop=True)


def _answering(came: pd.DataFrame, tried: pd.DataFrame) -> pd.DataFrame:
    """Return the inbound touches that answer a try: result, and in `answers` the touch_id of the try."""
    left = came[["prospect_id", "contact_id", "channel", "result", "occurred_at"]].sort_values("occurred_at")
    unnamed = left["contact_id"].isna().to_numpy()
    keys = ["contact_id", "channel"]
    left, right = (side.assign(**{k: side[k].fillna("") for k in keys}) for side in (left, tried))
    right = right.rename(columns={"touch_id": "answers"})
    answers = pd.Series(pd.NA, index=left.index, dtype="str")
    for by in _PASSES:
        open_ = answers.isna().to_numpy() & (unnamed | ("contact_id" in by))
        found = pd.merge_asof(
            left.loc[open_, [*by, "occurred_at"]], right[[*by, "occurred_at", "answers"]], on="occurred_at",
            by=list(by), allow_exact_matches=False, tolerance=REPLY_WINDOW - pd.Timedelta(microseconds=1),
        )  # fmt: skip
        answers.loc[open_] = found["answers"].to_numpy()
    return left[["result"]].assign(answers=answers).dropna(subset="answers")


def heard(tried: pd.DataFrame) -> tuple[str, ...]:
    """Return the channels of which it is recorded at all whether anybody answers, sorted.

    Where no try on a channel has a result and nobody ever spoke to us after one, "no answer" cannot be told from
    "not written down", and no chance may be said.
    """
    spoken = tried["result"].notna() | tried["answered"]
    return tuple(sorted(tried.loc[spoken, "channel"].unique()))


def labels(tried: pd.DataFrame, *, observed_until: pd.Timestamp) -> Floats:
    """Answer for each try whether a positive reply came within `REPLY_WINDOW`, shape (n_tries,).

    Returns
    -------
    array of float
        1.0 yes, 0.0 no; NaN where the window reaches beyond `observed_until` or the channel is not `heard`.
    """
    closed = tried["occurred_at"] + REPLY_WINDOW <= observed_until
    known = (closed & tried["channel"].isin(heard(tried))).to_numpy()
    return np.where(known, tried["positive"].to_numpy(dtype=np.float64), np.nan)
