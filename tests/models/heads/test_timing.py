from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.errors import SchemaMismatch
from features.facts.ledger import Facts
from features.matrix import Matrix
from models.heads.timing import CHANCES, Timing, days_to_wait, fit_timing
from tests.models.journeys import catalog_of, definitions_of
from tests.models.spans import Spans, only, spans

WITHIN = ["within_14", "within_30", "within_90"]


def fit(world: Spans, **changes: object) -> Timing:
    given: dict[str, object] = {
        "catalog": catalog_of(world.matrix), "definitions": definitions_of(), "trained_as_of": world.end,
        "data_version": "3", "threads": 1, "draws": 50,
    }  # fmt: skip
    return fit_timing(world.matrix, world.facts, **given | changes)  # type: ignore[arg-type]


def truth(world: Spans, weeks: int) -> np.ndarray:
    """Chance to be won within some weeks, while the weekly chances stay as they are."""
    win, stays = world.win, (1 - world.win) * (1 - world.lose)
    return win * (1 - stays**weeks) / (1 - stays)


@pytest.fixture(scope="module")
def world() -> Spans:
    return spans(seed=3)


@pytest.fixture(scope="module")
def slow() -> Spans:
    return spans(prospects=450, weeks=45, lose=0.01, slow=True, seed=1)


@pytest.fixture(scope="module")
def waiting(slow: Spans) -> Timing:
    return fit(slow, draws=20, definitions=definitions_of(timezone="America/New_York"))


@pytest.fixture(scope="module")
def fitted(world: Spans) -> Timing:
    return fit(world)


def test_chances_are_near_the_truth_and_do_not_count_the_lost(world: Spans, fitted: Timing) -> None:
    found = fitted.chances(world.matrix)
    for name, weeks in (("within_14", 2), ("within_90", 90 / 7)):
        expected = truth(world, weeks)  # type: ignore[arg-type]
        assert np.corrcoef(found[name], expected)[0, 1] > 0.9
        assert found[name].mean() == pytest.approx(expected.mean(), abs=0.03)


def test_chances_never_fall_with_the_horizon_and_stay_within_0_and_1(world: Spans, fitted: Timing) -> None:
    found = fitted.chances(world.matrix)[WITHIN].to_numpy()
    assert (np.diff(found, axis=1) >= 0).all()
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_a_step_up_is_earned_on_later_data_and_measured_on_still_later_data(fitted: Timing) -> None:
    ladder = fitted.ladder.set_index("rung")
    assert list(ladder.index) == ["pooled", "logistic", "boosted", "both"]
    assert ladder.loc["logistic", "low"] > 0
    figures = fitted.report.set_index(["model", "metric"])["value"]
    assert figures["takt", "concordance"] > 0.65 > 0.5 == figures["pooled", "concordance"]
    assert figures["takt", "integrated_brier"] < figures["pooled", "integrated_brier"]
    assert abs(figures["takt", "bias_30"]) < 0.05
    assert fitted.note.startswith(f"rung {fitted.rung} from ")
    assert "logistic: better than pooled on later data" in fitted.note


def test_snapshots_of_the_last_90_days_are_censored_and_not_left_out() -> None:
    # 16 weeks of history: hardly any label of 90 days is closed, but the chance within 30 days is learned
    young = spans(prospects=500, weeks=16, seed=2)
    found = fit(young).chances(young.matrix)
    assert found["within_30"].mean() == pytest.approx(truth(young, 30 / 7).mean(), abs=0.04)  # type: ignore[arg-type]
    assert found["within_90"].isna().all()
    assert "within 30 days)" in found["said"][0]


def test_deals_that_are_signed_at_an_age_are_too_early_before_it(slow: Spans, waiting: Timing) -> None:
    assert waiting.rung != "pooled"
    found, age = waiting.chances(slow.matrix), slow.matrix.values["prospect_age_days"]
    early = found["back_on"].notna()
    young, due = age.between(1, 36), age.between(57, 71)
    assert early[young].mean() > 0.95
    assert early[due].mean() < 0.05
    wait = (found["back_on"] - local_days(found))[young & early].dt.days
    assert wait.min() >= 14
    # eight weeks old is when they begin to sign, eleven when most have
    signing = wait + age[young & early]
    assert signing.between(43, 91).mean() > 0.95
    said = found.loc[early, "said"].iloc[0]
    assert said.startswith(f"too early: back on {found.loc[early, 'back_on'].iloc[0].day} ")


def local_days(found: pd.DataFrame) -> pd.Series:
    return found["as_of"].dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize()


def test_back_on_is_a_day_of_the_companys_own_calendar(slow: Spans, waiting: Timing) -> None:
    found = waiting.chances(slow.matrix)
    # midnight in UTC is the evening before in New York
    waits = (found["back_on"] - local_days(found)).dropna().dt.days
    assert set(waits) <= {14, 21, 30, 45, 60, 75}
    assert found["back_on"].dtype == np.dtype("datetime64[us]")


@pytest.mark.parametrize(
    ("winning", "days"),
    [
        # 7  14   21   30   45   60   75   90
        ([0.07, 0.07, 0.07, 0.09, 0.15, 0.15, 0.15, 0.15], 0),
        ([0.01, 0.01, 0.01, 0.01, 0.15, 0.15, 0.30, 0.15], 60),
        ([0.01, 0.01, 0.07, 0.01, 0.15, 0.01, 0.01, 0.01], 14),
        ([0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00], 0),
        ([0.01, 0.01, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan], 0),
        ([0.01, 0.01, 0.01, 0.10, np.nan, np.nan, np.nan, np.nan], 21),
    ],
)
def test_one_waits_for_the_best_later_period_if_it_is_twice_as_good_a_day(winning: list[float], days: int) -> None:
    assert days_to_wait(np.array([winning])).tolist() == [days]


def test_the_same_for_everybody_is_no_reason_to_wait(world: Spans) -> None:
    noise = Matrix(world.matrix.keys, world.matrix.values.assign(fit=np.float32(0), prospect_age_days=np.float32(1)))
    found = fit(Spans(noise, world.facts, world.end, world.win, world.lose))
    assert found.rung == "pooled"
    chances = found.chances(noise)
    assert chances["back_on"].isna().all()
    assert chances["within_30"].nunique() == 1


@pytest.mark.parametrize("wins", [0, 5])
def test_few_wins_give_no_chance_and_say_so(world: Spans, wins: int) -> None:
    won = world.facts.outcomes["result"].eq("won")
    found = fit(only(world, ~won | (won.cumsum() <= wins)))
    chances = found.chances(world.matrix)
    assert chances[WITHIN].isna().all(axis=None)
    assert chances["back_on"].isna().all()
    assert set(chances["said"]) == {"when it will be signed is not known: too few wins so far"}
    assert "a chance needs 10" in found.note


def test_a_company_that_never_loses_or_never_recorded_a_loss_has_chances(world: Spans) -> None:
    won = world.facts.outcomes["result"].eq("won")
    chances = fit(only(world, won)).chances(world.matrix)
    assert chances["within_90"].between(0, 1).all()


def test_a_company_that_wins_everybody_at_once_is_not_an_error(world: Spans) -> None:
    at = world.matrix.keys["as_of"] + pd.Timedelta(hours=1)
    won = pd.DataFrame({"prospect_id": world.matrix.keys["prospect_id"], "occurred_at": at, "recorded_at": at})
    known = Facts.of({"outcomes": won.assign(result="won", amount=np.nan)})
    found = fit(Spans(world.matrix, known, world.end, world.win, world.lose), draws=20)
    assert found.rung == "pooled"
    assert found.chances(world.matrix)["within_14"].to_numpy() == pytest.approx(1.0)


def test_a_company_of_two_weeks_or_without_snapshots_claims_nothing(world: Spans) -> None:
    short = spans(prospects=60, weeks=2)
    found = fit(short)
    assert found.report.empty
    assert "nothing measured" in found.note
    empty = Matrix(world.matrix.keys.iloc[:0], world.matrix.values.iloc[:0])
    found = fit(Spans(empty, Facts.of({}), world.end, world.win[:0], world.lose[:0]))
    assert found.chances(empty).empty
    assert list(found.chances(empty).columns) == CHANCES


def test_the_same_facts_give_the_same_files_and_what_was_recorded_later_does_not_reach_them(
    world: Spans, fitted: Timing
) -> None:
    later = world.facts.outcomes.assign(recorded_at=world.end + pd.Timedelta(days=1), result="won")
    both = Facts.of({"outcomes": pd.concat([world.facts.outcomes, later], ignore_index=True)})
    assert fit(Spans(world.matrix, both, world.end, world.win, world.lose)).to_files() == fitted.to_files()


def test_files_read_back_to_the_same_chances_and_text(world: Spans, fitted: Timing) -> None:
    files = fitted.to_files()
    again = Timing.from_files(files)
    pd.testing.assert_frame_equal(again.chances(world.matrix), fitted.chances(world.matrix))
    assert again.to_files() == files
    assert again.versions == fitted.versions


def test_a_row_alone_is_its_row_in_a_batch(world: Spans, fitted: Timing) -> None:
    batch = fitted.chances(world.matrix)
    for row in (0, 7, 200):
        alone = fitted.chances(world.matrix.where([row]))
        pd.testing.assert_frame_equal(alone, batch.iloc[[row]].reset_index(drop=True))


def test_a_matrix_of_another_catalogue_is_refused_at_the_fit_and_at_the_score(world: Spans, fitted: Timing) -> None:
    other = Matrix(world.matrix.keys, world.matrix.values.rename(columns={"fit": "leak"}))
    with pytest.raises(SchemaMismatch, match=r"missing \['fit'\], not declared \['leak'\]"):
        fit(Spans(other, world.facts, world.end, world.win, world.lose), catalog=catalog_of(world.matrix))
    with pytest.raises(SchemaMismatch, match="fit: fitted on, not given"):
        fitted.chances(other)
