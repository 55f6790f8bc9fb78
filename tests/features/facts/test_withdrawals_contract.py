"""The ninth table: which withdrawals are usable, and the reason for each that is not."""

from __future__ import annotations

import pandas as pd
import pytest

from features.facts.contract import TABLES, check
from features.facts.tables import NAMED, WITHDRAWALS

AT = pd.Timestamp("2026-01-05", tz="UTC")


def withdrawal(**changes: object) -> pd.DataFrame:
    row = {"table": "outcomes", "id": "p1", "recorded_at": AT, "reason": "deleted"}
    return pd.DataFrame([row | changes])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"happened_at": AT},
        {"table": "offers_made", "happened_at": AT, "name": "o1"},
        {"table": "attribute_changes", "name": "size"},
        {"table": "prospects", "reason": "merged"},
        {"happened_at": AT + pd.Timedelta(days=9)},
        {"id": 7},
    ],
    ids=["all of an id", "one", "with an offer", "one field", "merged", "of what lies ahead", "a number for an id"],
)
def test_a_withdrawal_that_names_parts_of_the_key_is_good(changes: dict[str, object]) -> None:
    assert check(WITHDRAWALS, withdrawal(**changes)).quarantined.empty


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"table": "offers"}, "table: not one of prospects, accounts, contacts"),
        ({"table": "deals"}, "table: not one of"),
        ({"table": None}, "table: missing"),
        ({"id": ""}, "id: empty or longer"),
        ({"id": None}, "id: missing"),
        ({"reason": "archived"}, "reason: not one of deleted, merged"),
        ({"recorded_at": None}, "recorded_at: missing"),
        ({"table": "touches", "happened_at": AT}, "happened_at: not in the key of such rows"),
        ({"table": "outcomes", "name": "size"}, "name: not in the key of such rows"),
    ],
)
def test_a_withdrawal_that_would_hit_nothing_is_set_aside(changes: dict[str, object], reason: str) -> None:
    rows = pd.concat([withdrawal(), withdrawal(**changes)], ignore_index=True)
    bad = check(WITHDRAWALS, rows.assign(recorded_at=pd.to_datetime(rows["recorded_at"], utc=True)))
    assert bad.good.index.tolist() == [0]
    assert bad.quarantined["reason"].iloc[0].startswith(reason)


def test_every_table_with_a_record_can_be_withdrawn_from_by_columns_of_its_key() -> None:
    recorded = {name for name, t in TABLES.items() if "recorded_at" in t.columns} - {WITHDRAWALS}
    assert set(NAMED) == recorded == set(TABLES[WITHDRAWALS].columns["table"].among)
    for name, columns in NAMED.items():
        assert {c for c in columns if c} <= set(TABLES[name].key)
