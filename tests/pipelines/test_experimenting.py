"""Experiments of a home: cards that are filed, prospects that join day by day, and how it stands, without Prefect."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from features.facts.contract import check
from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.time.asof import moment
from models.evidence.experiment_card import Card, ExperimentError, parse_card
from pipelines.home import Home, Ingested
from pipelines.steps import experiment_files as files
from pipelines.steps import pulling
from pipelines.steps.experimenting import STATUS, assign, plan, status, stop

PROSPECTS = 120


def day(n: float) -> pd.Timestamp:
    """Return the n-th day of January 2026, at midnight UTC."""
    return pd.Timestamp("2026-01-01", tz="UTC").as_unit("us") + pd.Timedelta(days=n - 1)


def tables() -> dict[str, pd.DataFrame]:
    """120 prospects, four new ones a day; every third was won six days after it came."""
    came = [1 + i // 4 for i in range(PROSPECTS)]
    times = [day(n) for n in came]
    ids = [f"p{i:03}" for i in range(PROSPECTS)]
    prospects = pd.DataFrame({"prospect_id": ids, "created_at": times, "recorded_at": times})
    won = pd.DataFrame(
        [(who, day(n + 6), day(n + 6), "won") for who, n in list(zip(ids, came, strict=True))[::3]],
        columns=["prospect_id", "occurred_at", "recorded_at", "result"],
    )
    return {"prospects": check("prospects", prospects).good, "outcomes": check("outcomes", won).good}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose words are those of the simulated company, with literal facts."""
    made = Home(tmp_path / "home")
    made.path.mkdir()
    for name, frame in tables().items():
        made.lake.merge(name, frame)
    versions = made.lake.versions()
    made.note_ingested(Ingested("simulated", "", versions, made.lake.data_version(versions)))
    return made


@pytest.fixture
def words(home: Home) -> Definitions:
    return pulling.words(home)


def card(**changes: Any) -> Card:
    given: dict[str, Any] = {
        "name": "pilot-first", "hypothesis": "Offering the pilot first wins more of them.", "owner": "head of sales",
        "changes": "the pilot instead of the standard offer",
        "arms": [{"name": "as usual", "chance": 0.5}, {"name": "pilot", "chance": 0.5, "offer_id": "o1"}],
        "measure": {"kind": "won", "days": 7}, "start": "2026-01-05", "stop": "2026-01-25", "worthwhile": 0.2,
    }  # fmt: skip
    return parse_card(given | changes)


def joined(home: Home, words: Definitions, *days: int) -> pd.DataFrame:
    """Run the days one after the other; return what is to be done on the last."""
    facts, done = Facts.of(tables()), pd.DataFrame()
    for n in days:
        as_of = moment(dt.date(2026, 1, n), words.zone)
        open_then = facts.visible(as_of).prospects[["prospect_id"]]
        done = assign(open_then, facts, home, as_of=as_of, definitions=words)
    return done


def test_a_card_is_filed_with_what_to_expect_and_read_back_the_same(home: Home) -> None:
    told = plan(card(), home, day(5))
    assert files.cards(home) == [card()]
    assert told.eligible_now == 16
    assert told.base_rate is None, "nobody was there seven days before the fifth"
    assert told.said == "16 prospects are eligible today; nothing is known yet of how they end."
    later = plan(card(name="later", start="2026-02-01", stop="2026-03-01"), home, day(31))
    # on the 24th 69 were open, and the eight winners who came from the 18th to the 23rd were won within seven days
    assert later.base_rate == pytest.approx(8 / 69)
    assert later.needed is not None
    assert f"about {later.needed:,} prospects are needed to see the worthwhile difference" in later.said


def test_the_same_card_twice_changes_nothing_and_another_one_only_before_the_start(home: Home) -> None:
    plan(card(), home, day(2))
    before = files.path_of(home, "pilot-first").read_bytes()
    plan(card(), home, day(20))
    assert files.path_of(home, "pilot-first").read_bytes() == before
    plan(card(worthwhile=0.3), home, day(2))
    with pytest.raises(ExperimentError, match="began on 2026-01-05 with another card. A card is a promise"):
        plan(card(worthwhile=0.4), home, day(20))


def test_a_card_whose_sql_does_not_run_is_not_filed(home: Home) -> None:
    with pytest.raises(ExperimentError, match="experiment pilot-first: .*colour"):
        plan(card(eligible="select prospect_id from prospects where colour = 'red'"), home, day(5))
    assert files.cards(home) == []


def test_prospects_join_on_their_first_day_and_the_same_day_again_changes_nothing(
    home: Home, words: Definitions
) -> None:
    plan(card(), home, day(2))
    first = joined(home, words, 5, 6)
    log = home.experiments / "pilot-first.assigned.jsonl"
    before = log.read_bytes()
    lines = [json.loads(line) for line in before.decode().splitlines()]
    assert [line["first_seen"] for line in lines] == ["2026-01-04T23:00:00+00:00"] * 16 + [
        "2026-01-05T23:00:00+00:00"
    ] * 4
    again = joined(home, words, 6)
    pd.testing.assert_frame_equal(again, first)
    assert log.read_bytes() == before


def test_in_another_home_the_same_prospects_get_the_same_arms(home: Home, words: Definitions, tmp_path: Path) -> None:
    plan(card(), home, day(2))
    done = joined(home, words, 5)
    other = Home(tmp_path / "other")
    files.keep(card(), other)
    pd.testing.assert_frame_equal(joined(other, words, 5), done)
    assert set(done["experiments"]) == {"pilot-first: as usual", "pilot-first: pilot"}
    treated = done["experiments"] == "pilot-first: pilot"
    assert done["offer_id"].notna().tolist() == treated.tolist()


def test_without_cards_there_is_nothing_to_do_and_nothing_to_show(home: Home, words: Definitions) -> None:
    assert joined(home, words, 5).empty
    assert not home.experiments.exists()
    assert list(status(home, day(30)).columns) == list(STATUS)


def test_the_status_counts_every_prospect_once_and_gives_the_interval_and_the_decision(
    home: Home, words: Definitions
) -> None:
    plan(card(), home, day(2))
    joined(home, words, *range(5, 25))
    (row,) = status(home, day(30)).to_dict("records")
    assert (row["experiment"], row["state"], row["arm"], row["against"]) == (
        "pilot-first", "waiting", "pilot", "as usual",
    )  # fmt: skip
    assert row["n"] + row["control_n"] + row["waiting"] == 92
    assert row["low"] < row["effect"] < row["high"]
    assert row["decision"] in ("go on", "drop")
    assert row["gone"] == 0


def test_an_experiment_that_is_stopped_takes_nobody_more_and_treats_nobody(home: Home, words: Definitions) -> None:
    plan(card(), home, day(2))
    joined(home, words, 5)
    stop("pilot-first", home, dt.date(2026, 1, 6))
    assert stop("pilot-first", home, dt.date(2026, 1, 9)).stopped == dt.date(2026, 1, 6)
    assert joined(home, words, 6, 7).empty
    assert len(files.assignments(home)) == 16
    (row,) = status(home, day(30)).to_dict("records")
    assert (row["state"], row["stop"], row["decision"]) == ("finished", dt.date(2026, 1, 6), "cannot say")


def test_stopping_what_does_not_exist_names_what_does(home: Home) -> None:
    plan(card(), home, day(2))
    with pytest.raises(ExperimentError, match=r"no experiment 'pilot' .*there are \['pilot-first'\]"):
        stop("pilot", home, dt.date(2026, 1, 6))


def test_files_that_were_spoiled_are_named(home: Home, words: Definitions) -> None:
    plan(card(), home, day(2))
    joined(home, words, 5)
    log = home.experiments / "pilot-first.assigned.jsonl"
    log.write_text(log.read_text()[:-20])
    with pytest.raises(ExperimentError, match=r"assigned\.jsonl: cannot be read .*restore it"):
        joined(home, words, 6)
    (home.experiments / "other.yaml").write_text(yaml.safe_dump(card().model_dump(mode="json")))
    with pytest.raises(ExperimentError, match=r"other\.yaml: holds the experiment 'pilot-first'"):
        files.cards(home)
    (home.experiments / "other.yaml").write_text("name: [")
    with pytest.raises(ExperimentError, match=r"other\.yaml: cannot be read as a card in YAML"):
        files.cards(home)
