from __future__ import annotations

import datetime as dt

from serving.store import queries, workday
from serving.store.engine import reading
from serving.store.feedback import Said, keep
from serving.store.publish import publish

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


def say(engine, key, prospect, kind="no_answer", *, run="run-1", **more):
    keep(engine, Said(key, prospect, kind, NOON, receipt_id=f"{run}-{prospect}", **more))


def done(engine, *prospects: str, run_id=None):
    with reading(engine) as store:
        run = queries.find_run(store, run_id=run_id)
        said = workday.done(store, run, list(prospects) or None)
    return [(who, what.kind) for who, what in said.items()]


def test_done_is_what_was_last_said_of_todays_calls_and_stands(engine, make_run):
    publish(engine, make_run())
    say(engine, "a", "p2")
    say(engine, "b", "p1")
    say(engine, "c", "p1", "interested")
    say(engine, "d", "p4", "override_call")
    say(engine, "e", "p3", "override_call")
    assert done(engine) == [("p2", "no_answer"), ("p1", "interested")]
    say(engine, "f", "p1", "undo", undoes="c")
    assert done(engine) == [("p2", "no_answer"), ("p1", "no_answer")]
    assert done(engine, "p1") == [("p1", "no_answer")]


def test_a_list_made_again_the_same_day_keeps_what_is_done_and_tomorrows_asks_anew(engine, make_run):
    publish(engine, make_run())
    say(engine, "a", "p1")
    publish(engine, make_run("again", "2026-11-24T11:00:00+00:00"))
    assert done(engine, run_id="again") == [("p1", "no_answer")]
    publish(engine, make_run("tomorrow", "2026-11-25T06:00:00+00:00"))
    assert done(engine, run_id="tomorrow") == []


def test_the_next_key_changes_when_something_is_said_and_only_then(engine, make_run):
    publish(engine, make_run())

    def keys():
        with reading(engine) as store:
            return workday.next_keys(store, queries.find_run(store), ["p1", "p2", "nobody"])

    before = keys()
    assert keys() == before
    assert len(set(before.values())) == 3
    say(engine, before["p1"], "p1")
    after = keys()
    assert after["p1"] not in before.values()
    assert (after["p2"], after["nobody"]) == (before["p2"], before["nobody"])


def test_who_asked_not_to_be_contacted_is_marked_wherever_the_person_stands(engine, make_run):
    full = make_run()
    same_person = full.contacts.assign(contact_id=["c1", "c1", "c3"])
    publish(engine, make_run(contacts=same_person, call_list=full.call_list.assign(contact_id=["c1", "c1", None])))

    def refusing():
        with reading(engine) as store:
            run = queries.find_run(store)
            lines = queries.call_list(store, run, owner=None, pool=False, after=0, limit=9).items
            people = queries.detail(store, run, "p2").contacts
            return [x.contact.do_not_contact for x in lines if x.contact], [c.do_not_contact for c in people]

    assert refusing() == ([False, False], [False])
    say(engine, "stop", "p1", "never_again", contact_id="c1")
    assert refusing() == ([], [True])  # nobody else can be reached: the calls are no longer on the list
    say(engine, "sorry", "p1", "undo", undoes="stop", contact_id="c1")
    assert refusing() == ([False, False], [False])
