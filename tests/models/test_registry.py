"""Trainings and their versions, with a real MLflow on a real SQLite store."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.algebra.declaration import feature
from features.algebra.terms import attribute, count, touches
from features.catalog import Catalog
from features.facts.definitions import parse
from features.matrix import Matrix
from models.bundle import Bundle
from models.decision.score import score
from models.heads.boosted import fit_boosted
from models.heads.encoding import Encoding
from models.heads.training import Training
from models.heads.win import fit_win
from models.registry import CHALLENGER, CHAMPION, PREVIOUS, Registry, RegistryError

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

VISITS, INDUSTRY = count(touches, kind="visit", days=30), attribute("industry", "category")
CATALOG = Catalog(
    (
        feature("visits_30d", VISITS, question="time", concept="visits", says="{value:.0f} visits"),
        feature("industry", INDUSTRY, question="prospect", concept="industry", says="works in {value}"),
    )
)
TERM = {"means": "what everybody means", "evidence": "select 1", "owner": "x", "since": "2026-01-01"}
DEFINITIONS = parse(
    {
        "company": "Acme", "recorded_at": "column", "horizon_days": 14, "timezone": "UTC",
        "terms": dict.fromkeys(("prospect", "contacted", "qualified", "won", "lost", "receptive"), TERM),
    }
)  # fmt: skip


def snapshots(rows: int = 1500, seed: int = 3) -> tuple[Matrix, np.ndarray]:
    """Prospects of a year, each looked at once; visits and one industry raise the chance."""
    rng = np.random.default_rng(seed)
    visits, retail = rng.poisson(2, rows).astype("float32"), rng.random(rows) < 0.4
    chance = 1 / (1 + np.exp(3 - 0.8 * visits - 1.0 * retail))
    day = pd.Timestamp("2025-01-06", tz="UTC") + pd.to_timedelta(7 * (np.arange(rows) * 52 // rows), unit="D")
    keys = pd.DataFrame({"prospect_id": [f"p{i:04}" for i in range(rows)], "as_of": day.as_unit("us")})
    visits[::17] = np.nan
    industry = pd.Series(np.where(retail, "retail", "steel")).where(rng.random(rows) > 0.1)
    values = pd.DataFrame({"visits_30d": visits, "industry": industry.astype("category")})
    return Matrix(keys, values), (rng.random(rows) < chance).astype(float)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    matrix, label = snapshots()
    return Bundle.of(
        fit_win(
            matrix, label, catalog=CATALOG, definitions=DEFINITIONS, data_version="v1", draws=20,
            trained_as_of=pd.Timestamp("2026-01-12", tz="UTC"),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a registry, 100% örtlich ")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Registry:
    """One store for all tests of this file: making it takes seconds. Each test has an experiment of its own."""
    return Registry.in_folder(folder, "shared")


@pytest.fixture
def registry(shared: Registry, folder: Path, request: pytest.FixtureRequest) -> Registry:
    return Registry.in_folder(folder, re.sub(r"\W+", "_", request.node.name))


def files(folder: Path) -> set[str]:
    return {p.name for p in folder.rglob("*") if p.is_file()}


def test_a_training_is_logged_registered_and_the_challenger(registry, bundle, folder):
    import mlflow

    version = registry.log_training(
        bundle,
        params={"seed": 7},
        figures={"gains": b"<svg/>"},
        tables={"parts": pd.DataFrame({"part": ["train"], "wins": [40]})},
        beside={"facts.json": "{}"},
    )
    assert (version.name, version.number) == (f"{registry.experiment}-win", 1)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = mlflow.MlflowClient(uri, uri)
    assert int(client.get_model_version_by_alias(version.name, CHALLENGER).version) == 1
    run = client.get_run(version.run_id)
    assert run.data.params["seed"] == "7"
    assert run.data.params["bundle"] == bundle.fingerprint
    measured = {(row["model"], row["metric"]): row for row in bundle.metrics}
    assert run.data.metrics["auc"] == measured["takt", "auc"]["value"]
    assert run.data.metrics["auc_low"] == measured["takt", "auc"]["low"]
    assert run.data.metrics["recency/auc"] == measured["recency", "auc"]["value"]
    logged = folder / "artifacts" / registry.experiment / version.run_id
    assert files(logged) == {"gains.svg", "parts.csv", "metrics.csv", "ladder.csv"}


def test_nothing_in_the_store_is_pickled(registry, bundle, folder):
    registry.log_training(bundle, params={})
    stored = [p for p in (folder / "artifacts").rglob("*") if p.is_file()]
    assert {p.suffix for p in stored} <= {".json", ".lgb", ".py", ".txt", ".yaml", ".svg", ".csv", ""}
    for path in stored:
        # every stored file is text; a pickle of any protocol in use starts with the byte 0x80
        assert not path.read_bytes().startswith(b"\x80"), path
        path.read_text(encoding="utf-8")
    assert {"bundle.json", "served.py", "MLmodel"} <= {p.name for p in stored}


@pytest.fixture
def pointed(folder: Path) -> Iterator[None]:
    """MLflow's own loader knows no other way to be told where the store is."""
    import mlflow

    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_registry_uri(f"sqlite:///{folder / 'mlflow.db'}")
    yield
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def boosted(bundle: Bundle) -> Bundle:
    """The same bundle with a LightGBM model in it, earned or not."""
    matrix, label = snapshots()
    training = Training.of(
        matrix.values,
        label,
        keys=matrix.keys,
        encoding=Encoding.fit(matrix.values),
        horizon=pd.Timedelta(days=14),
    )
    return replace(bundle, rung=fit_boosted(training))


@pytest.mark.parametrize("make", [lambda b: b, boosted], ids=["the rung that was kept", "boosted"])
def test_the_model_in_the_registry_gives_the_chances_of_score(make, registry, bundle, pointed):
    import mlflow

    given = make(bundle)
    version = registry.log_training(given, params={})
    matrix, _ = snapshots(rows=200, seed=9)
    asked = matrix.values.astype({"visits_30d": "float64", "industry": "object"})
    served = mlflow.pyfunc.load_model(f"models:/{version.name}/1").predict(asked)
    expected = score(given, matrix).drop(columns=["prospect_id", "as_of"])
    assert expected["chance"].nunique() > 5
    assert expected["state"].nunique() > 1
    pd.testing.assert_frame_equal(served, expected, check_exact=True)


def test_logging_leaves_the_process_pointing_where_it_pointed(registry, bundle):
    import mlflow

    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    registry.log_training(bundle, params={})
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == before
    assert mlflow.active_run() is None


def test_promotion_keeps_the_way_back(registry, bundle):
    first, second = (registry.log_training(replace(bundle, note=n), params={}) for n in ("one", "two"))
    assert registry.champion() is None
    registry.promote(first)
    assert registry.champion() == first
    registry.promote(second)
    assert registry.champion() == second
    assert registry.rollback() == first
    assert registry.champion() == first
    # and forward again: the one rolled back from is the previous one now
    assert registry.rollback() == second


def test_promoting_the_champion_again_does_not_make_it_its_own_predecessor(registry, bundle):
    first, second = (registry.log_training(replace(bundle, note=n), params={}) for n in ("one", "two"))
    for version in (first, second, second):
        registry.promote(version)
    assert registry.rollback() == first


def test_without_a_previous_champion_there_is_no_way_back(registry, bundle):
    with pytest.raises(RegistryError, match="no champion before the present one"):
        registry.rollback()
    registry.promote(registry.log_training(bundle, params={}))
    with pytest.raises(RegistryError, match="no champion before the present one"):
        registry.rollback()


def test_a_fetched_champion_is_the_bundle_that_was_logged_with_what_lay_beside_it(registry, bundle, tmp_path):
    one, two = (replace(bundle, note=n) for n in ("one", "two"))
    place = tmp_path / "deep" / "champion"
    for given in (one, two):
        registry.promote(registry.log_training(given, params={}, beside={"facts.json": given.note}))
        assert registry.fetch(CHAMPION, place) == place
        assert Bundle.load(place).fingerprint == given.fingerprint
        assert (place / "facts.json").read_text() == given.note
    assert Bundle.load(registry.fetch(PREVIOUS, tmp_path / "before")).fingerprint == one.fingerprint
    # nothing half-copied is left beside it
    assert [p.name for p in place.parent.iterdir()] == ["champion"]


def test_fetching_an_alias_that_nobody_carries_says_so(registry, tmp_path):
    with pytest.raises(RegistryError, match="no version is called 'champion'; promote one first"):
        registry.fetch(CHAMPION, tmp_path / "champion")
    assert not (tmp_path / "champion").exists()


def test_a_registry_opened_again_knows_what_was_logged(registry, bundle, folder):
    version = registry.log_training(bundle, params={})
    registry.promote(version)
    assert Registry.in_folder(folder, registry.experiment).champion() == version


@pytest.mark.parametrize("name", ["", "../up", "a b", "it's", "a/b"])
def test_an_experiment_is_a_word(name, tmp_path):
    with pytest.raises(RegistryError, match="use letters, digits"):
        Registry.in_folder(tmp_path, name)


def test_importing_the_registry_does_not_import_mlflow():
    code = "import sys, models.registry; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
