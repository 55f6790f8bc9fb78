"""Why somebody is not on the list, in one sentence."""

from __future__ import annotations

from models.decision.priority import TodaysList


def why_not(today: TodaysList, prospect_id: str) -> str:
    """Answer why a prospect is not called today, and from when on it could be; or where on the list it stands."""
    on = today.listed[today.listed["prospect_id"] == prospect_id]
    for row in on.itertuples():
        whose = "the team's list" if row.owner_id != row.owner_id else f"the list of {row.owner_id}"
        return f"{prospect_id} is called today: rank {row.rank} of {whose}"
    off = today.left_out[today.left_out["prospect_id"] == prospect_id]
    for row in off.itertuples():
        again = "" if row.until != row.until else f"; possible again from {row.until:%Y-%m-%d}"
        return f"{prospect_id} is not called today ({row.reason}): {row.words}{again}"
    return f"{prospect_id} was not open on the day of this list: closed, too old, recorded later, or no such prospect"
