from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalog import catalog
from features.facts.ledger import Facts
from features.facts.withdrawn import MARKS
from features.matrix import Matrix, build
from models.evidence.checks.canary import plant
from models.evidence.checks.check import NotApplicable, Severity
from models.evidence.checks.given import Given
from tests.features import worlds
from tests.models.evidence.check_worlds import check, given_of, trained, with_column, with_label, world
from tests.models.journeys import journeys, only_wins_of

CATALOG = catalog(worlds.definitions())
CANARY, ALONE, FILLED = check("TK001"), check("TK002"), check("TK003")


def honest(facts: Facts, keys: pd.DataFrame) -> Matrix:
    return build(facts, keys, CATALOG)


def as_if_known_at_once(facts: Facts, keys: pd.DataFrame) -> Matrix:
    """Compute features as many do: by when things happened, not by when they were known."""
    touches = facts.touches.assign(recorded_at=facts.touches["occurred_at"])
    return build(replace(facts, touches=touches), keys, CATALOG)


def with_latest_fields(facts: Facts, keys: pd.DataFrame) -> Matrix:
    """Join the fields as they stand in the CRM today to snapshots of the past."""
    prospects = facts.prospects.drop_duplicates("prospect_id", keep="last").assign(recorded_at=worlds.START)
    return build(replace(facts, prospects=prospects), keys, CATALOG)


def of_facts(facts: Facts, rebuild: object) -> Given:
    ids = sorted(facts.prospects["prospect_id"].unique())
    moments = [worlds.days([day]).iloc[0] for day in (30.0, 60.0, 90.0)]
    keys = pd.DataFrame({"prospect_id": np.repeat(ids, 3), "as_of": moments * len(ids)})
    keys = keys.astype({"prospect_id": "str", "as_of": "datetime64[us, UTC]"})
    matrix = Matrix(keys, pd.DataFrame(index=keys.index))
    return replace(trained(), matrix=matrix, facts=facts, rebuild=rebuild)


@pytest.fixture(scope="module")
def some_facts() -> Facts:
    return worlds.world(np.random.default_rng(5), prospects=4, touches=50)


@pytest.mark.parametrize("seed", [3, 7, 9])
def test_no_feature_of_the_catalogue_notices_the_canary(seed: int) -> None:
    rng = np.random.default_rng(seed)
    facts = worlds.world(rng, prospects=1 + seed % 4, touches=5 * seed)
    assert CANARY.run(of_facts(facts, honest)) is None


def test_features_of_facts_that_were_not_known_yet_are_found(some_facts: Facts) -> None:
    finding = CANARY.run(of_facts(some_facts, as_if_known_at_once))
    assert finding is not None
    assert finding.severity is Severity.BLOCKING
    assert "of 2026-03-02 change when facts recorded on that day or later" in finding.says
    assert finding.figures["features"] > 10


def test_a_field_read_as_it_stands_today_is_found(some_facts: Facts) -> None:
    finding = CANARY.run(of_facts(some_facts, with_latest_fields))
    assert finding is not None
    assert finding.figures["features"] >= 2


def test_the_canary_sits_on_the_edge_and_keeps_the_types(some_facts: Facts) -> None:
    moment = worlds.days([60.0]).iloc[0]
    planted = plant(some_facts, pd.Index(["p0", "p1"]), moment)
    assert len(planted.gone["touches"]), "what was known is withdrawn at the moment itself"
    for name in planted.tables():
        table, before = planted.ever(name).drop(columns=list(MARKS), errors="ignore"), some_facts.tables()[name]
        assert table.dtypes.equals(before.dtypes), name
        if "recorded_at" in table.columns:
            assert len(table) > len(before), name
            assert (table["recorded_at"].iloc[len(before) :] == moment).all()


@pytest.mark.parametrize("missing", ["facts", "rebuild"])
def test_without_facts_or_a_way_to_compute_there_is_no_canary(some_facts: Facts, missing: str) -> None:
    with pytest.raises(NotApplicable, match="no facts were given, or no way to compute"):
        CANARY.run(replace(of_facts(some_facts, honest), **{missing: None}))


def test_without_a_snapshot_there_is_no_canary(some_facts: Facts) -> None:
    given = of_facts(some_facts, honest)
    with pytest.raises(NotApplicable, match="no snapshot"):
        CANARY.run(replace(given, matrix=given.matrix.where([])))


def leaking() -> np.ndarray:
    rng = np.random.default_rng(1)
    return (np.nan_to_num(world().label) + rng.normal(0, 0.3, len(world().label))).astype(np.float32)


def test_a_number_that_alone_tells_who_wins_is_found() -> None:
    finding = ALONE.run(given_of(with_column(world(), "deal_value", leaking())))
    assert finding is not None
    assert finding.figures["feature"] == "deal_value"
    assert finding.says.startswith("alone, deal_value (AUC 0.9")


def test_a_number_that_falls_for_wins_is_found_as_well() -> None:
    finding = ALONE.run(given_of(with_column(world(), "days_to_close", -leaking())))
    assert finding is not None


def test_a_word_that_alone_tells_who_wins_is_found() -> None:
    stage = pd.Categorical(np.where(world().label == 1.0, "contract sent", "open"))
    finding = ALONE.run(given_of(with_column(world(), "stage", stage)))
    assert finding is not None
    assert finding.figures["feature"] == "stage"


def test_honest_features_do_not_decide_alone() -> None:
    assert ALONE.run(trained()) is None


def test_a_word_of_which_each_prospect_has_its_own_does_not_decide_on_later_data() -> None:
    own = pd.Categorical(world().matrix.keys["prospect_id"])
    assert ALONE.run(given_of(with_column(world(), "name", own))) is None


def test_few_wins_say_nothing_about_one_feature() -> None:
    with pytest.raises(NotApplicable, match="5 winning prospects on later data, 20 needed|winning prospects"):
        ALONE.run(given_of(only_wins_of(journeys(), 20), "recency"))


def filled_where(rows: np.ndarray) -> np.ndarray:
    return np.where(rows, 1.0, np.nan).astype(np.float32)


def test_a_field_filled_for_all_wins_and_nobody_else_is_found() -> None:
    won = world().label == 1.0
    finding = FILLED.run(given_of(with_column(world(), "signed_on", filled_where(won))))
    assert finding is not None
    assert finding.says == "signed_on is filled for 100% of the snapshots that won and 0% of the others"


def test_a_field_filled_only_for_the_lost_is_found() -> None:
    lost = world().label == 0.0
    assert FILLED.run(given_of(with_column(world(), "reason_lost", filled_where(lost)))) is not None


def test_a_field_filled_for_half_of_the_wins_and_nobody_else_is_found() -> None:
    half = (world().label == 1.0) & (np.arange(len(world().label)) % 2 == 0)
    finding = FILLED.run(given_of(with_column(world(), "contract_no", filled_where(half))))
    assert finding is not None
    assert finding.says.startswith("where contract_no is filled, 100% of the snapshots won, of all ")


def test_a_field_filled_by_chance_is_no_leak() -> None:
    # the world's own `touch_all_days_since` is missing for a tenth of the snapshots, whoever wins
    assert FILLED.run(trained()) is None


def test_without_a_gap_there_is_nothing_that_could_be_filled() -> None:
    given = trained()
    values = given.matrix.values.drop(columns=["empty"]).fillna({"touch_all_days_since": 0.0})
    with pytest.raises(NotApplicable, match="no feature is missing for some"):
        FILLED.run(replace(given, matrix=Matrix(given.matrix.keys, values)))


def test_with_one_class_nothing_can_be_decided() -> None:
    everybody = with_label(world(), np.where(np.isnan(world().label), np.nan, 1.0))
    nobody = with_label(world(), np.where(np.isnan(world().label), np.nan, 0.0))
    with pytest.raises(NotApplicable, match="all labelled snapshots won"):
        FILLED.run(replace(trained(), label=everybody.label))
    with pytest.raises(NotApplicable, match="0 winning prospects are labelled, 20 needed"):
        FILLED.run(replace(trained(), label=nobody.label))
