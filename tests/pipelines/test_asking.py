"""Why somebody is not on the list, asked on the command line."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.steps.asking import why_not
from serving.errors import NoRun, Unknown

pytestmark = [pytest.mark.usefixtures("prefect")]


def test_everybody_left_out_is_told_the_published_reason(company_run: Run, company: Home) -> None:
    for row in company_run.made.run.left_out.head(20).itertuples():
        said = why_not(company, row.prospect_id)
        assert f"not on the list for {company_run.made.run.day}: {row.words} ({row.reason})" in said


def test_somebody_listed_is_told_the_place(company_run: Run, company: Home) -> None:
    first = company_run.made.run.call_list.iloc[0]
    said = why_not(company, first["prospect_id"])
    assert f"is number {first['rank']} on the list of {first['owner_id']}" in said


def test_an_unknown_prospect_and_a_day_without_a_list_are_refused(company_run: Run, company: Home) -> None:
    with pytest.raises(Unknown, match="No prospect 'nobody' in any published run"):
        why_not(company, "nobody")
    with pytest.raises(NoRun, match="No list was published for 1999-01-01"):
        why_not(company, "nobody", day=dt.date(1999, 1, 1))
