"""The real data sets, from their files to a published list, and what they honestly show."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.flows.run import Run, run
from pipelines.home import Home
from pipelines.steps.evaluating import evaluate_source

FOLDERS = {"olist": "olist_marketing_funnel", "maven": "maven_crm_sales", "bpic2012": "bpic2012"}

pytestmark = [pytest.mark.slow, pytest.mark.real_data, pytest.mark.usefixtures("prefect")]


@pytest.mark.parametrize("source", FOLDERS)
def test_a_real_source_ends_in_a_published_list_with_reasons(source: str, data_dir: Path, tmp_path: Path) -> None:
    done: Run = run(source, data=str(data_dir / FOLDERS[source]), home=str(tmp_path / source))
    made = done.made.run
    assert done.new
    assert len(made.call_list) + len(made.left_out) == len(made.receipts) == made.summary["cohort"] > 0
    listed = made.receipts.set_index("receipt_id").loc[made.call_list["receipt_id"]]
    said = listed["reasons"].map(len) + listed["note"].map(len)
    assert (said > 0).all()


@pytest.mark.parametrize(
    ("source", "verdict", "figures"),
    [
        ("olist", "signal", {"lift_at_10": (1.0, 4.0)}),
        # forward in time the AUC among its newcomers is known to be 0.51; nothing else may be claimed
        ("maven", "no signal", {"auc_fresh": (0.45, 0.6)}),
        ("bpic2012", "signal", {"auc": (0.7, 0.9), "calibration_error": (0.0, 0.05)}),
    ],
)
def test_the_forward_test_says_whether_there_is_signal(
    source: str, verdict: str, figures: dict[str, tuple[float, float]], *, data_dir: Path, tmp_path: Path
) -> None:
    found = evaluate_source(source, data_dir / FOLDERS[source], Home(tmp_path / source), threads=1)
    takt = found.table[found.table["model"] == "takt"].set_index("metric")["value"]
    assert all(low <= takt[name] <= high for name, (low, high) in figures.items()), takt[list(figures)]
    assert found.verdict == verdict, found.words
    parts = found.parts.set_index("part")
    assert parts.loc["train", "last"] < parts.loc["test", "first"]
    models = set(found.table["model"])
    assert {"base rate", "recency", "logistic", "takt"} <= models
