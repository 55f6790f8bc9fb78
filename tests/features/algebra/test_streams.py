"""Streams: from when each kind of fact counts, as tables of facts in and values at moments out."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from features.algebra.streams import build
from features.algebra.terms import (
    answers,
    attribute,
    count,
    creation,
    days_since,
    distinct,
    known_contacts,
    latest,
    offers,
    people,
    siblings,
    total,
    touches,
)
from features.errors import ContractError
from tests.features.literal import day, facts, numbers, words

NAN = math.nan


def test_a_touch_recorded_late_enters_when_recorded_and_counts_when_it_happened() -> None:
    known = facts(touches="touch_id prospect_id kind direction occurred_at recorded_at\nt1 a call outbound 03-01 03-08")
    assert numbers(count(touches), known, "a 03-02", "a 03-08", "a 03-09") == [0, 0, 1]
    assert numbers(days_since(touches), known, "a 03-09") == [8]
    assert numbers(count(touches, days=7), known, "a 03-09") == [0]


def test_a_touch_recorded_before_it_happened_does_not_count_before() -> None:
    known = facts(
        touches="touch_id prospect_id kind direction occurred_at recorded_at\nt1 a call outbound 03-01T00:04 03-01"
    )
    assert numbers(count(touches), known, "a 03-01T00:03", "a 03-01T00:04", "a 03-01T00:05") == [0, 0, 1]


def test_a_correction_replaces_a_touch_from_when_it_was_recorded_and_not_before() -> None:
    known = facts(
        touches="""
            touch_id prospect_id kind  direction occurred_at recorded_at result     value
            t1       a           email outbound  03-04       03-10       interested 7
            t1       a           call  outbound  03-01       03-01       no_answer  5
        """
    )
    moments = ("a 03-02", "a 03-10", "a 03-11")
    assert numbers(count(touches), known, *moments) == [1, 1, 1]
    assert numbers(count(touches, kind="call"), known, *moments) == [1, 1, 0]
    assert numbers(total(touches, "value"), known, *moments) == [5, 5, 7]
    assert numbers(days_since(touches), known, *moments) == [1, 9, 7]
    assert words(latest(touches, "result"), known, *moments) == ["no_answer", "no_answer", "interested"]


def test_a_touch_that_was_moved_to_another_prospect_leaves_the_first() -> None:
    known = facts(
        touches="""
            touch_id prospect_id kind direction occurred_at recorded_at
            t1       a           call outbound  03-01       03-01
            t1       b           call outbound  03-01       03-10
        """
    )
    assert numbers(count(touches), known, "a 03-05", "a 03-11", "b 03-05", "b 03-11") == [1, 0, 0, 1]


def test_every_version_of_a_touch_corrected_twice_is_seen_in_its_time() -> None:
    known = facts(
        touches="""
            touch_id prospect_id kind    direction occurred_at recorded_at stage
            t1       a           stage   outbound  03-01       03-01       one
            t1       a           stage   outbound  03-01       03-05       two
            t1       a           stage   outbound  03-01       03-09       three
        """
    )
    found = words(latest(touches, "stage"), known, "a 03-02", "a 03-05", "a 03-06", "a 03-09", "a 03-10")
    assert found == ["one", "one", "two", "two", "three"]


def test_touches_of_one_instant_have_one_last_word_whatever_the_order_of_the_rows() -> None:
    head = "touch_id prospect_id kind direction occurred_at stage"
    rows = [f"t{i} a stage outbound 03-01 {stage}" for i, stage in enumerate(("one", "two", "three"))]
    found = {
        words(latest(touches, "stage"), facts(touches="\n".join([head, *order])), "a 03-02")[0]
        for order in permutations(rows)
    }
    assert len(found) == 1


def test_an_answer_is_not_visible_before_it_was_given() -> None:
    known = facts(
        offers="offer_id name\no1 pilot",
        offers_made="""
            prospect_id offer_id occurred_at recorded_at response responded_at
            a           o1       03-01       03-01       accepted 03-10
        """,
    )
    assert numbers(count(offers), known, "a 03-02", "a 03-10", "a 03-11") == [1, 1, 1]
    assert numbers(count(answers), known, "a 03-02", "a 03-10", "a 03-11") == [0, 0, 1]
    assert words(latest(answers, "response"), known, "a 03-10", "a 03-11") == [None, "accepted"]


def test_an_answer_recorded_late_is_known_with_its_record_and_dated_when_given() -> None:
    known = facts(
        offers="offer_id name\no1 pilot",
        offers_made="""
            prospect_id offer_id occurred_at recorded_at response responded_at
            a           o1       03-01       03-01       -        -
            a           o1       03-01       03-15       declined 03-10
        """,
    )
    assert numbers(count(answers), known, "a 03-11", "a 03-15", "a 03-16") == [0, 0, 1]
    assert numbers(days_since(answers), known, "a 03-16") == [6]
    assert numbers(count(offers), known, "a 03-11", "a 03-16") == [1, 1]


def test_a_response_without_its_time_is_no_answer_yet() -> None:
    known = facts(
        offers="offer_id name\no1 pilot",
        offers_made="prospect_id offer_id occurred_at response responded_at\na o1 03-01 accepted -",
    )
    assert numbers(count(answers), known, "a 04-01") == [0]


def test_the_role_in_a_touch_counts_once_touch_and_contact_are_known() -> None:
    known = facts(
        contacts="contact_id account_id recorded_at role seniority\nc1 x 03-05 finance executive",
        touches="touch_id prospect_id contact_id kind direction occurred_at\nt1 a c1 call outbound 03-01",
    )
    assert numbers(count(people, seniority="executive"), known, "a 03-02", "a 03-05", "a 03-06") == [0, 0, 1]
    assert numbers(days_since(people, seniority="executive"), known, "a 03-06") == [5]


def test_a_contact_who_changes_role_is_seen_in_the_role_then_known() -> None:
    known = facts(
        contacts="""
            contact_id account_id recorded_at role
            c1         x          03-01       finance
            c1         x          03-10       operations
        """,
        touches="touch_id prospect_id contact_id kind direction occurred_at\nt1 a c1 call outbound 03-02",
    )
    assert words(latest(people, "role"), known, "a 03-03", "a 03-10", "a 03-11") == ["finance", "finance", "operations"]
    assert numbers(distinct(people, "role"), known, "a 03-03", "a 03-11") == [1, 1]


def test_contacts_of_the_account_count_from_when_the_prospects_account_is_known() -> None:
    known = facts(
        prospects="prospect_id account_id created_at recorded_at\na x 03-01 03-05\nb - 03-01 03-01",
        contacts="""
            contact_id account_id prospect_id recorded_at role
            c1         x          -           02-01       finance
            c2         -          a           03-01       operations
            c3         y          -           02-01       finance
            c4         x          -           03-08       finance
        """,
    )
    found = numbers(count(known_contacts), known, "a 03-02", "a 03-05", "a 03-06", "a 03-09", "b 03-09")
    assert found == [1, 1, 2, 3, 0]


SIBLINGS = facts(
    prospects="""
        prospect_id account_id created_at
        a           x          01-01
        b           x          01-01
        c           y          01-01
        d           -          01-01
    """,
    outcomes="""
        prospect_id occurred_at recorded_at result amount
        a           02-01       02-01       won    100
        b           03-01       03-04       won    30
        c           02-01       02-01       won    7
        d           02-01       02-01       won    9
    """,
)


def test_siblings_exclude_oneself_and_other_accounts() -> None:
    assert numbers(count(siblings), SIBLINGS, "a 04-01", "b 04-01", "c 04-01", "d 04-01") == [1, 1, 0, 0]
    assert numbers(total(siblings, "value"), SIBLINGS, "a 04-01", "b 04-01") == [30, 100]


def test_the_outcome_of_a_sibling_counts_from_its_record() -> None:
    assert numbers(count(siblings, result="won"), SIBLINGS, "a 03-02", "a 03-04", "a 03-05") == [0, 0, 1]
    assert numbers(days_since(siblings), SIBLINGS, "a 03-05") == [4]


def test_a_win_of_a_sibling_that_was_corrected_to_a_loss_counts_as_then_known() -> None:
    known = facts(
        prospects="prospect_id account_id created_at\na x 01-01\nb x 01-01",
        outcomes="""
            prospect_id occurred_at recorded_at result
            b           03-01       03-01       won
            b           03-01       03-09       lost
        """,
    )
    assert numbers(count(siblings, result="won"), known, "a 03-02", "a 03-09", "a 03-10") == [1, 1, 0]
    assert numbers(count(siblings, result="lost"), known, "a 03-10") == [1]


def test_the_history_of_an_account_counts_from_when_the_link_was_recorded() -> None:
    known = facts(
        prospects="prospect_id account_id created_at recorded_at\na x 03-01 03-05\nb x 01-01 01-01",
        outcomes="prospect_id occurred_at result\nb 02-01 won",
    )
    assert numbers(count(siblings), known, "a 03-02", "a 03-05", "a 03-06") == [0, 0, 1]


ATTRIBUTES = facts(
    prospects="prospect_id account_id created_at recorded_at segment size\na x 03-01 03-05 small 10",
    accounts="account_id recorded_at industry\nx 01-01 steel",
    attribute_changes="""
        entity   id name     occurred_at recorded_at value
        prospect a  size     03-10       03-12       25
        prospect a  size     03-20       03-20       -
        account  x  industry 03-11       03-11       glass
    """,
)


def test_a_changed_attribute_counts_from_when_the_change_was_recorded() -> None:
    found = numbers(attribute("size", "number"), ATTRIBUTES, "a 03-05", "a 03-06", "a 03-12", "a 03-13", "a 03-25")
    assert found == pytest.approx([NAN, 10, 10, 25, 25], nan_ok=True)


def test_account_attributes_count_from_when_the_link_was_recorded() -> None:
    found = words(attribute("industry", "category"), ATTRIBUTES, "a 03-05", "a 03-06", "a 03-11", "a 03-12")
    assert found == [None, "steel", "steel", "glass"]


def test_a_later_version_of_a_prospect_changes_its_attribute_from_its_record() -> None:
    known = facts(
        prospects="""
            prospect_id created_at recorded_at segment
            a           03-01      03-10       large
            a           03-01      03-01       small
            a           03-01      03-20       -
        """
    )
    found = words(attribute("segment", "category"), known, "a 03-02", "a 03-10", "a 03-11", "a 03-21")
    assert found == ["small", "small", "large", "large"]


def test_a_row_recorded_again_outranks_a_change_from_before_that() -> None:
    known = facts(
        prospects="prospect_id created_at recorded_at size\na 03-01 03-01 1\na 03-01 03-20 3",
        attribute_changes="entity id name occurred_at value\nprospect a size 03-10 2",
    )
    assert numbers(attribute("size", "number"), known, "a 03-02", "a 03-11", "a 03-20", "a 03-21") == [1, 2, 2, 3]


def test_an_older_change_recorded_later_does_not_undo_a_newer_one() -> None:
    known = facts(
        prospects="prospect_id created_at\na 03-01",
        attribute_changes="""
            entity   id name occurred_at recorded_at value
            prospect a  size 03-10       03-10       2
            prospect a  size 03-05       03-15       1
        """,
    )
    assert numbers(attribute("size", "number"), known, "a 03-11", "a 03-16") == [2, 2]


def test_a_change_that_was_recorded_again_is_replaced_from_its_second_record() -> None:
    known = facts(
        prospects="prospect_id created_at\na 03-01",
        attribute_changes="""
            entity   id name occurred_at recorded_at value
            prospect a  size 03-10       03-15       1
            prospect a  size 03-10       03-12       2
        """,
    )
    assert numbers(attribute("size", "number"), known, "a 03-13", "a 03-15", "a 03-16") == [2, 2, 1]


def test_an_attribute_that_nobody_has_is_missing() -> None:
    assert math.isnan(numbers(attribute("budget", "number"), ATTRIBUTES, "a 03-25")[0])
    assert words(attribute("colour", "category"), ATTRIBUTES, "a 03-25") == [None]


def test_a_word_in_a_numeric_attribute_is_refused_with_the_word_and_what_to_do() -> None:
    known = facts(
        prospects="prospect_id created_at\na 03-01",
        attribute_changes="entity id name occurred_at value\nprospect a size 03-10 many",
    )
    with pytest.raises(ContractError, match=r"attribute size: expected a number, got 'many' in 1 row\(s\)\. Cast it"):
        numbers(attribute("size", "number"), known, "a 03-11")


def test_creation_is_that_of_the_version_recorded_first() -> None:
    known = facts(prospects="prospect_id created_at recorded_at\na 03-02 03-20\na 03-01 03-05")
    found = numbers(days_since(creation), known, "a 03-05", "a 03-06", "a 03-21")
    assert found == pytest.approx([NAN, 5, 20], nan_ok=True)


def test_events_of_others_are_told_apart_and_positions_follow_the_given_prospects() -> None:
    known = facts(
        touches="""
            touch_id prospect_id kind direction occurred_at
            t1       a           call outbound  03-01
            t2       b           call outbound  03-02
            t3       c           call outbound  03-03
        """
    )
    stream = build("touches", known, pd.Index(["c", "a"]), count(touches).slots())
    assert stream.prospect.tolist() == [1, -1, 0]
    assert stream.hidden.tolist() == [np.iinfo(np.int64).max] * 3
    assert pd.to_datetime(stream.occurred, unit="us", utc=True).tolist() == [day("03-01"), day("03-02"), day("03-03")]
