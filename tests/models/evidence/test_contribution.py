"""What channels contribute: a chain computed by hand, simulated walks as oracle, laws, and named states."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.facts.ledger import Facts
from models.evidence.contribution import COLUMNS, RULES, contribution, removal_effects
from models.evidence.paths import NOTHING, Journeys, journeys
from tests.features.literal import day, facts
from tests.models.journeys import definitions_of

NOW = day("09-01")


def chain(*rows: str, amounts: dict[int, float] | None = None) -> Journeys:
    """Write journeys as "a b > won" or "a >"."""
    paths = [row.split(">")[0].split() for row in rows]
    channels = tuple(sorted({step for path in paths for step in path}))
    won = np.array([row.split(">")[1].strip() == "won" for row in rows], dtype=np.float64)
    who = np.repeat(np.arange(len(paths)), [len(p) for p in paths]).astype(np.int64)
    step = np.array([channels.index(s) for path in paths for s in path], dtype=np.int64)
    amount = np.array([(amounts or {}).get(i, np.nan) for i in range(len(paths))])
    return Journeys(channels, who, step, won, amount)


def effects(known: Journeys) -> dict[str, float]:
    found = removal_effects(known, np.ones((1, len(known.won))))[0]
    return dict(zip(known.channels, map(float, found), strict=True))


def told(text: Facts, **changes: object) -> pd.DataFrame:
    given = {"as_of": NOW, "definitions": definitions_of(), "draws": 50}
    return contribution(text, **given | changes)  # type: ignore[arg-type]


def test_the_removal_effect_of_a_chain_computed_by_hand() -> None:
    # From the start: a 2/3, b 1/3. From a: b 1/2, nothing 1/2. From b: won 1/2, nothing 1/2.
    #   chance to win: 2/3 * 1/2 * 1/2 + 1/3 * 1/2 = 1/6 + 1/6 = 1/3
    #   without a: 1/3 * 1/2 = 1/6, so half is lost; without b: nobody wins, so all is lost
    assert effects(chain("a b > won", "a >", "b >")) == pytest.approx({"a": 0.5, "b": 1.0})


def test_a_loop_is_solved() -> None:
    # From the start: a. From a: b 2/3, won 1/3. From b: a 1/2, nothing 1/2. Let x be the chance from a:
    #   x = 1/3 + 2/3 * 1/2 * x, so x = 1/2. Without b: 1/3, so a third of 1/2 is lost.
    assert effects(chain("a b a > won", "a b >")) == pytest.approx({"a": 1.0, "b": 1 / 3})


def test_a_channel_that_leads_nowhere_has_no_effect() -> None:
    assert effects(chain("a > won", "b >"))["b"] == 0.0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_effects_equal_the_sum_over_long_walks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [f"{' '.join(rng.choice(list('abcd'), rng.integers(1, 6)))} >{rng.choice([' won', ''])}" for _ in range(20)]
    known = chain(*rows, "a > won")
    assert effects(known) == pytest.approx(walked(known), abs=1e-6)


def walked(known: Journeys) -> dict[str, float]:
    """Push mass along the moves, step by step, with and without each channel."""
    moves: dict[str, dict[str, float]] = {}
    for person, won in enumerate(known.won):
        steps = ["start", *(known.channels[s] for s in known.step[known.who == person]), "won" if won else "lost"]
        for source, target in zip(steps[:-1], steps[1:], strict=True):
            moves.setdefault(source, {})[target] = moves.get(source, {}).get(target, 0.0) + 1

    def chance(removed: str) -> float:
        mass, arrived = {"start": 1.0}, 0.0
        for _ in range(2000):
            after: dict[str, float] = {}
            for source, m in mass.items():
                for target, count in moves.get(source, {}).items():
                    if target != removed:
                        after[target] = after.get(target, 0.0) + m * count / sum(moves[source].values())
            arrived += after.pop("won", 0.0)
            after.pop("lost", None)
            mass = after
        return arrived

    return {c: 1 - chance(c) / chance("") for c in known.channels}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_a_step_taken_twice_in_a_row_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    paths = [list(rng.choice(list("abc"), rng.integers(1, 5))) for _ in range(15)]
    ends = [rng.choice(["won", ""]) for _ in paths]
    once = [f"{' '.join(p)} > {e}" for p, e in zip(paths, ends, strict=True)]
    twice = [f"{' '.join([p[0], *p])} > {e}" for p, e in zip(paths, ends, strict=True)]
    assert effects(chain(*twice, "a > won")) == pytest.approx(effects(chain(*once, "a > won")))


# from facts ---------------------------------------------------------------------------------------------------------

SALES = {
    "prospects": """
        prospect_id created_at source
        a 01-01 fair
        b 01-02 fair
        c 01-03 web
        d 01-04 -
        new 08-30 web
    """,
    "touches": """
        touch_id prospect_id kind channel direction occurred_at
        1 a call phone outbound 02-01
        2 a visit web inbound 02-02
        3 a stage - inbound 02-03
        4 a call phone outbound 05-01
        5 b event - inbound 02-01
        6 c call phone outbound 02-01
    """,
    "outcomes": """
        prospect_id occurred_at result amount
        a 05-01 won 900
        b 05-01 lost -
        c 05-01 won 100
    """,
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return told(facts(**SALES))


def row(table: pd.DataFrame, channel: str, rule: str) -> pd.Series:
    return table.set_index(["channel", "rule"]).loc[(channel, rule)]


def test_journeys_go_from_the_source_to_the_last_touch_before_the_end() -> None:
    known = journeys(facts(**SALES), as_of=NOW, definitions=definitions_of())
    steps = [[known.channels[s] for s in known.step[known.who == i]] for i in range(len(known.won))]
    assert steps == [
        ["source fair", "outbound phone", "inbound web"],
        ["source fair", "inbound event"],
        ["source web", "outbound phone"],
        [NOTHING],
    ]
    assert known.won.tolist() == [1.0, 0.0, 1.0, 0.0]


def test_first_and_last_touch_count_wins_and_value(table: pd.DataFrame) -> None:
    assert row(table, "source fair", "first touch")[["wins", "value", "share", "n"]].tolist() == [1.0, 900.0, 0.5, 2]
    assert row(table, "source web", "first touch")[["wins", "value", "share", "n"]].tolist() == [1.0, 100.0, 0.5, 1]
    assert row(table, "inbound web", "last touch")[["wins", "value"]].tolist() == [1.0, 900.0]
    assert row(table, "outbound phone", "last touch")[["wins", "value"]].tolist() == [1.0, 100.0]


def test_every_rule_divides_all_wins_and_all_value_among_the_channels(table: pd.DataFrame) -> None:
    sums = table.groupby("rule")[["share", "wins", "value"]].sum()
    assert sums.index.tolist() == sorted(RULES)
    np.testing.assert_allclose(sums.to_numpy(), [[1.0, 2.0, 1000.0]] * 3)
    assert list(table.columns) == list(COLUMNS)


def test_shares_lie_inside_their_intervals_and_the_same_seed_draws_the_same(table: pd.DataFrame) -> None:
    assert ((table["low"] <= table["share"] + 1e-12) & (table["share"] <= table["high"] + 1e-12)).all()
    pd.testing.assert_frame_equal(told(facts(**SALES)), table)


def test_intervals_narrow_with_more_prospects() -> None:
    def width(times: int) -> float:
        rows = [f"{i}{p} 01-01 {s}" for i in range(times) for p, s in (("a", "fair"), ("b", "web"), ("c", "web"))]
        ends = [f"{i}{p} 05-01 {r}" for i in range(times) for p, r in (("a", "won"), ("b", "won"), ("c", "lost"))]
        text = {"prospects": "prospect_id created_at source\n" + "\n".join(rows)}
        text["outcomes"] = "prospect_id occurred_at result\n" + "\n".join(ends)
        found = row(told(facts(**text)), "source fair", "first touch")
        return float(found["high"] - found["low"])

    assert width(200) < 0.5 * width(20)


def test_what_is_recorded_later_is_not_looked_at() -> None:
    late = {**SALES, "outcomes": SALES["outcomes"] + "d 08-01 won 5000\n"}
    pd.testing.assert_frame_equal(told(facts(**late), as_of=day("08-01")), told(facts(**SALES), as_of=day("08-01")))


def test_a_source_that_is_known_only_after_the_outcome_is_no_step() -> None:
    found = told(facts(**SALES), definitions=definitions_of(known_only_after=["source"]))
    assert not found["channel"].str.startswith("source").any()


def test_a_prospect_won_after_a_loss_counts_as_won() -> None:
    text = "prospect_id occurred_at result\nb 03-01 lost\nb 05-01 won"
    found = told(facts(prospects=SALES["prospects"], outcomes=text))
    assert row(found, "source fair", "first touch")["wins"] == 1.0


# named states -------------------------------------------------------------------------------------------------------


def test_without_prospects_there_are_no_rows() -> None:
    found = told(Facts.of({}))
    assert found.empty
    assert list(found.columns) == list(COLUMNS)


def test_without_a_win_shares_are_not_known() -> None:
    found = told(facts(prospects=SALES["prospects"], touches=SALES["touches"]))
    assert found[["share", "low", "high", "value"]].isna().all(axis=None)
    assert (found["wins"] == 0).all()


def test_without_amounts_the_value_is_not_known_and_the_wins_are() -> None:
    text = "prospect_id occurred_at result\na 05-01 won\nc 05-01 won"
    found = told(facts(prospects=SALES["prospects"], outcomes=text))
    assert found["value"].isna().all()
    assert found.groupby("rule")["wins"].sum().tolist() == pytest.approx([2.0, 2.0, 2.0])


def test_without_channels_all_wins_are_of_nothing_on_record() -> None:
    text = {
        "prospects": "prospect_id created_at\na 01-01\nb 01-01",
        "outcomes": "prospect_id occurred_at result\na 05-01 won",
    }
    found = told(facts(**text))
    assert set(found["channel"]) == {NOTHING}
    assert found["share"].tolist() == [1.0, 1.0, 1.0]


def test_where_everybody_won_every_rule_still_has_its_shares() -> None:
    text = "prospect_id occurred_at result\na 05-01 won\nb 05-01 won\nc 05-01 won\nd 05-01 won"
    found = told(facts(**{**SALES, "outcomes": text}))
    np.testing.assert_allclose(found.groupby("rule")["share"].sum(), 1.0)
