"""The facts as one value: eight contract tables that belong together, and what of them was known when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import pandas as pd

from features.errors import ContractError
from features.facts import own
from features.facts.contract import TABLES, Checked, check, empty, set_aside


@dataclass(frozen=True)
class Facts:
    """The eight tables of the contract, validated. A table may hold several versions of a key.

    Versions of a row (same key, later `recorded_at`) are all kept; who reads chooses the last one visible.
    Absent tables are empty, never None.
    """

    prospects: pd.DataFrame
    accounts: pd.DataFrame
    contacts: pd.DataFrame
    attribute_changes: pd.DataFrame
    touches: pd.DataFrame
    offers: pd.DataFrame
    offers_made: pd.DataFrame
    outcomes: pd.DataFrame

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame]) -> Facts:
        """Build facts from the tables given; those not given are empty."""
        unknown = sorted(set(tables) - set(TABLES))
        if unknown:
            raise ContractError(f"unknown table(s) {unknown}; the contract has {list(TABLES)}.")
        return cls(**{name: tables.get(name, empty(name)) for name in TABLES})

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name, in the contract's order."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def visible(self, as_of: pd.Timestamp) -> Facts:
        """Keep what was known before `as_of` (`recorded_at < as_of`); all offers are kept."""
        kept = {n: t[t["recorded_at"] < as_of] for n, t in self.tables().items() if "recorded_at" in t.columns}
        return replace(self, **kept)

    def of_prospects(self, ids: pd.Index) -> Facts:
        """Keep the facts that belong to these prospects, their accounts and contacts (a shard)."""
        prospects = self.prospects[self.prospects["prospect_id"].isin(ids)]
        accounts = prospects["account_id"].dropna().unique()
        siblings = self.prospects.loc[self.prospects["account_id"].isin(accounts), "prospect_id"]
        near = pd.Index(ids).union(pd.Index(siblings))
        changes = self.attribute_changes
        own = (changes["entity"].eq("prospect") & changes["id"].isin(ids)) | (
            changes["entity"].eq("account") & changes["id"].isin(accounts)
        )
        touched = self.touches[self.touches["prospect_id"].isin(ids)]
        people = self.contacts["account_id"].isin(accounts) | self.contacts["prospect_id"].isin(ids)
        people |= self.contacts["contact_id"].isin(touched["contact_id"].dropna())
        return replace(
            self,
            prospects=self.prospects[self.prospects["prospect_id"].isin(near)],
            accounts=self.accounts[self.accounts["account_id"].isin(accounts)],
            contacts=self.contacts[people],
            attribute_changes=changes[own],
            touches=touched,
            offers_made=self.offers_made[self.offers_made["prospect_id"].isin(ids)],
            outcomes=self.outcomes[self.outcomes["prospect_id"].isin(near)],
        )

    def last_recorded(self) -> pd.Timestamp | None:
        """Return the latest `recorded_at` of any fact that a source delivered, or None where there are no facts.

        What was tapped in our own pages does not count: it says nothing about how far the source has been read.
        """
        ours = own.recorded(self.touches, self.attribute_changes)
        tables = [t["recorded_at"] for t in self.tables().values() if "recorded_at" in t.columns]
        times = [(t[~t.isin(ours)] if len(ours) else t).max() for t in tables]
        return max((t for t in times if pd.notna(t)), default=None)


def current(frame: pd.DataFrame, key: tuple[str, ...]) -> pd.DataFrame:
    """Keep the last recorded version of each key; among equals (and in offers) the last row given."""
    if frame.empty or not frame.duplicated(list(key)).any():
        return frame
    ordered = frame.sort_values("recorded_at", kind="stable") if "recorded_at" in frame.columns else frame
    return ordered.drop_duplicates(list(key), keep="last").sort_index()


_ASKS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "prospects": (("account_id", "accounts"),),
    "contacts": (("account_id", "accounts"), ("prospect_id", "prospects")),
    "touches": (("prospect_id", "prospects"), ("contact_id", "contacts")),
    "offers_made": (("prospect_id", "prospects"), ("offer_id", "offers"), ("contact_id", "contacts")),
    "outcomes": (("prospect_id", "prospects"), ("offer_id", "offers")),
}
"""Which columns point at which table, in an order in which a table is settled before it is pointed at."""


def check_references(checked: Mapping[str, Checked], *, known: Facts | None = None) -> dict[str, Checked]:
    """Set aside rows that point at nobody, and outcomes before their prospect existed.

    Ids are looked up among the rows that are *still good*, so that a quarantined account takes its prospects
    along, and they their touches, each with its own reason. Versions of one key count once.

    Parameters
    ----------
    checked : mapping of table name to Checked
        Tables not given have no rows.
    known : Facts, optional
        What earlier loads brought, which the rows of an incremental load may point at.

    Returns
    -------
    dict of table name to Checked
        All tables of the contract.

    Raises
    ------
    ContractError
        A table is not one of the contract's.
    """
    known = known or Facts.of({})
    given = Facts.of({name: part.good for name, part in checked.items()})
    out = {name: checked.get(name) or check(name, part) for name, part in given.tables().items()}
    for name, columns in _ASKS.items():
        for column, target in columns:
            ids = out[name].good[column]
            unknown = ids.notna() & ~ids.isin(_both(out, known, target)[column])
            out[name] = set_aside(out[name], unknown, f"{column}: unknown id", column)
    out["attribute_changes"] = _changes_of_somebody(out, known)
    out["outcomes"] = _outcomes_after_creation(out, known)
    return out


def _changes_of_somebody(out: Mapping[str, Checked], known: Facts) -> Checked:
    checked = out["attribute_changes"]
    for entity in ("prospect", "account"):
        ids = _both(out, known, f"{entity}s")[f"{entity}_id"]
        unknown = checked.good["entity"].eq(entity) & ~checked.good["id"].isin(ids)
        checked = set_aside(checked, unknown, f"id: unknown {entity}", "id")
    return checked


def _outcomes_after_creation(out: Mapping[str, Checked], known: Facts) -> Checked:
    good = out["outcomes"].good
    created = _both(out, known, "prospects").groupby("prospect_id")["created_at"].min()
    early = good["occurred_at"] < created.reindex(good["prospect_id"]).array
    return set_aside(out["outcomes"], early, "occurred_at: outcome before its prospect", "occurred_at")


def _both(out: Mapping[str, Checked], known: Facts, table: str) -> pd.DataFrame:
    """Return the key and creation of the good rows of this load and of the earlier ones."""
    columns = [c for c in (*TABLES[table].key, "created_at") if c in TABLES[table].columns]
    return pd.concat([out[table].good[columns], known.tables()[table][columns]])
