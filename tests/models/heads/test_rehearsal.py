from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.heads.encoding import Encoding
from models.heads.frequency import fit_frequency
from models.heads.rehearsal import EARLIER, LEAST_PAST, Rehearsal
from models.heads.rung import Rung
from models.heads.training import Training
from models.measures.splits import ForwardSplit, forward_split
from tests.models.journeys import HORIZON, Journeys, journeys

WORLD = journeys(prospects=900, weeks=78)


def laid_out(world: Journeys) -> tuple[Rehearsal, Training, ForwardSplit]:
    matrix = world.matrix
    split = forward_split(matrix.keys, world.label, horizon=HORIZON)
    training = Training.of(
        matrix.values, world.label, keys=matrix.keys, encoding=Encoding.fit(matrix.values[split.train]),
        horizon=HORIZON, threads=1,
    )  # fmt: skip
    return Rehearsal.of(training, matrix.keys, split), training, split


@pytest.fixture(scope="module")
def long() -> tuple[Rehearsal, Training, ForwardSplit]:
    return laid_out(WORLD)


def test_each_block_is_foretold_from_labels_that_were_closed_when_it_began(
    long: tuple[Rehearsal, Training, ForwardSplit],
) -> None:
    rehearsal = long[0]
    assert 1 < len(rehearsal.blocks) <= 1 + EARLIER
    for block in rehearsal.blocks:
        assert block.past.as_of.max() + block.past.horizon <= rehearsal.held.as_of[block.rows].min()


def test_every_held_row_is_in_one_block_and_the_latest_is_the_calibration_period(
    long: tuple[Rehearsal, Training, ForwardSplit],
) -> None:
    rehearsal, training, split = long
    assert (np.sum([block.rows for block in rehearsal.blocks], axis=0) == 1).all()
    np.testing.assert_array_equal(rehearsal.blocks[0].rows, rehearsal.latest)
    np.testing.assert_array_equal(rehearsal.held.as_of[rehearsal.latest], training.as_of[split.calibrate])


def test_nothing_of_the_test_part_is_looked_at(long: tuple[Rehearsal, Training, ForwardSplit]) -> None:
    rehearsal, training, split = long
    assert rehearsal.held.as_of.max() + rehearsal.held.horizon <= training.as_of[split.test].min()


def test_a_block_whose_past_holds_less_than_half_of_the_wins_is_left_out(
    long: tuple[Rehearsal, Training, ForwardSplit],
) -> None:
    rehearsal, training, split = long
    assert min(block.past.wins for block in rehearsal.blocks) >= LEAST_PAST * training.take(split.trial).wins


def test_a_rung_is_fitted_once_for_each_block(long: tuple[Rehearsal, Training, ForwardSplit]) -> None:
    rehearsal, seen = long[0], []

    def fit(past: Training, _: object) -> Rung:
        seen.append(len(past.label))
        return fit_frequency(past)

    first = rehearsal.margins("counted", fit, least_wins=10)
    np.testing.assert_array_equal(rehearsal.margins("counted", fit, least_wins=10), first)
    assert seen == [len(block.past.label) for block in rehearsal.blocks]


def test_where_too_few_wins_were_known_nothing_is_foretold(long: tuple[Rehearsal, Training, ForwardSplit]) -> None:
    rehearsal = long[0]
    wins = [block.past.wins for block in rehearsal.blocks]
    assert wins == sorted(wins, reverse=True)
    margin = rehearsal.margins("latest only", lambda past, _: fit_frequency(past), least_wins=wins[0])
    np.testing.assert_array_equal(~np.isnan(margin), rehearsal.latest)
    # and two rungs are compared where both have spoken: one against itself gains nothing
    everywhere = rehearsal.margins("everywhere", lambda past, _: fit_frequency(past), least_wins=1)
    assert rehearsal.gain(margin, everywhere).value == 0.0


def test_more_periods_make_the_interval_of_a_gain_narrower(long: tuple[Rehearsal, Training, ForwardSplit]) -> None:
    rehearsal = long[0]
    margin = rehearsal.margins("all blocks", lambda past, _: fit_frequency(past), least_wins=1)
    nothing = np.zeros(len(margin))
    whole, latest = rehearsal.gain(margin, nothing), rehearsal.gain(np.where(rehearsal.latest, margin, np.nan), nothing)
    assert whole.high - whole.low < latest.high - latest.low


def test_without_later_data_prospects_are_foretold_from_other_prospects() -> None:
    rehearsal, _, split = laid_out(journeys(prospects=900, weeks=10))
    assert split.by_folds
    keys = rehearsal.keys.reset_index(drop=True)
    for block in rehearsal.blocks:
        held = set(keys["prospect_id"][block.rows])
        others = set(keys["prospect_id"][~block.rows])
        assert not held & others
        assert len(block.past.label) == (~block.rows).sum()
    assert isinstance(rehearsal.keys, pd.DataFrame)
