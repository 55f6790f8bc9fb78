"""The board of the team: lists side by side, and outcomes of groups large enough that nobody is seen in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.facts.definitions import Definitions
from models.decision.priority import todays_list
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.every import BOARDS
from pipelines.steps.boards.team import board, tellable
from pipelines.steps.publishing import engine_of
from serving.boards.team import LEAST_PEOPLE, TeamBoard
from serving.store.publish import publish
from tests.features.worlds import definitions
from tests.models.decision.days import AS_OF, at, facts_of, prospect, scores
from tests.serving.conftest import run

EARLIER = "2026-01-05T00:00:00+00:00"
LATE = prospect("late", "kim", created_at=at("2026-03-01"), recorded_at=at("2026-03-01"))
SELLERS = [f"s{k:02}" for k in range(12)]


def day_of(home: Home, words: Definitions, *, owners: dict[str, str], won: tuple[str, ...] = ()) -> Day:
    known = facts_of(
        # somebody is heard of on the last day, so that what happened until then is known
        prospects=[*(prospect(who, owner) for who, owner in owners.items()), LATE],
        **({"outcomes": [{"prospect_id": w, "occurred_at": at("2026-01-20"), "result": "won"} for w in won]}
           if won else {}),
    )  # fmt: skip
    today = todays_list(scores(**dict.fromkeys(owners, 0.2)), known, words, AS_OF)
    return cast(Day, SimpleNamespace(home=home, facts=known, definitions=words, as_of=AS_OF, today=today))


def list_of(calls: dict[str, str], words: Definitions) -> Any:
    """A published list of January: whom which salesperson called."""
    ids = list(calls)
    nothing = dict.fromkeys(("chance", "low", "high", "like_n", "like_won", "margin", "grade"))
    named = {"receipt_id": [f"r-{i}" for i in ids], "prospect_id": ids, "reasons": [[] for _ in ids]}
    receipts = pd.DataFrame(named | nothing | {"state": "unscored"})
    listed = pd.DataFrame({"rank": 1, "owner_id": list(calls.values()), "prospect_id": ids,
                           "receipt_id": [f"r-{i}" for i in ids]})  # fmt: skip
    people = run().prospects.iloc[:1]
    prospects = pd.concat([people.assign(prospect_id=i) for i in ids])
    full = run()
    return run(
        "january", EARLIER, receipts=receipts, call_list=listed, left_out=full.left_out.iloc[:0], prospects=prospects,
        contacts=full.contacts.iloc[:0], timeline=full.timeline.iloc[:0],
        definitions=words.model_dump(mode="json"),
    )  # fmt: skip


def told(home: Home, words: Definitions, calls: dict[str, str], won: tuple[str, ...]) -> TeamBoard:
    engine = engine_of(home, PipelineSettings())
    publish(engine, list_of(calls, words))
    engine.dispose()
    return board(day_of(home, words, owners=calls, won=won))


def test_lists_stand_side_by_side_by_name_with_their_value_and_who_has_none(tmp_path: Path) -> None:
    words = definitions(capacity={"default": 2, "owners": {"zoe": 3}}, fairness_band=0.2, exploration=0)
    made = board(day_of(Home(tmp_path), words, owners={"a": "kim", "b": "kim", "c": "kim", "d": "lee"}))
    assert BOARDS["team"] is board
    assert [(d.owner_id, d.calls, d.places, d.value_share) for d in made.lists] == [
        ("kim", 2, 2, pytest.approx(2 / 3)), ("lee", 1, 2, pytest.approx(1 / 3)), ("zoe", 0, 3, None),
    ]  # fmt: skip
    assert (made.calls, made.places, made.spread, made.band) == (3, 7, pytest.approx(0.0), 0.2)
    assert made.left_out == {"no_capacity": 1}
    assert (made.outcomes, made.first_list, made.held_out) == ((), None, None)
    assert made.judged_said == "no overrides so far"


def test_what_came_of_the_calls_is_told_of_the_team_and_of_groups_of_five(tmp_path: Path) -> None:
    places = {who: ["north"] if k < 6 else ["south"] for k, who in enumerate(SELLERS)}
    words = definitions(territories=places)
    calls = {f"p{k:02}": SELLERS[k % 12] for k in range(48)}
    made = told(Home(tmp_path), words, calls, won=("p00", "p12", "p07"))
    assert [(o.group, o.people, o.n, o.won, o.waiting) for o in made.outcomes] == [
        (None, 12, 48, 3, 0), ("north", 6, 24, 2, 0), ("south", 6, 24, 1, 0),
    ]  # fmt: skip
    assert made.outcomes[0].share == pytest.approx(3 / 48)
    assert made.first_list == dt.date(2026, 1, 5)


def test_a_group_of_three_is_not_told_nor_the_one_that_would_leave_three(tmp_path: Path) -> None:
    places = {who: ["north"] if k < 3 else ["south"] for k, who in enumerate(SELLERS)}
    made = told(Home(tmp_path), definitions(territories=places), {f"p{k}": SELLERS[k] for k in range(12)}, won=("p1",))
    assert [(o.group, o.people, o.share) for o in made.outcomes] == [(None, 12, None)]


@given(st.lists(st.integers(1, 9), max_size=6), st.integers(0, 6))
def test_nobody_can_be_singled_out_by_any_groups(sizes: list[int], alone: int) -> None:
    people = {f"g{k}": frozenset(f"g{k}-{i}" for i in range(n)) for k, n in enumerate(sizes)}
    team = sum(sizes) + alone
    shown = tellable(people, team)
    assert shown == sorted(shown)
    assert all(len(people[name]) >= LEAST_PEOPLE for name in shown)
    rest = team - sum(len(people[name]) for name in shown)
    assert not shown or rest == 0 or rest >= LEAST_PEOPLE


def test_those_held_out_by_lot_are_compared_with_all_others(tmp_path: Path) -> None:
    words = definitions(hold_out=0.4)
    calls = {f"p{k:03}": "kim" for k in range(100)}
    from models.decision.exploration import held_out
    from pipelines.steps.training import SEED

    held = held_out(pd.Series(list(calls)), 0.4, SEED)
    winners = tuple(who for who, out in zip(calls, held, strict=True) if not out)[:30]
    effect = told(Home(tmp_path), words, calls, won=winners).held_out
    assert effect is not None
    assert (effect.n, effect.won, effect.held_n, effect.held_won) == ((~held).sum(), 30, held.sum(), 0)
    assert effect.difference == pytest.approx(30 / (~held).sum())
    assert effect.low is not None
    assert effect.low > 0
