"""What of the facts was known when, whose they are, which version counts, and which rows point at nobody."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ContractError
from features.facts.contract import TABLES, Checked, check, empty
from features.facts.ledger import Facts, check_references, current
from tests.features.worlds import START, worlds


def day(n: float) -> pd.Timestamp:
    """Return the n-th day of 2026, UTC."""
    return (pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=n - 1)).as_unit("us")


def table(name: str, header: str, *rows: tuple[object, ...]) -> Checked:
    """Return a checked table from literal rows; `recorded_at` is day 1 unless it is a column."""
    frame = pd.DataFrame(rows, columns=header.split())
    if "recorded_at" in TABLES[name].columns and "recorded_at" not in frame.columns:
        frame["recorded_at"] = frame.get("occurred_at", frame.get("created_at", day(1)))
    checked = check(name, frame)
    assert checked.quarantined.empty
    return checked


def company() -> dict[str, Checked]:
    """Two prospects of one account and one of another, with a contact, an offer and what happened."""
    return {
        "accounts": table("accounts", "account_id", ("a1",), ("a2",)),
        "prospects": table(
            "prospects", "prospect_id account_id created_at",
            ("p1", "a1", day(1)), ("p2", "a1", day(2)), ("p3", "a2", day(3)),
        ),
        "contacts": table("contacts", "contact_id account_id prospect_id", ("c1", "a1", None), ("c3", None, "p3")),
        "attribute_changes": table(
            "attribute_changes", "entity id name occurred_at value",
            ("prospect", "p1", "stage", day(4), "demo"), ("account", "a1", "size", day(4), "50"),
            ("account", "a2", "size", day(4), "9"),
        ),
        "touches": table(
            "touches", "touch_id prospect_id contact_id kind direction occurred_at",
            ("t1", "p1", "c1", "call", "outbound", day(5)), ("t2", "p3", None, "visit", "inbound", day(5)),
        ),
        "offers": table("offers", "offer_id name", ("o1", "pilot")),
        "offers_made": table("offers_made", "prospect_id offer_id occurred_at", ("p1", "o1", day(6))),
        "outcomes": table(
            "outcomes", "prospect_id occurred_at result", ("p1", day(8), "won"), ("p2", day(9), "lost")
        ),
    }  # fmt: skip


def facts() -> Facts:
    return Facts.of({name: part.good for name, part in company().items()})


def set_aside(parts: dict[str, Checked]) -> dict[str, list[tuple[int, str, str]]]:
    """Return (row, reason, got) of every table with quarantined rows."""
    found = {n: c.quarantined[["row", "reason", "got"]] for n, c in parts.items() if len(c.quarantined)}
    return {n: list(f.itertuples(index=False, name=None)) for n, f in found.items()}


# --- Facts


def test_tables_not_given_are_empty_and_typed() -> None:
    whole = Facts.of({})
    for name, frame in whole.tables().items():
        pd.testing.assert_frame_equal(frame, empty(name))
    assert whole.last_recorded() is None


def test_a_table_the_contract_does_not_have_is_refused() -> None:
    with pytest.raises(ContractError, match=r"unknown table\(s\) \['visits'\]; the contract has"):
        Facts.of({"visits": empty("touches")})


def test_the_last_recorded_fact_is_the_last_of_any_table() -> None:
    assert facts().last_recorded() == day(9)


# --- visible


def test_a_fact_recorded_at_as_of_is_not_visible_and_one_microsecond_earlier_is() -> None:
    tick = pd.Timedelta(microseconds=1)
    assert facts().visible(day(5)).touches.empty
    assert facts().visible(day(5) + tick).touches["touch_id"].tolist() == ["t1", "t2"]


def test_a_fact_recorded_later_than_it_happened_is_visible_only_when_recorded() -> None:
    late = table(
        "touches", "touch_id prospect_id kind direction occurred_at recorded_at",
        ("t1", "p1", "call", "outbound", day(2), day(30)),
    )  # fmt: skip
    world = Facts.of({"touches": late.good})
    assert world.visible(day(30)).touches.empty
    assert len(world.visible(day(31)).touches) == 1


def test_offers_have_no_recorded_time_and_are_always_visible() -> None:
    assert facts().visible(day(1)).offers["offer_id"].tolist() == ["o1"]


@settings(max_examples=25, deadline=None)
@given(worlds(), st.integers(0, 150))
def test_rows_recorded_at_or_after_as_of_change_nothing_that_is_visible(world: Facts, days: int) -> None:
    as_of = START + pd.Timedelta(days=days)
    past = {n: t[t["recorded_at"] < as_of] if "recorded_at" in t else t for n, t in world.tables().items()}
    for name, frame in world.visible(as_of).tables().items():
        pd.testing.assert_frame_equal(frame, Facts.of(past).visible(as_of).tables()[name])
    assert not (world.visible(as_of).touches["recorded_at"] >= as_of).any()


@settings(max_examples=25, deadline=None)
@given(worlds(), st.integers(0, 150), st.integers(0, 150))
def test_looking_twice_is_looking_at_the_earlier_moment(world: Facts, first: int, second: int) -> None:
    one, two = START + pd.Timedelta(days=first), START + pd.Timedelta(days=second)
    twice, once = world.visible(one).visible(two), world.visible(min(one, two))
    for name in TABLES:
        pd.testing.assert_frame_equal(twice.tables()[name], once.tables()[name])


# --- of_prospects


def test_a_shard_keeps_what_belongs_to_its_prospects_their_account_and_their_siblings() -> None:
    shard = facts().of_prospects(pd.Index(["p1"]))
    assert shard.prospects["prospect_id"].tolist() == ["p1", "p2"]
    assert shard.accounts["account_id"].tolist() == ["a1"]
    assert shard.contacts["contact_id"].tolist() == ["c1"]
    assert shard.touches["touch_id"].tolist() == ["t1"]
    assert shard.outcomes["prospect_id"].tolist() == ["p1", "p2"]
    assert shard.attribute_changes[["entity", "id"]].to_numpy().tolist() == [["prospect", "p1"], ["account", "a1"]]


def test_the_shard_of_a_prospect_without_account_takes_no_other_prospect() -> None:
    lonely = table("prospects", "prospect_id account_id created_at", ("p8", None, day(1)), ("p9", None, day(1)))
    shard = Facts.of({"prospects": lonely.good}).of_prospects(pd.Index(["p8"]))
    assert shard.prospects["prospect_id"].tolist() == ["p8"]


# --- current


def test_the_last_recorded_version_of_a_key_counts_wherever_it_stands() -> None:
    versions = table(
        "prospects", "prospect_id created_at recorded_at segment",
        ("p1", day(1), day(9), "new"), ("p2", day(1), day(1), "only"), ("p1", day(1), day(2), "old"),
    ).good  # fmt: skip
    last = current(versions, ("prospect_id",))
    assert last[["prospect_id", "segment"]].to_numpy().tolist() == [["p1", "new"], ["p2", "only"]]


def test_among_versions_recorded_at_once_the_last_given_counts() -> None:
    versions = table(
        "prospects", "prospect_id created_at segment", ("p1", day(1), "first"), ("p1", day(1), "second")
    ).good  # fmt: skip
    assert current(versions, ("prospect_id",))["segment"].tolist() == ["second"]


def test_of_offers_which_have_no_recorded_time_the_last_given_counts() -> None:
    versions = table("offers", "offer_id name", ("o1", "pilot"), ("o1", "trial")).good
    assert current(versions, ("offer_id",))["name"].tolist() == ["trial"]


# --- check_references


def test_facts_that_belong_together_lose_nothing() -> None:
    out = check_references(company())
    assert set_aside(out) == {}
    assert set(out) == set(TABLES)


def test_rows_that_point_at_nobody_are_set_aside_with_the_id() -> None:
    parts = company() | {
        "touches": table(
            "touches", "touch_id prospect_id contact_id kind direction occurred_at",
            ("t1", "p1", "c1", "call", "outbound", day(5)), ("t2", "p9", None, "call", "outbound", day(5)),
            ("t3", "p1", "c9", "call", "outbound", day(5)),
        ),
        "attribute_changes": table(
            "attribute_changes", "entity id name occurred_at value",
            ("prospect", "a1", "stage", day(4), "demo"), ("account", "p1", "size", day(4), "50"),
            ("account", "a1", "size", day(4), "50"),
        ),
        "contacts": table("contacts", "contact_id account_id prospect_id", ("c1", "a7", None), ("c3", None, "p7")),
        "offers_made": table("offers_made", "prospect_id offer_id occurred_at", ("p1", "o9", day(6))),
        "outcomes": table("outcomes", "prospect_id occurred_at result offer_id", ("p1", day(8), "won", "o9")),
    }  # fmt: skip
    assert set_aside(check_references(parts)) == {
        "contacts": [(0, "account_id: unknown id", "a7"), (1, "prospect_id: unknown id", "p7")],
        "attribute_changes": [(0, "id: unknown prospect", "a1"), (1, "id: unknown account", "p1")],
        "touches": [
            (1, "prospect_id: unknown id", "p9"), (0, "contact_id: unknown id", "c1"),
            (2, "contact_id: unknown id", "c9"),
        ],
        "offers_made": [(0, "offer_id: unknown id", "o9")],
        "outcomes": [(0, "offer_id: unknown id", "o9")],
    }  # fmt: skip


def test_a_prospect_of_an_unknown_account_takes_everything_of_it_along() -> None:
    parts = company()
    parts["accounts"] = table("accounts", "account_id", ("a1",))
    parts["contacts"] = table("contacts", "contact_id prospect_id", ("c1", "p1"), ("c3", "p3"))
    assert set_aside(check_references(parts)) == {
        "prospects": [(2, "account_id: unknown id", "a2")],
        "contacts": [(1, "prospect_id: unknown id", "p3")],
        "attribute_changes": [(2, "id: unknown account", "a2")],
        "touches": [(1, "prospect_id: unknown id", "p3")],
    }


def test_an_outcome_before_its_prospect_was_created_is_set_aside_and_one_at_that_moment_is_not() -> None:
    parts = company()
    parts["outcomes"] = table(
        "outcomes", "prospect_id occurred_at result", ("p2", day(1.5), "won"), ("p2", day(2), "won")
    )  # fmt: skip
    assert set_aside(check_references(parts)) == {
        "outcomes": [(0, "occurred_at: outcome before its prospect", str(day(1.5)))]
    }


def test_an_outcome_is_measured_against_the_first_version_of_its_prospect() -> None:
    parts = company()
    parts["prospects"] = table(
        "prospects", "prospect_id account_id created_at recorded_at",
        ("p1", "a1", day(1), day(1)), ("p1", "a1", day(7.5), day(20)), ("p2", "a1", day(2), day(2)),
        ("p3", "a2", day(3), day(3)),
    )  # fmt: skip
    assert set_aside(check_references(parts)) == {}


def test_tables_not_given_have_no_rows_so_that_ids_of_them_are_unknown() -> None:
    out = check_references({"prospects": company()["prospects"]})
    assert set_aside(out) == {"prospects": [(n, "account_id: unknown id", a) for n, a in enumerate(["a1", "a1", "a2"])]}
    assert out["touches"].good.empty


def test_an_incremental_load_may_point_at_what_earlier_loads_brought() -> None:
    parts = company()
    later = {name: parts[name] for name in ("touches", "attribute_changes", "offers_made", "outcomes")}
    assert set_aside(check_references(later, known=facts())) == {}
    assert set(set_aside(check_references(later))) == set(later)


def test_an_outcome_of_an_incremental_load_is_measured_against_the_creation_known_before() -> None:
    early = table("outcomes", "prospect_id occurred_at result", ("p2", day(1), "won"))
    found = set_aside(check_references({"outcomes": early}, known=facts()))
    assert found == {"outcomes": [(0, "occurred_at: outcome before its prospect", str(day(1)))]}
