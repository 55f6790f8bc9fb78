"""What a call truly brings, and which order of calls brings most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.decision.worth import DEFAULT, FORMS
from pipelines.sources.folders import find
from pipelines.steps.forms_evaluation import Truth, evaluate_forms

DAY = pd.Timestamp("2026-06-01", tz="UTC").as_unit("us")
TRUTH = Truth(
    chances=pd.DataFrame({"prospect_id": ["a", "b", "c"], "as_of": [DAY] * 3, "gain": [0.2, 0.1, 0.0]}),
    prospects=pd.DataFrame(
        {"right_contact_id": ["kim", "lee", "ann"], "value": [1000.0, 5000.0, 9000.0]},
        index=pd.Index(["a", "b", "c"], name="prospect_id"),
    ),
    rates=pd.Series(
        [0.5, 0.1, 0.4, 0.2, 0.9],
        index=pd.MultiIndex.from_tuples(
            [("kim", "phone"), ("kim", "email"), ("lee", "phone"), ("lee", "email"), ("ann", "phone")],
            names=["contact_id", "channel"],
        ),
    ),
)


def test_a_call_brings_rate_times_gain_times_value_where_the_person_decides_and_else_nothing() -> None:
    keys = pd.DataFrame({"prospect_id": ["a", "a", "b", "b", "c"], "as_of": [DAY] * 5})
    asked = pd.DataFrame(
        {"contact_id": ["kim", "lee", "lee", None, "ann"], "channel": ["email", "phone", "phone", None, "phone"]}
    )
    brings, best = TRUTH.brings(keys, asked)
    np.testing.assert_allclose(brings, [0.1 * 0.2 * 1000, 0, 0.4 * 0.1 * 5000, 0, 0])
    np.testing.assert_allclose(best, [0.5 * 0.2 * 1000, 0.5 * 0.2 * 1000, 0.4 * 0.1 * 5000, 0.4 * 0.1 * 5000, 0])


@pytest.mark.slow
def test_on_a_simulated_company_every_form_earns_more_than_anybody_and_less_than_the_oracle(tmp_path: Path) -> None:
    table = evaluate_forms(find("simulated"), tmp_path, seeds=[3], prospects=250, threads=1)
    earned = table[table["metric"] == "earned per call"].set_index("model")["value"]
    assert list(earned.index) == ["oracle", *FORMS, "anybody"]
    assert earned["oracle"] > earned[DEFAULT] > earned["anybody"] > 0
    used = table.loc[table["note"] == "the form in use", "model"].unique()
    assert used.tolist() == [DEFAULT]
