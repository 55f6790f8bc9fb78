"""Contract tables as Arrow and back, without the warnings of pandas on the way."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from features.facts.arrow import from_arrow, to_arrow
from features.facts.contract import TABLES, empty

DAY = pd.Timestamp("2026-01-01 10:00", tz="Europe/Berlin")
FRAME = pd.DataFrame(
    {
        "id": pd.Series(["a", None], dtype="str"),
        "at": pd.Series([DAY, pd.NaT]),
        "value": [1.5, float("nan")],
        "row": [1, 2],
    }
).set_axis([7, 9])


def test_text_times_and_numbers_get_their_arrow_types_and_missing_is_null() -> None:
    table = to_arrow(FRAME)
    assert [str(t) for t in table.schema.types] == ["string", "timestamp[us, tz=UTC]", "double", "int64"]
    assert table.to_pylist() == [
        {"id": "a", "at": pd.Timestamp("2026-01-01 09:00", tz="UTC"), "value": 1.5, "row": 1},
        {"id": None, "at": None, "value": None, "row": 2},
    ]


def test_a_table_comes_back_with_the_types_of_the_contract() -> None:
    back = from_arrow(to_arrow(FRAME))
    assert back.dtypes.astype("str").to_dict() == {
        "id": "str", "at": "datetime64[us, UTC]", "value": "float64", "row": "int64",
    }  # fmt: skip
    assert back.isna().to_numpy().tolist() == FRAME.isna().to_numpy().tolist()


def test_empty_tables_keep_their_types_both_ways() -> None:
    for name in TABLES:
        assert pa.null() not in to_arrow(empty(name)).schema.types
        pd.testing.assert_frame_equal(from_arrow(to_arrow(empty(name))), empty(name))
