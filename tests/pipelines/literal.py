"""Small literal tables of facts, checked against the contract."""

from __future__ import annotations

import pandas as pd

from features.facts.contract import check


def day(n: float) -> pd.Timestamp:
    """Return the n-th day of January 2026, at midnight UTC."""
    return pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=n - 1)


def rows(name: str, header: str, *values: tuple[object, ...]) -> pd.DataFrame:
    """Return the good rows of a literal table."""
    checked = check(name, pd.DataFrame(values, columns=header.split()))
    assert checked.quarantined.empty
    return checked.good


def touches(*values: tuple[str, float, float]) -> pd.DataFrame:
    """Return touches of p1 from (id, day recorded, value)."""
    return rows(
        "touches", "touch_id recorded_at value occurred_at prospect_id kind direction",
        *((i, day(n), v, day(1), "p1", "call", "outbound") for i, n, v in values),
    )  # fmt: skip


def prospects(*ids: str, recorded: float = 1, **attributes: object) -> pd.DataFrame:
    """Return prospects with attributes."""
    columns = {"prospect_id": list(ids), "created_at": day(1), "recorded_at": day(recorded), **attributes}
    return check("prospects", pd.DataFrame(columns)).good


def offers(*values: tuple[str, str]) -> pd.DataFrame:
    """Return offers from (id, name)."""
    return rows("offers", "offer_id name", *values)
