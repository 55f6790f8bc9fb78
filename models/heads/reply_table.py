"""What was known before a try: about the person, the person on this channel, and the prospect.

The features are declared like all others and computed by the same kernel, so what was recorded late, corrected or
not yet known at the moment of the try is handled in one place. The kernel follows prospects; here it follows a
*person* (a contact, or the nameless somebody of a prospect), and a *way* (a person on a channel).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from features.catalog import Catalog
from features.facts.ledger import Facts
from features.facts.withdrawn import WITHDRAWN_AT
from features.matrix import build
from models.heads.reply_features import PERSON, PROSPECT, WAY

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SEPARATOR: Final = "\x1f"


def before(asks: pd.DataFrame, facts: Facts, *, zone: ZoneInfo) -> pd.DataFrame:
    """Answer what was known before each try, made or intended.

    Parameters
    ----------
    asks : DataFrame, shape (n, >= 4)
        `prospect_id`, `contact_id` (may be missing), `channel`, `as_of` (UTC). Optional: `hour` (0 to 24, may be
        fractional) and `weekday` (0 Monday) in the person's time; without them they are those of `as_of`.
    facts : Facts
        What was recorded at or after an ask's `as_of` does not enter its row.
    zone : ZoneInfo
        The company's, for people whose own is not known.

    Returns
    -------
    DataFrame, shape (n, n_features), index as `asks`
        Numbers as float32 (missing NaN) and categories of text.
    """
    parts = [_followed(asks, facts, who=who, catalog=catalog) for who, catalog in _FOLLOWED]
    return pd.concat([*parts, _of_the_day(asks, facts, zone=zone)], axis=1)


def people_of(frame: pd.DataFrame) -> pd.Series:
    """Name the person of each row: the contact, or the nameless somebody of the prospect."""
    return ("c" + _SEPARATOR + frame["contact_id"]).fillna("p" + _SEPARATOR + frame["prospect_id"])


def ways_of(frame: pd.DataFrame) -> pd.Series:
    """Name the way of each row, the person on the channel; missing where the channel is."""
    return people_of(frame) + _SEPARATOR + frame["channel"]


def _prospects_of(frame: pd.DataFrame) -> pd.Series:
    return frame["prospect_id"]


_FOLLOWED: Final = ((people_of, PERSON), (ways_of, WAY), (_prospects_of, PROSPECT))


def _followed(
    asks: pd.DataFrame, facts: Facts, *, who: Callable[[pd.DataFrame], pd.Series], catalog: Catalog
) -> pd.DataFrame:
    """Compute a catalogue with `who` in the place of the prospect; asks of the same moment share a row."""
    touched = facts.changed("touches", lambda touches: touches.assign(prospect_id=who(touches)))
    keys = pd.DataFrame({"prospect_id": who(asks), "as_of": asks["as_of"]})
    each = keys.drop_duplicates().sort_values(["prospect_id", "as_of"], ignore_index=True)
    row = keys.merge(each.reset_index(names="row"), how="left", on=["prospect_id", "as_of"])["row"]
    return build(touched, each, catalog).values.iloc[row.to_numpy()].set_axis(asks.index)


def _of_the_day(asks: pd.DataFrame, facts: Facts, *, zone: ZoneInfo) -> pd.DataFrame:
    """Return channel, role, seniority, weekday, hour, and whether somebody is named."""
    who = _known_of_person(asks, facts)
    local = _local(asks["as_of"], who["timezone"], zone)
    weekday = asks["weekday"] if "weekday" in asks else local["weekday"]
    days = pd.Categorical.from_codes(weekday.to_numpy(dtype=np.int64), categories=list(WEEKDAYS))
    hour = asks["hour"] if "hour" in asks else local["hour"]
    return pd.DataFrame(
        {
            "channel": pd.Categorical(asks["channel"]),
            "role": pd.Categorical(who["role"]),
            "seniority": pd.Categorical(who["seniority"]),
            "weekday": days,
            "hour": hour.to_numpy(dtype=np.float32),
            "named": asks["contact_id"].notna().to_numpy(dtype=np.float32),
        },
        index=asks.index,
    )


def _known_of_person(asks: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Return role, seniority and timezone of the contact's version that was visible, index as `asks`."""
    columns = ["role", "seniority", "timezone"]
    known = facts.ever("contacts")
    marks = [WITHDRAWN_AT] if WITHDRAWN_AT in known else []
    versions = known[["contact_id", "recorded_at", *columns, *marks]].sort_values("recorded_at", kind="stable")
    asked = asks[["contact_id", "as_of"]].assign(row=np.arange(len(asks))).dropna(subset="contact_id")
    found = pd.merge_asof(
        asked.sort_values("as_of", kind="stable"), versions, left_on="as_of", right_on="recorded_at", by="contact_id",
        allow_exact_matches=False,
    )  # fmt: skip
    for mark in marks:
        found = found.assign(**{c: found[c].mask(found[mark] < found["as_of"]) for c in columns})
    return found.set_index("row")[columns].reindex(np.arange(len(asks))).set_axis(asks.index)


def _local(moments: pd.Series, zones: pd.Series, company: ZoneInfo) -> pd.DataFrame:
    """Return weekday and hour of UTC moments in each row's own zone, in the company's where it is not known."""
    given = set(zones.dropna())
    real = given & available_timezones() if given else given
    named = zones.where(zones.isin(real), str(company)).to_numpy(dtype=object)
    out = pd.DataFrame({"weekday": 0, "hour": 0.0}, index=np.arange(len(moments)))
    instants = pd.DatetimeIndex(moments)
    for name in sorted(set(named)):
        rows = np.flatnonzero(named == name)
        there = instants[rows].tz_convert(name)
        out.iloc[rows, 0] = there.day_of_week
        out.iloc[rows, 1] = there.hour + there.minute / 60
    return out.set_axis(moments.index)
