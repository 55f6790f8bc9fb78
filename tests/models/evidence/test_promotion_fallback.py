"""The lowest rung in the place of the kept one: what serves when that may not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.heads.learned import Fitted, Question, Versions, fit_head, recency_only
from tests.models.evidence.check_worlds import TRAINED, world
from tests.models.journeys import HORIZON, HORIZON_DAYS, Journeys, journeys, only_wins_of

QUESTION = Question("win", Versions("simulated", HORIZON_DAYS, TRAINED, "words", "features", "1"), HORIZON, 10)


def fit(given: Journeys) -> Fitted:
    return fit_head(given.matrix.values, given.label, keys=given.matrix.keys, question=QUESTION, threads=1, draws=20)


def lowest(fitted: Fitted, given: Journeys) -> Fitted:
    return recency_only(fitted, given.matrix.values, given.label, keys=given.matrix.keys, why="TK011 fires")


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(world())


def test_the_order_served_is_that_by_recency_with_the_figures_that_were_measured(fitted: Fitted) -> None:
    found = lowest(fitted, world())
    assert fitted.kept.rung.name != "recency"
    assert found.kept.rung.name == "recency"
    figures = [
        f[f["model"] == m].drop(columns="model") for f, m in ((found.report, "takt"), (fitted.report, "recency"))
    ]
    pd.testing.assert_frame_equal(*(f.reset_index(drop=True) for f in figures))


def test_the_ladder_and_the_note_say_why(fitted: Fitted) -> None:
    found = lowest(fitted, world())
    ladder = found.ladder.set_index("rung")
    assert ladder.index[ladder["taken"]].tolist() == ["recency"]
    assert ladder.loc[fitted.kept.rung.name, "why"] == "TK011 fires"
    assert found.note.startswith(f"rung recency in the place of {fitted.kept.rung.name}: TK011 fires. rung ")


def test_it_is_a_bundle_like_any_other(fitted: Fitted) -> None:
    bundle = Bundle.of(lowest(fitted, world()))
    assert Bundle.from_files(bundle.to_files()).fingerprint == bundle.fingerprint
    assert bundle.features == Bundle.of(fitted).features


def test_where_the_ladder_kept_recency_itself_it_is_the_same_model() -> None:
    """The ladder is the oracle: same rung, same calibration, same counts of the alike."""
    nothing = journeys(prospects=900, weeks=78, strength=0.0, base=-2.0, seed=3)
    fitted = fit(nothing)
    assert fitted.kept.rung.name == "recency"
    assert fitted.kept.calibration is not None
    found = lowest(fitted, nothing)
    assert found.kept.rung.to_files() == fitted.kept.rung.to_files()
    assert found.kept.calibration == fitted.kept.calibration
    assert found.bands == fitted.bands


def test_too_few_wins_give_an_order_without_chances() -> None:
    few = only_wins_of(journeys(), 8)
    found = lowest(fit(few), few)
    assert found.kept.calibration is None


def test_without_a_split_it_is_recency_already() -> None:
    short = journeys(weeks=2)
    fitted = fit(short)
    assert lowest(fitted, short) is fitted


def test_labels_do_not_move_the_order(fitted: Fitted) -> None:
    turned = Journeys(world().matrix, np.where(np.isnan(world().label), np.nan, 1 - world().label), world().truth)
    assert lowest(fitted, turned).kept.rung.to_files() == lowest(fitted, world()).kept.rung.to_files()
