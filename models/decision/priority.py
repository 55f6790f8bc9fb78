"""Today's list: who is called, in which order, by whom; and for everyone else the reason why not.

A first, plain rule: each salesperson's open prospects by falling chance, down to the day's capacity. Nobody is
called who asked not to be, or whom we reached within the minimum gap. Every scored prospect is either listed or
left out with exactly one reason, the first of `REASONS` that holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import INTERNAL, TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from models.decision.contact_choice import people, suggest
from models.decision.errors import DecisionError
from models.decision.score import UNSCORED

REASONS: Final = ("do_not_contact", "too_soon", "unscored", "no_capacity")


@dataclass(frozen=True)
class TodaysList:
    """The day's calls and everybody else.

    Attributes
    ----------
    listed : DataFrame
        `rank` (1-based within the owner), `owner_id` (missing: the team's pool), `prospect_id`, `chance`,
        `margin`, `contact_id` (missing: nobody known), `channel`, `why_contact`; by falling chance over all owners,
        so that each owner's rows are in the order of their rank.
    left_out : DataFrame
        `prospect_id`, `owner_id`, `reason` (one of `REASONS`), `words`; one row for each prospect not listed.
    """

    listed: pd.DataFrame
    left_out: pd.DataFrame


def todays_list(scores: pd.DataFrame, facts: Facts, definitions: Definitions, as_of: pd.Timestamp) -> TodaysList:
    """Answer whom to call today.

    Parameters
    ----------
    scores : DataFrame
        `models.decision.score.score` of the day's cohort: one row per prospect. Closed prospects are not in it.
    facts : Facts
        All facts; only those visible at `as_of` (`recorded_at < as_of`) are used.
    as_of : Timestamp
        Start of the day, UTC.

    Raises
    ------
    DecisionError
        A prospect is scored twice, at another moment, or is unknown at `as_of`.
    """
    seen = facts.visible(as_of)
    cohort = _with_owner(scores, seen, as_of)
    words = _obstacles(cohort, seen, definitions, as_of)
    ranked = _ranked(cohort[words["words"].isna()], definitions)
    fits = ranked["rank"] <= ranked["capacity"]
    listed = ranked[fits]
    contacts = suggest(listed["prospect_id"], seen, as_of, definitions=definitions)
    columns = ["rank", "owner_id", "prospect_id", "chance", "margin"]
    return TodaysList(
        listed[columns].merge(contacts, on="prospect_id", validate="one_to_one"),
        _left_out(cohort, words, ranked[~fits]),
    )


def owners(facts: Facts) -> pd.Series[Any]:
    """Return owner_id by prospect_id from visible facts: the last known one, a change of owner included."""
    last = current(facts.prospects, TABLES["prospects"].key).set_index("prospect_id")["owner_id"]
    changes = facts.attribute_changes
    moved = changes[changes["entity"].eq("prospect") & changes["name"].eq("owner_id")]
    moved = moved.sort_values(["occurred_at", "recorded_at"], kind="stable").drop_duplicates("id", keep="last")
    return moved.set_index("id")["value"].reindex(last.index).fillna(last)


def _with_owner(scores: pd.DataFrame, seen: Facts, as_of: pd.Timestamp) -> pd.DataFrame:
    twice = scores["prospect_id"].duplicated()
    if twice.any():
        raise DecisionError(f"prospect {scores.loc[twice, 'prospect_id'].iloc[0]} is scored twice; give one row each.")
    other = scores["as_of"] != as_of
    if other.any():
        who, when = scores.loc[other, ["prospect_id", "as_of"]].iloc[0]
        raise DecisionError(
            f"prospect {who} is scored as of {when}, the list is for {as_of}; score the cohort of that moment."
        )
    owner = owners(seen)
    unknown = ~scores["prospect_id"].isin(owner.index)
    if unknown.any():
        raise DecisionError(f"prospect {scores.loc[unknown, 'prospect_id'].iloc[0]} is not known at {as_of}.")
    return scores.assign(owner_id=scores["prospect_id"].map(owner).astype("str")).reset_index(drop=True)


def _obstacles(cohort: pd.DataFrame, seen: Facts, definitions: Definitions, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return `reason` and `words` for each row of the cohort, missing where nothing stands in the way."""
    contacted = _last_contact(seen.touches).reindex(cohort["prospect_id"]).set_axis(cohort.index)
    days = definitions.minimum_gap_days
    day = contacted.dt.tz_convert(definitions.zone).dt.strftime("%Y-%m-%d")
    found = {
        "do_not_contact": (
            cohort["prospect_id"].isin(_refusing(seen, as_of)),
            "everybody we know there asked not to be contacted",
        ),
        "too_soon": (
            (contacted >= as_of - pd.Timedelta(days=days)) & (days > 0),
            "we were in touch on " + day + f", the gap is {days} days",
        ),
        "unscored": (cohort["state"].eq(UNSCORED), "could not be scored: " + cohort["reason"]),
    }
    out = pd.DataFrame({"reason": pd.NA, "words": pd.NA}, index=cohort.index, dtype="str")
    # the last one written is the first of REASONS that holds
    for reason in (r for r in reversed(REASONS) if r in found):
        holds, words = found[reason]
        out = out.assign(reason=out["reason"].mask(holds, reason), words=out["words"].mask(holds, words))
    return out


def _last_contact(touches: pd.DataFrame) -> pd.Series[Any]:
    """Return by prospect_id when we last reached out to somebody."""
    ours = touches["direction"].eq("outbound") & ~touches["kind"].isin(INTERNAL)
    return touches[ours].groupby("prospect_id")["occurred_at"].max()


def _refusing(seen: Facts, as_of: pd.Timestamp) -> pd.Index:
    """Return prospects of which every known contact refuses, or that refused without naming a contact."""
    everyone = people(seen, as_of).groupby("prospect_id")["refuses"].all()
    touches = seen.touches
    nameless = touches["result"].eq("do_not_contact") & touches["contact_id"].isna()
    return everyone.index[everyone].union(pd.Index(touches.loc[nameless, "prospect_id"]))


def _ranked(free: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Order by falling chance, ties by margin, then by id; add `rank` (within the owner), `of` and `capacity`."""
    ordered = free.sort_values(["chance", "margin", "prospect_id"], ascending=[False, False, True])
    by_owner = ordered.groupby("owner_id", dropna=False)["prospect_id"]
    capacity = [definitions.capacity.of(None if pd.isna(o) else o) for o in ordered["owner_id"]]
    return ordered.assign(
        rank=by_owner.cumcount() + 1,
        of=by_owner.transform("size"),
        capacity=np.asarray(capacity, dtype=np.int64),
    )


def _left_out(cohort: pd.DataFrame, words: pd.DataFrame, below: pd.DataFrame) -> pd.DataFrame:
    stopped = cohort[["prospect_id", "owner_id"]].join(words).dropna(subset="reason")
    place = [f"below the day's capacity of {row.capacity}, rank {row.rank} of {row.of}" for row in below.itertuples()]
    waiting = below[["prospect_id", "owner_id"]].assign(reason="no_capacity", words=pd.array(place, dtype="str"))
    return pd.concat([stopped, waiting]).sort_values("prospect_id", ignore_index=True)
