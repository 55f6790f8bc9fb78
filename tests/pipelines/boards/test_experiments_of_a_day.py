"""The board of experiments from a card, who joined, and what came of them; and what was known at earlier looks."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pandas as pd

from features.facts.contract import check
from features.facts.ledger import Facts
from models.evidence.experiment_card import Card, parse_card
from models.evidence.experiment_results import result
from pipelines.home import Home
from pipelines.steps import experiment_files as files
from pipelines.steps.boards.day import Day
from pipelines.steps.boards.every import BOARDS
from pipelines.steps.boards.experiments import board
from serving.boards.experiments import ExperimentsBoard
from serving.boards.filed import Filed
from tests.features.worlds import definitions

WORDS = definitions()
CARD = {
    "name": "pilot-first", "hypothesis": "Offering the pilot first wins more of them.", "owner": "head of sales",
    "changes": "the pilot instead of the standard offer", "measure": {"kind": "won", "days": 7},
    "arms": [{"name": "as usual", "chance": 0.5}, {"name": "pilot", "chance": 0.5, "offer_id": "o1"}],
    "start": "2026-01-05", "stop": "2026-03-01", "worthwhile": 0.2,
}  # fmt: skip


def at(n: int) -> pd.Timestamp:
    """The n-th day of January 2026, at midnight UTC."""
    return pd.Timestamp("2026-01-01", tz="UTC").as_unit("us") + pd.Timedelta(days=n - 1)


def known() -> Facts:
    """120 prospects, four new ones a day; of the pilot's arm every second was won three days after it came."""
    card = parse_card(CARD)
    rows = [(f"p{i:03}", 5 + i // 4) for i in range(120)]
    # somebody is heard of on the last day, so that what happened until then is known
    seen = [*rows, ("late", 44)]
    prospects = pd.DataFrame([(p, at(n), at(n)) for p, n in seen], columns=["prospect_id", "created_at", "recorded_at"])
    pilots = [(p, n) for p, n in rows if card.arm_of(p).name == "pilot"]
    won = [(p, at(n + 3), at(n + 3), "won") for p, n in pilots[::2]]
    outcomes = pd.DataFrame(won, columns=["prospect_id", "occurred_at", "recorded_at", "result"])
    return Facts.of({"prospects": check("prospects", prospects).good, "outcomes": check("outcomes", outcomes).good})


def joined(card: Card) -> pd.DataFrame:
    rows = [(f"p{i:03}", at(5 + i // 4)) for i in range(120)]
    return pd.DataFrame(
        [(card.name, p, card.arm_of(p).name, card.arm_of(p).chance, when) for p, when in rows],
        columns=["experiment", "prospect_id", "arm", "chance", "first_seen"],
    )


def made(home: Home, as_of: pd.Timestamp, *proposals: Filed) -> ExperimentsBoard:
    seen = known().visible(as_of)
    day = SimpleNamespace(home=home, facts=seen, definitions=WORDS, as_of=as_of, proposals=proposals)
    return board(cast(Day, day))


def test_without_a_card_there_is_nothing_but_what_was_proposed(tmp_path: Path) -> None:
    refused = Filed(key="k", name="other", filed=False, words="Its last day was over.")
    told = made(Home(tmp_path), at(40), refused)
    assert BOARDS["experiments"] is board
    assert (told.experiments, told.proposals) == ((), (refused,))


def test_a_card_stands_with_its_arms_its_effect_and_the_earlier_looks(tmp_path: Path) -> None:
    home, card, now = Home(tmp_path), parse_card(CARD), at(45)
    files.keep(card, home)
    files.keep(parse_card(CARD | {"name": "a-later-one", "start": "2026-02-20"}), home)
    files.join(home, card.name, joined(card))
    told = made(home, now)
    assert ExperimentsBoard.model_validate(json.loads(told.model_dump_json())) == told
    running, planned = told.experiments
    assert (running.name, running.state, planned.name, planned.state) == (
        "pilot-first", "running", "a-later-one", "planned",
    )  # fmt: skip
    assert planned.contrasts[0].looks == ()
    control, pilot = running.arms
    assert control.n + pilot.n == 120
    assert (control.successes, pilot.successes, pilot.offer_id) == (0, (pilot.n + 1) // 2, "o1")
    contrast = running.contrasts[0]
    assert contrast.decision == running.decision == "keep"
    looks = contrast.looks
    assert looks[-1].effect == contrast.effect
    assert [look.n for look in looks] == sorted(look.n for look in looks)
    assert len(looks) > 1
    # each look is what would have been said on that day
    then = pd.Timestamp(looks[0].day, tz="UTC").as_unit("us")
    alone = result(card, joined(card), known().visible(then), then, WORDS).contrasts.iloc[0]
    assert (looks[0].effect, looks[0].low, looks[0].high) == (alone["effect"], alone["low"], alone["high"])
