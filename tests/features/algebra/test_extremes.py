"""What a company should not have and one day has: one endless journey, none at all, everything at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.algebra.declaration import Declaration, feature
from features.algebra.filling import Filling, Snapshots
from features.algebra.terms import Term, count, days_since, distinct, latest, total, touches
from features.catalog import Catalog, catalog
from features.facts.columns import Columns
from features.facts.ledger import Facts
from features.matrix import build
from features.time.asof import DAY
from tests.features.literal import facts, keys
from tests.features.worlds import definitions

START = int(pd.Timestamp("2024-01-01", tz="UTC").as_unit("us").value)


def many(n: int, *, kinds: int = 3, days: float = 700.0, seed: int = 1) -> pa.Table:
    """Touches of one prospect, some of them recorded late."""
    rng = np.random.default_rng(seed)
    occurred = START + np.sort(rng.integers(0, int(days * DAY) + 1, n))
    recorded = occurred + np.where(rng.random(n) < 0.05, rng.integers(0, 30 * DAY, n), 0)
    kind = rng.integers(0, kinds, n)
    return pa.table(
        {
            "touch_id": [f"t{i}" for i in range(n)],
            "prospect_id": pa.array(["endless"] * n),
            "contact_id": [f"c{c}" for c in rng.integers(0, 50, n)],
            "kind": [f"kind_{k}" for k in kind],
            "occurred_at": pa.array(occurred, pa.timestamp("us", "UTC")),
            "recorded_at": pa.array(recorded, pa.timestamp("us", "UTC")),
            "value": rng.integers(0, 1000, n) / 4,
        }
    )


def declared(*terms: Term) -> Catalog:
    return Catalog(tuple(_feature(f"f_{i}", term) for i, term in enumerate(terms)))


def _feature(name: str, term: Term) -> Declaration:
    return feature(name, term, question="time", concept="test", says="{value}")


def looks(*offsets: int) -> pd.DataFrame:
    times = pd.to_datetime([START + day * DAY for day in offsets], unit="us", utc=True)
    frame = pd.DataFrame({"prospect_id": "endless", "as_of": times})
    return frame.astype({"prospect_id": "str", "as_of": "datetime64[us, UTC]"})


def test_a_prospect_with_a_million_touches_is_counted_to_the_last_one() -> None:
    table = many(1_000_000)
    asked = declared(
        count(touches, kind="kind_1", days=30), total(touches, "value", days=365),
        distinct(touches, "contact", days=7), days_since(touches, kind="kind_2"),
    )  # fmt: skip
    at = looks(*range(7, 700, 63))
    found = build(Facts.of({"touches": Columns(table)}), at, asked).values.to_numpy("float64")
    frame = table.to_pandas()
    for row, now in zip(found, at["as_of"], strict=True):
        seen = frame[(frame["recorded_at"] < now) & (frame["occurred_at"] < now)]
        age = now - seen["occurred_at"]
        expected = [
            ((age <= pd.Timedelta(days=30)) & (seen["kind"] == "kind_1")).sum(),
            seen.loc[age <= pd.Timedelta(days=365), "value"].sum(),
            seen.loc[age <= pd.Timedelta(days=7), "contact_id"].nunique(),
            age[seen["kind"] == "kind_2"].min() / pd.Timedelta(days=1),
        ]
        assert row.tolist() == pytest.approx(expected, rel=1e-6)


def test_ten_thousand_kinds_with_a_feature_each_are_told_apart() -> None:
    n_kinds = 10_000
    table = many(40_000, kinds=n_kinds)
    asked = declared(*(count(touches, kind=f"kind_{k}", days=365) for k in range(n_kinds)))
    at = looks(100, 650)
    found = build(Facts.of({"touches": Columns(table)}), at, asked).values.to_numpy()
    frame = table.to_pandas()
    for row, now in zip(found, at["as_of"], strict=True):
        age = now - frame["occurred_at"]
        seen = frame[(frame["recorded_at"] < now) & (age > pd.Timedelta(0)) & (age <= pd.Timedelta(days=365))]
        by_kind = seen["kind"].value_counts()
        assert row.tolist() == [by_kind.get(f"kind_{k}", 0) for k in range(n_kinds)]


def test_facts_without_a_touch_give_the_row_of_somebody_of_whom_nothing_is_known() -> None:
    whole = catalog(definitions())
    found = build(facts(), keys("a 03-01", "b 03-01"), whole).values
    assert len(found) == 2
    assert (found["touch_all_count_all"] == 0).all()
    assert found["touch_all_days_since"].isna().all()
    assert build(facts(), keys("a 03-01").iloc[:0], whole).values.shape == (0, len(whole.names))


def test_touches_of_one_instant_are_all_counted_and_their_last_word_does_not_depend_on_the_order() -> None:
    n = 3_000
    table = many(n, days=0.0).set_column(5, "recorded_at", many(n, days=0.0).column("occurred_at"))
    asked = declared(count(touches, days=7), distinct(touches, "contact"), latest(touches, "kind"))
    one, other = (
        build(Facts.of({"touches": Columns(rows)}), looks(0, 1, 8), asked).values
        for rows in (table, table.take(np.random.default_rng(5).permutation(n)))
    )
    assert one["f_0"].tolist() == [0, n, 0]
    assert one["f_1"].tolist() == [0, 50, 50]
    pd.testing.assert_frame_equal(one, other)


def test_before_all_data_nothing_is_known() -> None:
    found = build(Facts.of({"touches": Columns(many(100))}), looks(-30, 0), declared(count(touches))).values
    assert found["f_0"].tolist() == [0, 0]


def test_a_prospect_with_more_snapshots_than_a_block_has_one_of_its_own() -> None:
    known = Facts.of({"touches": Columns(many(500))})
    at = looks(*range(1, 3000))
    filling = Filling(known, Snapshots.of(at), numbers=[count(touches, days=30)])
    cut, whole = (np.concatenate([b.numbers[:, 0].copy() for b in filling.blocks(most)]) for most in (64, 4000))
    assert cut.tolist() == whole.tolist()
    assert [b.rows for b in filling.blocks(64)] == [slice(0, 2999)]
