"""What is proposed on a page is filed by the daily run, once, or refused in words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.facts.contract import check
from features.time.asof import moment
from pipelines.home import Home, Ingested
from pipelines.settings import PipelineSettings
from pipelines.steps import experiment_files as files
from pipelines.steps import experimenting, pulling
from pipelines.steps.proposals import file
from pipelines.steps.publishing import engine_of
from serving.boards.filed import Filed
from serving.store.proposals import propose

CARD: dict[str, Any] = {
    "name": "pilot-first", "hypothesis": "Offering the pilot first wins more of them.", "owner": "marketing",
    "changes": "the pilot instead of the standard offer", "eligible": "select prospect_id from prospects",
    "arms": [{"name": "as usual", "chance": 0.5}, {"name": "pilot", "chance": 0.5, "offer_id": "o1"}],
    "measure": {"kind": "won", "days": 7}, "start": "2026-01-20", "stop": "2026-01-25", "worthwhile": 0.2,
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with 40 open prospects since 1 January, in the words of the simulated company."""
    made = Home(tmp_path / "home")
    made.path.mkdir()
    came = pd.Timestamp("2026-01-01", tz="UTC").as_unit("us")
    rows = pd.DataFrame({"prospect_id": [f"p{i:02}" for i in range(40)], "created_at": came, "recorded_at": came})
    made.lake.merge("prospects", check("prospects", rows).good)
    versions = made.lake.versions()
    made.note_ingested(Ingested("simulated", "", versions, made.lake.data_version(versions)))
    return made


def ask(home: Home, key: str, minute: int = 0, **changes: Any) -> None:
    engine = engine_of(home, PipelineSettings())
    at = dt.datetime(2026, 1, 9, 8, minute, tzinfo=dt.UTC)
    propose(engine, key=key, card={**CARD, **changes}, at=at)
    engine.dispose()


def filed(home: Home, day: int) -> tuple[Filed, ...]:
    words = pulling.words(home)
    return file(home, moment(dt.date(2026, 1, day), words.zone), words)


def test_without_proposals_nothing_happens(home: Home) -> None:
    assert filed(home, 10) == ()
    assert not home.experiments.exists()


def test_a_proposal_becomes_a_card_of_the_home_and_the_same_day_again_says_the_same(home: Home) -> None:
    ask(home, "k1")
    once = filed(home, 10)
    assert [(f.key, f.name, f.filed) for f in once] == [("k1", "pilot-first", True)]
    assert once[0].words.startswith("Prospects join from 2026-01-20 to 2026-01-24. 40 prospects are eligible today.")
    assert files.read(files.path_of(home, "pilot-first")).arms[1].offer_id == "o1"
    assert filed(home, 10) == once
    begun = filed(home, 21)
    assert begun[0].words == "Prospects join from 2026-01-20 to 2026-01-24."


def test_an_experiment_that_was_ended_stays_ended(home: Home) -> None:
    ask(home, "k1")
    filed(home, 10)
    experimenting.stop("pilot-first", home, dt.date(2026, 1, 15))
    assert filed(home, 12)[0].filed
    assert files.read(files.path_of(home, "pilot-first")).stopped == dt.date(2026, 1, 15)


def test_what_cannot_be_filed_is_refused_in_words_and_keeps_nobody_else_out(home: Home) -> None:
    ask(home, "first")
    ask(home, "twin", 1, changes="the same name for something else")
    ask(home, "sql", 2, name="broken", eligible="select nothing from nowhere")
    ask(home, "late", 3, name="too-late", start="2026-01-02", stop="2026-01-05")
    ask(home, "odd", 4, name="odd", worthwhile=7)
    ask(home, "last", 5, name="fine")
    told = {f.key: f for f in filed(home, 10)}
    assert {key: f.filed for key, f in told.items()} == {
        "first": True, "twin": False, "sql": False, "late": False, "odd": False, "last": True,
    }  # fmt: skip
    assert "Another experiment is called pilot-first" in told["twin"].words
    assert "nowhere" in told["sql"].words
    assert "last day was over" in told["late"].words
    assert "worthwhile" in told["odd"].words
    assert sorted(path.stem for path in home.experiments.glob("*.yaml")) == ["fine", "pilot-first"]
