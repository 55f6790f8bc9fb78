"""Small days to make a list for: prospects, touches and scores as a few rows each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.facts.contract import check
from features.facts.ledger import Facts
from models.decision.priority import TodaysList

AS_OF = pd.Timestamp("2026-03-02", tz="UTC").as_unit("us")
"""A Monday."""


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def facts_of(**tables: list[dict[str, Any]]) -> Facts:
    """Tables as lists of rows; `recorded_at` is `occurred_at`, or long ago, unless given."""
    frames = {}
    for name, rows in tables.items():
        full = [{"recorded_at": row.get("occurred_at", at("2026-01-01"))} | row for row in rows]
        checked = check(name, pd.DataFrame(full))
        assert checked.quarantined.empty, checked.quarantined
        frames[name] = checked.good
    return Facts.of(frames)


def prospect(prospect_id: str, owner: str | None = "kim", **more: Any) -> dict[str, Any]:
    return {"prospect_id": prospect_id, "created_at": at("2026-01-01"), "owner_id": owner} | more


def touch(prospect_id: str, when: str, **more: Any) -> dict[str, Any]:
    usual = {"kind": "call", "channel": "phone", "direction": "outbound", "result": "no_answer"}
    return (
        {"touch_id": f"{prospect_id}{when}{more}", "prospect_id": prospect_id, "occurred_at": at(when)} | usual | more
    )


def scores(**chances: float | None) -> pd.DataFrame:
    """One scored row per prospect; None: could not be scored."""
    chance = np.array([np.nan if c is None else c for c in chances.values()])
    return pd.DataFrame(
        {
            "prospect_id": pd.array(list(chances), dtype="str"), "as_of": AS_OF, "margin": chance, "chance": chance,
            "state": ["unscored" if c is None else "scored" for c in chances.values()],
            "reason": ["nothing was known" if c is None else "" for c in chances.values()],
        }
    ).astype({"state": "str", "reason": "str"})  # fmt: skip


def listed(result: TodaysList) -> list[tuple[object, ...]]:
    """(owner or None, rank, prospect) in the order of the list."""
    owner = result.listed["owner_id"].astype(object).where(result.listed["owner_id"].notna(), None)
    return list(zip(owner, result.listed["rank"], result.listed["prospect_id"], strict=True))


def left_out(result: TodaysList) -> dict[str, tuple[str, str]]:
    """prospect: (reason, words)."""
    rows = result.left_out
    return dict(zip(rows["prospect_id"], zip(rows["reason"], rows["words"], strict=True), strict=True))


def until(result: TodaysList) -> dict[str, str | None]:
    """prospect: the day from which it could be listed, None if not known."""
    rows = result.left_out
    days = [None if pd.isna(day) else f"{day:%Y-%m-%d}" for day in rows["until"]]
    return dict(zip(rows["prospect_id"], days, strict=True))
