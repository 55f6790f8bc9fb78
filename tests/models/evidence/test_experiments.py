"""Who joins an experiment, in which arm, and what its results may say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.contract import check
from features.facts.definitions import Definitions, parse
from features.facts.ledger import Facts
from models.evidence.experiment_card import Card, ExperimentError, parse_card
from models.evidence.experiment_results import Result, result
from models.evidence.experiments import COLUMNS, assign, in_force, no_assignments, to_do

TERM = {"means": "what everybody means", "evidence": "select 1", "owner": "x", "since": "2026-01-01"}
DEFINITIONS: Definitions = parse(
    {
        "company": "Acme", "recorded_at": "column", "horizon_days": 30, "timezone": "UTC",
        "terms": dict.fromkeys(("prospect", "contacted", "qualified", "won", "lost", "receptive"), TERM),
    }
)  # fmt: skip


def day(n: float) -> pd.Timestamp:
    """Return the n-th day of January 2026, at midnight UTC."""
    return pd.Timestamp("2026-01-01", tz="UTC").as_unit("us") + pd.Timedelta(days=n - 1)


def card(**changes: Any) -> Card:
    given: dict[str, Any] = {
        "name": "pilot-first", "hypothesis": "Offering the pilot first wins more of them.", "owner": "head of sales",
        "changes": "the pilot instead of the standard offer",
        "arms": [{"name": "as usual", "chance": 0.5}, {"name": "pilot", "chance": 0.5, "offer_id": "o1"}],
        "measure": {"kind": "won", "days": 10}, "start": "2026-01-10", "stop": "2026-01-20", "worthwhile": 0.1,
    }  # fmt: skip
    return parse_card(given | changes)


def people(n: int, **attributes: Any) -> pd.DataFrame:
    columns = {"prospect_id": [f"p{i:03}" for i in range(n)], "created_at": day(1), "recorded_at": day(1)}
    return check("prospects", pd.DataFrame(columns | attributes)).good


def touched(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Touches from (prospect, kind, result, day)."""
    frame = pd.DataFrame(
        [(f"t{i}", p, k, "outbound", r, day(d), day(d)) for i, (p, k, r, d) in enumerate(rows)],
        columns=["touch_id", "prospect_id", "kind", "direction", "result", "occurred_at", "recorded_at"],
    )
    return check("touches", frame).good


def won(*rows: tuple[str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(p, day(d), day(d), "won") for p, d in rows], columns=["prospect_id", "occurred_at", "recorded_at", "result"]
    )
    return check("outcomes", frame).good


def joins(
    cards: list[Card], facts: Facts, on: float, known: pd.DataFrame | None = None, cohort: pd.DataFrame | None = None
) -> pd.DataFrame:
    return assign(
        facts.prospects if cohort is None else cohort, cards, facts, day(on),
        definitions=DEFINITIONS, known=no_assignments() if known is None else known,
    )  # fmt: skip


def by_hand(sizes: tuple[int, int], on: float = 10) -> pd.DataFrame:
    """Assignments of p000, p001, ...: the first of them as usual, the others to the pilot."""
    arms = ["as usual"] * sizes[0] + ["pilot"] * sizes[1]
    frame = pd.DataFrame({"prospect_id": [f"p{i:03}" for i in range(len(arms))], "arm": arms})
    return frame.assign(experiment="pilot-first", chance=0.5, first_seen=day(on))[list(COLUMNS)].astype(COLUMNS)


def stands(
    assigned: pd.DataFrame, facts: Facts, on: float, given: Card | None = None, until: float = 100
) -> Result:  # fmt: skip
    """Return the result on a day; something is recorded shortly before, so that outcomes are known until then."""
    later = touched(("p000", "task", "completed", min(until, on) - 0.01))
    facts = Facts.of(facts.tables() | {"touches": pd.concat([facts.touches, later.assign(touch_id="last")])})
    return result(given or card(), assigned, facts.visible(day(on)), day(on), DEFINITIONS)


# who joins


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=20), st.integers(0, 5))
def test_a_prospect_has_the_same_arm_always_and_everywhere(prospect: str, seed: int) -> None:
    assert card(seed=seed).arm_of(prospect) == card(seed=seed, hypothesis="another wording of it").arm_of(prospect)


def test_arms_fill_in_the_ratio_of_their_chances_and_independently_of_other_experiments() -> None:
    arms = [{"name": "a", "chance": 0.2}, {"name": "b", "chance": 0.3}, {"name": "c", "chance": 0.5}]
    one, other = card(arms=arms), card(arms=arms, name="another")
    pairs = Counter((one.arm_of(f"p{i}").name, other.arm_of(f"p{i}").name) for i in range(20_000))
    chance = {arm["name"]: float(str(arm["chance"])) for arm in arms}
    for (mine, theirs), n in pairs.items():
        assert n / 20_000 == pytest.approx(chance[mine] * chance[theirs], abs=0.01)


def test_known_arms_stay_what_they_are_in_later_versions_of_the_program() -> None:
    assert [card().arm_of(f"p{i:03}").name for i in range(8)] == [
        "pilot", "as usual", "as usual", "pilot", "pilot", "as usual", "pilot", "pilot",
    ]  # fmt: skip


def test_the_eligible_open_prospects_join_once_on_their_first_day_with_their_chance() -> None:
    facts = Facts.of({"prospects": people(4, segment=["retail", "retail", "steel", "retail"])})
    given = card(eligible="select prospect_id from prospects where segment = 'retail'")
    cohort = facts.prospects.iloc[:3]
    first = joins([given], facts, 10, cohort=cohort)
    assert first["prospect_id"].tolist() == ["p000", "p001"]
    assert first["chance"].tolist() == [0.5, 0.5]
    second = joins([given], facts, 11, known=first)
    assert second["prospect_id"].tolist() == ["p003"]
    assert second["first_seen"].tolist() == [day(11)]
    assert joins([given], facts, 10, cohort=cohort).equals(first)


@pytest.mark.parametrize(("on", "n"), [(9, 0), (10, 3), (19, 3), (20, 0)], ids=["before", "first", "last", "stop"])
def test_nobody_joins_outside_the_dates(on: float, n: int) -> None:
    assert len(joins([card()], Facts.of({"prospects": people(3)}), on)) == n


def test_nobody_joins_after_somebody_ended_it_and_nobody_is_treated_any_more() -> None:
    ended = card(stopped="2026-01-15")
    facts = Facts.of({"prospects": people(3)})
    assert len(joins([ended], facts, 14)) == 3
    assert joins([ended], facts, 15).empty
    assert in_force([ended], by_hand((1, 1)), day(14), DEFINITIONS).shape[0] == 2
    assert in_force([ended], by_hand((1, 1)), day(15), DEFINITIONS).empty


def test_whoever_joined_keeps_its_arm_until_the_days_of_the_measure_are_over() -> None:
    late = by_hand((1, 1), on=19)
    for on, n in ((18, 0), (19, 2), (28, 2), (29, 0)):
        assert len(in_force([card()], late, day(on), DEFINITIONS)) == n, on


def test_eligibility_sees_only_what_was_known_at_the_start_of_the_day() -> None:
    prospects = people(1).assign(recorded_at=day(12))
    assert joins([card()], Facts.of({"prospects": prospects}), 12).empty
    assert len(joins([card()], Facts.of({"prospects": prospects}), 13)) == 1


def test_two_experiments_on_one_lever_share_nobody_while_those_on_different_levers_cross() -> None:
    facts = Facts.of({"prospects": people(20)})
    rival = card(
        name="discount", arms=[{"name": "no", "chance": 0.5}, {"name": "yes", "chance": 0.5, "offer_id": "o2"}]
    )
    phone = card(name="phone", arms=[{"name": "no", "chance": 0.5}, {"name": "yes", "chance": 0.5, "channel": "phone"}])
    told = joins([card(), rival, phone], facts, 10)
    assert told["experiment"].value_counts().to_dict() == {"discount": 20, "phone": 20}
    # ten days later the first one's measure is over, and its prospects are free
    later = joins([card(start="2026-01-20", stop="2026-01-30"), rival, phone], facts, 20, known=told)
    assert later["experiment"].value_counts().to_dict() == {"pilot-first": 20}


def test_what_is_to_be_done_is_one_row_per_prospect_with_the_levers_of_its_arms() -> None:
    phone = card(
        name="phone", arms=[{"name": "no", "chance": 0.5},
        {"name": "yes", "chance": 0.5, "channel": "phone", "says": "ring before noon"}],
    )  # fmt: skip
    crossed = pd.concat([by_hand((1, 1)), by_hand((1, 1)).assign(experiment="phone", arm=["no", "yes"])])
    told = to_do([card(), phone], crossed).set_index("prospect_id")
    assert told.loc["p001", ["offer_id", "channel"]].tolist() == ["o1", "phone"]
    assert told.loc["p001", "experiments"] == "phone: yes (ring before noon); pilot-first: pilot"
    assert told.loc["p000", ["offer_id", "channel", "rule"]].isna().all()
    assert to_do([card()], no_assignments()).empty


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"arms": [{"name": "a", "chance": 0.5}, {"name": "b", "chance": 0.4}]}, "chances sum to 0.9, not to 1"),
        ({"arms": [{"name": "a", "chance": 0.5}, {"name": "a", "chance": 0.5}]}, "two have the same name"),
        ({"arms": [{"name": "a", "chance": 0.5}]}, "at least 2"),
        ({"arms": [{"name": "a", "chance": 0.0}, {"name": "b", "chance": 1.0}]}, r"arms\.0\.chance: .*greater than 0"),
        ({"stop": "2026-01-10"}, "is not after the start"),
        ({"measure": {"kind": "clicks", "days": 3}}, r"measure\.kind"),
        ({"keep_above": 0.2}, "must be below worthwhile"),
        ({"name": "../../etc"}, "name: String should match pattern"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused_by_field(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ExperimentError, match=says):
        card(**changes)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select prospect_id from nowhere", "nowhere"),
        ("drop table prospects", "expected one SELECT"),
        ("select prospect_id from prospects where created_at < now()", "another answer every time"),
    ],
)
def test_sql_that_cannot_be_asked_is_refused_with_the_name_of_the_experiment(sql: str, says: str) -> None:
    with pytest.raises(ExperimentError, match=f"(?s)experiment pilot-first: .*{says}"):
        joins([card(eligible=sql)], Facts.of({"prospects": people(1)}), 10)


# what came of it


def test_a_change_that_wins_clearly_is_kept_and_the_table_has_the_counts() -> None:
    winners = [(f"p{i:03}", 12.0) for i in (*range(10), *range(100, 150))]
    found = stands(by_hand((100, 100)), Facts.of({"prospects": people(200), "outcomes": won(*winners)}), 25)
    assert found.arms[["arm", "assigned", "gone", "waiting", "n", "successes"]].to_numpy().tolist() == [
        ["as usual", 100, 0, 0, 100, 10],
        ["pilot", 100, 0, 0, 100, 50],
    ]
    (row,) = found.contrasts.to_dict("records")
    assert row["effect"] == pytest.approx(0.4)
    assert row["low"] > 0
    assert (found.state, found.decision) == ("finished", "keep")
    assert row["said"].startswith("+40.0 points (")


def test_a_change_that_does_harm_is_dropped_before_the_end() -> None:
    winners = [(f"p{i:03}", 12.0) for i in (*range(60), *range(100, 110))]
    facts = Facts.of({"prospects": people(200), "outcomes": won(*winners)})
    found = stands(by_hand((100, 100), on=1), facts, 12.5, given=card(start="2026-01-01"))
    assert (found.state, found.decision) == ("running", "drop")


@pytest.mark.parametrize(("on", "state", "decision"), [(15, "running", "go on"), (25, "finished", "drop")])
def test_what_is_not_shown_goes_on_until_the_end_and_is_then_dropped(on: float, state: str, decision: str) -> None:
    winners = [(f"p{i:03}", 2.0) for i in (*range(4), *range(30, 38))]
    facts = Facts.of({"prospects": people(60), "outcomes": won(*winners)})
    found = stands(by_hand((30, 30), on=1), facts, on, given=card(start="2026-01-01"))
    assert (found.state, found.decision) == (state, decision)


def test_before_its_start_it_is_planned_and_nothing_is_compared() -> None:
    found = stands(by_hand((0, 0)), Facts.of({"prospects": people(3)}), 9)
    assert (found.state, found.problem, found.decision) == ("planned", "it has not begun", "go on")
    assert found.contrasts[["effect", "low", "high", "p"]].isna().all(axis=None)


def test_after_its_last_day_it_waits_for_the_measure_of_those_who_joined_last() -> None:
    facts = Facts.of({"prospects": people(60)})
    late = by_hand((30, 30), on=19)
    assert stands(late, facts, 25).state == "waiting"
    assert stands(late, facts, 29, until=28).state == "waiting", "outcomes are known until day 28 only"
    assert stands(late, facts, 101, until=100).state == "finished"


def test_what_is_not_known_when_somebody_ends_it_never_counts() -> None:
    facts = Facts.of({"prospects": people(60), "outcomes": won(*((f"p{i:03}", 18.0) for i in range(30, 60)))})
    found = stands(by_hand((30, 30)), facts, 40, given=card(stopped="2026-01-15"))
    assert (found.state, found.decision) == ("finished", "cannot say")
    assert found.arms[["n", "waiting"]].to_numpy().tolist() == [[0, 30], [0, 30]]


def test_nobody_in_an_arm_nobody_at_all_and_too_few_are_states_with_names() -> None:
    facts = Facts.of({"prospects": people(40)})
    assert stands(by_hand((0, 0)), facts, 25).problem == "nobody was eligible so far"
    assert stands(by_hand((5, 0)), facts, 25).problem == "nobody in pilot"
    few = stands(by_hand((10, 10)), facts, 25)
    assert few.problem == ""
    assert few.decision == "cannot say"
    assert few.contrasts["said"].tolist() == ["fewer than 20 prospects with a known end in an arm"]


def test_arms_that_did_not_fill_as_drawn_are_not_compared() -> None:
    found = stands(by_hand((90, 30)), Facts.of({"prospects": people(120)}), 25)
    assert found.decision == "cannot say"
    assert "the arms did not fill as drawn (there, expected: as usual 90 of 60, pilot 30 of 60" in found.problem
    assert found.contrasts["effect"].isna().all()


def test_prospects_that_were_deleted_are_counted_as_gone_and_not_as_failures() -> None:
    found = stands(by_hand((3, 3)), Facts.of({"prospects": people(5)}), 25)
    assert found.arms[["assigned", "gone", "n"]].to_numpy().tolist() == [[3, 0, 3], [3, 1, 2]]


@pytest.mark.parametrize(
    ("kind", "counted"),
    [("positive_reply", {"p000", "p001"}), ("meeting_booked", {"p001", "p003"})],
)
def test_replies_and_meetings_count_from_the_first_day_until_before_the_end(kind: str, counted: set[str]) -> None:
    facts = Facts.of(
        {
            "prospects": people(8),
            "touches": touched(
                ("p000", "call", "interested", 10), ("p001", "call", "meeting_booked", 19.99),
                ("p002", "call", "not_now", 12), ("p003", "meeting", "completed", 12),
                ("p004", "call", "meeting_booked", 20), ("p005", "call", "interested", 9.9),
            ),
        }
    )  # fmt: skip
    given = card(measure={"kind": kind, "days": 10})
    for i in range(8):
        alone = by_hand((8, 0)).iloc[[i]]
        assert stands(alone, facts, 40, given=given).arms["successes"].sum() == (f"p{i:03}" in counted)


def test_several_arms_share_the_error_and_each_is_compared_with_the_first() -> None:
    arms = [{"name": n, "chance": c} for n, c in (("as usual", 0.4), ("pilot", 0.3), ("discount", 0.3))]
    winners = [(f"p{i:03}", 12.0) for i in (*range(8), *range(80, 92), *range(140, 185))]
    facts = Facts.of({"prospects": people(200), "outcomes": won(*winners)})
    third = by_hand((80, 120)).assign(arm=["as usual"] * 80 + ["pilot"] * 60 + ["discount"] * 60)
    found = stands(third, facts, 25, given=card(arms=arms))
    assert found.contrasts["arm"].tolist() == ["pilot", "discount"]
    assert found.contrasts["decision"].tolist() == ["drop", "keep"]
    assert found.decision == "keep"
    alone = stands(
        third[third["arm"] != "pilot"],
        facts,
        25,
        given=card(arms=[arms[0] | {"chance": 0.57}, arms[2] | {"chance": 0.43}]),
    )
    assert (
        np.diff(alone.contrasts[["low", "high"]].to_numpy())
        < np.diff(found.contrasts[["low", "high"]].iloc[[1]].to_numpy())
    ).all()
