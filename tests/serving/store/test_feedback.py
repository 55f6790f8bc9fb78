from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from serving.errors import AlreadySaid, NothingToUndo
from serving.store import feedback
from serving.store.engine import open_store, reading
from serving.store.feedback import KINDS, Said, keep, standing
from serving.store.migrations import upgrade
from serving.store.publish import publish
from serving.store.tables import Feedback, Receipt

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def store() -> Iterator[Engine]:
    engine = open_store("sqlite://")
    upgrade(engine)
    yield engine
    engine.dispose()


def row(key: str, prospect: str, kind: str = "no_answer", **more) -> Said:
    return Said(key, prospect, kind, NOON, **more)


def stands(engine: Engine, prospect: str) -> list[tuple[str, str]]:
    with reading(engine) as session:
        table = standing(session)
    own = table[table["prospect_id"] == prospect]
    return list(zip(own["key"], own["kind"], strict=True))


def test_the_same_said_twice_is_stored_once_whenever_and_by_whomever(store):
    first = row("twice", "twice", note="rang")
    assert keep(store, first) is first
    again = Said("twice", "twice", "no_answer", NOON + dt.timedelta(hours=1), note="rang", said_by="omar")
    assert keep(store, again) == first
    assert stands(store, "twice") == [("twice", "no_answer")]


@pytest.mark.parametrize(
    "other", [{"kind": "interested"}, {"note": "engaged"}, {"until": dt.date(2026, 12, 1)}, {"prospect": "elsewhere"}]
)
def test_a_key_that_stands_for_something_else_is_refused_with_what_is_there(store, other):
    keep(store, row("one key", "clash"))
    with pytest.raises(AlreadySaid, match="already recorded as 'no_answer'") as clash:
        keep(store, row("one key", **{"prospect": "clash", **other}))
    assert (clash.value.said.prospect_id, clash.value.undone) == ("clash", False)
    assert stands(store, "clash") == [("one key", "no_answer")]


def test_what_is_undone_stands_no_longer_and_what_takes_its_place_does(store):
    for said in (
        row("u1", "undone"),
        row("u2", "undone", "undo", undoes="u1"),
        row("u3", "undone", "interested"),
        row("u4", "undone", "meeting_booked", undoes="u3"),
    ):
        keep(store, said)
    assert stands(store, "undone") == [("u4", "meeting_booked")]
    with pytest.raises(AlreadySaid, match="taken back"):
        keep(store, row("u1", "undone", "interested"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (row("n1", "undo-rules", "undo", undoes="never said"), "Nothing was said"),
        (row("n2", "another", "undo", undoes="base"), "Nothing was said"),
        (row("n3", "undo-rules", "undo", undoes="gone"), "taken back before"),
        (row("n4", "undo-rules", "undo", undoes="the undo"), "Nothing was said"),
    ],
)
def test_only_what_stands_of_the_same_prospect_can_be_undone(store, wrong, words):
    keep(store, row("base", "undo-rules"))
    keep(store, row("gone", "undo-rules", "interested"))
    keep(store, row("the undo", "undo-rules", "undo", undoes="gone"))
    with pytest.raises(NothingToUndo, match=words):
        keep(store, wrong)


names = count()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["no_answer", "interested", "undo"])), max_size=12))
def test_whatever_is_sent_in_whatever_order_the_store_holds_the_first_of_each_key(store, posts):
    """Oracle: a dict of key to kind, and a set of keys undone."""
    prospect = f"law-{next(names)}"
    held: dict[str, tuple[str, str | None]] = {}
    for number, kind in posts:
        key = f"{prospect}-{number}"
        undoes = next((k for k, (what, _) in held.items() if what != "undo"), "none") if kind == "undo" else None
        taken = {target for _, target in held.values()}
        try:
            keep(store, row(key, prospect, kind, undoes=undoes))
        except AlreadySaid:
            assert held[key] != (kind, undoes)
        except NothingToUndo:
            assert undoes == "none" or undoes in taken
        else:
            held.setdefault(key, (kind, undoes))
    undone = {target for _, target in held.values()}
    assert stands(store, prospect) == [(k, what) for k, (what, _) in held.items() if what != "undo" and k not in undone]
    with store.connect() as connection:
        of_it = select(func.count()).where(Feedback.prospect_id == prospect)
        assert connection.scalar(of_it) == len(held)


def test_the_table_that_the_next_ingest_reads_has_every_column_with_its_type_when_empty_too():
    empty = open_store("sqlite://")
    upgrade(empty)
    with reading(empty) as session:
        table = standing(session)
    empty.dispose()
    assert list(table.columns) == [
        "prospect_id", "contact_id", "channel", "kind", "note", "until", "said_by", "at", "key", "receipt_id",
    ]  # fmt: skip
    assert str(table["at"].dtype) == "datetime64[us, UTC]"


def test_days_times_and_what_is_missing_come_back_as_they_were(store):
    keep(store, row("typed", "typed", "not_now", until=dt.date(2027, 3, 12), contact_id="c1", said_by="mira"))
    with reading(store) as session:
        table = standing(session)
    (only,) = table[table["prospect_id"] == "typed"].to_dict("records")
    assert (only["until"], only["contact_id"], only["said_by"]) == (dt.date(2027, 3, 12), "c1", "mira")
    assert only["note"] is None
    assert only["at"] == NOON


def test_every_kind_has_its_words_and_stands_in_the_table_of_the_module():
    assert feedback.__doc__ is not None
    assert all(f"\n{kind} " in feedback.__doc__ for kind in KINDS)


def test_an_override_that_was_taken_back_is_not_graded(engine, make_run):
    made = make_run()
    publish(engine, made)
    with reading(engine) as session:
        receipt = session.get_one(Receipt, (1, "p4"))
    assert feedback.say(engine, key="o1", receipt=receipt, kind="override_call", at=NOON, note="I know them")
    assert not feedback.say(engine, key="o1", receipt=receipt, kind="override_call", at=NOON, note="I know them")
    with reading(engine) as session:
        assert list(feedback.said(session)["prospect_id"]) == ["p4"]
    keep(engine, row("o2", "p4", "undo", undoes="o1"))
    with reading(engine) as session:
        assert feedback.said(session).empty
