"""The facts as one value: nine contract tables that belong together, and what of them was known when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

import pandas as pd

from features.errors import ContractError
from features.facts import own, withdrawn
from features.facts.columns import Columns
from features.facts.contract import TABLES, TIME_TYPE, Checked, check, empty, set_aside

_EMPTY: Final = empty("withdrawals")


@cache
def _nothing(name: str) -> Columns:
    """Return a table without rows; made once, for most facts of a request leave most tables out."""
    return Columns(empty(name))


def _frame(table: pd.DataFrame | Columns) -> pd.DataFrame:
    return table.frame if isinstance(table, Columns) else table


class _Table:
    """A table of `Facts`: given as a DataFrame or as `Columns`, read as a DataFrame."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._kept = f"_{name}"

    def __get__(self, facts: Facts | None, owner: type | None = None) -> pd.DataFrame:
        if facts is None:
            raise AttributeError(self._kept)  # a dataclass asks for the default: there is none
        kept: Columns = facts.__dict__[self._kept]
        return kept.frame

    def __set__(self, facts: Facts, given: pd.DataFrame | Columns) -> None:
        facts.__dict__[self._kept] = given if isinstance(given, Columns) else Columns(given)


@dataclass(frozen=True)
class Facts:
    """The nine tables of the contract, validated. A table may hold several versions of a key.

    Versions of a row (same key, later `recorded_at`) are all kept; who reads chooses the last one visible.
    Absent tables are empty, never None.

    A row that was withdrawn (`withdrawals`: its record was deleted or merged in the CRM) is not in its table, so that
    whoever reads a table reads what stands. `gone` keeps such rows: on the days before they were known, and features
    and cohorts of those days ask for them (`ever`, `versions`).
    """

    prospects: _Table = _Table()
    accounts: _Table = _Table()
    contacts: _Table = _Table()
    attribute_changes: _Table = _Table()
    touches: _Table = _Table()
    offers: _Table = _Table()
    offers_made: _Table = _Table()
    outcomes: _Table = _Table()
    withdrawals: pd.DataFrame = field(default_factory=_EMPTY.copy)
    gone: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame | Columns]) -> Facts:
        """Build facts from the tables given, withdrawn rows among them; tables not given are empty."""
        unknown = sorted(set(tables) - set(TABLES))
        if unknown:
            raise ContractError(f"unknown table(s) {unknown}; the contract has {list(TABLES)}.")
        whole = {name: tables[name] if name in tables else _nothing(name) for name in TABLES}
        withdrawals = _frame(whole["withdrawals"])
        named = {name: _frame(whole[name]) for name in withdrawals["table"].unique()}
        standing, gone = withdrawn.part({**named, "withdrawals": withdrawals})
        return cls(**{**whole, "withdrawals": withdrawals, **standing}, gone=gone)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name, in the contract's order: the rows that stand, all versions."""
        return {name: getattr(self, name) for name in TABLES}

    def ever(self, name: str) -> pd.DataFrame:
        """Return a table with the rows that were withdrawn since; where there are some, with `withdrawn.MARKS`."""
        standing: pd.DataFrame = getattr(self, name)
        return withdrawn.join(standing, self.gone[name]) if name in self.gone else standing

    def versions(self, name: str) -> pd.DataFrame:
        """Return a table with the rows that were withdrawn since, and from when on each version was not true.

        Returns
        -------
        DataFrame
            With `hidden_at` (UTC; missing: true to the end): when the next version of the same key was recorded, or
            the row was withdrawn, whichever was first.
        """
        frame, key = self.ever(name), list(TABLES[name].key)
        nothing = pd.Series(pd.NaT, index=frame.index, dtype=TIME_TYPE)
        withdrawn_at = frame[withdrawn.WITHDRAWN_AT] if name in self.gone else nothing
        frame = frame.drop(columns=list(withdrawn.MARKS), errors="ignore").assign(hidden_at=withdrawn_at)
        if not frame.duplicated(key).any():
            return frame
        frame = frame.sort_values([*key, "recorded_at"], kind="stable")
        following = frame.groupby(key)["recorded_at"].shift(-1)
        if name in self.gone:
            following = following.where(~(frame["hidden_at"] < following) & following.notna(), frame["hidden_at"])
        return frame.assign(hidden_at=following)

    def columns(self, name: str) -> Columns:
        """Return `versions` column by column, without making a DataFrame where every row stands for ever.

        There is no `hidden_at` then.
        """
        kept: Columns = self.__dict__[f"_{name}"]
        if name not in self.gone and kept.unique(TABLES[name].key):
            return kept
        if (versions := f"_versions_of_{name}") not in self.__dict__:
            self.__dict__[versions] = Columns(self.versions(name))
        found: Columns = self.__dict__[versions]
        return found

    def changed(self, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Facts:
        """Return the facts with one table changed row by row, the withdrawn rows of it too."""
        gone = {**self.gone, name: change(self.gone[name])} if name in self.gone else self.gone
        return replace(self, **{name: change(getattr(self, name))}, gone=gone)

    def withdrawn(self, name: str) -> pd.DataFrame:
        """Return the last version of each row of a table that no longer stands, with `withdrawn.MARKS`.

        A row that was withdrawn and came back is not among them.
        """
        away, key = self.gone.get(name), list(TABLES[name].key)
        if away is None:
            return getattr(self, name).iloc[:0].assign(**withdrawn.UNMARKED)
        last = away.sort_values(["recorded_at", withdrawn.WITHDRAWN_AT], kind="stable").drop_duplicates(
            key, keep="last"
        )
        back = pd.MultiIndex.from_frame(last[key]).isin(pd.MultiIndex.from_frame(getattr(self, name)[key]))
        return last[~back].sort_index()

    def visible(self, as_of: pd.Timestamp) -> Facts:
        """Keep what was known before `as_of` (`recorded_at < as_of`); all offers are kept.

        What was withdrawn before `as_of` is `gone`; what was withdrawn at or after it stands.
        """
        kept = {n: t[t["recorded_at"] < as_of] for n, t in self.tables().items() if "recorded_at" in t.columns}
        if not self.gone:
            return replace(self, **kept)
        cut = {name: withdrawn.until(getattr(self, name), away, as_of) for name, away in self.gone.items()}
        kept |= {name: standing for name, (standing, _) in cut.items()}
        return replace(self, **kept, gone={name: away for name, (_, away) in cut.items() if len(away)})

    def of_prospects(self, ids: pd.Index) -> Facts:
        """Keep the facts that belong to these prospects, their accounts and contacts (a shard).

        Of a touch or a contact that belongs to them by one of its versions all versions are kept. Withdrawals are kept
        whole: what they hid is told by `gone`.
        """
        near = _Near.of(self, ids)
        kept = {n: t[near.rows(n, t)] for n, t in self.tables().items() if n in _SHARDED}
        return replace(self, **kept, gone={n: t[near.rows(n, t)] for n, t in self.gone.items()})

    def last_recorded(self) -> pd.Timestamp | None:
        """Return the latest `recorded_at` of any fact that a source delivered, or None where there are no facts.

        What was tapped in our own pages does not count: it says nothing about how far the source has been read.
        """
        ours = own.recorded(self.touches, self.attribute_changes)
        tables = [t["recorded_at"] for t in self.tables().values() if "recorded_at" in t.columns]
        times = [(t[~t.isin(ours)] if len(ours) else t).max() for t in tables]
        return max((t for t in times if pd.notna(t)), default=None)


@dataclass(frozen=True)
class _Near:
    """Ids of what belongs to some prospects, by whatever version of it; siblings are in the same account."""

    prospects: pd.Index
    siblings: pd.Index
    accounts: pd.Index
    touches: pd.Index
    contacts: pd.Index

    @classmethod
    def of(cls, facts: Facts, ids: pd.Index) -> _Near:
        prospects, touches, contacts = facts.ever("prospects"), facts.ever("touches"), facts.ever("contacts")
        accounts = pd.Index(prospects.loc[prospects["prospect_id"].isin(ids), "account_id"].dropna().unique())
        siblings = pd.Index(prospects.loc[prospects["account_id"].isin(accounts), "prospect_id"])
        touched = touches[touches["prospect_id"].isin(ids)]
        people = contacts["account_id"].isin(accounts) | contacts["prospect_id"].isin(ids)
        known = pd.Index(touched["contact_id"].dropna()).union(pd.Index(contacts.loc[people, "contact_id"]))
        return cls(pd.Index(ids), pd.Index(ids).union(siblings), accounts, pd.Index(touched["touch_id"]), known)

    def rows(self, name: str, frame: pd.DataFrame) -> pd.Series[Any]:
        """Say which rows of a table belong to them."""
        if name == "attribute_changes":
            of_prospect, of_account = frame["entity"].eq("prospect"), frame["entity"].eq("account")
            return (of_prospect & frame["id"].isin(self.prospects)) | (of_account & frame["id"].isin(self.accounts))
        column, wanted = _SHARDED[name]
        return frame[column].isin(getattr(self, wanted))


_SHARDED: Final[Mapping[str, tuple[str, str]]] = {
    "prospects": ("prospect_id", "siblings"),
    "accounts": ("account_id", "accounts"),
    "contacts": ("contact_id", "contacts"),
    "attribute_changes": ("id", "prospects"),
    "touches": ("touch_id", "touches"),
    "offers_made": ("prospect_id", "prospects"),
    "outcomes": ("prospect_id", "siblings"),
}
"""By which column, and by which ids of `_Near`, the rows of a table belong to prospects."""


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
    along, and they their touches, each with its own reason. Versions of one key count once. What was withdrawn is
    known. A withdrawal points at nobody that has to be known: of a record that was made and deleted between two pulls
    we never hear anything else, and the row it speaks of may also come with a later load. It is kept and hides nothing.

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
    unknown_tables = sorted(set(checked) - set(TABLES))
    if unknown_tables:
        raise ContractError(f"unknown table(s) {unknown_tables}; the contract has {list(TABLES)}.")
    out = {name: checked.get(name) or check(name, empty(name)) for name in TABLES}
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
    return pd.concat([out[table].good[columns], known.ever(table)[columns]])
