"""Proposed definitions against those in force: which fields differ, who comes, who leaves, what becomes stale."""

from __future__ import annotations

import pytest

from features.errors import DefinitionsError
from features.facts.definitions import REQUIRED_TERMS, Definitions, parse
from features.facts.moves import ABSENT, EXAMPLES, against, differences
from tests.features.literal import facts

NOBODY = "select prospect_id from prospects where false"
BIG = "select prospect_id from prospects where segment = 'big'"
SMALL = "select prospect_id from prospects where segment = 'small'"
ALL = "select prospect_id from prospects"
KNOWN = facts(
    prospects="""
        prospect_id created_at segment
        a 01-01 big
        b 01-01 big
        c 01-01 small
        d 01-01 -
        """
)


def said(*, owner: str = "sales", horizon_days: int = 30, **more: object) -> Definitions:
    """Return definitions; a term holds for nobody unless its evidence is given, other fields are taken as they are."""
    rules = {name: more.pop(name) for name in list(more) if isinstance(more[name], str) and "select" in more[name]}
    terms = {
        name: {"means": f"what {name} means", "evidence": rules.get(name, NOBODY), "owner": owner,
               "since": "2026-01-01"}
        for name in dict.fromkeys([*REQUIRED_TERMS, *rules])
    }  # fmt: skip
    return parse({"company": "c", "recorded_at": "column", "horizon_days": horizon_days, "terms": terms, **more})


def moved(now: Definitions, then: Definitions) -> dict[str, tuple[int, int, int, int]]:
    return {m.term: (m.before, m.after, m.comes, m.leaves) for m in against(now, then, KNOWN).moves}


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        (NOBODY, BIG, (0, 2, 2, 0)),
        (BIG, NOBODY, (2, 0, 0, 2)),
        (BIG, SMALL, (2, 1, 1, 2)),
        (ALL, BIG, (4, 2, 0, 2)),
        (BIG, BIG + " ", (2, 2, 0, 0)),
    ],
)
def test_who_comes_and_who_leaves_is_counted(now: str, then: str, expected: tuple[int, ...]) -> None:
    assert moved(said(contacted=now), said(contacted=then)) == {"contacted": expected}


def test_the_examples_are_the_first_by_id() -> None:
    found = against(said(contacted=ALL), said(contacted=SMALL), KNOWN).moves[0]
    assert (found.coming, found.leaving) == ((), ("a", "b", "d"))
    assert EXAMPLES == 5


def test_other_words_or_another_owner_move_nobody_and_are_named() -> None:
    found = against(said(), said(owner="finance"), KNOWN)
    assert found.moves == ()
    assert [d.field for d in found.differences] == [f"terms.{term}.owner" for term in sorted(REQUIRED_TERMS)]


def test_a_word_that_is_new_comes_with_all_it_holds_for_and_one_that_is_dropped_leaves_with_them() -> None:
    assert moved(said(), said(large=BIG)) == {"large": (0, 2, 2, 0)}
    assert moved(said(large=BIG), said()) == {"large": (2, 0, 0, 2)}
    fields = {d.field: (d.now, d.proposed) for d in differences(said(), said(large=BIG))}
    assert fields["terms.large.evidence"] == (ABSENT, BIG)


@pytest.mark.parametrize(
    ("changes", "stale"),
    [
        ({"horizon_days": 60}, True),
        ({"contacted": ALL}, True),
        ({"max_age_days": 90}, True),
        ({"minimum_gap_days": 5}, False),
        ({"capacity": {"default": 3}}, False),
        ({}, False),
    ],
)
def test_models_become_stale_where_the_meaning_changes_and_not_where_only_the_list_does(
    changes: dict[str, object], stale: bool
) -> None:
    found = against(said(), said(**changes), KNOWN)
    assert found.stale is stale
    assert bool(found.differences) is bool(changes)


def test_a_list_is_one_field_and_is_written_in_one_line() -> None:
    found = differences(
        said(stages=["new"]), said(stages=["new", "offer"], capacity={"default": 9, "owners": {"k": 2}})
    )
    assert {d.field: (d.now, d.proposed) for d in found} == {
        "capacity.default": ("15", "9"),
        "capacity.owners": (ABSENT, ABSENT),
        "capacity.owners.k": (ABSENT, "2"),
        "stages": ("new", "new; offer"),
    }


def test_a_rule_that_does_not_run_is_refused_by_the_name_of_its_word() -> None:
    with pytest.raises(DefinitionsError, match=r"terms\.contacted\.evidence"):
        against(said(), said(contacted="select prospect_id from nowhere"), KNOWN)


def test_a_rule_cannot_read_files() -> None:
    with pytest.raises(DefinitionsError, match=r"terms\.contacted\.evidence"):
        against(said(), said(contacted="select content as prospect_id from read_text('/etc/hostname')"), KNOWN)


@pytest.mark.parametrize(("now", "then"), [(BIG, SMALL), (ALL, BIG), (NOBODY, ALL)])
def test_going_back_brings_back_who_left(now: str, then: str) -> None:
    there, back = moved(said(won=now), said(won=then))["won"], moved(said(won=then), said(won=now))["won"]
    before, after, comes, leaves = there
    assert before + comes - leaves == after
    assert back == (after, before, leaves, comes)
