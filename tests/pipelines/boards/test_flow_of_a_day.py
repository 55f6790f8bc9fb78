"""The board of the flow from literal journeys, and the same on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from features.facts.ledger import Facts
from features.flow import NoFlow, flow
from pipelines import cli_flow
from pipelines.home import Home, Ingested
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.every import BOARDS
from pipelines.steps.boards.flow import board
from serving.boards.flow import FlowBoard
from tests.features.literal import day, facts
from tests.features.worlds import definitions

WORDS = definitions(stages=["new", "qualified"], capacity={"default": 1}, working_days=[1, 2, 3, 4, 5])
NOW = day("02-02")


def journeys() -> Facts:
    """Twelve small prospects, one each January day: six qualified the day after, three of them won; and a large one."""
    rows = [f"s{k:02} 01-{k + 1:02} small ann" for k in range(12)]
    moves = [f"t{k} s{k:02} stage inbound qualified 01-{k + 2:02}" for k in range(6)]
    calls = [f"c{k} s{k:02} call outbound - 01-{k + 1:02}" for k in range(12)]
    return facts(
        prospects="\n".join(["prospect_id created_at segment owner_id", *rows, "big 01-20 large ann"]),
        touches="\n".join(["touch_id prospect_id kind direction stage occurred_at", *moves, *calls]),
        outcomes="prospect_id occurred_at result\ns00 01-10 won\ns01 01-10 won\ns02 01-12 won\ns11 01-30 lost",
    )


def made(known: Facts, **changes: Any) -> FlowBoard:
    words = WORDS.model_copy(update=changes)
    return board(cast(Day, SimpleNamespace(facts=known, definitions=words, as_of=NOW)))


def test_the_board_has_every_stage_with_what_waits_what_came_and_what_held_it_up() -> None:
    told = made(journeys())
    assert BOARDS["flow"] is board
    assert FlowBoard.model_validate(json.loads(told.model_dump_json())) == told
    everybody = told.all
    assert everybody is not None
    assert (everybody.people, everybody.open) == (13, 9)
    new, qualified = everybody.stages
    # 13 came, s06 to s10 and the large one are still new, s11 was lost there and six went on
    assert (new.name, new.waiting, new.decided, new.passed) == ("new", 6, 7, None), "seven are too few for a yield"
    assert (qualified.waiting, qualified.bottleneck, new.bottleneck) == (3, False, True)
    assert [(lead.result, lead.n, lead.usual) for lead in everybody.lead] == [("won", 3, None), ("lost", 1, None)]
    last = everybody.weeks[-1]
    assert (last.last.isoformat(), last.arrived, last.ended, last.won, last.open) == ("2026-02-01", 0, 1, 0, 9)
    assert sum(week.arrived for week in everybody.weeks) == 13
    # the window of 28 days begins on 5 January: 9 came on 20 working days, one call each to the four who ended
    beat = everybody.takt
    assert (beat.arrived, beat.working_days, beat.every) == (9, 20, pytest.approx(20 / 9))
    assert (beat.calls_per_prospect, beat.needed_per_day, beat.load) == (1.0, pytest.approx(0.45), pytest.approx(0.45))
    assert beat.pace == 1.0


def test_a_group_of_one_has_counts_alone_and_groups_share_their_callers() -> None:
    told = made(journeys())
    assert [split.by for split in told.splits] == ["segment"], "nobody has a territory"
    large, small = told.splits[0].groups
    assert (large.name, large.few, large.people, large.bottleneck) == ("large", True, 1, None)
    assert large.stages[0].age_usual is None
    assert (small.name, small.few, small.takt.capacity_per_day, small.takt.load) == ("small", False, None, None)
    assert small.stages[0].age_usual is not None


def test_without_stages_there_is_no_board_and_it_says_what_to_do() -> None:
    with pytest.raises(NoFlow, match="definitions.yaml names no stages"):
        made(journeys(), stages=())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a source of its own, whose words and facts are those above."""
    source, there = tmp_path / "mine", Home(tmp_path / "home")
    source.mkdir()
    (source / "definitions.yaml").write_text(yaml.safe_dump(WORDS.model_dump(mode="json")))
    (source / "prospects.sql").write_text("select 1")
    there.path.mkdir()
    known = journeys()
    for name in ("prospects", "touches", "outcomes"):
        there.lake.merge(name, getattr(known, name))
    versions = there.lake.versions()
    there.note_ingested(Ingested(str(source), "", versions, there.lake.data_version(versions)))
    return there


def test_the_command_prints_the_board_and_one_wrong_word_is_one_message(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    cli_flow.flow(home=home.path, day="2026-02-02")
    out = capsys.readouterr().out
    assert "The bottleneck is new: 6 wait there" in out
    assert "Takt time against capacity" in out
    with pytest.raises(NoFlow, match="'planet' is not a column that flow can be split by; expected one of segment"):
        cli_flow.flow(home=home.path, by="planet", day="2026-02-02")


def test_the_command_says_of_a_group_of_one_that_it_is_too_few() -> None:
    found = flow(journeys(), WORDS, NOW, by="segment")
    said = cli_flow.said(found)
    assert said[-1] == "large: too few to say (1 of 10 prospects)."
    assert not [words for words in said[:-1] if words.startswith("large: ")]
    rows = cli_flow.stages(found).set_index(["segment", "stage"])
    assert rows.loc[("large", "new"), ["waiting", ""]].tolist() == [1, ""]
    assert rows.loc[("large", "new"), ["through a week", "have waited", "went on at once"]].isna().all()
    assert rows.loc[("small", "new"), ""] == "bottleneck"
    assert rows.loc[("small", "new"), "went on at once"] == "86%"
