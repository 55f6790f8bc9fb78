"""Right person, right place: the chance of a positive reply to the next try, for each contact on each channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.time.labels import observed_until
from models.heads.contactable import nameless_refusals, people, ways
from models.heads.kept import Kept
from models.heads.learned import Question, Versions, fit_head
from models.heads.outreach import REPLY_WINDOW, heard, labels, tries
from models.heads.reply_features import CATALOG
from models.heads.reply_table import before, people_of, ways_of
from models.heads.reply_words import excluded, past, spoken
from models.heads.win import named_capacity

CHOICES: Final = ("prospect_id", "contact_id", "channel", "reach", "low", "high", "tried", "answered", "said")
NOT_ASKED: Final = ("prospect_id", "contact_id", "reason", "said")
TYPES: Final = {"prospect_id": "str", "contact_id": "str", "channel": "str", "said": "str"}
MANIFEST: Final = "reply.json"


@dataclass(frozen=True)
class Reply:
    """The fitted head of person and place.

    Attributes
    ----------
    kept : Kept
        The ladder: will a try be followed by a positive reply within `REPLY_WINDOW`.
    used, heard : tuple of str
        Channels that were ever tried, and those of which it is recorded whether anybody answers.
    hour : float
        The median hour of tries in the person's time, at which an intended try is looked at; NaN without tries.
    tried, positive : int
        Tries that could be labelled, and those with a positive reply.
    """

    kept: Kept
    used: tuple[str, ...]
    heard: tuple[str, ...]
    hour: float
    tried: int
    positive: int

    @property
    def report(self) -> pd.DataFrame:
        """The figures on later tries: model, metric, value, low, high, reason."""
        return self.kept.report

    @property
    def note(self) -> str:
        """From how many tries, which rung, and why not a higher one."""
        if not self.used:
            return "No outbound touch on a channel that reaches people: nothing to learn replies from."
        if not self.heard:
            return f"No result of any try by {', '.join(self.used)} is recorded: no chance of a reply is said."
        return f"{self.positive} positive replies to {self.tried} tries. {self.kept.note}"

    def choices(
        self, facts: Facts, prospect_ids: pd.Series | pd.Index, as_of: pd.Timestamp, definitions: Definitions
    ) -> pd.DataFrame:
        """Answer whom to ask for, by which channel, and how likely a positive reply is.

        Parameters
        ----------
        prospect_ids : str, shape (n,)
            The result keeps this order.
        as_of : Timestamp
            UTC; only what was recorded before it is looked at.

        Returns
        -------
        DataFrame, one row per willing contact and usable channel, the likeliest of each prospect first
            `CHOICES`. `reach`: chance of a positive reply within `REPLY_WINDOW` of a try on that day at a usual hour,
            `low` to `high` its 95 % interval; all NaN where no chance can be said. `tried`, `answered`: tries of this
            person on this channel. Where no contact may be asked the rows have no contact_id and stand for whoever is
            in charge. A prospect at which somebody wants no contact and nobody else is known has no row; `not_asked`
            says so.
        """
        ids = pd.Index(prospect_ids).unique()
        known = facts.visible(as_of)
        found = ways(_whom(known, ids, as_of, zone=definitions.zone), known)
        found = found[found["address"] | found["channel"].isin(self.used or found["channel"])]
        if found.empty:
            return pd.DataFrame(columns=list(CHOICES)).astype(TYPES)
        day = as_of.tz_convert(definitions.zone).weekday()
        asks = found[["prospect_id", "contact_id", "channel"]].assign(as_of=as_of, weekday=day, hour=self.hour)
        chances = self.kept.chances(before(asks, known, zone=definitions.zone))
        silent = ~found["channel"].isin(self.heard).to_numpy()
        chances.loc[silent, ["chance", "low", "high"]] = np.nan
        rows = pd.concat([found, _history(found, known), chances], axis=1)
        rows = rows.assign(
            said=spoken(rows, used=self.used, heard=self.heard), place=ids.get_indexer(rows["prospect_id"])
        )
        order = ["place", "chance", "margin", "contact_id", "channel"]
        rows = rows.sort_values(order, ascending=[True, False, False, True, True], ignore_index=True)
        return rows.rename(columns={"chance": "reach"})[list(CHOICES)].astype(TYPES)

    def not_asked(
        self, facts: Facts, prospect_ids: pd.Series | pd.Index, as_of: pd.Timestamp, definitions: Definitions
    ) -> pd.DataFrame:
        """Answer who is left out of `choices`, and why.

        Returns
        -------
        DataFrame
            `NOT_ASKED`: reason is "refuses" or "wrong_person"; contact_id is missing where somebody whose name is not
            recorded wants no contact.
        """
        known, ids = facts.visible(as_of), pd.Index(prospect_ids).unique()
        everybody = people(known, as_of)
        out = everybody[everybody["prospect_id"].isin(ids) & everybody["why_not"].notna()]
        nameless = ids.intersection(nameless_refusals(known), sort=False)
        return excluded(out, nameless, zone=definitions.zone)[list(NOT_ASKED)].astype(dict.fromkeys(NOT_ASKED, "str"))

    def to_files(self) -> dict[str, str]:
        """Return file names and texts."""
        own = {
            "used": self.used, "heard": self.heard, "hour": None if np.isnan(self.hour) else self.hour,
            "tried": self.tried, "positive": self.positive,
        }  # fmt: skip
        return {MANIFEST: json.dumps(own, sort_keys=True, indent=1, allow_nan=False) + "\n", **self.kept.to_files()}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Reply:
        """Read what `to_files` wrote."""
        raw = json.loads(files[MANIFEST])
        hour = float("nan") if raw["hour"] is None else raw["hour"]
        words = tuple(raw["used"]), tuple(raw["heard"])
        return cls(Kept.from_files(files), *words, hour, raw["tried"], raw["positive"])


def fit_reply(
    facts: Facts, *, definitions: Definitions, trained_as_of: pd.Timestamp, data_version: str,
    capacity: int | None = None, seed: int = 7, threads: int = 2, draws: int = 200,
) -> Reply:  # fmt: skip
    """Fit, calibrate and measure the chance of a positive reply; works from zero tries.

    Parameters
    ----------
    facts : Facts
        Only what was recorded before `trained_as_of` (UTC) is looked at.
    capacity, draws : int
        As in `models.heads.win.fit_win`.
    """
    known = facts.visible(trained_as_of)
    tried = tries(known)
    label = labels(tried, observed_until=observed_until(known, trained_as_of, definitions=definitions))
    asks = tried.rename(columns={"occurred_at": "as_of"})
    values = before(asks, known, zone=definitions.zone)
    versions = Versions(
        definitions.company, REPLY_WINDOW.days, trained_as_of, definitions.meaning, CATALOG.hash, data_version
    )
    calls = named_capacity(definitions) if capacity is None else capacity
    question = Question("reply", versions, REPLY_WINDOW, calls, of_events=True)
    fitted = fit_head(
        values, label, keys=asks[["prospect_id", "as_of"]], question=question, seed=seed, threads=threads, draws=draws
    )
    hour = float(values["hour"].median()) if len(values) else float("nan")
    used = tuple(sorted(tried["channel"].unique()))
    return Reply(Kept.of(fitted), used, heard(tried), hour, int((~np.isnan(label)).sum()), int(np.nansum(label)))


def _whom(known: Facts, ids: pd.Index, as_of: pd.Timestamp, *, zone: ZoneInfo) -> pd.DataFrame:
    """Return the willing people, and a nameless one for prospects that have none and did not refuse.

    `instead` says of a nameless one who was the wrong person; missing where no contact is on record.
    """
    everybody = people(known, as_of)
    everybody = everybody[everybody["prospect_id"].isin(ids)]
    willing = everybody[everybody["why_not"].isna()].assign(instead=None)
    refused = everybody.loc[everybody["why_not"].eq("refuses"), "prospect_id"]
    silent = [willing["prospect_id"], refused, nameless_refusals(known)]
    rest = ids[~np.logical_or.reduce([ids.isin(some) for some in silent])]
    wrong = everybody[everybody["prospect_id"].isin(rest)]
    instead = excluded(wrong, pd.Index([]), zone=zone).groupby("prospect_id")["said"].agg("; ".join)
    nameless = pd.DataFrame({"prospect_id": rest, "instead": instead.reindex(rest).to_numpy()})
    both = pd.concat([willing, nameless.reindex(columns=willing.columns)], ignore_index=True)
    return both.astype({"prospect_id": "str", "contact_id": "str"})


def _history(found: pd.DataFrame, known: Facts) -> pd.DataFrame:
    """Return how often each way was `tried` and `answered`, and the `past` of its person in words."""
    tried = tries(known).assign(way=ways_of, person=people_of)
    counts = tried.groupby(["person", "channel", "way"], as_index=False).agg(
        tried=("answered", "size"), answered=("answered", "sum")
    )
    own = counts.set_index("way")[["tried", "answered"]].reindex(ways_of(found)).fillna(0).astype("int64")
    words = past(counts).reindex(people_of(found)).fillna("")
    return own.set_axis(found.index).assign(past=words.to_numpy())
