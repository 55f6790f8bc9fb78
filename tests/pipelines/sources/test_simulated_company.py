"""The simulated company as a source: what it delivers holds the contract, and the truth stays out of reach."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from features.facts.contract import TABLES, Checked, check
from features.facts.definitions import Definitions, load
from features.facts.ledger import check_references
from pipelines.sources.simulated.parameters import WorldError, WorldParameters
from pipelines.sources.simulated.sellers import CAPACITY
from pipelines.sources.simulated.source import DEFINITIONS, pull

END = dt.date(2026, 11, 2)
DELIVERED = [name for name in TABLES if name != "withdrawals"]
"""Nobody deletes anything in this company."""
MIDNIGHT = pd.Timestamp(END, tz="UTC")
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "raw"
    pull(folder, end=END)
    return folder


@pytest.fixture(scope="module")
def mapped(raw: Path) -> dict[str, Checked]:
    """The tables as the .sql files map them, checked; DuckDB by hand, independent of the runner."""
    checked = {}
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for file in sorted(raw.glob("*.parquet")):
            con.execute(f"create view {file.stem} as select * from read_parquet('{file}')")
        for name in DELIVERED:
            sql = DEFINITIONS.with_name(f"{name}.sql").read_text(encoding="utf-8")
            frame = con.sql(sql).to_arrow_table().to_pandas()
            checked[name] = check(name, frame, origin=f"{name}.sql")
    return check_references(checked)


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return load(DEFINITIONS)


@pytest.mark.parametrize("name", DELIVERED)
def test_every_table_holds_the_contract_but_for_a_handful_of_rows(mapped: dict[str, Checked], name: str) -> None:
    assert len(mapped[name].good)
    assert mapped[name].share < 0.001


def test_the_quarantine_has_an_unknown_prospect_and_an_unknown_channel_to_show(mapped: dict[str, Checked]) -> None:
    reasons = mapped["touches"].quarantined.groupby("reason")["got"].first()
    assert reasons["prospect_id: unknown id"] == "P-unknown"
    assert reasons.filter(like="channel: not one of").tolist() == ["Fax"]


def test_the_company_has_the_size_of_a_real_one(mapped: dict[str, Checked]) -> None:
    prospects, touches, outcomes = (mapped[n].good for n in ("prospects", "touches", "outcomes"))
    won = outcomes["result"].eq("won").sum() / len(prospects)
    assert len(prospects) == 2000
    assert prospects["owner_id"].nunique() == 10
    assert 60_000 < len(touches) < 100_000
    assert 0.12 < won < 0.20
    assert 300 < len(prospects) - len(outcomes) < 600


def test_open_prospects_have_different_ages_and_some_are_from_yesterday(mapped: dict[str, Checked]) -> None:
    prospects = mapped["prospects"].good
    open_ = prospects[~prospects["prospect_id"].isin(mapped["outcomes"].good["prospect_id"])]
    age = (MIDNIGHT - open_["created_at"]) / DAY
    assert age.min() < 2
    assert age.quantile(0.25) < 40 < 80 < age.quantile(0.9)


@pytest.mark.parametrize("name", [n for n in DELIVERED if n != "offers"])
def test_no_fact_is_recorded_at_or_after_the_end_or_before_it_happened(mapped: dict[str, Checked], name: str) -> None:
    facts = mapped[name].good
    happened = {"prospects": "created_at", "accounts": "recorded_at", "contacts": "recorded_at"}.get(
        name, "occurred_at"
    )
    assert (facts["recorded_at"] < MIDNIGHT).all()
    assert (facts["recorded_at"] >= facts[happened]).all()


def test_a_stated_share_of_facts_comes_more_than_a_day_late(mapped: dict[str, Checked]) -> None:
    for name in ("touches", "offers_made", "outcomes"):
        lag = mapped[name].good["recorded_at"] - mapped[name].good["occurred_at"]
        assert 0.05 <= (lag > DAY).mean() <= 0.135, name
    touches = mapped["touches"].good
    assert 0.05 <= (touches["recorded_at"] - touches["occurred_at"] > DAY).mean() <= 0.10


def test_a_tidy_salesperson_writes_notes_on_the_last_evening_of_the_month(mapped: dict[str, Checked]) -> None:
    touches = mapped["touches"].good.merge(mapped["prospects"].good[["prospect_id", "owner_id"]], on="prospect_id")
    batch = touches[touches["recorded_at"].eq(touches["recorded_at"].dt.normalize() + pd.Timedelta(hours=17))]
    assert set(batch["owner_id"]) == {"S05"}
    assert ((batch["recorded_at"] + DAY).dt.day == 1).all()
    assert len(batch) > 200


def test_some_results_contacts_roles_and_amounts_are_missing(mapped: dict[str, Checked]) -> None:
    calls = mapped["touches"].good.query("kind == 'call' and direction == 'outbound'")
    won = mapped["outcomes"].good.query("result == 'won'")
    missing = {
        "result": calls["result"], "contact": calls["contact_id"],
        "role": mapped["contacts"].good["role"], "amount": won["amount"],
    }  # fmt: skip
    assert {k: True for k in missing} == {k: 0.005 < v.isna().mean() < 0.1 for k, v in missing.items()}


def test_nobody_is_called_once_the_refusal_is_recorded(mapped: dict[str, Checked]) -> None:
    refusals = mapped["contacts"].good.dropna(subset="do_not_contact_since")
    touches = mapped["touches"].good.query("direction == 'outbound'")
    pairs = touches.merge(refusals, on="contact_id", suffixes=("", "_refusal"))
    late = pairs["occurred_at"] >= pairs["recorded_at_refusal"]
    unaware = (pairs["occurred_at"] >= pairs["do_not_contact_since"]) & ~late
    assert len(refusals) > 50
    assert pairs[late].empty
    assert unaware.any(), "between the refusal and its record nobody knows: calls happen, and the data show them"


def test_nothing_is_done_for_a_prospect_after_its_end(mapped: dict[str, Checked]) -> None:
    ends = mapped["outcomes"].good.set_index("prospect_id")["occurred_at"]
    touches = mapped["touches"].good
    assert not (touches["occurred_at"] >= touches["prospect_id"].map(ends)).any()


def test_calls_are_made_in_the_local_hours_of_the_contact_summer_and_winter(mapped: dict[str, Checked]) -> None:
    zone = mapped["contacts"].good.drop_duplicates("contact_id").set_index("contact_id")["timezone"]
    calls = mapped["touches"].good.query("kind == 'call' and direction == 'outbound'").dropna(subset="contact_id")
    for name, group in calls.groupby(calls["contact_id"].map(zone)):
        local = group["occurred_at"].dt.tz_convert(name)
        assert local.dt.hour.between(8, 17).all(), name
        assert (local.dt.day_of_week < 5).all(), name


def test_contract_terms_come_with_the_win_and_are_declared_as_known_only_after(
    mapped: dict[str, Checked], definitions: Definitions
) -> None:
    terms = mapped["attribute_changes"].good.query("name == 'contract_terms'")
    won = mapped["outcomes"].good.query("result == 'won'")["prospect_id"]
    assert won.isin(terms["id"]).mean() > 0.95
    assert "contract_terms" in definitions.known_only_after


def test_attributes_of_the_definitions_exist_in_the_facts(mapped: dict[str, Checked], definitions: Definitions) -> None:
    known = {*mapped["prospects"].good, *mapped["accounts"].good, *mapped["attribute_changes"].good["name"].unique()}
    assert {a.name for a in definitions.attributes} <= known


@pytest.mark.parametrize("term", ["prospect", "contacted", "qualified", "won", "lost", "receptive"])
def test_the_evidence_of_each_word_runs_and_finds_some_prospects(
    mapped: dict[str, Checked], definitions: Definitions, term: str
) -> None:
    with duckdb.connect() as con:
        for name, table in mapped.items():
            con.register(name, table.good)
        found = {row[0] for row in con.execute(definitions.terms[term].evidence).fetchall()}
    everybody = set(mapped["prospects"].good["prospect_id"])
    assert found == everybody if term == "prospect" else 0 < len(found) < len(everybody)
    assert found <= everybody


def test_the_capacities_that_the_definitions_name_are_those_by_which_people_work(
    mapped: dict[str, Checked], definitions: Definitions
) -> None:
    owners = sorted(mapped["prospects"].good["owner_id"].unique())
    assert definitions.capacity.owners == {o: CAPACITY[i % len(CAPACITY)] for i, o in enumerate(owners)}
    assert (definitions.simulated, definitions.horizon_days) == (True, WorldParameters(end=END).horizon_days)


def test_the_truth_lies_beside_the_raw_tables_and_none_of_it_within(raw: Path) -> None:
    tables = {f.stem for f in raw.iterdir()}
    columns = {c for f in raw.iterdir() for c in pd.read_parquet(f).columns}
    truth = {f.stem: pd.read_parquet(f) for f in (raw.parent / "truth").iterdir()}
    assert tables == {
        "companies", "people", "opportunities", "activities", "field_history", "quotes", "quote_catalogue", "closings",
    }  # fmt: skip
    assert set(truth) == {"prospects", "chances", "offer_effects", "answer_rates"}
    assert columns.isdisjoint({"fit", "need_at", "need_ends_at", "right_contact_id", "chance", "effect", "rate"})


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        pull(tmp_path / name / "raw", prospects=200, days=200, seed=seed, end=END)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.parquet"))
    assert len(files) == 12
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "again" / file).read_bytes(), file
    changed = [f for f in files if (tmp_path / "one" / f).read_bytes() != (tmp_path / "other" / f).read_bytes()]
    assert {f.stem for f in files} - {f.stem for f in changed} <= {"quote_catalogue"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prospects": 49}, "prospects is 49; give at least 50"),
        ({"days": 30}, "days is 30; give at least 90"),
        ({"horizon_days": 0}, "horizon_days is 0; give at least 1"),
        ({"seed": -1}, "seed is -1; give at least 0"),
    ],
)
def test_a_world_that_is_too_small_is_refused(given: dict[str, int], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        WorldParameters(end=END, **given)


def test_the_smallest_world_works(tmp_path: Path) -> None:
    pull(tmp_path / "raw", prospects=50, days=90, end=END)
    assert len(pd.read_parquet(tmp_path / "raw" / "opportunities.parquet")) == 50
