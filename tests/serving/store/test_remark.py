from __future__ import annotations

import datetime as dt

import pytest

from serving.errors import BadFeedback, Unknown
from serving.store import queries
from serving.store.engine import reading
from serving.store.publish import publish
from serving.store.remark import Remark, accepted

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
MARCH = dt.date(2027, 3, 12)


@pytest.fixture
def accept(engine, make_run):
    publish(engine, make_run())
    with reading(engine) as store:
        run = queries.find_run(store)

        def take(kind="no_answer", prospect_id="p1", key="k", **more):
            return accepted(store, run, Remark(key, prospect_id, kind, **more), at=NOON)

        yield take


def test_a_remark_gets_the_receipt_the_person_and_the_channel_of_the_list(accept):
    said = accept(note="  rang twice\r\n ", said_by="mira")
    assert (said.receipt_id, said.contact_id, said.channel) == ("run-1-p1", "c1", "phone")
    assert (said.note, said.said_by, said.at) == ("rang twice", "mira", NOON)
    spoken = accept("interested", contact_id="c3", channel="in_person")
    assert (spoken.contact_id, spoken.channel) == ("c3", "in_person")
    left_out = accept("override_call", "p4", note="they rang me")
    assert (left_out.receipt_id, left_out.contact_id) == ("run-1-p4", None)


def test_a_remark_that_cannot_be_kept_says_what_to_correct(accept):
    for given, field, words in (
        ({"key": ""}, "key", "without its key"),
        ({"key": "k" * 201}, "key", "at most 200"),
        ({"kind": "dance"}, "kind", "expected one of interested"),
        ({"kind": "skip"}, "note", "say in a few words why"),
        ({"kind": "override_leave", "note": " \n "}, "note", "say in a few words why"),
        ({"kind": "undo"}, "undoes", "by its key"),
        ({"kind": "not_now"}, "until", "until when"),
        ({"kind": "interested", "until": MARCH}, "until", "holds for no day"),
        ({"kind": "not_now", "until": dt.date(2026, 11, 24)}, "until", "after 2026-11-24"),
        ({"kind": "snooze", "until": dt.date(2020, 1, 1)}, "until", "cannot be"),
        ({"kind": "not_now", "until": dt.date(2028, 11, 25)}, "until", "not after 2028-11-24"),
        ({"note": "x" * 2001}, "note", "at most 2000"),
        ({"note": "a\x00b"}, "note", "no text"),
        ({"said_by": "\ud800"}, "said_by", "no text"),
        ({"channel": "pigeon"}, "channel", "expected one of phone"),
        ({"contact_id": "c2"}, "contact_id", "No contact 'c2'"),
    ):
        with pytest.raises(BadFeedback, match=words) as refused:
            accept(**given)
        assert refused.value.field == field


def test_the_first_and_the_last_day_and_the_longest_note_are_taken(accept):
    for until in (dt.date(2026, 11, 25), dt.date(2028, 11, 24)):
        assert accept("not_now", until=until).until == until
    assert accept(note="x" * 1999 + "\r\n").note == "x" * 1999


def test_a_prospect_that_was_erased_or_is_not_in_the_run_is_named(accept, engine, make_run):
    with pytest.raises(Unknown, match="erased since, or never there"):
        accept(prospect_id="gone")
    full = make_run()
    nothing = {name: getattr(full, name).iloc[:0] for name in ("call_list", "left_out", "contacts", "timeline")}
    newcomer = {
        "prospects": full.prospects.iloc[:1].assign(prospect_id="p9"),
        "receipts": full.receipts.iloc[:1].assign(prospect_id="p9", receipt_id="r9"),
    }
    publish(engine, make_run("later", "2026-11-25T06:00:00+00:00", **newcomer, **nothing))
    with reading(engine) as store:
        first = queries.find_run(store, run_id="run-1")
        with pytest.raises(Unknown, match="was not looked at for 2026-11-24"):
            accepted(store, first, Remark("k", "p9", "no_answer"), at=NOON)
