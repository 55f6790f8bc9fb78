"""Taps become facts: the same contract, the same merge, once; and what is taken back is corrected, not forgotten."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.heads.contactable import people
from pipelines.home import Home, Ingested
from pipelines.settings import PipelineSettings
from pipelines.steps import pulling
from pipelines.steps.publishing import engine_of
from pipelines.steps.tap_reading import randomised
from pipelines.steps.tapped import take
from serving.store.feedback import Said, keep
from serving.store.migrations import upgrade
from tests.pipelines.literal import day, rows

NOON = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
Say = Callable[..., None]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A company of two prospects, dana and lee; its source was read on the 9th."""
    home = Home(tmp_path / "home")
    tables = {
        "prospects": rows(
            "prospects", "prospect_id created_at recorded_at", ("p1", day(1), day(9)), ("p2", day(1), day(1))
        ),
        "contacts": rows(
            "contacts", "contact_id prospect_id recorded_at name phone",
            ("dana", "p1", day(1), "Dana Ito", "1"), ("dana", "p1", day(5), "Dana Ito", "2"),
            ("lee", "p2", day(1), "Lee", None),
        ),
    }  # fmt: skip
    for name, frame in tables.items():
        home.lake.merge(name, frame)
    versions = home.lake.versions()
    home.note_ingested(Ingested("simulated", "", versions, home.lake.data_version(versions)))
    return home


@pytest.fixture
def say(home: Home) -> Say:
    """Say something in the store, as the pages do."""
    engine = engine_of(home, PipelineSettings())
    upgrade(engine)

    def one(key: str, kind: str = "no_answer", who: str = "p1", *, at: dt.datetime = NOON, **more: object) -> None:
        given: dict[str, Any] = {"contact_id": "dana", "channel": "phone", **more}
        keep(engine, Said(key, who, kind, at, **given))

    return one


def touches(home: Home) -> list[tuple[object, ...]]:
    """(id, kind, contact, result, hours after noon recorded) of what was tapped, each version."""
    found = home.lake.read("touches")
    found = found.assign(hours=(found["recorded_at"] - NOON).dt.total_seconds() / 3600)
    frame = found[["touch_id", "kind", "contact_id", "result", "hours"]].astype("object")
    return list(frame.where(frame.notna(), None).itertuples(index=False, name=None))


def test_a_tap_is_an_outbound_touch_of_its_channel_and_is_known_from_when_it_was_tapped(home: Home, say: Say) -> None:
    for n, (kind, channel) in enumerate(
        [("interested", "phone"), ("meeting_booked", "email"), ("no_answer", "in_person"), ("wrong_person", "social"),
         ("not_now", None)]
    ):  # fmt: skip
        say(f"{n}", kind, channel=channel, at=NOON + n * dt.timedelta(hours=2))
    assert take(home).new == 5
    assert touches(home) == [
        ("tap:0", "call", "dana", "interested", 0),
        ("tap:1", "email", "dana", "meeting_booked", 2),
        ("tap:2", "meeting", "dana", "no_answer", 4),
        ("tap:3", "message", "dana", "wrong_person", 6),
        ("tap:4", "call", "dana", "not_now", 8),
    ]
    found = home.lake.read("touches")
    assert (found["occurred_at"] == found["recorded_at"]).all()
    assert (found["direction"] == "outbound").all()


def test_the_same_ingest_again_changes_nothing(home: Home, say: Say) -> None:
    say("1", "never_again")
    say("2", "not_now", until=dt.date(2026, 2, 3))
    say("3", "no_answer", "nobody")
    first, files = take(home), _files(home)
    assert (first.new, len(first.quarantined)) == (4, 1)
    again = take(home)
    assert (again.new, again.note, len(again.quarantined)) == (0, first.note, 1)
    assert _files(home) == files
    assert len(home.ingests()) == 2


def test_what_touches_nobody_makes_no_touch(home: Home, say: Say) -> None:
    for kind in ("skip", "override_call", "override_leave"):
        say(kind, kind, note="my own judgement")
    before = home.ingested()
    assert take(home).note == before
    say("s", "snooze", until=dt.date(2026, 1, 20))
    assert take(home).new == 1
    assert touches(home) == []
    changes = home.lake.read("attribute_changes")
    assert changes[["entity", "id", "name", "value"]].to_numpy().tolist() == [
        ["prospect", "p1", "snoozed_until", "2026-01-20"]
    ]


def test_a_row_that_breaks_the_contract_is_set_aside_with_its_reason_and_keeps_no_other_out(
    home: Home, say: Say
) -> None:
    say("1", who="erased")
    say("2", contact_id="nobody")
    say("3")
    taken = take(home)
    assert taken.new == 1
    assert taken.quarantined[["table", "row", "reason", "got"]].to_numpy().tolist() == [
        ["touches", 1, "prospect_id: unknown id", "erased"], ["touches", 2, "contact_id: unknown id", "nobody"],
    ]  # fmt: skip
    kept = home.lake.read("quarantine")
    assert kept[["source", "table", "row"]].to_numpy().tolist() == [["taps", "touches", 1], ["taps", "touches", 2]]


def test_never_again_holds_for_the_person_from_the_tap_on_and_is_lifted_when_taken_back(home: Home, say: Say) -> None:
    say("1", "never_again")
    take(home)

    def refusing(at: pd.Timestamp) -> list[str]:
        found = people(home.lake.facts().visible(at), at)
        return sorted(found.loc[found["why_not"].eq("refuses"), "contact_id"])

    assert refusing(pd.Timestamp(NOON)) == []
    assert refusing(day(11)) == ["dana"]
    person = home.lake.read("contacts").query("contact_id == 'dana'").iloc[-1]
    assert (person["phone"], person["do_not_contact_since"]) == ("2", pd.Timestamp(NOON))
    say("2", "undo", undoes="1", at=NOON + dt.timedelta(days=2))
    take(home)
    assert (refusing(day(11)), refusing(day(13))) == (["dana"], [])


def test_taken_back_before_anybody_relied_on_it_it_never_enters(home: Home, say: Say) -> None:
    say("1", "interested")
    say("2", "no_answer", undoes="1", at=NOON + dt.timedelta(minutes=1))
    take(home)
    assert [t[:4] for t in touches(home)] == [("tap:2", "call", "dana", "no_answer")]


def test_taken_back_later_it_becomes_a_task_that_reached_nobody_and_the_past_stays_as_it_was(
    home: Home, say: Say
) -> None:
    say("1", "interested")
    take(home)
    say("2", "undo", undoes="1", at=NOON + dt.timedelta(hours=3))
    take(home)
    assert touches(home) == [("tap:1", "call", "dana", "interested", 0), ("tap:1", "task", None, None, 3)]
    assert home.lake.facts().visible(pd.Timestamp(NOON) + pd.Timedelta(hours=2)).touches["result"].tolist() == [
        "interested"
    ]


def test_only_what_was_said_before_a_day_as_it_then_stood(home: Home, say: Say) -> None:
    say("1", "interested")
    say("2", "undo", undoes="1", at=NOON + dt.timedelta(hours=20))
    say("3", at=NOON + dt.timedelta(hours=21))
    take(home, before=day(11))
    assert [t[0] for t in touches(home)] == ["tap:1"]
    take(home)
    assert touches(home)[1:] == [("tap:1", "task", None, None, 20), ("tap:3", "call", "dana", "no_answer", 21)]


def test_taps_say_nothing_about_how_far_the_source_was_read(home: Home, say: Say) -> None:
    say("1", "never_again")
    say("2", "snooze", until=dt.date(2026, 2, 3), at=NOON + dt.timedelta(days=1))
    take(home)
    assert home.lake.facts().last_recorded() == day(9)


def test_rows_of_an_ingest_that_ended_halfway_are_not_let_in_by_taps(home: Home, say: Say) -> None:
    say("1")
    home.lake.merge("prospects", rows("prospects", "prospect_id created_at recorded_at", ("p3", day(9), day(9.5))))
    before = home.ingested()
    assert (take(home).waiting.split(":")[0], home.ingested()) == ("waiting", before)


def test_taps_that_ended_halfway_are_completed(home: Home, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    say("1", "never_again")
    with monkeypatch.context() as patch:
        patch.setattr(Home, "note_ingested", _killed)
        with pytest.raises(KeyboardInterrupt):
            take(home)
    before = home.ingested()
    taken = take(home)
    assert (taken.waiting, taken.new) == ("", 0)
    assert home.ingested() == taken.note != before


CARD = """
name: which-offer
hypothesis: The pilot wins more than the bundle.
changes: Half of the prospects are offered the pilot first.
owner: head of sales
arms:
  - {name: bundle, chance: 0.4, offer_id: O1}
  - {name: pilot, chance: 0.35, offer_id: O2}
  - {name: pilot in words, chance: 0.25, offer_id: O2}
measure: {kind: won, days: 30}
start: 2026-01-01
stop: 2026-03-01
worthwhile: 0.05
"""


def test_the_chance_of_an_offer_is_that_of_all_arms_which_make_it_while_the_experiment_acts(home: Home) -> None:
    home.experiments.mkdir()
    path = home.experiments / "which-offer.yaml"
    path.write_text(CARD)
    joined = {"prospect_id": "p1", "arm": "pilot", "chance": 0.35, "first_seen": "2026-01-02T00:00:00+00:00"}
    path.with_name("which-offer.assigned.jsonl").write_text(json.dumps(joined) + "\n")
    said = pd.DataFrame(
        [("p1", "O2", day(10)), ("p1", "O1", day(10)), ("p2", "O2", day(10)), ("p1", "O2", day(40)),
         ("p1", None, day(10)), ("p1", "O2", None)],
        columns=["prospect_id", "offer_id", "as_of"],
    )  # fmt: skip
    chance = randomised(said, home, pulling.words(home))
    assert chance.fillna(0).tolist() == pytest.approx([0.6, 0, 0, 0, 0, 0])
    path.write_text(CARD.replace("chance: 0.4, offer_id: O1", "chance: 0.4"))
    assert randomised(said, home, pulling.words(home)).isna().all()


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def _files(home: Home) -> list[str]:
    return sorted(str(p) for p in (home.path / "lake").rglob("*") if p.is_file())
