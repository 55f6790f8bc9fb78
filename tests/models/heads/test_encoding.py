from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.errors import SchemaMismatch
from models.heads.encoding import FIRST, MISSING, UNKNOWN, Encoding


def table(size: list[float], industry: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"size": np.array(size, dtype=np.float32), "industry": pd.Categorical(industry)})


FITTED = Encoding.fit(table([1, 2, 3, 4, 5], ["retail", "food", "food", "retail", "steel"]), rare=2)


def test_levels_are_learned_in_alphabetical_order_and_rare_ones_left_out() -> None:
    assert FITTED.features == ("size", "industry")
    assert FITTED.levels == {"industry": ("food", "retail")}


def test_each_level_has_its_code_and_unknown_rare_and_missing_ones_have_their_own() -> None:
    got = FITTED.apply(table([1, np.nan, 3, 4, 5], ["food", "retail", None, "steel", "space"]))
    assert got[:, 1].tolist() == [FIRST, FIRST + 1, MISSING, UNKNOWN, UNKNOWN]
    np.testing.assert_array_equal(got[:, 0], np.array([1, np.nan, 3, 4, 5], dtype=np.float32))


def test_the_codes_do_not_depend_on_the_order_of_the_categories_in_the_frame() -> None:
    frame = table([1, 2], ["food", "retail"])
    turned = frame.assign(industry=frame["industry"].cat.set_categories(["steel", "retail", "food"]))
    np.testing.assert_array_equal(FITTED.apply(frame), FITTED.apply(turned))


def test_columns_are_taken_by_name_whatever_their_order() -> None:
    frame = table([1, 2], ["food", "retail"])
    np.testing.assert_array_equal(FITTED.apply(frame), FITTED.apply(frame[["industry", "size"]]))


def test_a_table_without_rows_is_encoded() -> None:
    assert FITTED.apply(table([], [])).shape == (0, 2)


def test_a_column_of_missing_categories_only_is_a_category() -> None:
    frame = pd.DataFrame({"stage": pd.Categorical([None, None], categories=[])})
    assert Encoding.fit(frame).levels == {"stage": ()}
    assert Encoding.fit(frame).apply(frame).tolist() == [[MISSING], [MISSING]]


def test_other_columns_are_refused_with_their_difference() -> None:
    frame = table([1, 2], ["food", "retail"]).rename(columns={"size": "staff"})
    with pytest.raises(
        SchemaMismatch, match=r"(?s)2 difference\(s\):\n  - size: .*not given\n  \+ staff: .*train again"
    ):
        FITTED.apply(frame)


def test_a_number_that_became_a_category_is_named() -> None:
    frame = table([1, 2], ["food", "retail"])
    frame["size"] = pd.Categorical(["s", "m"])
    with pytest.raises(SchemaMismatch, match="~ size: fitted on as number, given as category"):
        FITTED.apply(frame)


def test_an_infinite_number_is_refused_with_its_row() -> None:
    with pytest.raises(SchemaMismatch, match="feature size, row 1: got an infinite number"):
        FITTED.apply(table([1, np.inf], ["food", "retail"]))
