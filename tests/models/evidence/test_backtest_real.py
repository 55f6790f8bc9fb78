"""What the forward test must say of real files whose signal, or lack of it, is known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.catalog import catalog
from features.matrix import build
from features.time.cohort import snapshots, training_moments
from features.time.labels import observed_until, won_within
from models.evidence.backtest import Evaluation, evaluate
from pipelines.sources.folders import find
from pipelines.sources.mapping import map_source

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def evaluated(source: str, folder: Path) -> Evaluation:
    if not folder.is_dir():
        pytest.skip(f"no {folder.name} in {folder.parent}")
    mapped = map_source(find(source), folder)
    facts, words = mapped.facts(), mapped.definitions
    last = facts.last_recorded()
    if last is None:
        pytest.fail(f"{source}: no fact was mapped")
    now = last + pd.Timedelta(days=1)
    keys = snapshots(facts, training_moments(facts, now, definitions=words), definitions=words)
    until = observed_until(facts, now, definitions=words)
    label = won_within(facts, keys, days=words.horizon_days, observed_until=until)
    declared = catalog(words)
    return evaluate(build(facts, keys, declared), label, catalog=declared, definitions=words, draws=100)


def figure(found: Evaluation, metric: str) -> pd.Series:
    return found.table.set_index(["model", "metric"]).loc[("takt", metric)]


def test_the_banks_journeys_have_signal(data_dir: Path) -> None:
    found = evaluated("bpic2012", data_dir / "bpic2012")
    assert found.verdict == "signal"
    assert 0.7 < figure(found, "auc")["value"] < 0.9
    assert figure(found, "calibration_error")["value"] < 0.05


def test_the_fictitious_crm_export_is_called_no_signal(data_dir: Path) -> None:
    """Forward in time the AUC among its newcomers is known to be 0.51; nothing else may be claimed."""
    found = evaluated("maven", data_dir / "maven_crm_sales")
    assert found.verdict == "no signal"
    assert figure(found, "auc_fresh")["low"] < 0.5 < figure(found, "auc_fresh")["high"]
