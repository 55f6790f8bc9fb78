"""A second implementation of the features in plain pandas, written from the design's words and from nothing else.

For one prospect and one moment every table is filtered row by row: a fact is visible if it was recorded before
`as_of`, of several versions of a key the last visible one is true, and an event lies in a window of n days if
`as_of - n d <= occurred_at < as_of`. It shares no code with `features.algebra`, and it takes its time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from features.facts.ledger import Facts

ANSWERED = {
    "interested", "meeting_booked", "answered", "not_now", "not_interested", "wrong_person", "do_not_contact",
}  # fmt: skip
INTERNAL = {"task", "stage"}


def believed(table: pd.DataFrame, key: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """The last version of each row that was recorded before the moment."""
    seen = table[table["recorded_at"] < as_of].sort_values("recorded_at")
    return seen[~seen.duplicated(key, keep="last")]


@dataclass(frozen=True)
class Look:
    """What is known of one prospect at one moment."""

    facts: Facts
    who: str
    as_of: pd.Timestamp

    def window(self, events: pd.DataFrame, days: int | None, when: str = "occurred_at") -> pd.DataFrame:
        past = events[events[when] < self.as_of]
        return past if days is None else past[past[when] >= self.as_of - pd.Timedelta(days=days)]

    def ago(self, times: pd.Series) -> float | None:
        return None if times.empty else (self.as_of - times.max()) / pd.Timedelta(days=1)

    @cached_property
    def accounts(self) -> dict[str, str]:
        """The account of each prospect whose link is known."""
        known = self.facts.prospects.dropna(subset=["account_id"]).sort_values("recorded_at")
        first = known[~known.duplicated("prospect_id", keep="first")]
        first = first[first["recorded_at"] < self.as_of]
        return dict(zip(first["prospect_id"], first["account_id"], strict=True))

    @cached_property
    def touches(self) -> pd.DataFrame:
        known = believed(self.facts.touches, ["touch_id"], self.as_of)
        return self.window(known[known["prospect_id"] == self.who], None)

    @cached_property
    def contact(self) -> pd.DataFrame:
        return self.touches[~self.touches["kind"].isin(INTERNAL)]

    @cached_property
    def contacts(self) -> pd.DataFrame:
        return believed(self.facts.contacts, ["contact_id"], self.as_of)

    @cached_property
    def our_contacts(self) -> pd.DataFrame:
        mine = self.contacts["prospect_id"] == self.who
        shared = self.contacts["prospect_id"].isna() & (self.contacts["account_id"] == self.accounts.get(self.who))
        return self.contacts[mine | shared]

    @cached_property
    def people(self) -> pd.DataFrame:
        who = self.contacts[["contact_id", "role", "seniority"]]
        return self.touches.dropna(subset=["contact_id"]).merge(who, on="contact_id")

    @cached_property
    def offers(self) -> pd.DataFrame:
        known = believed(self.facts.offers_made, ["prospect_id", "offer_id", "occurred_at"], self.as_of)
        return self.window(known[known["prospect_id"] == self.who], None)

    @cached_property
    def answers(self) -> pd.DataFrame:
        known = believed(self.facts.offers_made, ["prospect_id", "offer_id", "occurred_at"], self.as_of)
        said = known[(known["prospect_id"] == self.who) & known["response"].notna()]
        return self.window(said, None, "responded_at")

    @cached_property
    def siblings(self) -> pd.DataFrame:
        mine = self.accounts.get(self.who)
        others = [p for p, account in self.accounts.items() if account == mine and p != self.who]
        known = believed(self.facts.outcomes, ["prospect_id", "occurred_at"], self.as_of)
        return self.window(known[known["prospect_id"].isin(others)], None)

    def known_words(self, events: pd.DataFrame, column: str, when: str = "occurred_at") -> set[str]:
        """The words of the last event that has one: more than one where several happened in one instant."""
        told = events[events[column].notna()]
        return _at_the_end(told[column], told[when], told["recorded_at"])

    def attribute(self, name: str) -> set[Any]:
        """The last value known, of columns (true since creation, or since the version) and of later changes."""
        changes = self.facts.attribute_changes
        rows = []
        for entity, who in (("prospect", self.who), ("account", self.accounts.get(self.who))):
            table = getattr(self.facts, f"{entity}s")
            own = table[table[f"{entity}_id"] == who].sort_values("recorded_at")
            for i, row in enumerate(own.to_dict("records")):
                since = row.get("created_at", row["recorded_at"]) if i == 0 else row["recorded_at"]
                rows.append((since, row["recorded_at"], row.get(name)))
            mine = changes[(changes["entity"] == entity) & (changes["id"] == who) & (changes["name"] == name)]
            rows += list(zip(mine["occurred_at"], mine["recorded_at"], mine["value"], strict=True))
        told = pd.DataFrame(rows, columns=["occurred_at", "recorded_at", "value"])
        told = told[told["value"].notna() & (told["recorded_at"] < self.as_of) & (told["occurred_at"] < self.as_of)]
        return _at_the_end(told["value"], told["occurred_at"], told["recorded_at"])


def _at_the_end(words: pd.Series, occurred: pd.Series, recorded: pd.Series) -> set[Any]:
    last = occurred == occurred.max()
    return set(words[last & (recorded == recorded[last].max())])


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _trend(look: Look, events: pd.DataFrame, days: int) -> int:
    this, both = len(look.window(events, days)), len(look.window(events, 2 * days))
    return this - (both - this)


def _inbound(events: pd.DataFrame) -> pd.DataFrame:
    return events[events["direction"] == "inbound"]


def _answered(events: pd.DataFrame) -> pd.DataFrame:
    return events[(events["direction"] == "outbound") & events["result"].isin(ANSWERED)]


def _calls(look: Look) -> pd.DataFrame:
    return look.touches[(look.touches["channel"] == "phone") & (look.touches["direction"] == "outbound")]


def _roles(look: Look) -> set[str]:
    """The roles of the last touch with somebody whose role is known; touches of one instant are not told apart."""
    told = look.people[look.people["role"].notna()]
    return set(told.loc[told["occurred_at"] == told["occurred_at"].max(), "role"])


def _won(look: Look) -> pd.DataFrame:
    return look.siblings[look.siblings["result"] == "won"]


NUMBERS: dict[str, Callable[[Look], float | None]] = {
    "touch_all_count_7d": lambda k: len(k.window(k.contact, 7)),
    "touch_all_count_90d": lambda k: len(k.window(k.contact, 90)),
    "touch_all_count_all": lambda k: len(k.contact),
    "touch_inbound_count_30d": lambda k: len(_inbound(k.window(k.contact, 30))),
    "touch_inbound_share_90d": lambda k: _ratio(len(_inbound(k.window(k.contact, 90))), len(k.window(k.contact, 90))),
    "touch_inbound_trend_7d": lambda k: _trend(k, _inbound(k.contact), 7),
    "touch_all_trend_30d": lambda k: _trend(k, k.contact, 30),
    "touch_meeting_count_90d": lambda k: sum(k.window(k.touches, 90)["kind"] == "meeting"),
    "touch_web_count_30d": lambda k: sum(k.window(k.touches, 30)["channel"].fillna("") == "web"),
    "touch_all_days_since": lambda k: k.ago(k.contact["occurred_at"]),
    "touch_first_days_since": lambda k: k.ago(k.contact["occurred_at"].nsmallest(1)),
    "touch_active_days_distinct_30d": lambda k: k.window(k.contact, 30)["occurred_at"].dt.floor("D").nunique(),
    "touch_channels_distinct_90d": lambda k: k.window(k.touches, 90)["channel"].nunique(),
    "touch_contacts_distinct_30d": lambda k: k.window(k.touches, 30)["contact_id"].nunique(),
    "touch_duration_total_90d": lambda k: k.window(k.touches, 90)["duration_s"].sum(),
    "touch_value_total_90d": lambda k: k.window(k.touches, 90)["value"].sum(),
    "touch_answered_share_90d": lambda k: _ratio(len(_answered(k.window(k.touches, 90))), len(k.window(k.touches, 90))),
    "touch_phone_answers_share_all": lambda k: _ratio(len(_answered(_calls(k))), len(_calls(k))),
    "contact_known_count_all": lambda k: len(k.our_contacts),
    "contact_roles_distinct_all": lambda k: k.our_contacts["role"].nunique(),
    "person_roles_distinct_90d": lambda k: k.window(k.people, 90)["role"].nunique(),
    "person_executive_days_since": lambda k: k.ago(
        k.people.loc[k.people["seniority"].fillna("") == "executive", "occurred_at"]
    ),
    "offer_made_count_30d": lambda k: len(k.window(k.offers, 30)),
    "offer_kinds_distinct_all": lambda k: k.offers["offer_id"].nunique(),
    "offer_interest_count_all": lambda k: sum(k.answers["response"].isin(["accepted", "interested"])),
    "offer_open_count_all": lambda k: len(k.offers) - len(k.answers),
    "offer_response_days_since": lambda k: k.ago(k.answers["responded_at"]),
    "account_wins_count_all": lambda k: len(_won(k)),
    "account_wins_share_all": lambda k: _ratio(len(_won(k)), len(k.siblings)),
    "account_wins_total_all": lambda k: _won(k)["amount"].sum(),
    "account_win_days_since": lambda k: k.ago(_won(k)["occurred_at"]),
    "prospect_age_days": lambda k: k.ago(
        k.facts.prospects[k.facts.prospects["prospect_id"] == k.who]
        .nsmallest(1, "recorded_at")
        .query("recorded_at < @k.as_of and created_at < @k.as_of")["created_at"]
    ),
}

WORDS: dict[str, Callable[[Look], set[Any]]] = {
    "stage_last": lambda k: k.known_words(k.touches, "stage"),
    "touch_inbound_channel_last": lambda k: k.known_words(_inbound(k.touches), "channel"),
    "person_role_last": lambda k: _roles(k),
    "offer_last": lambda k: k.known_words(k.offers, "offer_id"),
    "offer_response_last": lambda k: k.known_words(k.answers, "response", "responded_at"),
    "prospect_segment": lambda k: k.attribute("segment"),
    "attribute_industry": lambda k: k.attribute("industry"),
    "attribute_size": lambda k: {float(value) for value in k.attribute("size")},
}
