"""Who belongs to a prospect, who of them may be asked, and on which channels.

A person is *not* asked who wants no contact (the contact's row says so, or a touch does, under this id or another one
of the same person), or who said not to be the right one for this prospect and has shown no interest since.

A channel is *usable* for a person if an address is on record (telephone, e-mail), if they were in touch with us on it
before, or, for telephone and e-mail, if no address of theirs is known at all. What came back undelivered last is not
usable until the contact's row is recorded anew.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from features.facts.contract import POSITIVE, TABLES
from features.facts.ledger import Facts, current
from models.heads.outreach import REACHABLE
from models.heads.same_person import known_persons, spread

ADDRESSED: Final = ("phone", "email")
"""Channels that need an address which contacts may have."""
REFUSES, WRONG = "refuses", "wrong_person"
PAIR: Final = ["prospect_id", "contact_id"]


def people(facts: Facts, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return who belongs to which prospect, and who is not to be asked.

    Parameters
    ----------
    facts : Facts
        Only what was visible at `as_of`.
    as_of : Timestamp
        UTC; a `do_not_contact_since` at or before it counts.

    Returns
    -------
    DataFrame, one row per (prospect_id, contact_id), sorted by both
        The contact's columns; `why_not`: "refuses", "wrong_person" or missing; `since`: when that was said.
    """
    known = current(facts.contacts, TABLES["contacts"].key)
    prospects = current(facts.prospects, TABLES["prospects"].key)[["prospect_id", "account_id"]]
    direct = known[known["prospect_id"].notna()]
    through = known[known["account_id"].notna()].drop(columns="prospect_id")
    through = through.merge(prospects.dropna(), on="account_id")
    everybody = pd.concat([direct, through]).drop_duplicates(PAIR)
    return _judged(everybody.sort_values(PAIR, ignore_index=True), facts, as_of)


def _judged(everybody: pd.DataFrame, facts: Facts, as_of: pd.Timestamp) -> pd.DataFrame:
    touches = current(facts.touches, TABLES["touches"].key).dropna(subset="contact_id")
    asked = touches[touches["result"].eq("do_not_contact")]
    said = _refusals(facts, asked, as_of).reindex(everybody["contact_id"])
    refused = pd.Series(said.array, index=everybody.index)
    wrong = _last(everybody, touches[touches["result"].eq("wrong_person")])
    good = _last(everybody, touches[touches["result"].isin(POSITIVE)])
    wrong = wrong.where(~(good > wrong))
    why = np.select([refused.notna(), wrong.notna()], [REFUSES, WRONG], "")
    return everybody.assign(
        why_not=pd.Series(why, index=everybody.index).replace("", None), since=refused.fillna(wrong)
    )


def _refusals(facts: Facts, asked: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Return when each contact refused, by its row or else by a touch, under any of the person's ids."""
    known = current(facts.ever("contacts"), TABLES["contacts"].key).set_index("contact_id")["do_not_contact_since"]
    declared = known.where(known <= as_of)
    said = asked.groupby("contact_id")["occurred_at"].max()
    refused = declared.fillna(said.reindex(declared.index)).dropna()
    return spread(refused, known_persons(facts), last=False)


def _last(everybody: pd.DataFrame, touches: pd.DataFrame, *, by: list[str] = PAIR) -> pd.Series:
    """Return when each person last had such a touch, with this prospect or with any; missing where never."""
    last = touches.groupby(by)["occurred_at"].max().rename("last")
    return everybody[by].join(last, on=by)["last"]


def nameless_refusals(facts: Facts) -> pd.Index:
    """Return the prospects at which somebody who is not named asked for no more contact."""
    touches = current(facts.touches, TABLES["touches"].key)
    said = touches["result"].eq("do_not_contact") & touches["contact_id"].isna()
    return pd.Index(touches.loc[said, "prospect_id"].unique())


def ways(willing: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Return each person with each channel that is usable.

    Parameters
    ----------
    willing : DataFrame
        `prospect_id`, `contact_id` (missing: somebody there, no name), `email`, `phone`, `recorded_at`.
    facts : Facts
        Only what was visible.

    Returns
    -------
    DataFrame
        The rows of `willing` repeated, with `channel` and the bool `address`: one is on record.
    """
    every = willing.merge(pd.DataFrame({"channel": REACHABLE}), how="cross")
    address = (every["channel"].eq("phone") & every["phone"].notna()) | (
        every["channel"].eq("email") & every["email"].notna()
    )
    nothing = every["channel"].isin(ADDRESSED) & every["phone"].isna() & every["email"].isna()
    met, bounced = _met(every, facts)
    usable = (address | nothing | met) & ~bounced
    return every.assign(address=address)[usable].reset_index(drop=True)


def _met(every: pd.DataFrame, facts: Facts) -> tuple[pd.Series, pd.Series]:
    """Say of each way whether it was used before, and whether the last message on it came back."""
    touches = current(facts.touches, TABLES["touches"].key)
    touches = touches[touches["channel"].isin(REACHABLE)].sort_values(["occurred_at", "touch_id"])
    # a nameless person is somebody of one prospect; a contact answers alike at every prospect of the account
    known = touches["contact_id"].notna()
    touches = touches.assign(at=touches["contact_id"].where(known, touches["prospect_id"]), named=known)
    by = ["named", "at", "channel"]
    last = touches.drop_duplicates(by, keep="last").set_index(by)[["result", "recorded_at"]].add_suffix("_last")
    named = every["contact_id"].notna()
    asked = every[["channel"]].assign(at=every["contact_id"].where(named, every["prospect_id"]), named=named)
    found = asked.join(last, on=by)
    corrected = every["recorded_at"] > found["recorded_at_last"]
    return found["recorded_at_last"].notna(), found["result_last"].eq("bounced") & ~corrected
