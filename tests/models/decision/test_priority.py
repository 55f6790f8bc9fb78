"""Whom to call today, and for everyone else why not: the counts add up, whatever the day brings."""

from __future__ import annotations

import datetime as dt
import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.definitions import parse
from models.decision.errors import DecisionError
from models.decision.priority import REASONS, todays_list
from tests.models.decision.days import AS_OF, at, facts_of, left_out, listed, prospect, scores, touch


@pytest.fixture
def by_value(definitions_of):
    """Definitions under which no place is drawn by chance."""
    return functools.partial(definitions_of, exploration=0)


def test_each_owner_calls_the_best_of_their_own_up_to_their_capacity(by_value):
    facts = facts_of(prospects=[prospect("a"), prospect("b"), prospect("c"), prospect("d", "lee")])
    words = by_value(capacity={"default": 1, "owners": {"kim": 2}})
    result = todays_list(scores(a=0.1, b=0.3, c=0.2, d=0.15), facts, words, AS_OF)
    assert listed(result) == [("kim", 1, "b"), ("kim", 2, "c"), ("lee", 1, "d")]
    assert left_out(result) == {
        "a": ("no_capacity", "below the day's capacity of 2, rank 3 of 3: the last one listed is worth 0.200 of a win, "
              "this one 0.100 of a win"),
    }  # fmt: skip


def test_where_no_salesperson_is_known_the_team_has_one_list(by_value):
    facts = facts_of(prospects=[prospect("a", None), prospect("b", None)])
    result = todays_list(scores(a=0.1, b=0.3), facts, by_value(capacity={"default": 1}), AS_OF)
    assert listed(result) == [(None, 1, "b")]


def test_equal_chances_are_ordered_by_margin_then_by_id(definitions_of):
    facts = facts_of(prospects=[prospect(p) for p in "abc"])
    tied = scores(a=0.2, b=0.2, c=0.2).assign(margin=[0.0, 0.0, 1.0])
    result = todays_list(tied.iloc[::-1], facts, definitions_of(), AS_OF)
    assert [p for _, _, p in listed(result)] == ["c", "a", "b"]


def test_without_any_chance_the_order_is_by_margin(definitions_of):
    # before the first wins a bundle ranks by recency and gives no chance of a prospect's own
    facts = facts_of(prospects=[prospect(p) for p in "ab"])
    no_wins = scores(a=0.1, b=0.2).assign(chance=np.nan, state="ranked")
    assert [p for _, _, p in listed(todays_list(no_wins, facts, definitions_of(), AS_OF))] == ["b", "a"]


def test_a_prospect_is_left_out_when_everybody_there_asked_not_to_be_contacted(definitions_of):
    never = {"do_not_contact_since": at("2026-02-01")}
    facts = facts_of(
        prospects=[
            prospect("a"),
            prospect("b"),
            prospect("c", account_id="acme"),
            prospect("d"),
            prospect("e"),
        ],
        accounts=[{"account_id": "acme"}],
        contacts=[
            {"contact_id": "a1", "prospect_id": "a"} | never,
            {"contact_id": "b1", "prospect_id": "b"} | never,
            {"contact_id": "b2", "prospect_id": "b"},
            {"contact_id": "c1", "account_id": "acme"} | never,
            {"contact_id": "d1", "prospect_id": "d", "do_not_contact_since": at("2026-03-03")},
        ],
    )
    result = todays_list(scores(a=0.9, b=0.8, c=0.7, d=0.6, e=0.5), facts, definitions_of(), AS_OF)
    assert [p for _, _, p in listed(result)] == ["b", "d", "e"]
    assert left_out(result) == dict.fromkeys(
        "ac", ("do_not_contact", "everybody we know there asked not to be contacted")
    )
    assert list(result.listed["contact_id"].astype(object).where(result.listed["contact_id"].notna(), None)) == [
        "b2", "d1", None,
    ]  # fmt: skip


def test_a_wish_not_to_be_contacted_counts_when_it_was_only_said_in_a_call(definitions_of):
    facts = facts_of(
        prospects=[prospect("a"), prospect("b")],
        contacts=[{"contact_id": "a1", "prospect_id": "a"}],
        touches=[
            touch("a", "2026-01-10", contact_id="a1", result="do_not_contact"),
            touch("b", "2026-01-10", result="do_not_contact"),
        ],
    )
    result = todays_list(scores(a=0.9, b=0.8), facts, definitions_of(), AS_OF)
    assert {reason for reason, _ in left_out(result).values()} == {"do_not_contact"}
    assert len(left_out(result)) == 2


@pytest.mark.parametrize(
    ("more", "too_soon"),
    [
        ({"when": "2026-03-01T12:00"}, True),
        ({"when": "2026-02-28"}, True),
        ({"when": "2026-02-27T23:59"}, False),
        ({"when": "2026-03-01", "direction": "inbound"}, False),
        ({"when": "2026-03-01", "kind": "task"}, False),
        ({"when": "2026-03-01", "recorded_at": at("2026-03-02")}, False),
    ],
    ids=["yesterday", "just two days", "longer ago", "they called us", "internal work", "not known yet"],
)
def test_the_minimum_gap_looks_at_our_own_visible_touches_in_the_last_days(more, too_soon, definitions_of):
    facts = facts_of(prospects=[prospect("a")], touches=[touch("a", **more)])
    result = todays_list(scores(a=0.9), facts, definitions_of(minimum_gap_days=2), AS_OF)
    assert (result.left_out["reason"].tolist() == ["too_soon"]) is too_soon


def test_the_words_of_too_soon_give_the_day_in_the_companys_time_zone(definitions_of):
    facts = facts_of(prospects=[prospect("a")], touches=[touch("a", "2026-02-28T23:30")])
    words = definitions_of(minimum_gap_days=3, timezone="Europe/Berlin")
    result = todays_list(scores(a=0.9), facts, words, AS_OF)
    assert left_out(result) == {"a": ("too_soon", "we were in touch on 2026-03-01, the gap is 3 days")}


def test_who_could_not_be_scored_is_left_out_by_name_and_not_ranked_last(definitions_of):
    facts = facts_of(prospects=[prospect("a"), prospect("b")])
    result = todays_list(scores(a=None, b=0.01), facts, definitions_of(), AS_OF)
    assert listed(result) == [("kim", 1, "b")]
    assert left_out(result) == {"a": ("unscored", "could not be scored: nothing was known")}


def test_the_owner_is_the_one_known_at_the_time(definitions_of):
    moved = {"entity": "prospect", "id": "a", "name": "owner_id", "value": "lee"}
    facts = facts_of(
        prospects=[prospect("a"), prospect("b")],
        attribute_changes=[
            moved | {"occurred_at": at("2026-02-01")},
            moved | {"id": "b", "occurred_at": at("2026-02-01"), "recorded_at": at("2026-03-05")},
        ],
    )
    assert listed(todays_list(scores(a=0.1, b=0.2), facts, definitions_of(), AS_OF)) == [
        ("kim", 1, "b"),
        ("lee", 1, "a"),
    ]  # fmt: skip


def test_an_empty_cohort_gives_an_empty_list(definitions_of):
    result = todays_list(scores(), facts_of(prospects=[prospect("a")]), definitions_of(), AS_OF)
    assert result.listed.empty
    assert result.left_out.empty


def test_scores_that_do_not_belong_to_the_day_are_refused(definitions_of):
    facts = facts_of(prospects=[prospect("a"), prospect("late", recorded_at=at("2026-03-05"))])
    given_scores = scores(a=0.1)
    with pytest.raises(DecisionError, match="prospect a is scored twice"):
        todays_list(pd.concat([given_scores, given_scores]), facts, definitions_of(), AS_OF)
    with pytest.raises(DecisionError, match="scored as of 2026-03-02 .* the list is for 2026-03-03"):
        todays_list(given_scores, facts, definitions_of(), AS_OF + pd.Timedelta(days=1))
    with pytest.raises(DecisionError, match="prospect late is not known at"):
        todays_list(scores(late=0.1), facts, definitions_of(), AS_OF)


TERM = {"means": "what everybody means", "evidence": "select 1", "owner": "x", "since": dt.date(2026, 1, 1)}
TERMS = dict.fromkeys(("prospect", "contacted", "qualified", "won", "lost", "receptive"), TERM)
one = st.fixed_dictionaries(
    {
        "owner": st.sampled_from(["kim", "lee", None]),
        "chance": st.none() | st.sampled_from([0.1, 0.2, 0.3]),
        "touched": st.none() | st.integers(0, 4),
        "refuses": st.booleans(),
    }
)


@settings(deadline=None, max_examples=12)
@given(st.lists(one, max_size=12), st.integers(0, 15), st.integers(0, 3))
def test_everybody_is_on_the_list_or_left_out_with_one_reason(people, capacity, gap):
    names = [f"p{i}" for i in range(len(people))]
    rows = dict(zip(names, people, strict=True))
    facts = facts_of(
        prospects=[prospect("nobody"), *(prospect(n, p["owner"]) for n, p in rows.items())],
        contacts=[
            {"contact_id": n, "prospect_id": n, "do_not_contact_since": at("2026-02-01") if p["refuses"] else pd.NaT}
            for n, p in rows.items()
        ] or [{"contact_id": "nobody", "prospect_id": "nobody"}],
        touches=[touch("nobody", "2026-01-01"),
            *(touch(n, str((AS_OF - pd.Timedelta(days=p["touched"] + 0.5)).tz_localize(None)))
              for n, p in rows.items() if p["touched"] is not None)],
    )  # fmt: skip
    words = parse(
        {"company": "Acme", "recorded_at": "column", "horizon_days": 30, "minimum_gap_days": gap, "terms": TERMS,
         "exploration": 0, "minimum_gap_account_days": 0,
         "capacity": {"default": capacity}}
    )  # fmt: skip
    result = todays_list(scores(**{n: p["chance"] for n, p in rows.items()}), facts, words, AS_OF)

    assert sorted([*result.listed["prospect_id"], *result.left_out["prospect_id"]]) == sorted(names)
    assert set(result.left_out["reason"]) <= set(REASONS)
    assert (result.left_out["words"].str.len() > 0).all()
    calls = pd.Series([o for o, _, _ in listed(result)], dtype=object).value_counts(dropna=False)
    assert (calls <= capacity).all()
    for name in result.listed["prospect_id"]:
        person = rows[name]
        assert person["chance"] is not None
        assert not person["refuses"]
        assert person["touched"] is None or person["touched"] + 0.5 > gap
    # whoever waits for capacity waits behind a full list of chances at least as good
    for name in result.left_out.loc[result.left_out["reason"] == "no_capacity", "prospect_id"]:
        ahead = [rows[p]["chance"] for o, _, p in listed(result) if o == rows[name]["owner"]]
        assert len(ahead) == capacity
        assert all(chance >= rows[name]["chance"] for chance in ahead)
