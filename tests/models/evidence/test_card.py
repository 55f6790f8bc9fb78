"""The card says what a person must know before believing a score."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.algebra.declaration import feature
from features.algebra.terms import count, touches
from features.catalog import Catalog
from features.facts.definitions import parse
from features.matrix import Matrix
from models.bundle import Bundle
from models.evidence.card import card, markdown
from models.heads.win import fit_win

CATALOG = Catalog(
    (
        feature(
            "visits",
            count(touches, kind="visit", days=30),
            question="time",
            concept="visits",
            says="{value} visits",
        ),
    )
)
TERM = {"means": "what everybody means", "evidence": "select 1", "owner": "x", "since": "2026-01-01"}
DEFINITIONS = parse(
    {
        "company": "Acme", "recorded_at": "column", "horizon_days": 14,
        "terms": dict.fromkeys(("prospect", "contacted", "qualified", "won", "lost", "receptive"), TERM),
    }
)  # fmt: skip


def trained(rows: int, *, weight: float) -> Bundle:
    rng = np.random.default_rng(5)
    visits = rng.poisson(2, rows)
    day = pd.Timestamp("2025-01-06", tz="UTC") + pd.to_timedelta(7 * (np.arange(rows) * 52 // rows), unit="D")
    keys = pd.DataFrame({"prospect_id": [f"p{i:04}" for i in range(rows)], "as_of": day.as_unit("us")})
    label = (rng.random(rows) < 1 / (1 + np.exp(2 - weight * (visits - 2)))).astype(float)
    matrix = Matrix(keys, pd.DataFrame({"visits": visits.astype("float32")}))
    fitted = fit_win(
        matrix, label, catalog=CATALOG, definitions=DEFINITIONS, data_version="v1", draws=50,
        trained_as_of=pd.Timestamp("2026-01-12", tz="UTC"),
    )  # fmt: skip
    return Bundle.of(fitted)


@pytest.fixture(scope="module")
def good() -> Bundle:
    return trained(1500, weight=1.5)


def test_the_card_tells_what_is_predicted_from_what_and_how_well(good):
    told = card(good, simulated=False)
    assert told["title"] == "Acme: win"
    assert "within 14 days" in told["predicts"]
    assert told["base_rate"] == good.base_rate
    assert told["versions"] == {
        "bundle": good.fingerprint, "definitions": good.definitions_hash, "catalog": CATALOG.hash, "data": "v1",
    }  # fmt: skip
    assert {"train", "calibrate", "test"} <= set(told["parts"])
    assert ("takt", "auc") in {(row["model"], row["metric"]) for row in told["figures"]}
    assert [row["rung"] for row in told["ladder"]] == [
        "recency", "frequency", "blended", "logistic", "boosted",
    ]  # fmt: skip


def test_the_card_is_plain_json_without_nan(good):
    told = card(good, simulated=True)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_a_good_model_has_no_warning_about_signal_and_noise_has(good):
    assert not [w for w in card(good, simulated=False)["warnings"] if "no signal" in w]
    noise = card(trained(1500, weight=0.0), simulated=False)
    assert [w for w in noise["warnings"] if w.startswith("no signal shown: auc")]


def test_simulated_data_are_named_in_title_and_warnings(good):
    told = card(good, simulated=True)
    assert "(simulated data)" in told["title"]
    assert told["warnings"][0].startswith("simulated data")


def test_a_bundle_without_a_test_says_that_nothing_was_measured():
    told = card(trained(1, weight=0.0), simulated=False)
    assert told["base_rate"] is None
    assert told["figures"] == []
    warnings = " ".join(told["warnings"])
    assert "no chance is given: too few wins" in warnings
    assert "nothing was measured: history is too short" in warnings
    assert "a simple model (recency)" in warnings
    assert "Base rate: not measured" in markdown(told)


def test_calibration_on_the_training_period_is_a_warning(good):
    shared = replace(good, split={"calibration": "on the training period, by predictions for prospects left out"})
    assert [w for w in card(shared, simulated=False)["warnings"] if "calibrated on the training period" in w]
    assert not [w for w in card(good, simulated=False)["warnings"] if "calibrated on the training period" in w]


def test_few_wins_are_a_warning(good):
    few = replace(good, ladder=({"rung": "recency", "wins": 12},))
    assert "few wins: 12 winning prospects decide between the models" in card(few, simulated=False)["warnings"]


def test_the_markdown_holds_title_figures_and_warnings_and_keeps_its_tables_whole(good):
    hostile = replace(good, company="Acme | Söhne")
    told = card(hostile, simulated=True)
    told["ladder"][0]["why"] = "a | b\nc"
    text = markdown(told)
    assert text.startswith("# Acme | Söhne: win (simulated data)\n")
    assert "simulated data: nothing here" in text
    rows = [line for line in text.splitlines() if line.startswith("| recency")]
    assert "a / b c" in rows[-1]
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert widths == {7}
