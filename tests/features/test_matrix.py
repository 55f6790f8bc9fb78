"""The signature tests: a row of the matrix depends on what was known before its as_of, and on nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog import catalog
from features.errors import ContractError
from features.facts.contract import TABLES
from features.facts.ledger import Facts
from features.matrix import build
from features.time.asof import DAY
from features.time.cohort import snapshots
from tests.features.worlds import START, days, definitions, world, worlds

DEFINITIONS = definitions()
CATALOG = catalog(DEFINITIONS)


def keys_of(facts: Facts, *, every: int = 7) -> pd.DataFrame:
    """All prospects at all moments, open or not: the matrix must be right for any key."""
    moments = days(np.arange(0, 190, every))
    ids = sorted(facts.prospects["prospect_id"].unique())
    return pd.DataFrame(
        {"prospect_id": np.repeat(ids, len(moments)), "as_of": pd.concat([moments] * len(ids), ignore_index=True)}
    )


@settings(max_examples=12, deadline=None)
@given(worlds())
def test_the_kernel_equals_brute_force_to_the_last_bit(facts: Facts) -> None:
    keys = keys_of(facts, every=14)
    fast, plain = build(facts, keys, CATALOG), build(facts, keys, CATALOG, engine="numpy")
    pd.testing.assert_frame_equal(fast.values, plain.values, check_exact=True)


@settings(max_examples=12, deadline=None)
@given(worlds(), st.integers(1, 180))
def test_deleting_every_fact_not_visible_at_as_of_changes_nothing(facts: Facts, day: int) -> None:
    as_of = START + pd.Timedelta(days=day)
    keys = _one_moment(facts, as_of)
    whole, then = build(facts, keys, CATALOG), build(facts.visible(as_of), keys, CATALOG)
    pd.testing.assert_frame_equal(whole.values, then.values, check_exact=True)


@settings(max_examples=12, deadline=None)
@given(worlds(), st.integers(1, 180), st.integers(0, 2**32 - 1))
def test_corrupting_every_fact_not_visible_at_as_of_changes_nothing(facts: Facts, day: int, seed: int) -> None:
    as_of = START + pd.Timedelta(days=day)
    keys = _one_moment(facts, as_of)
    corrupted = _corrupt_after(facts, as_of, np.random.default_rng(seed))
    pd.testing.assert_frame_equal(
        build(facts, keys, CATALOG).values, build(corrupted, keys, CATALOG).values, check_exact=True
    )


@settings(max_examples=12, deadline=None)
@given(worlds(), st.sets(st.integers(0, 10**6), min_size=3, max_size=3))
def test_a_row_alone_equals_the_same_row_in_a_batch(facts: Facts, drawn: set[int]) -> None:
    keys = keys_of(facts, every=14)
    rows = sorted({number % len(keys) for number in drawn})
    batch = build(facts, keys, CATALOG)
    for row in rows:
        mine = facts.of_prospects(pd.Index([keys["prospect_id"].iloc[row]]))
        alone = build(mine, keys.iloc[[row]], CATALOG)
        for name in CATALOG.names:
            assert _same(alone.values[name].iloc[0], batch.values[name].iloc[row]), name


@settings(max_examples=12, deadline=None)
@given(worlds(), st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_of_a_table_does_not_matter(facts: Facts, seed: int) -> None:
    shuffled = Facts(**{n: t.sample(frac=1, random_state=seed % 2**31) for n, t in facts.tables().items()})
    keys = keys_of(facts, every=14)
    pd.testing.assert_frame_equal(
        build(facts, keys, CATALOG).values, build(shuffled, keys, CATALOG).values, check_exact=True
    )


def test_eighty_prospects_agree_with_brute_force() -> None:
    facts = world(np.random.default_rng(3), prospects=80, touches=4_000)
    keys = keys_of(facts, every=30)
    fast, plain = build(facts, keys, CATALOG), build(facts, keys, CATALOG, engine="numpy")
    pd.testing.assert_frame_equal(fast.values, plain.values, check_exact=True)


def test_keys_out_of_order_are_refused() -> None:
    facts = world(np.random.default_rng(0), prospects=2, touches=4)
    keys = keys_of(facts).iloc[::-1]
    with pytest.raises(ContractError, match="sorted by prospect_id, then as_of"):
        build(facts, keys, CATALOG)


def test_no_snapshots_give_an_empty_matrix_with_every_column() -> None:
    facts = world(np.random.default_rng(0), prospects=2, touches=4)
    matrix = build(facts, keys_of(facts).iloc[:0], CATALOG)
    assert (len(matrix), tuple(matrix.values.columns)) == (0, CATALOG.names)


def test_a_prospect_without_facts_has_counts_of_zero_and_recency_missing() -> None:
    keys = pd.DataFrame({"prospect_id": ["nobody"], "as_of": days([10.0])})
    row = build(Facts.of({}), keys, CATALOG).values.iloc[0]
    assert row["touch_all_count_30d"] == 0
    assert np.isnan(row["touch_all_days_since"])
    assert pd.isna(row["prospect_segment"])


def test_snapshots_come_sorted_as_build_wants_them() -> None:
    facts = world(np.random.default_rng(5), prospects=30, touches=100)
    keys = snapshots(facts, pd.DatetimeIndex(days(np.arange(0, 120, 7))), definitions=DEFINITIONS)
    assert len(build(facts, keys, CATALOG)) == len(keys) > 0


def _one_moment(facts: Facts, as_of: pd.Timestamp) -> pd.DataFrame:
    ids = sorted(facts.prospects["prospect_id"].unique())
    return pd.DataFrame({"prospect_id": ids, "as_of": pd.Series([as_of] * len(ids)).astype("datetime64[us, UTC]")})


def _corrupt_after(facts: Facts, as_of: pd.Timestamp, rng: np.random.Generator) -> Facts:
    """Scramble words, numbers and earlier times of every row recorded at or after as_of; ids and records stay."""
    changed = {}
    for name, table in facts.tables().items():
        if "recorded_at" not in table.columns:
            continue
        later = (table["recorded_at"] >= as_of).to_numpy()
        frame = table.copy()
        for column in table.columns:
            kind = TABLES[name].columns.get(column)
            if column.endswith("_id") or column in ("recorded_at", "id", "entity", "name") or not later.any():
                continue
            if kind is not None and kind.type == "time":
                frame.loc[later, column] = START + pd.Timedelta(int(rng.integers(0, 100 * DAY)), unit="us")
            elif pd.api.types.is_numeric_dtype(frame[column]):
                frame.loc[later, column] = float(rng.integers(0, 10**6))
            elif column != "value":
                frame.loc[later, column] = str(rng.choice(["won", "call", "phone", "inbound", "xyz"]))
        changed[name] = frame
    return replace(facts, **changed)


def _same(a: object, b: object) -> bool:
    return (pd.isna(a) and pd.isna(b)) or a == b
