from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.heads.hazard import Hazards, Pooled, fit_hazards
from models.heads.landmarks import Followed, divide
from models.heads.periods import EDGES, Periods
from tests.models.spans import spans

FOREVER = 1000.0


def table(*rows: tuple[float, float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["from_days", "days", "until_days", "end"])


def test_a_snapshot_is_a_row_for_each_period_that_it_was_at_risk_in() -> None:
    periods = Periods.of(table((0, 16, FOREVER, "won"), (0, 7, FOREVER, "lost"), (0, 0, FOREVER, "closed")))
    assert list(zip(periods.row, periods.period, periods.won, periods.over, strict=True)) == [
        (0, 0, 0, 0), (0, 1, 0, 0), (0, 2, 1, 0), (1, 0, 0, 0), (1, 1, 0, 1), (2, 0, 0, 1),
    ]  # fmt: skip


def test_a_period_that_was_not_watched_whole_is_no_row_even_if_the_win_fell_into_it() -> None:
    periods = Periods.of(table((0, 10, 13, "won"), (0, 13, 13, "open"), (0, 14, 14, "open")))
    assert list(zip(periods.row, periods.period, strict=True)) == [(0, 0), (1, 0), (2, 0), (2, 1)]


def test_who_enters_late_is_at_risk_from_the_next_whole_period_on() -> None:
    periods = Periods.of(table((8, 20, FOREVER, "won")))
    assert list(zip(periods.period, periods.won, strict=True)) == [(2, 1)]


def test_pooled_chances_are_aalen_and_johansens_counts() -> None:
    # of 4, one is won and one lost in the first week; of the 2 left, one is won in the second
    rows = [(0, 1, FOREVER, "won"), (0, 2, FOREVER, "lost"), (0, 9, FOREVER, "won"), (0, 500, FOREVER, "lost")] * 20
    keys = pd.DataFrame({"prospect_id": [f"p{i}" for i in range(80)]})
    keys["as_of"] = pd.Timestamp("2026-01-01", tz="UTC").as_unit("us")
    values = pd.DataFrame({"x": np.zeros(80, dtype=np.float32)})
    hazards = fit_hazards(values, table(*rows), keys=keys, rung="pooled")
    assert hazards.incidence(values)[0].tolist() == pytest.approx([0.25, 0.5] + [0.5] * 6)
    assert hazards.at_risk == (80, 40, 20, 20, 20, 20, 20, 20)


def test_both_ends_together_never_exceed_certainty() -> None:
    sure = Hazards(Pooled((0.9,) * 8), Pooled((0.9,) * 8), 8, (50,) * 8)
    found = sure.incidence(pd.DataFrame(index=range(1)))[0]
    assert found[-1] <= 1
    assert (np.diff(found) >= 0).all()


def test_a_period_that_nobody_was_watched_in_has_no_chance_and_is_not_waited_for() -> None:
    some = Hazards(Pooled((0.1,) * 8), Pooled((0.0,) * 8), 3, (50, 50, 5, 0, 0, 0, 0, 0))
    one = pd.DataFrame(index=range(1))
    assert np.isnan(some.incidence(one)[0]).tolist() == [False] * 3 + [True] * 5
    assert np.isnan(some.of_winning(one)[0]).tolist() == [False] * 2 + [True] * 6


def test_parts_are_followed_until_the_next_begins() -> None:
    world = spans(prospects=300, weeks=40)
    parts = divide(Followed(world.matrix, world.facts, None, world.end, 7))
    held, test = parts.held.keys["as_of"].min(), parts.test.keys["as_of"].min()
    for part, until in ((parts.trial, held), (parts.held, test), (parts.train, test), (parts.test, world.end)):
        watched = part.keys["as_of"] + pd.to_timedelta(part.spells["until_days"], unit="D")
        assert (watched == until).all()
        assert (part.spells["until_days"] >= EDGES[1]).all()
    assert parts.trial.keys["as_of"].max() < held <= parts.held.keys["as_of"].max() < test
