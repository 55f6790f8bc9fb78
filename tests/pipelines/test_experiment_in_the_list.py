"""An experiment from its card to the list: who is kept off, who gets the offer, and the same again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

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


def test_an_arm_that_is_always_listed_is_called_before_all_others_as_far_as_the_capacity_goes(
    copy: Home, tmp_path: Path
) -> None:
    card = CARD.replace("rest-or-bundle", "call-all").replace("rest, ", "call, ").replace("never_", "always_")
    (tmp_path / "card.yaml").write_text(card.replace("OFFER", copy.lake.read("offers")["offer_id"].iloc[-1]))
    cli_experiment.add(tmp_path / "card.yaml", home=copy.path)
    from prefect import flow

    made, _ = flow(list_in, name="list")(copy, None)
    calls, left = made.run.call_list, made.run.left_out
    by = calls["worth_words"].str.contains("listed by the experiment call-all: call", regex=False)
    assert by.any()
    assert set(calls.loc[by, "drawn"]) == {"experiment"}
    assert set(calls.loc[by, "propensity"]) == {1.0}
    assert not calls["drawn"].eq("experiment")[~by].any()
    # whoever of the arm is not called has its reason, and the experiment in it
    arm = left[left["words"].str.contains("call-all: call", regex=False)]
    assert arm["words"].str.contains(", but ").all()
    deferred = arm["reason"].eq("no_capacity").sum()
    assert any("deferred: " in note for note in made.run.summary["notes"]) == bool(deferred)
