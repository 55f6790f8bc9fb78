"""Why somebody is not on the list, asked on the command line."""

from __future__ import annotations

import datetime as dt

import pytest

from features.facts.ledger import current
from models.heads.roles import missing_roles
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.steps import pulling
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


def test_of_everybody_the_stage_the_offer_and_who_is_missing_is_published(company_run: Run, company: Home) -> None:
    run = company_run.made.run
    seen = pulling.known(company)[0].visible(run.as_of)
    shown = run.prospects.set_index("prospect_id")
    staged = current(seen.touches, ("touch_id",)).dropna(subset=["stage"]).sort_values("occurred_at")
    last = staged.groupby("prospect_id")["stage"].agg(lambda stages: stages.iloc[-1]).reindex(shown.index)
    assert shown["stage"].dropna().to_dict() == last.dropna().to_dict()
    listed = run.call_list.set_index("prospect_id")["offer_words"].dropna()
    assert shown["offer_words"].reindex(listed.index).to_dict() == listed.to_dict()
    assert shown["offer_words"].notna().all()
    missing = missing_roles(seen, shown.index, run.as_of)
    for prospect_id, words in shown["missing_roles"].items():
        told = missing.loc[missing["prospect_id"] == prospect_id, "said"].head(3)
        assert (words if isinstance(words, str) else "") == "\n".join(told)


def test_the_scale_of_chances_fits_the_receipts(company_run: Run, company: Home) -> None:
    run = company_run.made.run
    scale = run.summary["scale"]
    assert scale[0][0] == pytest.approx(run.base_rate)
    scored = run.receipts.dropna(subset=["chance"])
    for chance, margin in scale:
        above = scored["margin"] >= margin
        assert (scored.loc[above, "chance"] >= chance - 1e-3).all()
        assert (scored.loc[~above, "chance"] <= chance + 1e-3).all()
