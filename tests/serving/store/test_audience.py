"""Who of a segment may be written to: nobody who refused, nobody twice, nobody lost without being counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest
from sqlalchemy import Engine

from serving.boards.offers import ALL, NO_SEGMENT
from serving.errors import Unknown
from serving.store.audience import Audience, audience, known_segment, segments, size
from serving.store.engine import reading
from serving.store.feedback import Said, keep
from serving.store.proposals import proposal, proposals, propose
from serving.store.publish import PublishedRun, publish
from serving.store.queries import find_run

NOW = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
PEOPLE = pd.DataFrame(
    [
        ("c1", "p1", "Dana Ito", "dana@hartwell.example", False),
        ("c2", "p1", "Ben Ode", "ben@hartwell.example", True),
        ("c3", "p2", "Ann", "ann@x.example", False),
        ("c3", "p3", "Ann", "ann@x.example", False),
        ("c4", "p3", "Ann again", " ANN@x.example", False),
        ("c5", "p3", "Ben at his other desk", "BEN@hartwell.example", False),
        ("c6", "p3", "Without", None, False),
        ("c7", "p5", "Elsewhere", "e@x.example", False),
    ],
    columns=["contact_id", "prospect_id", "name", "email", "do_not_contact"],
)


@pytest.fixture
def stored(engine: Engine, make_run: Callable[..., PublishedRun]) -> Engine:
    full = make_run()
    rows = full.prospects.assign(segment=["lab", "lab", "lab", "lab", None], offer_id=["O1", "O1", "O0", None, None])
    publish(engine, make_run(prospects=rows, contacts=PEOPLE))
    return engine


def of(engine: Engine, segment: str, offer: str | None = None) -> Audience:
    with reading(engine) as store:
        return audience(store, find_run(store), segment, offer_id=offer)


def names(found: Audience) -> list[tuple[str, str]]:
    return [(prospect.prospect_id, contact.contact_id) for prospect, contact in found.people]


def test_who_refused_is_left_out_also_under_another_id_and_everybody_stands_there_once(stored: Engine) -> None:
    found = of(stored, "lab")
    assert names(found) == [("p1", "c1"), ("p2", "c3"), ("p3", "c6")]
    counted = (found.prospects, found.refused, found.twice, found.nobody, found.without_email)
    assert counted == (4, 2, 2, 1, 1)  # Ben and his other desk; Ann at p3 and her other spelling; p4
    assert names(of(stored, "lab", "O1")) == [("p1", "c1"), ("p2", "c3")]
    assert names(of(stored, NO_SEGMENT)) == [("p5", "c7")]
    assert len(names(of(stored, ALL))) == 4
    assert names(of(stored, "nobody here")) == []


def test_a_refusal_that_was_just_tapped_counts_at_once_and_its_undo_too(stored: Engine) -> None:
    keep(stored, Said("k1", "p2", "never_again", NOW, contact_id="c3"))
    assert names(of(stored, "lab")) == [("p1", "c1"), ("p3", "c6")]
    keep(stored, Said("k2", "p2", "undo", NOW, undoes="k1"))
    assert ("p2", "c3") in names(of(stored, "lab"))


def test_a_refusal_without_a_person_holds_for_the_whole_prospect(stored: Engine) -> None:
    keep(stored, Said("k3", "p1", "never_again", NOW))
    assert names(of(stored, "lab")) == [("p2", "c3"), ("p3", "c6")]


def test_segments_are_those_of_open_prospects_and_an_unknown_one_lists_them(stored: Engine) -> None:
    with reading(stored) as store:
        run = find_run(store)
        assert segments(store, run) == {"lab": 4, NO_SEGMENT: 1}
        assert (size(store, run, "lab"), size(store, run, ALL)) == (7, 8)
        assert known_segment(store, run, ALL) == ALL
        with pytest.raises(Unknown, match="segment 'nix'. There are: lab, no segment, or all segments"):
            known_segment(store, run, "nix")


def test_a_proposal_is_kept_once_per_key_and_the_first_one_stays(engine: Engine) -> None:
    assert propose(engine, key="b", card={"name": "one"}, at=NOW, said_by="mira")
    assert not propose(engine, key="b", card={"name": "two"}, at=NOW)
    assert propose(engine, key="a", card={"name": "earlier"}, at=NOW - dt.timedelta(hours=1))
    with reading(engine) as store:
        assert [(p.key, p.card["name"], p.said_by) for p in proposals(store)] == [
            ("a", "earlier", None), ("b", "one", "mira"),
        ]  # fmt: skip
        with pytest.raises(Unknown, match="under the key 'c'"):
            proposal(store, "c")
