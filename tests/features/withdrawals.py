"""What stands at a moment, by comparing every row with every withdrawal; shares no code with `features.facts`."""

from __future__ import annotations

from typing import Any

import pandas as pd

KEYS = {
    "prospects": ("prospect_id", None, None),
    "accounts": ("account_id", None, None),
    "contacts": ("contact_id", None, None),
    "touches": ("touch_id", None, None),
    "attribute_changes": ("id", "occurred_at", "name"),
    "offers_made": ("prospect_id", "occurred_at", "offer_id"),
    "outcomes": ("prospect_id", "occurred_at", None),
}


def standing(world: dict[str, pd.DataFrame], as_of: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return the tables with the rows that are recorded and not withdrawn before the moment."""
    known = [w for w in world["withdrawals"].to_dict("records") if w["recorded_at"] < as_of]
    out = {}
    for name, frame in world.items():
        if name in KEYS:
            rows = [
                row["recorded_at"] < as_of and not any(hides(w, name, row) for w in known)
                for row in frame.to_dict("records")
            ]
            out[name] = frame[pd.Series(rows, index=frame.index, dtype="bool")]
    return out


def hides(withdrawal: dict[Any, Any], name: str, row: dict[Any, Any]) -> bool:
    """Say whether a withdrawal speaks of this row."""
    who, when, what = KEYS[name]
    return bool(
        withdrawal["table"] == name
        and withdrawal["id"] == row[who]
        and row["recorded_at"] <= withdrawal["recorded_at"]
        and (pd.isna(withdrawal["happened_at"]) or (when and row[when] == withdrawal["happened_at"]))
        and (pd.isna(withdrawal["name"]) or (what and row[what] == withdrawal["name"]))
    )


def dead_accounts(world: dict[str, pd.DataFrame], as_of: pd.Timestamp) -> set[str]:
    """Return the accounts that were delivered once and of which no version stands."""
    before = {k: f[f["recorded_at"] < as_of] if "recorded_at" in f else f for k, f in world.items()}
    return set(before["accounts"]["account_id"]) - set(standing(world, as_of)["accounts"]["account_id"])
