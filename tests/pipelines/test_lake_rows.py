"""Which rows are new, which differ, and what a table amounts to, against plain Python."""

from __future__ import annotations

import hashlib

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.arrow import TIME
from pipelines.lake_rows import Content, differing, unseen

SCHEMA = pa.schema({"key": pa.string(), "at": pa.int64(), "value": pa.string()})
ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "it's", ""]), st.integers(0, 2), st.sampled_from(["x", "y", None])), max_size=8
)


def table(rows: list[tuple[object, ...]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


def plain(rows: pa.Table) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows.to_pylist()]


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS)
def test_unseen_rows_are_the_last_of_each_identity_that_is_not_known(rows: list, known: list) -> None:
    there = {row[:2] for row in known}
    last = {row[:2]: n for n, row in enumerate(rows)}
    expected = [rows[n] for n in sorted(last.values()) if rows[n][:2] not in there]
    assert plain(unseen(table(rows), table(known), ("key", "at"))) == expected


@settings(max_examples=25, deadline=None)
@given(ROWS, st.dictionaries(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 2)), st.sampled_from(["x", None])))
def test_differing_rows_have_a_known_identity_and_another_value(rows: list, known: dict) -> None:
    expected = [n for n, (*identity, value) in enumerate(rows) if known.get(tuple(identity), value) != value]
    assert differing(table(rows), table([(*k, v) for k, v in known.items()]), ("key", "at")).to_pylist() == expected


def test_a_column_that_one_side_lacks_counts_as_missing_there() -> None:
    known = table([("a", 0, None), ("b", 0, "x")])
    rows = known.drop_columns("value")
    assert differing(rows, known, ("key", "at")).to_pylist() == [1]
    assert differing(known, rows, ("key", "at")).to_pylist() == [1]


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS)
def test_contents_of_two_tables_add_up_to_the_content_of_both(one: list, other: list) -> None:
    assert Content.of(table(one)) + Content.of(table(other)) == Content.of(table(other + one))


def test_the_content_of_a_row_is_the_lower_half_of_the_md5_of_its_values() -> None:
    rows = pa.table(
        {
            "b": pa.array(["é;"]), "a": pa.array([1.5]), "none": pa.array([None], pa.string()),
            "at": pa.array([1_000_001], TIME),
        }
    )  # fmt: skip
    digest = hashlib.md5("a=1.5;at=1000001;b=3:é;;".encode(), usedforsecurity=False).digest()
    assert Content.of(rows) == Content(1, int.from_bytes(digest[8:], "little"))


def test_a_content_is_read_as_it_was_written() -> None:
    content = Content.of(table([("a", 1, "x"), ("b", 2, None)]))
    assert Content.noted(str(content)) == content
    assert Content.of(table([])) == Content(0, 0)
