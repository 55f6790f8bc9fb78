"""Which roles had answered before a prospect was won, and which of them have not been heard at a prospect.

A role is *present* at a prospect if a contact with it answered one of our tries, or spoke to us, in a touch of that
prospect before the end (or before `as_of`, for those that are open). Somebody who only said to be the wrong person,
or to want no contact, is not present. Prospects of which no answering contact has a role are not counted: of them it
is not known who was missing.

This is association. Long conversations lead to more roles and to more wins; nobody has shown that one more role
makes a win.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import ANSWERED, TABLES
from features.facts.ledger import Facts, current
from models.heads.contactable import people
from models.heads.outreach import SPEAKING
from models.measures.likeness import wilson

PRESENT: Final = tuple(r for r in ANSWERED if r not in ("wrong_person", "do_not_contact"))
LEAST_WINS: Final = 3
"""Wins that a role must have been present in before its absence is worth a word."""
COVERAGE: Final = ("role", "won", "of_won", "share", "low", "high", "lost", "of_lost", "share_lost", "low_lost",
                   "high_lost")  # fmt: skip
MISSING: Final = ("prospect_id", "role", "share_of_wins", "low", "high", "n", "share_of_losses", "known", "said")
UNKNOWN: Final = "no answering contact of a won prospect has a role on record: who is missing is not known"
ALIKE: Final = "no role answered in a larger share of wins than of losses: nobody is known to be missing"


def role_coverage(facts: Facts, as_of: pd.Timestamp) -> pd.DataFrame:
    """Answer in how many won, and in how many lost prospects somebody with this role had answered.

    Parameters
    ----------
    facts : Facts
        Only what was recorded before `as_of` (UTC) is looked at; the last version of each row counts.

    Returns
    -------
    DataFrame, one row per role, the widest gap between wins and losses first
        `COVERAGE`: `won` of `of_won` wins with a 95 % Wilson interval, the same for losses; NaN where there are none.
        Empty where no answering contact has a role.
    """
    known = facts.visible(as_of)
    ends = _ends(known)
    met = _met(known).merge(ends, on="prospect_id")
    met = met[met["occurred_at"] < met["ended_at"]].drop_duplicates(["prospect_id", "role"])
    of = met.drop_duplicates("prospect_id")["result"].value_counts()
    counts = met.groupby(["role", "result"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=["won", "lost"], fill_value=0).astype("int64").rename_axis(columns=None)
    table = counts.assign(of_won=int(of.get("won", 0)), of_lost=int(of.get("lost", 0))).reset_index()
    for column, suffix in (("won", ""), ("lost", "_lost")):
        part, whole = table[column].to_numpy(), table[f"of_{column}"].to_numpy()
        low, high = wilson(part, whole)
        share = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
        table = table.assign(**{f"share{suffix}": share, f"low{suffix}": low, f"high{suffix}": high})
    gap = table["share"].fillna(0) - table["share_lost"].fillna(0)
    ordered = table.assign(gap=gap).sort_values(["gap", "role"], ascending=[False, True], ignore_index=True)
    return ordered[list(COVERAGE)]


def missing_roles(facts: Facts, prospect_ids: pd.Series | pd.Index, as_of: pd.Timestamp) -> pd.DataFrame:
    """Answer which roles, present in wins, nobody of has answered yet at each prospect.

    Returns
    -------
    DataFrame, prospects in the order given, the widest gap between wins and losses first
        `MISSING`: `share_of_wins` (`low` to `high`) of `n` wins, `share_of_losses`, `known`: contacts with this role
        on record who may be asked. Only roles of at least `LEAST_WINS` wins, and present in a larger share of them
        than of losses. A prospect at which nothing is missing has no row. Where nothing can be said of any, each
        prospect has one row without a role, and `said` says why.
    """
    ids, known = pd.Index(prospect_ids).unique(), facts.visible(as_of)
    coverage = role_coverage(known, as_of)
    wins = int(coverage["of_won"].max()) if len(coverage) else 0
    more = (coverage["won"] >= LEAST_WINS) & (coverage["share"] > coverage["share_lost"].fillna(0))
    told = coverage[more].reset_index(names="place")
    if told.empty:
        nothing = pd.DataFrame({"prospect_id": ids, "n": wins, "known": 0, "said": ALIKE if wins else UNKNOWN})
        return _typed(nothing.reindex(columns=list(MISSING)))
    asked = pd.DataFrame({"prospect_id": ids}).reset_index(names="order").merge(told, how="cross")
    met = _met(known)[["prospect_id", "role"]].drop_duplicates().assign(present=True)
    asked = asked.merge(met, how="left", on=["prospect_id", "role"])
    asked = asked[asked["present"].isna()].merge(_on_record(known, as_of), how="left", on=["prospect_id", "role"])
    asked = asked.assign(known=asked["known"].fillna(0).astype("int64")).sort_values(["order", "place"])
    asked = asked.rename(columns={"share": "share_of_wins", "share_lost": "share_of_losses", "of_won": "n"})
    return _typed(asked.assign(said=[_sentence(row) for row in asked.to_dict("records")])[list(MISSING)])


def _ends(known: Facts) -> pd.DataFrame:
    """Return how each prospect ended: its first win, else its first loss."""
    outcomes = current(known.outcomes, TABLES["outcomes"].key)
    ordered = outcomes.assign(rank=outcomes["result"].ne("won")).sort_values(["rank", "occurred_at"])
    ends = ordered.drop_duplicates("prospect_id")[["prospect_id", "result", "occurred_at"]]
    return ends.rename(columns={"occurred_at": "ended_at"})


def _met(known: Facts) -> pd.DataFrame:
    """Return prospect_id, role, occurred_at of every touch in which somebody with a role was present."""
    touches = current(known.touches, TABLES["touches"].key)
    answered = touches["direction"].eq("outbound") & touches["result"].isin(PRESENT)
    spoke = touches["direction"].eq("inbound") & touches["kind"].isin(SPEAKING)
    spoke &= touches["result"].isna() | touches["result"].isin(PRESENT)
    contacts = current(known.contacts, TABLES["contacts"].key)[["contact_id", "role"]].dropna()
    met = touches.loc[answered | spoke, ["prospect_id", "contact_id", "occurred_at"]].merge(contacts, on="contact_id")
    return met[["prospect_id", "role", "occurred_at"]]


def _on_record(known: Facts, as_of: pd.Timestamp) -> pd.DataFrame:
    everybody = people(known, as_of)
    willing = everybody[everybody["why_not"].isna()]
    return willing.groupby(["prospect_id", "role"]).size().rename("known").reset_index()


def _sentence(row: dict[str, Any]) -> str:
    words = f"nobody with the role {row['role']} has answered yet; in {row['won']} of {row['n']} wins somebody had"
    if row["of_lost"]:
        words += f", in {row['lost']} of {row['of_lost']} losses"
    return words + ("" if row["known"] else "; nobody with this role is on record")


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    numbers = dict.fromkeys(("share_of_wins", "low", "high", "share_of_losses"), "float64")
    types = {"prospect_id": "str", "role": "str", "said": "str", "n": "int64", "known": "int64", **numbers}
    return table.astype(types).reset_index(drop=True)
