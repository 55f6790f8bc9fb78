"""What the manager's boards refuse to say: figures of a handful of prospects, and what came of one person's calls."""

from __future__ import annotations

import pytest

from serving.boards.flow import FEW, find
from serving.boards.team import LEAST_PEOPLE, RULE, Outcome, TeamBoard
from serving.errors import Unknown
from tests.serving.boards.manager_boards import FLOW, group, stage


def outcome(name: str | None, people: int) -> Outcome:
    return Outcome(group=name, people=people, n=30, won=3, share=0.1, low=0.03, high=0.26, waiting=0)


def test_five_people_are_the_least_and_the_rule_says_so():
    assert LEAST_PEOPLE == 5
    assert f"at least {LEAST_PEOPLE} people" in RULE
    assert "nobody is ranked" in RULE


@pytest.mark.parametrize("people", [1, 2, 4])
def test_what_came_of_the_calls_of_fewer_people_cannot_be_published(people: int):
    with pytest.raises(ValueError, match=f"north: outcomes of {people} people, fewer than 5"):
        outcome("north", people)
    assert outcome("north", LEAST_PEOPLE).people == LEAST_PEOPLE
    assert outcome(None, people).group is None, "the whole team may be as small as it is"


def test_nor_may_a_persons_outcomes_be_had_by_taking_a_group_from_the_team():
    with pytest.raises(ValueError, match="leave 2 people, whose own could be had by subtraction"):
        TeamBoard(outcomes=(outcome(None, 8), outcome("north", 6)))
    assert len(TeamBoard(outcomes=(outcome(None, 12), outcome("north", 6))).outcomes) == 2
    assert len(TeamBoard(outcomes=(outcome(None, 11), outcome("north", 6), outcome("south", 5))).outcomes) == 3


def test_a_group_of_few_prospects_has_counts_and_nothing_else():
    assert group("one", 1, few=True, stages=(stage("new", 1),)).bottleneck is None
    with pytest.raises(ValueError, match=f"one: few is False of 1 prospects, the limit is {FEW}"):
        group("one", 1)
    with pytest.raises(ValueError, match="one: a figure from 1 prospects"):
        group("one", 1, few=True)


def test_a_group_that_is_not_there_is_answered_with_those_that_are():
    assert find(FLOW, by=None, group=None) is FLOW.all
    assert find(FLOW, by="segment", group="small").people == 399
    for by, name, said in (
        ("segment", "huge", "No group 'huge' by segment on this day's board; there are: small, l<b>arge."),
        ("territory", None, "not split by territory here.*Splits: segment"),
        (None, "small", "Say of which column 'small' is a group"),
    ):
        with pytest.raises(Unknown, match=said):
            find(FLOW, by=by, group=name)  # type: ignore[arg-type]
