"""Who is asked at each prospect today: the person that the heads suggest, else the plain rule; never one who rests.

A person rests while the minimum gap since our last touch lasts. Where the suggested one rests or refuses, somebody
else at the same prospect is asked, and what was said about reaching the suggested one no longer counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.ledger import current
from models.decision.assignment import NOBODY
from models.decision.contact_choice import suggest
from models.decision.gaps import resting
from models.decision.obstacles import Day
from models.decision.worth import Factors
from models.heads.same_person import known_persons
from models.measures.ranking import Ints

OF_THE_PERSON: Final = ("contact_id", "channel", "why_contact", "reach", "hours")
"""Columns of factors that mean nothing without the contact they were made for."""
COLUMNS: Final = ["prospect_id", "contact_id", "channel", "why_contact"]


@dataclass(frozen=True)
class Whom:
    """The people of a day: who belongs to which prospect (`members`), who rests, and what the heads suggest."""

    day: Day
    members: pd.DataFrame
    rest: pd.Series[Any]
    factors: Factors | None

    @classmethod
    def of(cls, day: Day, members: pd.DataFrame, factors: Factors | None) -> Whom:
        """Take from the factors what was said about people who cannot be asked today."""
        rest = resting(day.seen, day.as_of, day.definitions.minimum_gap_days)
        if factors is None or "contact_id" not in factors:
            return cls(day, members, rest, factors)
        able = members[~members["refuses"] & ~members["contact_id"].isin(rest.index)]
        pairs = pd.MultiIndex.from_frame(able[["prospect_id", "contact_id"]])
        asked = pd.MultiIndex.from_frame(factors[["prospect_id", "contact_id"]].astype("object"))
        gone = factors["contact_id"].notna().to_numpy() & ~asked.isin(pairs)
        said = {name: factors[name].mask(gone) for name in OF_THE_PERSON if name in factors}
        return cls(day, members, rest, factors.assign(**said))

    def ask(self, prospect_id: pd.Series[Any]) -> pd.DataFrame:
        """Answer whom to ask for, on which channel, and why; rows in the order given (see `contact_choice.suggest`)."""
        given = self._suggested(prospect_id)
        others = suggest(
            prospect_id[given["contact_id"].isna().to_numpy()], self.day.seen, self.day.as_of,
            definitions=self.day.definitions,
        )  # fmt: skip
        others = self._without_resting(others)
        both = pd.concat([given[given["contact_id"].notna()], others]).set_index("prospect_id")
        return both.reindex(prospect_id).reset_index().astype("str")

    def persons(self, prospect_id: pd.Series[Any], account: Ints) -> Ints:
        """Return a code of the person asked where that person belongs to several accounts, else -1.

        Only there can one person be called twice although every account is called once.

        Parameters
        ----------
        account : int array, shape (n,)
            Code of each prospect's account; one without an account has -1 and is an account of its own.
        """
        own = np.where(account >= 0, account, account.max(initial=0) + 1 + np.arange(len(account)))
        places = pd.Series(own, index=pd.Index(prospect_id))
        members = self.members[~self.members["refuses"] & self.members["prospect_id"].isin(prospect_id)]
        person = known_persons(self.day.seen)
        whose = members["contact_id"].map(person)
        accounts = members["prospect_id"].map(places).groupby(whose).nunique()
        shared = whose.isin(accounts.index[accounts > 1])
        tangled = prospect_id.isin(members.loc[shared, "prospect_id"]).to_numpy()
        out = np.full(len(prospect_id), NOBODY, dtype=np.int64)
        if tangled.any():
            asked = self.ask(prospect_id[tangled])["contact_id"].map(person)
            out[tangled] = pd.factorize(asked, sort=True)[0]
        return out

    def _suggested(self, prospect_id: pd.Series[Any]) -> pd.DataFrame:
        """Return what the heads suggest, missing where they suggest nobody."""
        if self.factors is None or "contact_id" not in self.factors:
            return pd.DataFrame({"prospect_id": prospect_id, "contact_id": None}, columns=COLUMNS)
        rows = self.factors.set_index("prospect_id").reindex(columns=COLUMNS[1:]).reindex(prospect_id)
        usual = {"channel": "phone", "why_contact": "the most likely to answer"}
        return rows.fillna(usual).reset_index()

    def _without_resting(self, asked: pd.DataFrame) -> pd.DataFrame:
        """Replace those who rest by the next one at the same prospect, and say so."""
        rests = asked["contact_id"].isin(self.rest.index)
        if not rests.any():
            return asked
        seen = self.day.seen
        awake = replace(seen, contacts=seen.contacts[~seen.contacts["contact_id"].isin(self.rest.index)])
        instead = suggest(asked.loc[rests, "prospect_id"], awake, self.day.as_of, definitions=self.day.definitions)
        names = current(seen.contacts, TABLES["contacts"].key).set_index("contact_id")["name"]
        first = asked.loc[rests, "contact_id"]
        when = first.map(self.rest).dt.tz_convert(self.day.definitions.zone).dt.strftime("%Y-%m-%d")
        called = first.map(names).fillna("contact " + first)
        words = "we were in touch with " + called + " on " + when + ": ask somebody else this time"
        instead = instead.assign(why_contact=words.to_numpy())
        return pd.concat([asked[~rests], instead])
