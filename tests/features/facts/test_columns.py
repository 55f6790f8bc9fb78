"""A table column by column: the same from a DataFrame and from Arrow, plain or dictionary-encoded."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.facts.arrow import differ, to_arrow
from features.facts.columns import NO_TIME, Columns, Words
from features.facts.ledger import Facts
from tests.features.literal import facts, table

TOUCHES = table(
    "touches",
    """
    touch_id prospect_id kind  direction channel occurred_at recorded_at value
    t2       b           call  outbound  -       03-02       03-02       -
    t1       a           email inbound   email   03-01       03-04       1.5
    t3       a           call  outbound  phone   03-03       03-03       2
    """,
)


def encoded(frame: pd.DataFrame) -> pa.Table:
    """As a Parquet file read with its dictionaries comes: several pieces, each with words of its own."""
    whole = to_arrow(frame)
    pieces = [whole.slice(at, 1) for at in range(len(frame))]
    columns = {
        name: pa.chunked_array([_dictionary(piece.column(name)) for piece in pieces], _type(whole.schema.field(name)))
        for name in whole.column_names
    }
    return pa.table(columns)


def _type(field: pa.Field) -> pa.DataType:
    return pa.dictionary(pa.int32(), pa.string()) if pa.types.is_string(field.type) else field.type


def _dictionary(column: pa.ChunkedArray) -> pa.Array:
    one = column.combine_chunks()
    return one.dictionary_encode() if pa.types.is_string(one.type) else one


def spelled(words: Words) -> list[str | None]:
    return [None if code < 0 else str(words.levels[code]) for code in words.codes]


FORMS = {"frame": TOUCHES, "arrow": to_arrow(TOUCHES), "encoded": encoded(TOUCHES)}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_table_reads_the_same(form: str) -> None:
    columns = Columns(FORMS[form])
    assert len(columns) == 3
    assert "kind" in columns
    assert "industry" not in columns
    assert spelled(columns.words("kind")) == ["call", "email", "call"]
    assert spelled(columns.words("channel")) == [None, "email", "phone"]
    assert columns.times("occurred_at").tolist() == (TOUCHES["occurred_at"].astype("int64")).tolist()
    assert columns.numbers("value").tolist() == pytest.approx([float("nan"), 1.5, 2.0], nan_ok=True)
    assert columns.texts("touch_id", columns.words("touch_id").codes[[2, 0]]).tolist() == ["t3", "t2"]
    pd.testing.assert_frame_equal(columns.frame.reset_index(drop=True), TOUCHES.reset_index(drop=True))


@pytest.mark.parametrize("form", ["arrow", "encoded"])
def test_a_table_from_arrow_becomes_a_frame_in_the_order_asked_for(form: str) -> None:
    assert Columns(FORMS[form], by=("touch_id",)).frame["touch_id"].tolist() == ["t1", "t2", "t3"]


def test_a_missing_time_is_no_time() -> None:
    made = table("offers_made", "prospect_id offer_id occurred_at responded_at\na o1 03-01 -")
    assert Columns(made).times("responded_at").tolist() == [NO_TIME]
    assert Columns(to_arrow(made)).times("responded_at").tolist() == [NO_TIME]


def test_a_table_without_rows_has_no_words() -> None:
    nothing = Columns(to_arrow(TOUCHES.iloc[:0]))
    assert spelled(nothing.words("kind")) == []
    assert nothing.unique(("touch_id",))


def test_of_a_categorical_the_order_of_the_categories_is_kept() -> None:
    words = Words.of(pd.Series(pd.Categorical(["b", None, "a"], categories=["b", "c", "a"])))
    assert (words.codes.tolist(), words.levels.tolist()) == ([0, -1, 2], ["b", "c", "a"])


@given(st.lists(st.text(max_size=3), max_size=60))
def test_texts_differ_where_no_two_are_equal(texts: list[str]) -> None:
    column = pa.chunked_array([pa.array(texts[:7], pa.string()), pa.array(texts[7:], pa.string())])
    assert differ(column) is (True if len(set(texts)) == len(texts) else None)
    assert differ(column.slice(1)) is (True if len(set(texts[1:])) == len(texts[1:]) else None)
    assert differ(column.cast(pa.large_string())) is differ(column)


def test_facts_by_column_say_from_when_on_a_row_was_corrected() -> None:
    once = facts(touches="touch_id prospect_id kind direction occurred_at\nt1 a call outbound 03-01")
    assert "hidden_at" not in once.columns("touches")
    twice = facts(
        touches="""
            touch_id prospect_id kind direction occurred_at recorded_at
            t1       a           call outbound  03-01       03-01
            t1       a           call outbound  03-01       03-05
        """
    )
    hidden = twice.columns("touches").times("hidden_at")
    assert hidden.tolist() == [twice.touches["recorded_at"].astype("int64").iloc[1], NO_TIME]


def test_facts_given_as_columns_are_the_facts_given_as_frames() -> None:
    given_ = Facts.of({"touches": Columns(encoded(TOUCHES), by=("touch_id",))})
    pd.testing.assert_frame_equal(given_.touches, TOUCHES.sort_values("touch_id").reset_index(drop=True))
