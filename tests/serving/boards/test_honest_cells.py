"""No page can show a figure that was not measured: the shape of the board refuses it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from serving.boards.offers import LEAST, Cell
from tests.serving.boards.literal_offers import board, cell

BASES = st.sampled_from(["uplift", "control", "association", "none"])
FIGURES = st.sampled_from(["effect", "low", "high", "share", "share_low", "share_high"])


@given(st.integers(0, LEAST - 1), BASES, FIGURES)
def test_nothing_is_said_of_fewer_than_20_cases(n: int, basis: str, figure: str) -> None:
    with pytest.raises(ValidationError, match="fewer than 20"):
        cell("small", "O1", basis, n, 0, **{figure: 0.9})


@given(st.integers(LEAST, 10_000), st.sampled_from(["control", "association", "none"]))
def test_an_effect_stands_only_where_chance_chose(n: int, basis: str) -> None:
    with pytest.raises(ValidationError, match="an effect on the basis"):
        cell("small", "O1", basis, n, 0, effect=0.06)


def test_a_board_reads_back_as_it_was_written_and_finds_its_parts() -> None:
    made = board()
    assert type(made).model_validate(made.model_dump(mode="json")) == made
    found = made.cell("laboratories", "O1")
    assert isinstance(found, Cell)
    assert found.effect == 0.06
    assert made.cell("laboratories", "O1", "nowhere") is None
    assert made.segment(None) is None
    assert made.offer("O9") is None
