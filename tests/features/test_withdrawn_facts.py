"""Features of what was deleted and merged: known before, hidden after, and back where the record is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.algebra.links import links
from features.algebra.terms import (
    attribute,
    count,
    creation,
    distinct,
    known_contacts,
    people,
    siblings,
    total,
    touches,
)
from features.catalog import catalog
from features.facts.ledger import Facts
from features.matrix import build
from tests.features.literal import facts, numbers, words
from tests.features.withdrawals import dead_accounts, standing
from tests.features.worlds import START, days, definitions, withdrawn_world, withdrawn_worlds

CATALOG = catalog(definitions())
PEOPLE = "prospect_id account_id created_at recorded_at\na x 01-01 01-01\nb x 01-01 01-01"
CALLS = """
    touch_id prospect_id contact_id kind direction occurred_at recorded_at value
    t1       a           c1         call outbound  03-01       03-01       5
    t2       a           c2         call outbound  03-02       03-02       7
"""
AFTER = ("a 03-05", "a 03-06", "a 03-20")


def test_a_withdrawn_touch_counts_before_and_not_after_and_counts_again_when_it_is_back() -> None:
    known = facts(
        touches=CALLS + "t1 a c1 call outbound 03-01 03-10 5",
        withdrawals="table id recorded_at reason\ntouches t1 03-05 deleted",
    )
    moments = ("a 03-05", "a 03-06", "a 03-10", "a 03-11")
    assert numbers(count(touches), known, *moments) == [2, 1, 1, 2]
    assert numbers(total(touches, "value"), known, *moments) == [12, 7, 7, 12]


def test_the_touches_of_a_withdrawn_contact_stay_and_its_role_is_no_longer_known() -> None:
    known = facts(
        prospects=PEOPLE,
        touches=CALLS,
        contacts="contact_id prospect_id recorded_at role\nc1 a 01-01 finance\nc2 a 01-01 lab",
        withdrawals="table id recorded_at reason\ncontacts c2 03-05 deleted",
    )
    assert numbers(count(touches), known, *AFTER) == [2, 2, 2]
    assert numbers(distinct(people, "role"), known, *AFTER) == [2, 1, 1]
    assert numbers(count(known_contacts), known, *AFTER) == [2, 1, 1]


def test_a_withdrawn_outcome_of_a_sibling_did_not_happen_and_that_of_a_withdrawn_sibling_is_hidden() -> None:
    tables = {"prospects": PEOPLE, "outcomes": "prospect_id occurred_at result\nb 02-01 won"}
    outcome = facts(**tables, withdrawals="table id happened_at recorded_at reason\noutcomes b 02-01 03-05 deleted")
    sibling = facts(**tables, withdrawals="table id recorded_at reason\nprospects b 03-05 deleted")
    assert numbers(count(siblings), outcome, *AFTER) == numbers(count(siblings), sibling, *AFTER) == [1, 0, 0]


def test_the_age_of_a_restored_prospect_counts_from_its_creation() -> None:
    known = facts(
        prospects="prospect_id created_at recorded_at\na 03-01 03-01\na 03-01 03-09",
        withdrawals="table id recorded_at reason\nprospects a 03-05 deleted",
    )
    assert numbers(count(creation), known, "a 03-05", "a 03-06", "a 03-10") == [1, 0, 1]


def test_a_merged_account_hands_its_prospects_to_the_other_and_takes_them_back() -> None:
    known = facts(
        accounts="""
            account_id recorded_at trade
            x 01-01 steel
            y 01-01 food
            x 03-12 steel
        """,
        prospects="""
            prospect_id account_id created_at recorded_at
            a x 01-01 01-01
            a y 01-01 03-05
        """,
        withdrawals="table id recorded_at reason\naccounts x 03-05 merged",
    )
    trade = words(attribute("trade", "category"), known, "a 03-05", "a 03-06", "a 03-12", "a 03-13")
    assert trade == ["steel", "food", "food", "steel"]
    assert links(known)["account_id"].tolist() == ["x", "y", "x"]


def test_a_withdrawn_change_leaves_the_value_before_it() -> None:
    known = facts(
        prospects="prospect_id created_at recorded_at size\na 01-01 01-01 5",
        attribute_changes="entity id name occurred_at value\nprospect a size 02-01 9",
        withdrawals="table id name recorded_at reason\nattribute_changes a size 03-05 deleted",
    )
    assert numbers(attribute("size", "number"), known, *AFTER) == [9, 5, 5]


@settings(max_examples=2, deadline=None)
@given(withdrawn_worlds())
def test_the_kernel_equals_the_plain_filter_and_brute_force(world: dict[str, pd.DataFrame]) -> None:
    known, keys = Facts.of(world), _keys(world, every=38)
    fast = build(known, keys, CATALOG)
    pd.testing.assert_frame_equal(fast.values, build(known, keys, CATALOG, engine="numpy").values, check_exact=True)
    for as_of, rows in keys.groupby("as_of"):
        _same(fast.values.loc[rows.index], build(_plainly(world, as_of), rows, CATALOG).values)


@settings(max_examples=3, deadline=None)
@given(withdrawn_worlds(), st.integers(1, 150))
def test_a_withdrawal_recorded_at_or_after_as_of_changes_no_feature(world: dict[str, pd.DataFrame], day: int) -> None:
    as_of = days([day]).iloc[0]
    keys = _keys(world, at=as_of)
    before = world["withdrawals"][world["withdrawals"]["recorded_at"] < as_of]
    whole = build(Facts.of(world), keys, CATALOG).values
    pd.testing.assert_frame_equal(
        whole, build(Facts.of(world | {"withdrawals": before}), keys, CATALOG).values, check_exact=True
    )
    pd.testing.assert_frame_equal(whole, build(Facts.of(world).visible(as_of), keys, CATALOG).values, check_exact=True)


@settings(max_examples=3, deadline=None)
@given(withdrawn_worlds())
def test_one_prospect_alone_has_the_row_it_has_in_a_batch(world: dict[str, pd.DataFrame]) -> None:
    known, keys = Facts.of(world), _keys(world, every=46)
    batch = build(known, keys, CATALOG).values
    for who, rows in keys.groupby("prospect_id"):
        alone = build(known.of_prospects(pd.Index([who])), rows, CATALOG).values
        _same(batch.loc[rows.index], alone)


def test_sixty_prospects_agree_with_the_plain_filter() -> None:
    world = withdrawn_world(np.random.default_rng(11), prospects=60, touches=600)
    as_of = START + pd.Timedelta(days=70)
    assert len(Facts.of(world).visible(as_of).gone) >= 5
    keys = _keys(world, at=as_of)
    _same(build(Facts.of(world), keys, CATALOG).values, build(_plainly(world, as_of), keys, CATALOG).values)


def _plainly(world: dict[str, pd.DataFrame], as_of: pd.Timestamp) -> Facts:
    """Leave only what stands, with no withdrawals to interpret; nobody belongs to an account that is gone."""
    left, dead = standing(world, as_of), dead_accounts(world, as_of)
    prospects = left["prospects"]
    accounts = prospects["account_id"].where(~prospects["account_id"].isin(dead))
    return Facts.of({**left, "prospects": prospects.assign(account_id=accounts), "offers": world["offers"]})


def _keys(world: dict[str, pd.DataFrame], *, every: int = 0, at: pd.Timestamp | None = None) -> pd.DataFrame:
    ids = sorted(world["prospects"]["prospect_id"].unique())
    moments = days(np.arange(0, 190, every)) if at is None else pd.Series([at]).astype("datetime64[us, UTC]")
    each = pd.concat([moments] * len(ids), ignore_index=True)
    return pd.DataFrame({"prospect_id": pd.Series(np.repeat(ids, len(moments)), dtype="str"), "as_of": each})


def _same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Compare values and words; the unused categories of a batch are more than those of one row."""
    for column in one:
        left, right = one[column].reset_index(drop=True), other[column].reset_index(drop=True)
        if isinstance(left.dtype, pd.CategoricalDtype):
            left, right = left.astype("str"), right.astype("str")
        pd.testing.assert_series_equal(left, right, check_exact=True, check_names=False)
