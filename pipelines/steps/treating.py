"""Do what the experiments ask for: another offer or channel, a place on the list for sure, or no call at all."""

from __future__ import annotations

import dataclasses
from typing import Final

import pandas as pd

from models.decision.priority import TodaysList

NEVER: Final = "never_listed"
ALWAYS: Final = "always_listed"
NO_PLACE: Final = "no_capacity"
"""The reason against somebody whom only the day's capacity keeps off the list (`models.decision.priority.REASONS`)."""


def treated(said: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Put the offer and the channel that an experiment asks for in the place of what the heads suggest.

    Parameters
    ----------
    said : DataFrame
        `models.decision.factors.factors` of the cohort.
    asked : DataFrame
        `models.evidence.experiments.to_do`: prospect_id, offer_id, channel, rule (missing: as usual), experiments.
    """
    if asked.empty:
        return said
    rows = asked.set_index("prospect_id").reindex(said["prospect_id"]).set_axis(said.index)
    offer, channel = rows["offer_id"].notna(), rows["channel"].notna()
    return said.assign(
        offer_id=rows["offer_id"].where(offer, said["offer_id"]),
        offer_words=("experiment " + rows["experiments"]).where(offer, said["offer_words"]),
        channel=rows["channel"].where(channel, said["channel"]),
        why_contact=("experiment " + rows["experiments"]).where(channel, said["why_contact"]),
    )


def never_listed(asked: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of those whom an experiment keeps off the list."""
    return asked[asked["rule"].eq(NEVER)]


def always_listed(asked: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of those whom an experiment puts on the list, whatever they are worth."""
    return asked[asked["rule"].eq(ALWAYS)]


def with_listed(today: TodaysList, always: pd.DataFrame) -> TodaysList:
    """Say at each of those what put it on the list, or that the experiment would have and what stands in the way.

    An arm that is larger than the day's capacity is deferred in part; a note says by how much.
    """
    if always.empty:
        return today
    by = always.set_index("prospect_id")["experiments"]
    listed, left_out = today.listed, today.left_out
    on = listed["prospect_id"].isin(by.index)
    off = left_out["prospect_id"].isin(by.index)
    worth_words = listed["worth_words"] + "; listed by the experiment " + listed["prospect_id"].map(by)
    words = "listed by the experiment " + left_out["prospect_id"].map(by) + ", but " + left_out["words"]
    deferred = int((off & left_out["reason"].eq(NO_PLACE)).sum())
    more = (
        f"experiments ask for {int(on.sum()) + deferred:,} calls today and there is capacity for {int(on.sum()):,} of "
        f"them; deferred: {deferred:,}",
    )
    return dataclasses.replace(
        today,
        listed=listed.assign(worth_words=listed["worth_words"].mask(on, worth_words)),
        left_out=left_out.assign(words=left_out["words"].mask(off, words)),
        notes=(*today.notes, *(more if deferred else ())),
    )


def with_held_out(today: TodaysList, held: pd.DataFrame, owners: pd.Series[str]) -> TodaysList:
    """Add those kept off the list to the ones left out, each with its experiment as the reason."""
    if held.empty:
        return today
    rows = pd.DataFrame(
        {
            "prospect_id": held["prospect_id"],
            "owner_id": held["prospect_id"].map(owners),
            "reason": "hold_out",
            "words": "kept off the list by the experiment " + held["experiments"],
            "until": pd.NaT,
        }
    )
    left_out = pd.concat([today.left_out, rows.astype(today.left_out.dtypes.to_dict())])
    return dataclasses.replace(today, left_out=left_out.sort_values("prospect_id", ignore_index=True))
