from __future__ import annotations

import pickle
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, event, func, select

from serving.errors import RunRefused
from serving.store import queries
from serving.store.engine import reading
from serving.store.publish import publish
from serving.store.tables import Call, Contact, Moment, Prospect, Receipt, Run

NEXT_DAY = "2026-11-25T06:00:00+00:00"


def listed(engine: Engine) -> list[tuple[str, int, str]]:
    with reading(engine) as store:
        run = queries.find_run(store)
        page = queries.call_list(store, run, owner=None, pool=False, after=0, limit=100)
        return [(line.receipt.receipt_id, line.call.rank, line.prospect.prospect_id) for line in page.items]


def count(engine: Engine, table) -> int:
    with reading(engine) as store:
        return store.scalar(select(func.count()).select_from(table))


def fail_at(engine: Engine, table: str, action) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def _fail(connection, cursor, statement, *rest):
        if statement.startswith(f"INSERT INTO {table} "):
            action()


def test_a_published_run_is_read_as_it_was_given(engine, make_run):
    assert publish(engine, make_run()) is True
    assert listed(engine) == [("run-1-p1", 1, "p1"), ("run-1-p2", 2, "p2"), ("run-1-p3", 1, "p3")]
    with reading(engine) as store:
        run = queries.find_run(store)
        assert (run.as_of.isoformat(), run.day.isoformat()) == ("2026-11-24T06:00:00+00:00", "2026-11-24")
        unscored = store.get(Receipt, (run.number, "p5"))
        assert (unscored.state, unscored.chance, unscored.like_n, unscored.reasons) == ("unscored", None, None, [])
        assert store.get(Receipt, (run.number, "p1")).reasons[0]["counts_n"] == 30
        assert store.get(Prospect, "p2").last_touch_at is None


def test_the_same_run_published_again_changes_nothing(engine, make_run):
    publish(engine, make_run())
    other = make_run(call_list=make_run().call_list.iloc[:1], company="Other")
    assert publish(engine, other) is False
    assert len(listed(engine)) == 3
    assert count(engine, Run) == 1


def test_a_later_run_of_the_same_day_supersedes_and_keeps_the_earlier(engine, make_run):
    publish(engine, make_run("first"))
    publish(engine, make_run("second", call_list=make_run("second").call_list.iloc[1:]))
    assert [receipt for receipt, *_ in listed(engine)] == ["second-p2", "second-p3"]
    with reading(engine) as store:
        first = queries.find_run(store, run_id="first")
        assert store.get(Receipt, (first.number, "p1")).receipt_id == "first-p1"


def test_an_older_day_published_later_neither_leads_nor_overwrites_what_is_known(engine, make_run):
    publish(engine, make_run("new", NEXT_DAY))
    old_names = make_run().prospects.assign(name="old name")
    gone = old_names.iloc[:1].assign(prospect_id="p0")
    publish(engine, make_run("old", prospects=pd.concat([old_names, gone])))
    with reading(engine) as store:
        assert queries.find_run(store).run_id == "new"
        assert store.get(Prospect, "p1").name == "Hartwell Optics"
        assert store.get(Prospect, "p0").name == "old name"


def test_the_day_of_a_run_is_the_date_in_the_companys_zone(make_run):
    late = "2026-11-23T23:30:00+00:00"
    assert make_run(as_of=late, timezone="Europe/Berlin").day.isoformat() == "2026-11-24"
    assert make_run(as_of=late, timezone="America/New_York").day.isoformat() == "2026-11-23"


def test_contacts_and_timeline_are_replaced_not_doubled(engine, make_run):
    publish(engine, make_run("first"))
    publish(engine, make_run("second", contacts=make_run().contacts.iloc[:1], timeline=make_run().timeline.iloc[:1]))
    assert (count(engine, Contact), count(engine, Moment), count(engine, Prospect)) == (1, 1, 5)


def test_a_prospect_that_left_the_cohort_keeps_its_page(engine, make_run):
    publish(engine, make_run())
    full = make_run("next", NEXT_DAY)
    rest = {
        name: frame[frame["prospect_id"] != "p1"]
        for name, frame in vars(full).items()
        if isinstance(frame, pd.DataFrame)
    }
    publish(engine, make_run("next", NEXT_DAY, **rest))
    with reading(engine) as store:
        detail = queries.detail(store, queries.find_run(store), "p1")
    assert (detail.prospect.name, detail.receipt, len(detail.timeline)) == ("Hartwell Optics", None, 2)
    assert [(past.day.isoformat(), past.receipt.chance) for past in detail.history] == [("2026-11-24", 0.38)]


def test_a_reader_keeps_the_list_it_began_with_while_another_is_published(engine, make_run):
    publish(engine, make_run("before"))
    with reading(engine) as store:
        run = queries.find_run(store)
        publish(engine, make_run("after", prospects=make_run().prospects.assign(name="renamed")))
        page = queries.call_list(store, run, owner=None, pool=False, after=0, limit=10)
        assert queries.find_run(store).run_id == "before"
        assert [line.prospect.name for line in page.items] == ["Hartwell Optics", "Sørensen & Sons", None]
    assert {receipt.split("-")[0] for receipt, *_ in listed(engine)} == {"after"}


@pytest.mark.parametrize("table", ["runs", "receipts", "call_list", "left_out", "prospects", "contacts", "timeline"])
def test_an_error_in_the_middle_leaves_the_earlier_list_whole(engine, make_run, table):
    publish(engine, make_run("before"))
    before = listed(engine)

    def fail() -> None:
        raise RuntimeError("the disk is full")

    fail_at(engine, table, fail)
    with pytest.raises(RuntimeError, match="disk is full"):
        publish(engine, make_run("after", NEXT_DAY))
    assert listed(engine) == before
    assert (count(engine, Run), count(engine, Receipt), count(engine, Moment)) == (1, 5, 2)


DIE_WHILE_PUBLISHING = """
import os, pickle, signal, sys
from sqlalchemy import event
from serving.store.engine import open_store
from serving.store.publish import publish
engine = open_store(sys.argv[1])
@event.listens_for(engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    if statement.startswith("INSERT INTO timeline "):
        os.kill(os.getpid(), signal.SIGKILL)
with open(sys.argv[2], "rb") as file:
    publish(engine, pickle.load(file))
"""


def test_a_publisher_killed_in_the_middle_leaves_the_earlier_list_whole(engine, settings, make_run, tmp_path):
    publish(engine, make_run("before"))
    before = listed(engine)
    given = tmp_path / "run.pickle"
    given.write_bytes(pickle.dumps(make_run("after", NEXT_DAY)))
    command = [sys.executable, "-c", DIE_WHILE_PUBLISHING, settings.store, str(given)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert listed(engine) == before
    assert publish(engine, make_run("after", NEXT_DAY)) is True
    assert count(engine, Call) == 6


def test_ten_thousand_receipts_are_kept(engine, make_run):
    ids = [f"p{i}" for i in range(10_000)]
    few = make_run()
    many = few.receipts.iloc[:1].loc[[0] * len(ids)].assign(prospect_id=ids, receipt_id=ids)
    people = few.prospects.iloc[:1].loc[[0] * len(ids)].assign(prospect_id=ids)
    calls = (
        few.call_list.iloc[:1].loc[[0] * 100].assign(prospect_id=ids[:100], receipt_id=ids[:100], rank=range(1, 101))
    )
    publish(engine, make_run(receipts=many, prospects=people, call_list=calls))
    assert (count(engine, Receipt), count(engine, Call)) == (10_000, 100)


def _naive(run):
    return {"as_of": run.as_of.replace(tzinfo=None)}


def _other_receipt(run):
    return {"call_list": run.call_list.assign(receipt_id="r-x")}


def _unknown_listed(run):
    return {"prospects": run.prospects.iloc[1:]}


def _column_missing(run):
    return {"receipts": run.receipts.drop(columns="state")}


def _value_missing(run):
    return {"left_out": run.left_out.assign(words=None)}


def _times_without_zone(run):
    return {"prospects": run.prospects.assign(created_at=run.prospects["created_at"].dt.tz_localize(None))}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (_naive, "as_of 2026-11-24 06:00:00 has no time zone"),
        (_other_receipt, r"3 listed prospect\(s\) without their receipt, for example \('p1', 'r-x'\)"),
        (_unknown_listed, r"1 prospect\(s\) of receipts are not in prospects, for example \['p1'\]"),
        (_column_missing, "receipts.state: no such column"),
        (_value_missing, "left_out.words: missing in row 0"),
        (_times_without_zone, "prospects.created_at: expected times with their zone, got datetime64"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused_and_nothing_is_written(engine, make_run, broken, message):
    publish(engine, make_run("before"))
    with pytest.raises(RunRefused, match=message):
        publish(engine, make_run("after", **broken(make_run("after"))))
    assert count(engine, Run) == 1


def test_figures_that_json_cannot_hold_become_missing(engine, make_run):
    publish(
        engine, make_run(summary={"auc": float("nan"), "n": np.int64(3), "at": pd.Timestamp("2026-01-01", tz="UTC")})
    )
    with reading(engine) as store:
        assert queries.find_run(store).summary == {"auc": None, "n": 3, "at": "2026-01-01T00:00:00+00:00"}
