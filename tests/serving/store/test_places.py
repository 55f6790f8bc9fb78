"""The search for a prospect, and the sentence that says where it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from serving.store import places, queries
from serving.store.engine import open_store, reading
from serving.store.publish import publish
from serving.store.tables import Run

NAMES = {
    "P1": "Hartwell Optics",
    "P2": "hartwell freight",
    "P3": "Bright Hartwell",
    "P4": "Ørsted & Søn",
    "P5": "ØRSTED MARINE",
    "P6": "100% Pure_Water",
    "P7": "Straße 7",
    "p-10": None,
    "p-1": "Nobody's P1",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    from tests.serving.conftest import run

    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('places') / 'store.db'}")
    known = run()
    ids = list(NAMES)
    created = pd.Series([known.prospects["created_at"].iloc[0]] * len(ids))
    named = pd.DataFrame(
        {"prospect_id": ids, "name": pd.array(list(NAMES.values()), dtype=object), "created_at": created}
    )
    publish(engine, run(prospects=pd.concat([known.prospects, named], ignore_index=True)))
    with reading(engine) as opened:
        yield opened
    engine.dispose()


def found(store: Session, text: str, **more: int) -> list[str]:
    return [p.prospect.prospect_id for p in places.find(store, of(store), text, **more).places]


def of(store: Session) -> Run:
    return queries.find_run(store)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("hart", ["P1", "p1", "P2", "P3"]),  # what begins with it first, then what contains it
        ("HARTWELL OPTICS", ["P1", "p1"]),
        ("  hartwell   freight ", ["P2"]),
        ("optic", ["P1", "p1"]),
        ("ørsted", ["P5", "P4"]),
        ("ØRSTED m", ["P5"]),
        ("søn", ["P4"]),
        ("0%", ["P6"]),
        ("e_w", ["P6"]),
        ("_", ["P6"]),
        ("straße", ["P7"]),
        ("'; drop table prospects; --", []),
        ("nothing of the kind", []),
        ("", []),
        ("   ", []),
    ],
)
def test_a_search_finds_by_name_whatever_the_case(store, text, ids):
    assert found(store, text) == ids


def test_an_id_comes_before_names_that_hold_it(store):
    assert found(store, "p1")[:2] == ["P1", "p1"]
    assert found(store, "P-1")[0] == "p-1"
    assert "p-10" in found(store, "p-")


def test_only_so_many_are_shown_and_it_is_said_that_there_are_more(store):
    some = places.find(store, of(store), "hart", most=2)
    assert [p.prospect.prospect_id for p in some.places] == ["P1", "p1"]
    assert some.more
    assert not places.find(store, of(store), "hart", most=4).more


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6))
def test_everything_found_holds_the_text_and_nothing_is_found_twice(store, text):
    wanted = " ".join(text.split()).casefold()
    ids = found(store, text)
    assert len(ids) == len(set(ids))
    for one in places.find(store, of(store), text).places:
        assert wanted in f"{one.prospect.name}\n{one.prospect.prospect_id}".casefold() or not wanted.isascii()


def test_the_sentence_says_the_place_the_reason_or_that_nobody_looked(store):
    said = {i: places.sentence(places.place(store, of(store), i), of(store)) for i in ("p1", "p3", "p4", "P7")}
    assert said == {
        "p1": "Hartwell Optics is number 1 on the list of mira for 2026-11-24.",
        "p3": "p3 is number 1 on the list of the team's pool for 2026-11-24.",
        "p4": "Delta Works is not on the list for 2026-11-24: below the day's capacity of 2, rank 3 of 3 "
        "(no_capacity).",
        "P7": "Straße 7 was not looked at for 2026-11-24: closed or deleted by then, not known yet, or too old.",
    }


def test_the_sentence_names_the_day_it_may_come_back_as_the_reader_writes_days(store):
    one = places.place(store, of(store), "p4")
    store.expunge(one.left_out)
    one.left_out.until = dt.date(2026, 11, 30)
    assert places.sentence(one, of(store), day=lambda d: f"{d.day}.{d.month}.").endswith("again from 30.11..")
