"""Whatever a table holds, the contract refuses it in words or splits its rows; nothing is lost, nothing else fails."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import ContractError
from features.facts.contract import TABLES, check
from features.facts.tables import DTYPES

NOON = pd.Timestamp("2026-03-01T12:00", tz="UTC").as_unit("us")
RIGHT_TO_LEFT, EMOJI = "\u202eشركة\u202c", "👩🏽\u200d💻"
TEXTS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["", " ", RIGHT_TO_LEFT, EMOJI, "\x00", "a\nb", "x" * 201, "=1+1", "nan", "None"]),
)
NUMBERS = st.one_of(
    st.floats(), st.integers(-(2**80), 2**80), st.sampled_from([np.inf, -np.inf, np.nan, 2**63, 1e308, Decimal("1.5")])
)
TIMES = st.one_of(
    st.datetimes(timezones=st.just(dt.UTC)),
    st.sampled_from([pd.NaT, dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, tzinfo=dt.UTC)]),
)
ANYTHING = st.one_of(TEXTS, NUMBERS, TIMES, st.none(), st.booleans(), st.binary(max_size=3), st.just(()))
NAMES = st.sampled_from(["industry", "size", "Größe", "x y", "", "reason", EMOJI, "recorded_at", "__class__"])


def typical(name: str) -> dict[str, Any]:
    """A good row, so that a frame is not refused for its first column each time."""
    table = TABLES[name]
    plain = {"id": "a", "text": "x", "number": 1.0, "time": NOON}
    return {c: spec.among[0] if spec.among else plain[spec.type] for c, spec in table.columns.items()}


@st.composite
def frames(draw: st.DrawFn) -> tuple[str, pd.DataFrame]:
    name = draw(st.sampled_from(sorted(TABLES)))
    n = draw(st.integers(0, 4))
    frame = pd.DataFrame([typical(name)] * n, columns=list(typical(name)))
    for column in draw(st.lists(st.sampled_from(sorted(TABLES[name].columns)), max_size=3)):
        values = draw(st.lists(draw(st.sampled_from([TEXTS, NUMBERS, TIMES, ANYTHING])), min_size=n, max_size=n))
        frame[column] = pd.Series(values, index=frame.index, dtype="object")
        if draw(st.booleans()):
            frame[column] = frame[column].infer_objects()
    for extra in draw(st.lists(NAMES, max_size=2)):
        frame = pd.concat([frame, pd.Series([draw(ANYTHING)] * n, dtype="object", name=extra)], axis=1)
    return name, frame


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames())
def test_a_hostile_frame_is_refused_in_words_or_split_without_losing_a_row(given_: tuple[str, pd.DataFrame]) -> None:
    name, frame = given_
    try:
        checked = check(name, frame)
    except ContractError:
        return
    assert sorted([*checked.good.index, *checked.quarantined["row"]]) == list(range(len(frame)))
    typed = {c: str(checked.good[c].dtype) for c in TABLES[name].columns}
    assert typed == {c: str(pd.Series([], dtype=DTYPES[spec.type]).dtype) for c, spec in TABLES[name].columns.items()}
    again = check(name, checked.good.reset_index(drop=True))
    assert again.quarantined.empty
    numbers = checked.good.select_dtypes("float64")
    assert not np.isinf(numbers).any(axis=None)


def test_ten_thousand_attributes_are_kept() -> None:
    more = {f"attribute_{i}": [float(i)] for i in range(10_000)}
    frame = pd.concat([pd.DataFrame([typical("prospects")]), pd.DataFrame(more)], axis=1)
    assert check("prospects", frame).good.shape == (1, len(TABLES["prospects"].columns) + 10_000)


@pytest.mark.parametrize("column", ["prospect_id", "industry"])
def test_text_that_cannot_be_written_down_is_refused_with_its_row(column: str) -> None:
    frame = pd.DataFrame([typical("prospects") | {"industry": "steel"}] * 2, dtype="object")
    frame.loc[1, column] = "a\ud800"
    with pytest.raises(ContractError, match=rf"{column}: expected text that can be written as UTF-8, got .* in row 1"):
        check("prospects", frame.assign(created_at=NOON, recorded_at=NOON))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_column_that_stands_twice_is_refused_in_every_table(name: str) -> None:
    frame = pd.DataFrame([typical(name)])
    with pytest.raises(ContractError, match="stand twice"):
        check(name, pd.concat([frame, frame[[frame.columns[0]]]], axis=1))
