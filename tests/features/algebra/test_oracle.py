"""The signature test: the kernel equals a plain-pandas oracle that was written from the design alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog import Catalog, catalog
from features.facts.ledger import Facts
from features.matrix import build
from tests.features.algebra.oracle import NUMBERS, WORDS, Look
from tests.features.worlds import days, definitions, world, worlds

WHOLE = catalog(definitions())
ASKED = Catalog(tuple(WHOLE.of(name) for name in (*NUMBERS, *WORDS)))


@settings(max_examples=15, deadline=None)
@given(worlds(), st.sets(st.integers(1, 190), min_size=3, max_size=3))
def test_the_kernel_equals_a_plain_pandas_oracle(facts: Facts, moments: set[int]) -> None:
    assert list(_differences(facts, sorted(moments))) == []


def test_the_kernel_equals_the_oracle_in_a_larger_world() -> None:
    facts = world(np.random.default_rng(11), prospects=25, touches=700)
    assert list(_differences(facts, [30, 75, 120])) == []


def test_the_larger_world_moves_every_feature_that_is_compared() -> None:
    """A feature that is the same for everybody would agree with any oracle."""
    facts = world(np.random.default_rng(11), prospects=25, touches=700)
    values = build(facts, _keys(facts, [30, 75, 120]), ASKED).values
    assert [name for name in values if values[name].nunique() < 2] == []


def _keys(facts: Facts, moments: list[int]) -> pd.DataFrame:
    ids, times = sorted(facts.prospects["prospect_id"].unique()), days(moments)
    return pd.DataFrame({"prospect_id": np.repeat(ids, len(times)), "as_of": pd.concat([times] * len(ids))})


def _differences(facts: Facts, moments: list[int]) -> Iterator[str]:
    """Tell where matrix and oracle disagree."""
    keys = _keys(facts, moments).reset_index(drop=True)
    values = build(facts, keys, ASKED).values
    for row, (who, as_of) in enumerate(zip(keys["prospect_id"], keys["as_of"], strict=True)):
        look = Look(facts, who, as_of)
        for name, number in NUMBERS.items():
            expected, got = number(look), values[name].iloc[row]
            if not np.isclose(got, np.nan if expected is None else expected, rtol=1e-6, atol=1e-6, equal_nan=True):
                yield f"{name} of {who} at {as_of}: kernel {got}, oracle {expected}"
        for name, among in WORDS.items():
            said, known = values[name].iloc[row], among(look)
            if (said not in known) if known else not pd.isna(said):
                yield f"{name} of {who} at {as_of}: kernel {said}, oracle {known or None}"
