"""How many calls the whole team makes on a day: of those who can have something to call, whoever names them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from features.facts.definitions import Definitions
from models.decision.priority import todays_list
from models.decision.team import team_capacity
from tests.models.decision.days import AS_OF, at, facts_of, prospect, scores

LOST = {"prospect_id": "a", "occurred_at": at("2026-02-01"), "result": "lost"}


@pytest.mark.parametrize(
    ("owners", "capacity", "calls"),
    [
        (["kim", "lee", "kim"], {"default": 15}, 30),  # nobody is named
        (["kim", "lee"], {"default": 15, "owners": {"kim": 4, "max": 9}}, 19),  # max has nobody to call
        (["kim", None], {"default": 15, "owners": {"max": 9}}, 24),  # max may be given the one that nobody owns
        (["kim", None], {"default": 15}, 15),  # so does kim, within the same 15
        ([None, None], {"default": 40}, 40),  # no salesperson is known: one common list
        (["kim"], {"default": 0}, 1),
        (["kim"], {"default": 5, "owners": {"kim": 0}}, 1),
    ],
)
def test_the_calls_of_a_day_are_those_of_all_who_can_have_something_to_call(
    owners: list[str | None], capacity: dict[str, Any], calls: int, definitions_of: Callable[..., Definitions]
) -> None:
    facts = facts_of(prospects=[prospect(name, owner) for name, owner in zip("abc", owners, strict=False)])
    assert team_capacity(facts, AS_OF, definitions=definitions_of(capacity=capacity)) == calls


def test_only_who_is_open_and_what_was_known_counts(definitions_of: Callable[..., Definitions]) -> None:
    moved = {"entity": "prospect", "id": "b", "name": "owner_id", "value": "max", "occurred_at": at("2026-02-01")}
    facts = facts_of(
        prospects=[prospect("a", "kim"), prospect("b", "lee"), prospect("z", "eve", recorded_at=at("2026-06-01"))],
        outcomes=[LOST], attribute_changes=[moved],
    )  # fmt: skip
    said = definitions_of(capacity={"default": 1, "owners": {"kim": 2, "lee": 4, "max": 8, "eve": 16}})
    assert team_capacity(facts, AS_OF, definitions=said) == 8


def test_where_nobody_is_open_it_is_that_of_all_who_are_named(definitions_of: Callable[..., Definitions]) -> None:
    facts = facts_of(prospects=[prospect("a")], outcomes=[LOST])
    assert (
        team_capacity(facts, AS_OF, definitions=definitions_of(capacity={"default": 3, "owners": {"kim": 2, "lee": 4}}))
        == 6
    )


def test_a_list_is_as_long_as_it_is_judged(definitions_of: Callable[..., Definitions]) -> None:
    names = [f"p{k}" for k in range(12)]
    facts = facts_of(prospects=[prospect(n, ("kim", "lee", None)[k % 3]) for k, n in enumerate(names)])
    said = definitions_of(capacity={"default": 2, "owners": {"max": 3}})
    today = todays_list(scores(**dict.fromkeys(names, 0.1)), facts, said, AS_OF)
    assert len(today.listed) == team_capacity(facts, AS_OF, definitions=said) == 7
