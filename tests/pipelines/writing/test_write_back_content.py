"""Who is told to call whom, and of whom nothing is said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from pipelines.writing.content import Content, content
from pipelines.writing.target import Item
from serving.store import queries
from serving.store.engine import open_store, reading
from serving.store.feedback import Said, keep
from serving.store.publish import PublishedRun, publish
from tests.serving.conftest import run

AT = dt.datetime(2026, 11, 24, 7, tzinfo=dt.UTC)


@pytest.fixture
def tell(tmp_path: Path):
    """Publish a run, let people say something, and return what would be written."""

    def told(made: PublishedRun, *said: Said, gone: tuple[str, ...] = ()) -> Content:
        engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
        publish(engine, made)
        for one in said:
            keep(engine, one)
        with reading(engine) as store:
            found = content(store, queries.find_run(store), url="", gone=gone)
        engine.dispose()
        return found

    return told


def of(items: list[Item], prospect: str) -> dict[str, Any]:
    return next((dict(item.values) for item in items if item.prospect_id == prospect), {})


def test_who_is_held_out_looks_in_the_crm_like_anybody_beyond_the_days_capacity(tell) -> None:
    left_out = run().left_out.assign(reason=["hold_out", "unscored"], words=["held out by lot", "x"])
    held = of(tell(run(left_out=left_out)).fields, "p4")
    beyond = of(tell(run("run-2")).fields, "p4")
    for said in (held, beyond):
        said.pop("versions")
    assert held == beyond
    assert (held["score"], held["next_action"], held["list_day"]) == (0.05, None, None)
    assert "held" not in str(held)


def test_who_may_be_called_later_is_told_from_which_day_on(tell) -> None:
    later = run().left_out.assign(reason="too_soon", until=[dt.date(2026, 12, 3), None])
    assert of(tell(run(left_out=later)).fields, "p4")["next_action"] == "Not before 3 December 2026"


def test_who_asked_not_to_be_contacted_gets_no_task_also_when_it_was_said_after_publishing(tell) -> None:
    refusing = run().left_out.assign(reason=["do_not_contact", "unscored"])
    made = run(left_out=refusing)
    person = Said("k1", "p1", "never_again", AT, contact_id="c1")
    nobody = Said("k2", "p2", "never_again", AT)
    found = tell(made, person, nobody)
    for prospect in ("p1", "p2", "p4"):
        said = of(found.fields, prospect)
        assert said["next_action"] == "Do not contact: they asked for it"
        assert (said["person"], said["channel"], said["hours"], said["list_day"]) == (None, None, None, None)
    assert found.tasks == []


def test_a_refusal_that_was_taken_back_counts_no_more(tell) -> None:
    said = Said("k1", "p1", "never_again", AT, contact_id="c1")
    assert of(tell(run(), said, Said("k2", "p1", "undo", AT, undoes="k1")).tasks, "p1")


def test_a_call_of_which_something_was_said_is_no_task_any_more(tell) -> None:
    found = tell(run(), Said("k1", "p1", "no_answer", AT, receipt_id="run-1-p1"))
    assert [task.prospect_id for task in found.tasks] == ["p2"]
    assert of(found.fields, "p1")["score"] == 0.38


def test_nothing_is_said_of_a_withdrawn_prospect(tell) -> None:
    found = tell(run(), gone=("p1",))
    assert of(found.fields, "p1") == {}
    assert of(found.tasks, "p1") == {}


def test_nobody_is_certain_and_no_address_of_anybody_is_written(tell) -> None:
    receipts = run().receipts.assign(chance=[0.99999, 0.00001, 0.125, 0.05, float("nan")])
    found = tell(run(receipts=receipts))
    assert [of(found.fields, prospect)["score"] for prospect in ("p1", "p2", "p5")] == [0.999, 0.001, None]
    told = str(found)
    assert "dana@hartwell.example" not in told
    assert "555" not in told


def test_a_task_says_when_whom_why_and_with_what(tell) -> None:
    call_list = run().call_list.assign(hours="people answered 3 of 4 on Tuesdays 13 to 15", offer_words="the pilot")
    contacts = run().contacts.assign(timezone="Europe/Oslo")
    task = of(tell(run(call_list=call_list, contacts=contacts)).tasks, "p1")
    assert task["title"] == "Call Dana Ito, operations lead (Hartwell Optics)"
    assert task["due_at"] == "2026-11-24T16:00:00+00:00"  # 17:00 in Berlin
    assert task["body"].splitlines()[:4] == [
        "Number 1 of your calls for 24 November 2026",
        "Chance 38%, grade A",
        "people answered 3 of 4 on Tuesdays 13 to 15, their time (Europe/Oslo)",
        "the pilot",
    ]


def test_versions_alone_are_no_change(tell) -> None:
    one, two = (of_all.fields for of_all in (tell(run()), tell(run("run-2", data_version="newer"))))
    assert [item.hash for item in one] == [item.hash for item in two]
    assert [item.values["versions"] for item in one] != [item.values["versions"] for item in two]
