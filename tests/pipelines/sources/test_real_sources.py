"""The built-in sources on their real files: every count is one that the publisher of the data states."""

from __future__ import annotations

from functools import cache

import duckdb
import pandas as pd
import pytest

from pipelines.sources.folders import find
from pipelines.sources.mapped import Mapped
from pipelines.sources.mapping import map_source

pytestmark = pytest.mark.real_data

FOLDERS = {"olist": "olist_marketing_funnel", "maven": "maven_crm_sales", "bpic2012": "bpic2012"}


@cache
def _mapped(name, data):
    return map_source(find(name), data)


@pytest.fixture(scope="module")
def mapped(data_dir):
    return lambda name: _mapped(name, data_dir / FOLDERS[name])


def counts(mapped: Mapped) -> dict[str, tuple[int, int]]:
    rows = mapped.summary().set_index("table")
    return {n: (int(r["good"]), int(r["quarantined"])) for n, r in rows.iterrows() if r["rows"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("olist", {"prospects": (8000, 0), "touches": (8000, 0), "outcomes": (841, 1)}),
        ("maven", {"prospects": (8300, 0), "touches": (8300, 0), "outcomes": (6711, 0)}),
        (
            "bpic2012",
            {
                "prospects": (13_087, 0),
                "touches": (125_524, 5),
                "offers": (3, 0),
                "offers_made": (7030, 0),
                "outcomes": (12_688, 0),
            },
        ),
    ],
)
def test_every_row_is_good_or_quarantined_and_counted(mapped, name, expected):
    assert counts(mapped(name)) == expected
    mapped(name).raise_if_exceeded()


@pytest.mark.parametrize(
    ("name", "won", "lost"), [("olist", 841, 0), ("maven", 4238, 2473), ("bpic2012", 2246, 7635 + 2807)]
)
def test_wins_and_losses_are_those_of_the_publisher(mapped, name, won, lost):
    outcomes = mapped(name).facts().outcomes
    assert (outcomes["result"].eq("won").sum(), outcomes["result"].eq("lost").sum()) == (won, lost)
    assert outcomes["prospect_id"].is_unique


@pytest.mark.parametrize("name", FOLDERS)
def test_no_time_is_after_the_end_of_the_log(mapped, name):
    source = mapped(name)
    end = pd.Timestamp(source.definitions.observed_until, tz=source.definitions.timezone) + pd.Timedelta(days=1)
    assert source.facts().last_recorded() < end


@pytest.mark.parametrize("name", FOLDERS)
def test_no_column_known_only_after_the_outcome_is_mapped(mapped, name):
    facts = mapped(name).facts()
    known_before = {*facts.prospects.columns, *facts.accounts.columns, *facts.attribute_changes["name"]}
    assert not known_before & set(mapped(name).definitions.known_only_after)


@pytest.mark.parametrize("name", FOLDERS)
def test_the_terms_hold_on_the_real_facts(mapped, name):
    source = mapped(name)
    ids = set(source.facts().prospects["prospect_id"])
    with duckdb.connect() as con:
        for table, frame in source.facts().tables().items():
            con.register(table, frame)
        found = {w: {r[0] for r in con.sql(t.evidence).fetchall()} for w, t in source.definitions.terms.items()}
    assert all(people <= ids for people in found.values())
    assert found["prospect"] == ids
    assert found["won"] & found["lost"] == set()


def test_olist_sets_aside_the_deal_that_was_won_before_the_first_contact(mapped):
    bad = mapped("olist").checked["outcomes"].quarantined
    assert bad["reason"].tolist() == ["occurred_at: outcome before its prospect"]
    assert bad["occurred_at"].tolist() == [pd.Timestamp("2018-03-06 19:38:55", tz="UTC")]


def test_olist_days_begin_at_midnight_in_sao_paulo_and_deals_of_a_bare_day_too(mapped):
    facts = mapped("olist").facts()
    local = facts.prospects["created_at"].dt.tz_convert("America/Sao_Paulo")
    # a midnight that the start of summer time skips (15 October 2017) becomes one o'clock
    assert local.dt.hour[local.dt.date.astype("str") != "2017-10-15"].eq(0).all()
    won = facts.outcomes["occurred_at"]
    bare = won[won.dt.strftime("%H:%M:%S").isin(["02:00:00", "03:00:00"])].dt.tz_convert("America/Sao_Paulo")
    assert (len(bare), int(bare.dt.hour.eq(0).sum())) == (61, 61)


def test_olist_keeps_a_missing_origin_missing(mapped):
    source = mapped("olist").facts().prospects["source"]
    assert (source.isna().sum(), source.eq("unknown").sum()) == (60, 1099)


def test_maven_counts_the_opportunities_that_it_cannot_place_in_time(mapped):
    assert mapped("maven").left_out.to_numpy().tolist() == [["prospects", "stage Prospecting, no engage_date", 500]]


def test_maven_corrects_the_one_product_that_is_spelled_in_two_ways(mapped):
    prospects = mapped("maven").facts().prospects
    assert prospects["series"].notna().all()
    assert set(prospects.loc[prospects["product"] == "GTX Pro", "series"]) == {"GTX"}
    assert "GTXPro" not in set(prospects["product"])


def test_maven_hides_the_account_that_only_closed_opportunities_have(mapped, data_dir):
    deals = pd.read_csv(data_dir / FOLDERS["maven"] / "sales_pipeline.csv")
    filled = deals.assign(has=deals["account"].notna()).groupby("deal_stage")["has"].agg(["sum", "size"])
    assert filled.loc[["Won", "Lost", "Engaging"]].to_numpy().tolist() == [[4238, 4238], [2473, 2473], [501, 1589]]
    assert mapped("maven").facts().prospects["account_id"].isna().all()


def test_maven_wins_alone_have_an_amount(mapped):
    outcomes = mapped("maven").facts().outcomes
    assert outcomes["amount"].notna().eq(outcomes["result"].eq("won")).all()


def test_bpic2012_accounts_for_every_event_of_the_log(mapped, data_dir):
    source = mapped("bpic2012")
    events = pd.read_parquet(data_dir / "bpic2012" / "bpic2012_events.parquet")
    name, step = events["concept:name"], events["lifecycle:transition"]
    touches = source.facts().touches["kind"].value_counts().to_dict()
    assert touches == {"call": 63_212, "stage": 43_669, "proposal": 10_484, "task": 8_159}
    begun = int((name.str.startswith("W_") & step.eq("START")).sum())
    assert sum(touches.values()) + len(source.checked["touches"].quarantined) == begun + 43_669 + 10_484
    assert source.left_out.set_index("reason")["rows"].to_dict() == {
        "work finished that was never begun": 1042,
        "work scheduled, not done": int(step.eq("SCHEDULE").sum()),
        "offer selected or created, before it is sent": int(name.isin(["O_SELECTED", "O_CREATED"]).sum()),
    }


def test_bpic2012_has_no_outcome_among_its_touches(mapped):
    touches = mapped("bpic2012").facts().touches
    assert set(touches["stage"].dropna()) == set(mapped("bpic2012").definitions.stages)


def test_bpic2012_work_is_known_only_when_it_is_finished(mapped):
    touches = mapped("bpic2012").facts().touches
    work = touches[touches["kind"].isin(["call", "task"])]
    took = (work["recorded_at"] - work["occurred_at"]).dt.total_seconds()
    assert (took - work["duration_s"]).abs().max() < 1e-6
    rest = touches.drop(index=work.index)
    assert rest["recorded_at"].equals(rest["occurred_at"])


def test_bpic2012_answers_follow_their_offers_and_the_accepted_one_is_the_last(mapped):
    facts = mapped("bpic2012").facts()
    made = facts.offers_made.sort_values(["prospect_id", "occurred_at"])
    assert made["response"].value_counts().to_dict() == {"cancelled": 3655, "accepted": 2243, "declined": 802}
    answered = made.dropna(subset=["responded_at"])
    assert (answered["responded_at"] >= answered["occurred_at"]).all()
    last = made.groupby("prospect_id").tail(1)
    assert last["response"].eq("accepted").sum() == 2243
    assert not made.duplicated(["prospect_id", "offer_id", "occurred_at"]).any()


def test_bpic2012_no_acceptance_is_known_before_the_outcome_that_it_is(mapped):
    facts = mapped("bpic2012").facts()
    accepted = facts.offers_made[facts.offers_made["response"] == "accepted"].merge(
        facts.outcomes, on="prospect_id", suffixes=("", "_outcome")
    )
    assert len(accepted) == 2243
    assert accepted["responded_at"].equals(accepted["occurred_at_outcome"])
    assert accepted["offer_id"].equals(accepted["offer_id_outcome"])


def test_bpic2012_base_rate_at_the_horizon_is_the_one_in_the_definitions(mapped):
    facts, words = mapped("bpic2012").facts(), mapped("bpic2012").definitions
    horizon = pd.Timedelta(days=words.horizon_days)
    closed = facts.outcomes.set_index("prospect_id")
    people = facts.prospects.set_index("prospect_id")["created_at"]
    won = closed.loc[closed["result"] == "won", "occurred_at"].reindex(people.index)
    ended = closed["occurred_at"].reindex(people.index)
    end = pd.Timestamp(words.observed_until, tz="UTC")
    grid = [t for t in pd.date_range(pd.Timestamp("2011-10-08", tz="UTC"), end, freq="7D") if t + horizon <= end]
    cohorts = [people.index[(people < t) & ~(ended < t)] for t in grid]
    wins = [int((won[c] < t + horizon).sum()) for c, t in zip(cohorts, grid, strict=True)]
    assert (len(grid), sum(map(len, cohorts)), sum(wins)) == (21, 14_689, 3545)
