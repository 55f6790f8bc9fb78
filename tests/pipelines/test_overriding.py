"""A person disagrees with the list: kept beside the receipt, stored once, graded later."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.steps.overriding import graded, override
from serving.errors import Unknown

pytestmark = [pytest.mark.usefixtures("prefect")]
NOW = dt.datetime(2026, 7, 2, 9, tzinfo=dt.UTC)


def test_an_override_is_kept_once_and_waits_for_its_horizon(company_run: Run, company: Home) -> None:
    left = company_run.made.run.left_out["prospect_id"].iloc[0]
    assert override(company, left, what="call", because="they rang my neighbour", at=NOW)
    assert not override(company, left, what="call", because="they rang my neighbour", at=NOW)
    groups = graded(company).groups.set_index("group")
    assert groups.loc["override_call", ["n", "waiting"]].tolist() == [0, 1]


def test_nobody_can_override_what_was_never_scored(company_run: Run, company: Home) -> None:
    with pytest.raises(Unknown, match="No prospect 'nobody'"):
        override(company, "nobody", what="leave", because="a feeling", at=NOW)
