"""How often prospects with the same fact won."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import SchemaMismatch
from features.matrix import Matrix
from models.decision.fact_counts import FactCounts


def matrix(rows: list[tuple[str, str, float | None, str | None]]) -> Matrix:
    who, when, meetings, industry = zip(*rows, strict=True)
    keys = pd.DataFrame({"prospect_id": who, "as_of": pd.to_datetime(list(when), utc=True)})
    values = pd.DataFrame(
        {
            "meetings": np.array(meetings, "float32"),
            "industry": pd.Series(industry, dtype="str").astype("category"),
        }
    )
    return Matrix(keys, values)


FOUR = [
    ("a", "2026-01-05", 0, "retail"),
    ("b", "2026-01-05", 2, "retail"),
    ("c", "2026-01-05", 2, "steel"),
    ("d", "2026-01-05", None, None),
]


def test_counts_are_prospects_with_the_same_fact_and_those_of_them_that_won():
    counts = FactCounts.fit(matrix(FOUR), np.array([0.0, 1.0, 0.0, 1.0]))
    assert counts.lookup("meetings", 0.0) == (1, 0)
    assert counts.lookup("meetings", 2.0) == (2, 1)
    assert counts.lookup("industry", "retail") == (2, 1)
    assert counts.lookup("industry", "steel") == (1, 0)


def test_a_missing_value_has_counts_of_its_own():
    counts = FactCounts.fit(matrix(FOUR), np.array([0.0, 1.0, 0.0, 1.0]))
    assert counts.lookup("meetings", np.nan) == (1, 1)
    assert counts.lookup("industry", np.nan) == (1, 1)
    assert counts.lookup("industry", None) == (1, 1)


def test_a_level_never_seen_has_no_counts_rather_than_those_of_another():
    assert FactCounts.fit(matrix(FOUR), np.zeros(4)).lookup("industry", "space") == (0, 0)


def test_an_unlabelled_snapshot_is_not_counted_as_lost():
    counts = FactCounts.fit(matrix(FOUR), np.array([0.0, np.nan, 0.0, 1.0]))
    assert counts.lookup("meetings", 2.0) == (1, 0)


def test_a_prospect_counts_once_per_fact_at_the_first_snapshot_that_found_it_so():
    rows = [("a", "2026-01-19", 2, "x"), ("a", "2026-01-05", 2, "x"), ("a", "2026-01-12", 0, "x")]
    # it won within the horizon of the last snapshot only, and that is not the first one with two meetings
    counts = FactCounts.fit(matrix(rows), np.array([1.0, 0.0, 0.0]))
    assert counts.lookup("meetings", 2.0) == (1, 0)
    assert counts.lookup("meetings", 0.0) == (1, 0)
    assert counts.lookup("industry", "x") == (1, 0)


def test_a_number_with_many_values_falls_among_its_neighbours():
    rows = [(f"p{i}", "2026-01-05", float(i), "x") for i in range(800)]
    counts = FactCounts.fit(matrix(rows), (np.arange(800) >= 700).astype(float))
    n, won = counts.lookup("meetings", 799.0)
    assert (n, won) == (100, 100)
    assert counts.lookup("meetings", 1e6) == (100, 100)
    assert counts.lookup("meetings", -5.0)[1] == 0


def test_the_few_who_differ_are_not_counted_with_the_many_who_do_not():
    # 900 without a meeting of whom none won; 100 with 1 to 100 minutes, of whom the longer half won
    minutes = [0.0] * 900 + [float(i) for i in range(1, 101)]
    rows = [(f"p{i}", "2026-01-05", m, "x") for i, m in enumerate(minutes)]
    counts = FactCounts.fit(matrix(rows), np.array([m > 50 for m in minutes], dtype=float))
    assert counts.lookup("meetings", 0.0) == (900, 0)
    assert counts.lookup("meetings", 10.0) == (50, 0)
    assert counts.lookup("meetings", 90.0) == (50, 50)


def test_a_common_value_amid_others_has_a_bin_of_its_own():
    trend = [-1.0 - i for i in range(100)] + [0.0] * 400 + [1.0 + i for i in range(100)]
    rows = [(f"p{i}", "2026-01-05", t, "x") for i, t in enumerate(trend)]
    counts = FactCounts.fit(matrix(rows), np.array([t > 0 for t in trend], dtype=float))
    assert counts.lookup("meetings", 0.0) == (400, 0)
    assert counts.lookup("meetings", -1.0)[1] == 0
    assert counts.lookup("meetings", 1.0)[0] == counts.lookup("meetings", 1.0)[1] > 0


def test_counts_survive_json_and_the_text_is_the_same_each_time():
    counts = FactCounts.fit(matrix(FOUR), np.array([0.0, 1.0, 0.0, 1.0]))
    text = counts.to_json()
    assert FactCounts.from_json(text) == counts
    assert FactCounts.from_json(text).to_json() == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "facts": {"x": 3}}'])
def test_text_that_is_not_counts_is_refused_with_what_to_do(text):
    with pytest.raises(SchemaMismatch, match=r"facts\.json is not readable .* train again"):
        FactCounts.from_json(text)


def test_counts_of_another_schema_are_refused():
    with pytest.raises(SchemaMismatch, match="schema 99, expected 1"):
        FactCounts.from_json('{"schema": 99, "facts": {}}')


def test_an_unknown_feature_and_a_label_of_another_length_are_refused():
    with pytest.raises(SchemaMismatch, match="no counts for feature 'visits'"):
        FactCounts.fit(matrix(FOUR), np.zeros(4)).lookup("visits", 1.0)
    with pytest.raises(SchemaMismatch, match="4 snapshots but 3 labels"):
        FactCounts.fit(matrix(FOUR), np.zeros(3))


numbers = st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(-1e6, 1e6, width=32))
snapshots = st.tuples(
    st.sampled_from("abcdef"),
    st.sampled_from(["2026-01-05", "2026-01-12"]),
    numbers,
    st.sampled_from(["x", "y", None]),
)


@settings(deadline=None)
@given(st.lists(st.tuples(snapshots, st.sampled_from([0.0, 1.0, np.nan])), min_size=1, max_size=40))
def test_every_labelled_snapshot_finds_itself_among_the_counted(rows):
    given_matrix = matrix([row for row, _ in rows])
    label = np.array([won for _, won in rows])
    counts = FactCounts.fit(given_matrix, label)
    for name in ("meetings", "industry"):
        fact = counts.facts[name]
        assert all(0 <= won <= n <= 6 for n, won in zip(fact.n, fact.won, strict=True))
        for value, won in zip(given_matrix.values[name], label, strict=True):
            if not np.isnan(won):
                assert counts.lookup(name, value)[0] >= 1
