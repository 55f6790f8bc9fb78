from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.evidence.offers import CHOSEN, SINGLE, evaluate_offers
from models.heads.trial import Trial
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import built_in
from pipelines.sources.hillstrom.table import FILE, OUTCOMES, read

ROW = {
    "recency": 6, "history": 142.44, "mens": 1, "womens": 0, "zip_code": "Rural", "newbie": 0, "channel": "Phone",
    "treatment": "No E-Mail", "conversion": 0, "visit": 1, "spend": 0.0,
}  # fmt: skip


def written(folder: Path, *rows: dict[str, object]) -> Path:
    pd.DataFrame([{**ROW, **row} for row in rows]).to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def real(data_dir: Path) -> Trial:
    return read(data_dir / "hillstrom_email")


def test_a_row_becomes_what_was_known_what_was_drawn_and_what_came_of_it(tmp_path: Path) -> None:
    found = read(written(tmp_path, {}, {"treatment": "Womens E-Mail", "visit": 0, "zip_code": "Urban"}))
    assert found.arms == ("no e-mail", "men's e-mail", "women's e-mail")
    assert found.logged.arm.tolist() == [0, 2]
    assert found.logged.outcome.tolist() == [1.0, 0.0]
    assert found.logged.propensity == pytest.approx([1 / 3, 1 / 3])
    assert found.values["zip_code"].tolist() == ["Rural", "Urban"]


def test_what_came_after_the_e_mail_is_never_among_what_was_known(tmp_path: Path) -> None:
    assert not {*OUTCOMES, "treatment"} & set(read(written(tmp_path, {})).values.columns)


def test_a_table_without_dates_is_not_offered_as_a_source() -> None:
    assert "hillstrom" not in built_in()


@pytest.mark.parametrize(
    ("row", "why"),
    [({"treatment": "Letter"}, r"treatment \['Letter'\] unknown"), ({"recency": None}, "1 rows with an empty cell")],
)
def test_a_row_that_cannot_be_read_stops_the_reading(tmp_path: Path, row: dict[str, object], why: str) -> None:
    with pytest.raises(SourceError, match=why):
        read(written(tmp_path, row))


def test_a_missing_file_column_or_outcome_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path)
    pd.DataFrame([ROW]).drop(columns="history").to_csv(tmp_path / FILE, index=False)
    with pytest.raises(SourceError, match=r"columns \['history'\] not found"):
        read(tmp_path)
    with pytest.raises(SourceError, match="outcome 'clicks': expected one of visit, conversion, spend"):
        read(tmp_path, outcome="clicks")


@pytest.mark.real_data
def test_the_means_of_the_arms_are_those_of_the_publisher(data_dir: Path, real: Trial) -> None:
    assert np.bincount(real.logged.arm).tolist() == [21_306, 21_307, 21_387]
    assert real.means() == pytest.approx([0.10617, 0.18276, 0.15140], abs=5e-6)
    spend = read(data_dir / "hillstrom_email", outcome="spend").means()
    assert spend == pytest.approx([0.65279, 1.42262, 1.07720], abs=5e-6)


@pytest.mark.real_data
def test_the_chosen_e_mail_is_worth_more_than_one_by_lot(real: Trial) -> None:
    part = real.take(np.sort(np.random.default_rng(0).permutation(len(real))[:10_000]))
    table = evaluate_offers(part, splits=2, threads=1).set_index(["model", "metric"])
    assert table.loc[(CHOSEN, "over_chance"), "low"] > 0
    # one e-mail is best for nearly everybody here: choosing must not lose against it beyond luck
    assert table.loc[(CHOSEN, "over_best_single"), "high"] > 0
    assert table.loc[(SINGLE, "policy_value"), "value"] == pytest.approx(0.18, abs=0.03)
    assert table.loc[(CHOSEN, "qini:women's e-mail"), "value"] > 0
