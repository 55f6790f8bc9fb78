"""An experiment from its card to the list: who is kept off, who gets the offer, and the same again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.evidence.experiment_card import ExperimentError
from pipelines import cli_experiment
from pipelines.flows.daily import list_in
from pipelines.flows.run import Run
from pipelines.home import Home

pytestmark = [pytest.mark.usefixtures("prefect")]

CARD = """
name: rest-or-bundle
hypothesis: Half of the prospects would sign without a call from us.
changes: A third is not called, a third is offered the first offer.
owner: head of sales
arms:
  - {name: as usual, chance: 0.3}
  - {name: rest, chance: 0.4, rule: never_listed}
  - {name: offer, chance: 0.3, offer_id: OFFER, says: offer this one first}
measure: {kind: won, days: 45}
start: 2026-06-30
stop: 2026-09-01
worthwhile: 0.05
"""


@pytest.fixture
def copy(company_run: Run, company: Home, tmp_path: Path) -> Home:
    shutil.copytree(company.path, tmp_path / company.path.name)
    return Home(tmp_path / company.path.name)


def test_a_filed_card_is_done_in_the_list_and_the_same_day_again_changes_nothing(
    company_run: Run, copy: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer = copy.lake.read("offers")["offer_id"].iloc[-1]
    (tmp_path / "card.yaml").write_text(CARD.replace("OFFER", offer))
    cli_experiment.add(tmp_path / "card.yaml", home=copy.path)
    from prefect import flow

    made, new = flow(list_in, name="list")(copy, None)
    assert new
    resting = made.run.left_out[made.run.left_out["words"].str.contains("rest-or-bundle: rest")]
    assert set(resting["reason"]) == {"hold_out"}
    offered = made.run.call_list["offer_words"].fillna("").str.startswith("experiment rest-or-bundle: offer")
    assert offered.any()
    assert (made.run.call_list.loc[offered, "offer_id"] == offer).all()
    assert len(made.run.call_list) + len(made.run.left_out) == len(made.run.receipts)
    again, new = flow(list_in, name="list")(copy, None)
    assert (again.run.run_id, new) == (made.run.run_id, False)
    cli_experiment.list_(home=copy.path)


def test_a_rule_that_is_not_carried_out_is_refused(copy: Home, tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text(CARD.replace("never_listed", "always_listed"))
    with pytest.raises(ExperimentError, match="always_listed is not carried out yet"):
        cli_experiment.add(tmp_path / "card.yaml", home=copy.path)
