"""The rules that look at the champion: its order, its chances, its promise."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.evidence.watching.rule import State
from models.evidence.watching.watched import Later, Watched
from models.heads.encoding import Encoding
from models.heads.ladder import STEPS
from models.heads.training import Training
from models.measures.calibration import fit_calibration
from models.measures.likeness import Bands
from tests.models.evidence.watching.watch_worlds import judged, outcomes_of, watched
from tests.models.journeys import HORIZON, HORIZON_DAYS, START, Journeys, definitions_of, journeys

WEEKS = 78
END = START + pd.Timedelta(weeks=WEEKS)
TRAINED = START + pd.Timedelta(weeks=40)


@cache
def world() -> Journeys:
    return journeys(prospects=900, weeks=WEEKS)


@cache
def champion(*, turned: bool = False, rung: str = "logistic") -> Bundle:
    """A rung fitted and calibrated on what was labelled at `TRAINED`; `turned`: on a world that works the other way."""
    given = world()
    known = (given.matrix.keys["as_of"] + HORIZON <= TRAINED).to_numpy()
    label = np.where(known, np.nan_to_num(1 - given.label if turned else given.label), 0.0)
    encoding = Encoding.fit(given.matrix.values[known])
    training = Training.of(given.matrix.values, label, keys=given.matrix.keys, encoding=encoding, horizon=HORIZON)
    past = training.take(known)
    fitted = STEPS[rung].fit(past)
    honest = np.nan_to_num(given.label)[known]
    calibration = fit_calibration(fitted.margin(past.values), honest, wins=past.wins)
    return Bundle(
        head="win", company="simulated", rung=fitted, calibration=calibration, horizon_days=HORIZON_DAYS,
        trained_as_of=TRAINED, definitions_hash="words", catalog_hash="features", data_version="1", base_rate=0.2,
        bands=Bands(),
    )  # fmt: skip


def given(bundle: Bundle | None, **changes: Any) -> Watched:
    later = Later(world().matrix, world().label, capacity=10)
    words = definitions_of()
    told = {"bundle": bundle, "later": later, "definitions": words, "looked_at": END, "complete_until": END}
    return replace(watched(), **(told | changes))


class TestOrder:
    def test_a_champion_of_the_same_world_loses_nothing_for_sure(self) -> None:
        found = judged("TW006", given(champion()))
        assert found.measures[0].state is State.GOOD
        assert found.measures[0].n >= 20

    def test_a_champion_that_learned_another_world_is_told_as_lost_wins(self) -> None:
        found = judged("TW006", given(champion(turned=True)))
        assert found.state is State.ALARMS
        lost = found.measures[0]
        assert lost.low > 0
        assert "at 10 calls a day the list would have lost" in lost.says

    def test_not_applicable_without_a_champion_without_wins_and_to_an_order_that_learns_nothing(self) -> None:
        assert "no champion" in judged("TW006", given(None)).measures[0].says
        young = replace(champion(), trained_as_of=END - pd.Timedelta(weeks=4))
        assert "are known to have won" in judged("TW006", given(young)).measures[0].says
        plain = judged("TW006", given(champion(rung="recency"))).measures[0]
        assert plain.state is State.UNKNOWN
        assert "learns nothing that could grow old" in plain.says
        why = judged("TW006", given(champion(), later=None, no_later="other words")).measures[0]
        assert why.says == "other words"


class TestSpread:
    """The newest list against earlier ones of the same champion, before any label is known."""

    @staticmethod
    def lists(*, factor: float = 1.0, n: int = 12) -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng(3)
        days = pd.date_range("2026-04-13", periods=n, tz="UTC").as_unit("us")
        spread, lists = [], []
        for k, day in enumerate(days):
            chance = np.round(200 * rng.beta(2, 10, 400) * (factor if k == n - 1 else 1)) / 200
            counts = pd.Series(chance).value_counts()
            bundle = champion().fingerprint
            spread.append(pd.DataFrame({"as_of": day, "bundle": bundle, "chance": counts.index, "n": counts.array}))
            top = np.sort(chance)[-40:]
            lists.append((day, bundle, 40.0, top.sum()))
        return {
            "spread": pd.concat(spread),
            "lists": pd.DataFrame(lists, columns=["as_of", "bundle", "listed", "expected"]),
        }

    def test_chances_like_those_of_earlier_lists_are_quiet(self) -> None:
        found = judged("TW006", given(champion(), later=None, **self.lists())).measures[1]
        assert found.state is State.GOOD

    def test_halved_chances_alarm_and_say_how_many_wins_fewer(self) -> None:
        found = judged("TW006", given(champion(), later=None, **self.lists(factor=0.5))).measures[1]
        assert found.state is State.ALARMS
        assert "fewer than the usual list of that length" in found.says
        assert found.value == pytest.approx(found.usual / 2, rel=0.1)

    def test_not_applicable_before_six_lists_of_this_champion(self) -> None:
        few = judged("TW006", given(champion(), later=None, **self.lists(n=4))).measures[1]
        assert "4 lists with chances of this champion so far" in few.says
        other = judged("TW006", given(champion(turned=True), later=None, **self.lists())).measures[1]
        assert "0 lists with chances" in other.says


class TestChances:
    def test_chances_of_the_same_world_hold(self) -> None:
        assert judged("TW007", given(champion())).state is State.GOOD

    def test_wins_that_became_half_as_frequent_are_told(self) -> None:
        rng = np.random.default_rng(1)
        after = (world().matrix.keys["as_of"] >= TRAINED).to_numpy()
        fewer = np.where(after & (world().label == 1.0) & (rng.random(len(after)) < 0.6), 0.0, world().label)
        found = judged("TW007", given(champion(), later=Later(world().matrix, fewer, 10)))
        assert found.state is State.ALARMS
        assert found.measures[0].high < 1 / 1.5
        assert "of the wins foretold" in found.says

    def test_not_applicable_without_chances_or_with_few_wins(self) -> None:
        assert "says no chances" in judged("TW007", given(replace(champion(), calibration=None))).says
        assert "no champion" in judged("TW007", given(None)).says
        young = judged("TW007", given(replace(champion(), trained_as_of=END - pd.Timedelta(weeks=4))))
        assert young.state is State.UNKNOWN
        assert "20 needed" in young.says


class TestPromise:
    LISTS = pd.date_range("2026-01-05", periods=10, freq="7D", tz="UTC").as_unit("us")
    PROMISE = {  # noqa: RUF012
        "kept": "logistic", "capacity": 10,
        "at_capacity": [{"calls": 10, "called": 10.0,
                         "lists": {"logistic": {"calls_to_winners": {"value": 3.0, "low": 2.6, "high": 3.4}}}}],
    }  # fmt: skip

    def given(self, won: int, *, chance: float = 0.3, **changes: Any) -> Watched:
        """Ten lists of ten, a hundred prospects; so many of them won a week after being listed."""
        calls = pd.DataFrame(
            {"prospect_id": [f"p{n}" for n in range(100)], "as_of": np.repeat(self.LISTS, 10), "chance": chance,
             "bundle": champion().fingerprint}
        ).astype({"as_of": "datetime64[us, UTC]"})  # fmt: skip
        # winners spread over the lists
        winners = calls.iloc[np.linspace(0, 99, won).astype(int)] if won else calls.iloc[:0]
        known = outcomes_of(winners["prospect_id"], winners["as_of"] + pd.Timedelta(days=7))
        told = {"facts": known, "listed": calls, "promise": self.PROMISE, "looked_at": END_OF_LISTS}
        return given(champion(), **(told | changes))

    def test_a_promise_that_is_kept_is_quiet(self) -> None:
        found = judged("TW008", self.given(31))
        assert [m.state for m in found.measures] == [State.GOOD, State.GOOD]
        assert "its card promised 30.0%" in found.measures[0].says

    def test_an_over_promising_champion_alarms_by_its_card_and_by_its_own_chances(self) -> None:
        found = judged("TW008", self.given(9))
        assert [m.state for m in found.measures] == [State.ALARMS, State.ALARMS]
        assert "of 100 calls listed since 5 January 2026, 9.0%" in found.says

    def test_a_little_less_than_promised_may_be_chance(self) -> None:
        assert judged("TW008", self.given(25)).state is State.GOOD

    def test_not_applicable_before_lists_are_old_enough_and_the_day_is_named(self) -> None:
        early = judged("TW008", self.given(9, looked_at=self.LISTS[0] + pd.Timedelta(days=10)))
        assert early.state is State.UNKNOWN
        assert "the first are judged on 2 February 2026" in early.says
        assert "no list of this champion" in judged("TW008", self.given(9, listed=watched().listed)).says
        unmeasured = judged("TW008", self.given(31, promise=None, chance=float("nan")))
        assert [m.state for m in unmeasured.measures] == [State.UNKNOWN, State.UNKNOWN]


END_OF_LISTS = pd.Timestamp("2026-05-04", tz="UTC").as_unit("us")
