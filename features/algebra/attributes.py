"""Attributes as events: the columns of prospects and accounts, and every later change, one row per known value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from features.algebra.links import linked
from features.errors import ContractError
from features.facts.contract import TIME_TYPE
from features.facts.ledger import Facts
from features.facts.withdrawn import WITHDRAWN_AT

COLUMNS: Final = ("prospect_id", "occurred_at", "recorded_at", "tie", "name", "category", "number")


def collect(facts: Facts, wanted: Iterable[tuple[str, str]], links: pd.DataFrame) -> pd.DataFrame:
    """Collect the known values of attributes.

    Parameters
    ----------
    wanted : iterable of (name, type)
        Type is `number` or `category`.
    links : DataFrame
        `features.algebra.links.links`: which account a prospect belongs to and since when that is known.

    Returns
    -------
    DataFrame, columns `COLUMNS`, and `hidden_at` where rows were withdrawn
        A value in a column is true from creation, or, in a later version of the row, from when it was recorded.

    Raises
    ------
    ContractError
        A value of a numeric attribute is not a number.
    """
    parts: list[pd.DataFrame] = []
    for name, kind in dict.fromkeys(wanted):
        parts.append(_columns(facts.ever("prospects"), "prospect_id", name, kind))
        parts.append(_to_prospects(_columns(facts.ever("accounts"), "account_id", name, kind), links))
        changes = facts.ever("attribute_changes")
        changes = changes[(changes["name"] == name).to_numpy()]
        if len(changes):
            parts.append(_changes(changes, "prospect", name, kind))
            parts.append(_to_prospects(_changes(changes, "account", name, kind), links))
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else _nothing()


def _columns(frame: pd.DataFrame, key: str, name: str, kind: str) -> pd.DataFrame:
    if name not in frame.columns or not (known := frame[name].notna().to_numpy()).any():
        return pd.DataFrame()
    rows = frame[known]
    since = rows["created_at"] if "created_at" in rows else rows["recorded_at"]
    if not frame[key].is_unique:
        # a record that was restored is true from its creation again, as it was when it was first recorded
        by = [c for c in (key, WITHDRAWN_AT) if c in frame]
        first = rows["recorded_at"] == frame.groupby(by, dropna=False)["recorded_at"].transform("min")[known]
        since = since.where(first, rows["recorded_at"])
    values = rows[[key, "recorded_at"]].assign(occurred_at=since, tie="", **_payload(rows[name], name, kind))
    return _while_it_stood(values, rows)


def _changes(changes: pd.DataFrame, entity: str, name: str, kind: str) -> pd.DataFrame:
    rows = changes[((changes["entity"] == entity) & changes["value"].notna()).to_numpy()]
    if rows.empty:
        return pd.DataFrame()
    values = rows[["id", "occurred_at", "recorded_at"]].rename(columns={"id": f"{entity}_id"})
    return _while_it_stood(values.assign(tie=rows["value"], **_payload(rows["value"], name, kind)), rows)


def _while_it_stood(values: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Hide values from when on their rows were withdrawn; a later version of a row hides nothing, it comes last."""
    return values.assign(hidden_at=rows[WITHDRAWN_AT]) if WITHDRAWN_AT in rows else values


def _to_prospects(rows: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    return rows if rows.empty else linked(rows, links)


def _payload(values: pd.Series, name: str, kind: str) -> dict[str, Any]:
    if kind == "category":
        return {"name": name, "category": values.astype("str"), "number": np.nan}
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    bad = numbers.isna()
    if bad.any():
        raise ContractError(
            f"attribute {name}: expected a number, got {values[bad].iloc[0]!r} in {int(bad.sum())} row(s). "
            "Cast it in the source's .sql, or declare the attribute as a category in definitions.yaml."
        )
    return {"name": name, "category": pd.Series(pd.NA, index=values.index, dtype="str"), "number": numbers}


def _nothing() -> pd.DataFrame:
    types = {"occurred_at": TIME_TYPE, "recorded_at": TIME_TYPE, "number": "float64"}
    return pd.DataFrame({c: pd.Series([], dtype=types.get(c, "str")) for c in COLUMNS})
