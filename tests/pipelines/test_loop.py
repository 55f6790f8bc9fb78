"""The loop: a list is published, people tap, the taps are taken in, the next list is another, the first is replayed."""

from __future__ import annotations

import datetime as dt
import shutil
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import pytest

from pipelines.flows.daily import list_in
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import pulling
from pipelines.steps.boards import every
from pipelines.steps.listing import Made
from pipelines.steps.overriding import graded
from pipelines.steps.replaying import replay
from pipelines.steps.tapped import take
from serving.app import create_app
from serving.settings import Settings

with warnings.catch_warnings():
    # starlette 1.10 prefers httpx2; with httpx, which the rest of the stack brings, it works and says so at import
    warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
    from fastapi.testclient import TestClient

Lines = Mapping[str, Mapping[Any, Any]]
pytestmark = [pytest.mark.usefixtures("prefect")]

TODAY = dt.datetime.now(dt.UTC).date()
NEXT = TODAY + dt.timedelta(days=2)
"""The page writes down when it is tapped by its own clock, so the next list is one for the days to come."""
LATER = TODAY + dt.timedelta(days=30)


@pytest.fixture(scope="module")
def home(company_run: Run, company: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of its own. Its registry is looked for by the folder's name."""
    copy = tmp_path_factory.mktemp("loop") / company.path.name
    shutil.copytree(company.path, copy)
    return Home(copy)


@pytest.fixture(scope="module")
def tapped(company_run: Run, home: Home) -> Lines:
    """Lines of the first list by what was tapped on them, through the app, each sent twice."""
    calls = company_run.made.run.call_list
    calls = calls[calls["contact_id"].notna()].drop_duplicates("contact_id").to_dict("records")
    kinds = {"no_answer": {}, "not_now": {"until": str(LATER)}, "never_again": {}, "skip": {"note": "on holiday"}}
    lines = dict(zip(kinds, calls, strict=False)) | {"override_call": {}}
    left = company_run.made.run.left_out["prospect_id"].iloc[0]
    bodies = [{"prospect_id": lines[kind]["prospect_id"], "kind": kind} | more for kind, more in kinds.items()]
    bodies.append({"prospect_id": left, "kind": "override_call", "note": "they rang my neighbour"})
    with TestClient(create_app(Settings(home=home.path))) as client:
        for body in bodies:
            sent = [client.post("/v1/feedback", json={**body, "key": body["kind"]}).status_code for _ in range(2)]
            assert sent == [201, 200], body
    return lines


@pytest.fixture(scope="module")
def without_boards() -> Iterator[None]:
    """The pages beside the list take most of the time of a daily run, and nothing here looks at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(every, "BOARDS", {})
        yield


@pytest.fixture(scope="module")
def after(home: Home, tapped: object, without_boards: None) -> Made:
    """The list after the taps."""
    from prefect import flow

    made, new = flow(list_in, name="list")(home, str(NEXT))
    assert new
    return made


def reason(made: Made, prospect_id: object) -> pd.Series:
    left = made.run.left_out.set_index("prospect_id")
    return left.loc[prospect_id]


def test_the_next_list_leaves_out_who_asked_for_it_and_says_until_when(after: Made, tapped: Lines) -> None:
    waits = reason(after, tapped["not_now"]["prospect_id"])
    assert (waits["reason"], waits["until"]) == ("waiting", pd.Timestamp(LATER))
    assert waits["words"] == f"not now until {LATER.day} {LATER:%B %Y}, they said"
    never = tapped["never_again"]
    people = after.run.contacts.set_index(["prospect_id", "contact_id"])["do_not_contact"]
    assert people[never["prospect_id"], never["contact_id"]]
    assert never["contact_id"] not in set(after.run.call_list["contact_id"])


def test_the_call_stands_in_the_timeline_and_the_features_saw_it(after: Made, tapped: Lines, home: Home) -> None:
    mine = after.run.timeline["prospect_id"] == tapped["no_answer"]["prospect_id"]
    past = after.run.timeline[mine].sort_values("occurred_at").iloc[-1]
    assert (past["result"], past["direction"], past["occurred_at"].date()) == ("no_answer", "outbound", TODAY)
    facts, _ = pulling.known(home)
    assert facts.touches["touch_id"].str.startswith("tap:").sum() == 3


def test_a_tap_of_the_day_is_not_seen_by_the_list_of_that_day(home: Home, after: Made, tapped: Lines) -> None:
    facts, _ = pulling.known(home, pd.Timestamp(TODAY, tz="UTC"))
    assert not facts.touches["touch_id"].str.startswith("tap:").any()


def test_the_same_day_and_the_same_taps_again_change_nothing(home: Home, after: Made) -> None:
    from prefect import flow

    note = home.ingested()
    assert (take(home).new, home.ingested()) == (0, note)
    again, new = flow(list_in, name="list")(home, str(NEXT))
    assert (again.run.run_id, new) == (after.run.run_id, False)


def test_the_receipts_of_the_first_list_come_out_the_same_to_the_last_bit(
    home: Home, after: Made, tapped: Lines
) -> None:
    for line in (tapped["not_now"], tapped["no_answer"]):
        found = replay(home, str(line["receipt_id"]), PipelineSettings())
        assert found.same, found.differences


def test_an_override_is_kept_out_of_the_facts_and_graded_beside_the_list(home: Home, after: Made) -> None:
    groups = graded(home).groups.set_index("group")
    assert groups.loc["override_call", ["n", "waiting"]].tolist() == [0, 1]
