from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from features.facts.contract import check as checked
from features.facts.ledger import Facts
from models.evidence.checks.check import NotApplicable
from models.evidence.checks.delay import recorded_within
from models.evidence.checks.given import Given
from tests.models.evidence.check_worlds import TRAINED, check, trained

DELAY = check("TK004")


def wins(age: np.ndarray, delay: np.ndarray, result: str = "won") -> Facts:
    """Return outcomes so many days before the training, recorded so many days later; future ones are not known."""
    day = pd.Timedelta(days=1)
    frame = pd.DataFrame(
        {
            "prospect_id": [f"p{i}" for i in range(len(age))],
            "occurred_at": TRAINED - age * day,
            "recorded_at": TRAINED - (age - delay) * day,
            "result": result,
        }
    )
    return Facts.of({"outcomes": checked("outcomes", frame).good}).visible(TRAINED)


def after(facts: Facts) -> Given:
    return replace(trained(), facts=facts)


def test_wins_booked_within_a_day_are_complete() -> None:
    age = np.arange(1.5, 201.5)
    assert DELAY.run(after(wins(age, np.ones(200)))) is None


def test_wins_booked_weeks_later_leave_the_newest_horizon_incomplete() -> None:
    # ten wins a day, recorded 1, 8, 15 or 22 days later: of those of the last 28 days about 460 / 4 are not known
    rng = np.random.default_rng(4)
    age, delay = rng.uniform(0, 200, 2000), rng.choice([1.0, 8.0, 15.0, 22.0], 2000)
    finding = DELAY.run(after(wins(age, delay)))
    assert finding is not None
    truly_missing = int(((delay >= age) & (age < 28)).sum())
    assert finding.figures["missing"] == pytest.approx(truly_missing, rel=0.15)
    assert finding.figures["days"] == 22
    assert "95% of wins are recorded within 22 days" in finding.says


def test_the_first_record_counts_and_a_correction_is_no_delay() -> None:
    age = np.arange(1.5, 201.5)
    facts = wins(age, np.ones(200))
    again = facts.outcomes.assign(recorded_at=TRAINED - pd.Timedelta(hours=1))
    corrected = replace(facts, outcomes=pd.concat([facts.outcomes, again], ignore_index=True))
    assert DELAY.run(after(corrected)) is None


def test_without_delay_between_all_and_none_it_is_the_plain_share() -> None:
    """Where everything is old enough to have been seen, nothing is truncated: the empirical distribution."""
    rng = np.random.default_rng(0)
    delay, age = rng.integers(0, 30, 300).astype(float), np.full(300, 365.0)
    days = np.arange(0.0, 31.0)
    expected = [(delay <= d).mean() for d in days]
    assert recorded_within(delay, age, days) == pytest.approx(expected)


@drawn(st.integers(0, 1000))
def test_the_share_rises_with_the_days_and_reaches_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    delay, age = rng.integers(0, 20, 40).astype(float), rng.integers(0, 40, 40).astype(float)
    seen = delay <= age
    found = recorded_within(delay[seen], age[seen], np.arange(0.0, 21.0))
    assert (np.diff(found) >= -1e-12).all()
    assert (found >= 0).all()
    assert found[-1] == pytest.approx(1.0)


def test_truncation_is_undone() -> None:
    """Half of the wins take 20 days to be booked; young ones among them are not seen, and would look like none."""
    rng = np.random.default_rng(2)
    age, delay = rng.uniform(0, 60, 4000), np.where(rng.random(4000) < 0.5, 0.0, 20.0)
    seen = delay <= age
    naive = (delay[seen] == 0).mean()
    found = recorded_within(delay[seen], age[seen], np.array([0.0]))[0]
    assert naive > 0.57
    assert found == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"facts": None}, "no facts were given"),
        ({"times_recorded": False}, "does not know when outcomes were recorded"),
        ({"facts": wins(np.arange(1.0, 6.0), np.zeros(5))}, "5 recorded wins, 20 needed"),
        ({"facts": wins(np.arange(1.0, 60.0), np.zeros(59), "lost")}, "0 recorded wins, 20 needed"),
        ({"facts": wins(np.arange(100.0, 160.0), np.zeros(60))}, "no win happened in the last 28 days"),
    ],
)
def test_where_delays_cannot_be_known_the_check_says_so(changes: dict[str, object], reason: str) -> None:
    given = after(wins(np.arange(1.5, 201.5), np.ones(200)))
    with pytest.raises(NotApplicable, match=reason):
        DELAY.run(replace(given, **changes))  # type: ignore[arg-type]
