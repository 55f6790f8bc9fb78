from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle, BundleError
from models.heads.encoding import Encoding
from models.heads.ladder import STEPS
from models.heads.training import Training
from models.heads.win import fit_win
from models.measures.calibration import fit_calibration
from tests.models.journeys import HORIZON, Journeys, catalog_of, definitions_of, journeys, only_wins_of

TRAINED = pd.Timestamp("2025-07-01 06:30", tz="UTC").as_unit("us")


def bundle_of(world: Journeys) -> Bundle:
    return Bundle.of(
        fit_win(
            world.matrix, world.label, catalog=catalog_of(world.matrix), definitions=definitions_of(),
            trained_as_of=TRAINED, data_version="3", draws=20,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Journeys:
    return journeys(prospects=900, weeks=78)


@pytest.fixture(scope="module")
def bundle(world: Journeys) -> Bundle:
    return bundle_of(world)


@pytest.fixture(scope="module")
def of_each_rung(world: Journeys, bundle: Bundle) -> dict[str, Bundle]:
    label, matrix = np.nan_to_num(world.label), world.matrix
    encoding = Encoding.fit(matrix.values)
    training = Training.of(matrix.values, label, keys=matrix.keys, encoding=encoding, horizon=HORIZON)
    rungs = {name: step.fit(training) for name, step in STEPS.items()}
    return {
        name: replace(bundle, rung=rung, calibration=fit_calibration(rung.margin(matrix.values), label))
        for name, rung in rungs.items()
    }


@pytest.mark.parametrize("name", list(STEPS))
def test_a_saved_bundle_scores_to_the_same_bits(
    of_each_rung: dict[str, Bundle], world: Journeys, name: str, tmp_path: Path
) -> None:
    kept = of_each_rung[name]
    kept.save(tmp_path / "win")
    again = Bundle.load(tmp_path / "win")
    values = world.matrix.values
    assert again.rung.margin(values).tobytes() == kept.rung.margin(values).tobytes()
    assert again.calibration == kept.calibration
    assert again.fingerprint == kept.fingerprint


def test_everything_else_reads_back_as_it_was(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "win")
    again = Bundle.load(tmp_path / "win")
    for name in (
        "head", "company", "horizon_days", "trained_as_of", "definitions_hash", "catalog_hash", "data_version",
        "base_rate", "bands", "metrics", "ladder", "split", "note", "features", "levels",
    ):  # fmt: skip
        assert getattr(again, name) == getattr(bundle, name), name


def test_the_same_data_give_the_same_bytes_in_every_file(world: Journeys, bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "one")
    bundle_of(world).save(tmp_path / "two")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / d).iterdir()} for d in ("one", "two"))
    assert one == two


def test_a_folder_holds_only_text_and_json(of_each_rung: dict[str, Bundle], tmp_path: Path) -> None:
    of_each_rung["boosted"].save(tmp_path / "win")
    assert sorted(p.name for p in (tmp_path / "win").iterdir()) == ["bundle.json", "model.lgb", "shap.json"]
    content = json.loads((tmp_path / "win" / "bundle.json").read_text(encoding="utf-8"))
    assert list(content) == sorted(content)


def test_the_fingerprint_changes_with_anything_that_matters(bundle: Bundle, of_each_rung: dict[str, Bundle]) -> None:
    prints = {
        bundle.fingerprint,
        of_each_rung["boosted"].fingerprint,
        of_each_rung["frequency"].fingerprint,
        replace(bundle, data_version="4").fingerprint,
        replace(bundle, definitions_hash="0" * 12).fingerprint,
        replace(bundle, calibration=None).fingerprint,
    }
    assert len(prints) == 6
    assert all(len(p) == 16 for p in prints)


def test_saving_replaces_the_old_bundle_and_leaves_nothing_beside_it(
    of_each_rung: dict[str, Bundle], tmp_path: Path
) -> None:
    of_each_rung["boosted"].save(tmp_path / "win")
    of_each_rung["recency"].save(tmp_path / "win")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["win"]
    assert sorted(p.name for p in (tmp_path / "win").iterdir()) == ["bundle.json", "recency.json"]


def test_a_failed_save_leaves_the_old_bundle(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "win")
    broken = replace(bundle, note="\ud800 cannot be written as UTF-8")
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        broken.save(tmp_path / "win")
    assert Bundle.load(tmp_path / "win").fingerprint == bundle.fingerprint
    assert sorted(p.name for p in tmp_path.iterdir()) == ["win"]


def test_other_files_in_the_folder_are_not_read(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "win")
    (tmp_path / "win" / "facts.json").write_text("{}", encoding="utf-8")
    assert Bundle.load(tmp_path / "win").fingerprint == bundle.fingerprint


def test_without_wins_a_bundle_orders_and_has_no_chance(tmp_path: Path) -> None:
    bundle_of(only_wins_of(journeys(), 0)).save(tmp_path / "win")
    again = Bundle.load(tmp_path / "win")
    assert again.rung.name == "recency"
    assert again.calibration is None
    assert again.base_rate == 0.0


def test_a_base_rate_nobody_knows_is_missing_not_zero(tmp_path: Path) -> None:
    bundle_of(journeys(weeks=2)).save(tmp_path / "win")
    again = Bundle.load(tmp_path / "win")
    assert np.isnan(again.base_rate)
    assert again.split == {}


def test_like_counts_held_out_prospects(bundle: Bundle) -> None:
    low, high = bundle.like(-1e9), bundle.like(1e9)
    assert low[0] == high[0] == 80
    assert low[1] < high[1]


def test_an_empty_folder_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"bundle\.json: no such file.*Run `takt train` first"):
        Bundle.load(tmp_path)


def test_a_bundle_of_another_layout_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "win")
    path = tmp_path / "win" / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99}), encoding="utf-8")
    with pytest.raises(BundleError, match="schema version 99, this version of Takt reads 1"):
        Bundle.load(tmp_path / "win")


def test_text_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text("half a fi", encoding="utf-8")
    with pytest.raises(BundleError, match="not JSON.*restore the folder"):
        Bundle.load(tmp_path)


def test_a_changed_file_is_refused(of_each_rung: dict[str, Bundle], tmp_path: Path) -> None:
    of_each_rung["boosted"].save(tmp_path / "win")
    path = tmp_path / "win" / "model.lgb"
    path.write_text(path.read_text() + "\n", encoding="utf-8")
    with pytest.raises(BundleError, match=r"model\.lgb: SHA-256 .*changed after training"):
        Bundle.load(tmp_path / "win")


def test_a_missing_file_is_named(of_each_rung: dict[str, Bundle], tmp_path: Path) -> None:
    of_each_rung["boosted"].save(tmp_path / "win")
    (tmp_path / "win" / "model.lgb").unlink()
    with pytest.raises(BundleError, match=r"model\.lgb: missing, but bundle\.json names it"):
        Bundle.load(tmp_path / "win")


def test_a_missing_field_is_named(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "win")
    path = tmp_path / "win" / "bundle.json"
    content = json.loads(path.read_text())
    del content["bands"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BundleError, match=r"a field is missing or wrong \(KeyError\('bands'\)\)"):
        Bundle.load(tmp_path / "win")
