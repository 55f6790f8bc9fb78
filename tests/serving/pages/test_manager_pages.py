"""The manager's pages: where the flow is held up, how experiments stand, how even the lists are; the same as data."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from sqlalchemy import Engine

from serving.boards.experiments import ExperimentsBoard
from serving.pages.flow_words import FlowWords
from serving.pages.words import Words
from serving.routes.manage import ExperimentsOut, FlowOut
from serving.routes.manage_examples import EXPERIMENTS as EXPERIMENTS_EXAMPLE
from serving.routes.manage_examples import FLOW as FLOW_EXAMPLE
from serving.store.proposals import propose
from serving.store.publish import publish
from tests.serving.boards.manager_boards import EXPERIMENTS, FLOW, TEAM, takt

BOARDS = {
    name: board.model_dump(mode="json")
    for name, board in (("flow", FLOW), ("experiments", EXPERIMENTS), ("team", TEAM))
}


@pytest.fixture
def manager(engine: Engine, make_run: Any, client: Any) -> Any:
    publish(engine, make_run(boards=BOARDS))
    propose(engine, key="k9", card={"name": "to-file"}, at=dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC), said_by="Ana")
    return client


def page(client: Any, path: str, locale: str = "en", **query: str) -> str:
    answer = client.get(path, params=query, headers={"accept": "text/html", "accept-language": locale})
    assert answer.status_code == 200, answer.text
    assert not re.search(r"style=|<script|<b>arge|<b>lot|<b>a", answer.text), (
        "names from outside are text, no inline style"
    )
    return words(answer.text)


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_none(inner) for key, inner in value.items() if inner is not None}
    return [without_none(inner) for inner in value] if isinstance(value, list) else value


def words(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<wbr>", "", text))))


def test_the_flow_names_its_bottleneck_and_says_what_a_beat_faster_than_the_team_means(manager: Any) -> None:
    text = page(manager, "/flow")
    assert "The bottleneck is con_tacted . 43 prospects wait there, together 2,150 days, 46% of all waiting." in text
    assert "In the last 28 days 20 came and 13 left. It is filling up." in text
    assert "faster than the team" in text
    assert "a prospect came every 5 office hours (the takt time) and one was won every 10 working days." in text
    assert "At 6 calls each, the beat asks for 12 calls a working day; there are 10 (120% of capacity)." in text
    assert "only every 6 office hours: the beat is faster than the team. 2 calls a day are missing" in text
    assert "new 32 wait have waited under 2 minutes" not in text
    assert "new 32 wait have waited 72 minutes usually takes 12 hours" in text
    assert "91% (88% to 94%)" in text
    assert "until lost too few to say 3 lost" in text
    # the picture's numbers as a table: 73 open before three weeks in each of which nine came and seven ended
    assert "Nov 9, 2026 9 78 7 7 1 1 71" in text
    assert "Left out: 3 moves at or after the outcome" in text
    assert "47,7 days" in page(manager, "/flow", locale="de")


def test_groups_stand_side_by_side_and_one_prospect_is_too_few_to_say(manager: Any) -> None:
    table = page(manager, "/flow", by="segment")
    assert "small 75 40 2 con_tacted , 43 wait 57 days" in table
    assert "l<b>arge 1 1 0 too few to say too few to say" in table
    assert "2 smaller groups with 3 open prospects are not shown." in table
    one = page(manager, "/flow", by="segment", group="l<b>arge")
    assert "Too few to say: only 1 prospect ever came here, 10 are needed." in one
    assert "Takt time against capacity" not in one
    absent = manager.get("/flow", params={"by": "segment", "group": "huge"}, headers={"accept": "text/html"})
    assert absent.status_code == 404
    assert "there are: small" in absent.text
    assert manager.get("/flow", params={"by": "planet"}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"load": 0.5, "needed_per_day": 5.0}, "so it keeps the beat."),
        ({"calls_per_day": 30.0}, "30 calls a working day were made, more than the 10 that the definitions call"),
        ({"capacity_per_day": None, "load": None}, "Callers are shared between the groups"),
        ({"calls_per_prospect": 0.0, "needed_per_day": 0.0, "load": 0.0}, "No call to those who ended is in the log"),
        ({"working_days": 0}, ""),
    ],
)
def test_takt_time_against_capacity_in_words(changes: dict[str, Any], said: str) -> None:
    given = FlowWords(Words("en"), FLOW).verdict(takt(**changes))
    assert said in given
    assert bool(said) == bool(given)


def test_an_experiment_is_plan_do_check_act_in_words(manager: Any) -> None:
    text = page(manager, "/experiments")
    assert "kept finished Keep it Offering the pilot first brings more wins." in text
    assert "Counted: who won within 45 days. Kept if the whole interval lies above 0 points" in text
    assert "Prospects join from Jun 1, 2026 to Nov 30, 2026; each takes part for 45 days." in text
    assert "pi<b>lot , 50% of them: offer pilot; on the list every day it may be called 120 joined" in text
    assert "of 89 the end is known, 24 won (27%)" in text
    assert "+18 points (+1.3 to +34.7)" in text
    assert "The interval holds the truth with 95%, however often one looks." in text
    assert "Sep 19, 2026 140 +18 points +1 point +35 points" in text, "the looks as a table"
    assert "Fewer than 20 in an arm." in text
    assert "The arms did not fill as drawn." in text
    assert "to-come planned Offering" in text
    assert "planned to-file , asked for on Nov 24, 2026" in text
    assert "refused wrong-one : Another experiment is called so." in text


def test_without_experiments_the_page_says_how_to_start_one(engine: Engine, make_run: Any, client: Any) -> None:
    publish(engine, make_run(boards={"experiments": ExperimentsBoard().model_dump(mode="json")}))
    text = page(client, "/experiments")
    assert "Nothing is being tried." in text
    assert "takt experiment add CARD.yaml" in text
    assert '<a href="/offers">' in client.get("/experiments").text


def test_the_team_is_told_how_even_the_lists_are_and_by_which_rule_outcomes_are_shown(manager: Any) -> None:
    text = page(manager, "/team")
    assert "expected value per call lies 4% away from it, within the bound of 10%." in text
    assert "calls today 16 of 24 that can be made: 67% of capacity" in text
    assert "an<b>a 8 8 €100 +4% 50% within ben 8 8 €100 −4% 50% within zoe 0 8 nobody to call" in text
    assert "53 beyond today's capacity 6 contacted only recently" in text
    assert "the team 12 200 24 12% (8% to 17%) 30 north 6 10 1 too few to say 5" in text
    assert "called although the list did not 3 1 too few to say 2" in text
    assert "+7 points (+1 to +11)" in text
    assert "48 of 400 who could be listed won, and 2 of the 40 held out by lot. The lists bring wins." in text
    assert "groups of at least 5 people" in text


def test_the_same_is_there_as_data(manager: Any) -> None:
    everybody = FlowOut.model_validate(manager.get("/v1/flow").json())
    assert [g.name for g in everybody.groups] == ["all"]
    groups = FlowOut.model_validate(manager.get("/v1/flow", params={"by": "segment"}).json())
    assert [g.name for g in groups.groups] == ["small", "l<b>arge"]
    one = FlowOut.model_validate(manager.get("/v1/flow", params={"by": "segment", "group": "small"}).json())
    assert [g.people for g in one.groups] == [399]
    absent = manager.get("/v1/flow", params={"by": "segment", "group": "huge"})
    assert (absent.status_code, absent.json()["type"]) == (404, "urn:problem-type:takt:unknown")
    told = ExperimentsOut.model_validate(manager.get("/v1/experiments").json())
    assert [e.name for e in told.experiments] == ["kept", "young", "uneven", "to-come"]
    paths = manager.get("/openapi.json").json()["paths"]
    for path, example in (("/v1/flow", FLOW_EXAMPLE), ("/v1/experiments", EXPERIMENTS_EXAMPLE)):
        shown = paths[path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        assert shown == without_none(example), "OpenAPI leaves out what is null"
    assert FlowOut.model_validate(FLOW_EXAMPLE)
    assert ExperimentsOut.model_validate(EXPERIMENTS_EXAMPLE)


def test_a_run_without_these_boards_is_an_answer_that_says_what_to_type(published: Any, client: Any) -> None:
    for path in ("/v1/flow", "/v1/experiments"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "type `takt daily`" in answer.json()["detail"]
    for path in ("/flow", "/experiments", "/team"):
        assert "takt daily" in client.get(path, headers={"accept": "text/html"}).text
