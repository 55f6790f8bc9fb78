"""A canary: facts that became known at `as_of`, planted to see whether any feature notices them.

For each prospect and each sort of fact that the data have, one more is written that happened the day before `as_of`
and was recorded at `as_of` itself, the first moment that is *not* visible (`recorded_at < as_of`). Fields of prospects,
accounts and contacts get a later version with other content, recorded then, too, and touches are withdrawn then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.ledger import Facts
from features.facts.withdrawn import MARKS

WORD: Final = "canary"
NUMBER: Final = "1234567"
"""Value of a changed field: a number as well as a word, for fields are of either type."""
SORTS: Final = 20
"""Sorts of facts planted of one table, at most: each with each prospect is enough to move any count."""


@dataclass(frozen=True)
class _Planting:
    """Tables whose rows happen: what makes a sort, which columns are written anew, and whose they are."""

    sort: tuple[str, ...]
    key: str
    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


_HAPPEN: Final[Mapping[str, _Planting]] = {
    "touches": _Planting(("kind", "direction", "channel", "result"), "touch_id", numbers=("value", "duration_s")),
    "offers_made": _Planting(("offer_id", "response"), ""),
    "outcomes": _Planting(("result",), "", numbers=("amount",)),
}
_VERSIONS: Final = {"prospects": "prospect_id", "accounts": "account_id", "contacts": "contact_id"}
_KEPT: Final = ("prospect_id", "account_id", "contact_id", "timezone", "email", "phone", "seniority")
"""Text columns whose values point somewhere or must be of a kind; the canary leaves them."""


def plant(facts: Facts, prospect_ids: pd.Index, as_of: pd.Timestamp) -> Facts:
    """Add to the facts, for these prospects, what became known at `as_of`."""
    tables = facts.tables()
    new = {name: _happened(tables[name], how, prospect_ids, as_of) for name, how in _HAPPEN.items()}
    new |= {name: _version(tables[name], key, as_of) for name, key in _VERSIONS.items()}
    new["attribute_changes"] = _changed(tables["attribute_changes"], as_of)
    grown: dict[str, Any] = {
        name: pd.concat([tables[name], rows], ignore_index=True) for name, rows in new.items() if len(rows)
    }
    planted = replace(facts, **grown)
    whole = {name: planted.ever(name).drop(columns=list(MARKS), errors="ignore") for name in TABLES}
    withdrawn = pd.concat([facts.withdrawals, _withdrawn(facts.touches, prospect_ids, as_of)], ignore_index=True)
    return Facts.of(whole | {"withdrawals": withdrawn.astype(facts.withdrawals.dtypes)})


def _withdrawn(touches: pd.DataFrame, ids: pd.Index, as_of: pd.Timestamp) -> pd.DataFrame:
    """Withdraw the touches that were known of these prospects, at `as_of` itself."""
    known = touches[touches["prospect_id"].isin(ids) & (touches["recorded_at"] < as_of)]
    return pd.DataFrame({
        "table": "touches", "id": known["touch_id"].unique(), "happened_at": pd.NaT, "name": None, "recorded_at": as_of,
        "reason": "deleted",
    })  # fmt: skip


def _happened(table: pd.DataFrame, how: _Planting, ids: pd.Index, as_of: pd.Timestamp) -> pd.DataFrame:
    sorts = table.drop_duplicates(list(how.sort)).head(SORTS)
    rows = sorts.loc[np.repeat(sorts.index, len(ids))].reset_index(drop=True)
    rows["prospect_id"] = pd.Series(np.tile(ids, len(sorts))).astype(table["prospect_id"].dtype)
    rows = _dated(rows, as_of)
    if how.key:
        rows[how.key] = pd.Series([f"{WORD}-{i}" for i in rows.index]).astype(table[how.key].dtype)
    for name in how.numbers:
        rows[name] = 1000.0
    return rows


def _changed(table: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    return _dated(table.drop_duplicates(["entity", "id", "name"]).assign(value=NUMBER), as_of).astype(table.dtypes)


def _dated(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Let the rows happen the day before, each at a moment of its own, and become known at `as_of`."""
    rows = rows.reset_index(drop=True)
    moments = as_of - pd.Timedelta(days=1) + pd.to_timedelta(rows.index.to_numpy(), unit="us")
    return rows.assign(occurred_at=moments.as_unit("us"), recorded_at=as_of)


def _version(table: pd.DataFrame, key: str, as_of: pd.Timestamp) -> pd.DataFrame:
    """Write each row again with other content, recorded at `as_of`."""
    rows = table[table["recorded_at"] < as_of].drop_duplicates(key, keep="last")
    other: dict[str, Any] = {"recorded_at": as_of}
    for name in rows.columns.difference([*_KEPT, key]):
        if pd.api.types.is_numeric_dtype(rows[name]):
            other[name] = rows[name] + 1000
        elif pd.api.types.is_string_dtype(rows[name]):
            other[name] = WORD
    return rows.assign(**other).astype(table.dtypes)
