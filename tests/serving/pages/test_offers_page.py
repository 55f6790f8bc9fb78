"""Marketing's page of offers, its audience files, and the same in JSON."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine

from serving.store.publish import PublishedRun, publish
from tests.serving.boards.literal_offers import board

PAGE = {"accept": "text/html"}


@pytest.fixture
def show(engine: Engine, make_run: Callable[..., PublishedRun], client: Any) -> Callable[..., Any]:
    """Publish a run with this board, and return its client."""

    def published(content: Any) -> Any:
        full = make_run()
        rows = full.prospects.assign(
            segment=["laboratories"] * 4 + [None], offer_id=["O1", "O0", "O1", None, None], stage="qualified",
            offer_words="because", name=["=HYPERLINK(1)", *full.prospects["name"][1:]],
        )  # fmt: skip
        boards = (
            {}
            if content is None
            else {"offers": content if isinstance(content, dict) else content.model_dump(mode="json")}
        )
        publish(engine, make_run(prospects=rows, boards=boards))
        return client

    return published


def words(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_the_page_says_effect_interval_and_count_and_too_few_where_so(show: Any) -> None:
    shown = show(board()).get("/offers", headers=PAGE)
    assert shown.status_code == 200
    text = words(shown.text)
    assert "+6 points (+2 to +10) 120 draws" in text
    assert "too few to say 3 of 12 said yes" in text
    assert "25% said yes (17% to 35%)" in text
    assert "no longer since Nov 1, 2026" in text
    assert "pilot: +6 points (2 to 10), from 100 draws." in text
    assert "Too few to say: pilot was drawn 12 times here" in text
    assert "&lt;b&gt;rebate&lt;/b&gt;" in shown.text
    assert "<b>rebate" not in shown.text
    assert "<i>" not in shown.text
    assert 'href="/offers?segment=O%27Neil+%26+%3Ci%3E"' in shown.text
    assert 'href="/offers/experiment?offer=O1&amp;segment=laboratories"' in shown.text
    assert "offer=O2&amp;segment=laboratories" not in shown.text  # expired: nothing to try
    assert "2 of 2 lie wholly above 0" in text
    assert not re.search(r"style=|<script", shown.text)


def test_a_segment_shows_its_stages_and_who_is_left_out_of_its_audience(show: Any) -> None:
    client = show(board())
    text = words(client.get("/offers", params={"segment": "laboratories"}, headers=PAGE).text)
    assert "too few to say 9 of 9 said yes" in text  # never 100 %
    assert "Open prospects 4" in text
    assert "People left out because they asked not to be contacted 1" in text
    few = words(client.get("/offers", params={"segment": "O'Neil & <i>"}, headers=PAGE).text)
    assert "Too few to say" in few
    assert "points (" not in few.split("By stage")[1]
    missing = client.get("/offers", params={"segment": "nix"}, headers=PAGE)
    assert missing.status_code == 404
    assert "There are: all segments, laboratories, O&#39;Neil &amp; &lt;i&gt;" in missing.text


def test_where_nothing_was_randomised_no_effect_stands_anywhere(show: Any) -> None:
    client = show(board(randomised=False, later=""))
    shown = client.get("/offers", headers=PAGE)
    text = words(shown.text)
    assert "These are associations, no effects" in text
    assert "Chance never chose enough offers" in text
    assert "association" in text
    assert not re.search(r"[+-]\d+ points \(", text.split("By segment")[1])
    told = client.get("/v1/segments/laboratories/offers").json()
    assert told["control"] is None
    assert [offer["effect"] for offer in told["offers"]] == [None, None, None]


def test_no_offers_no_board_and_a_refused_board_are_said_in_words(show: Any) -> None:
    none = board(offers=(), cells=(), segments=(board().segments[0],), filed=())
    client = show(none)
    assert "The data have no table of offers" in words(client.get("/offers").text)


@pytest.mark.parametrize(("content", "said"), [(None, "published without this page"), ({"refused": "No."}, "No.")])
def test_a_run_without_the_board_says_what_to_do(show: Any, content: Any, said: str) -> None:
    client = show(content)
    for path in ("/offers", "/offers/experiment?offer=O1", "/where" if content is None else "/offers"):
        assert said in words(client.get(path).text)
    assert client.post("/offers/experiment", data={"key": "k"}).status_code == 200
    assert client.get("/v1/segments/laboratories/offers").status_code == 404
    assert client.get("/offers/audience.csv").status_code == 200


def test_the_audience_downloads_with_its_counts_and_nothing_in_it_can_act(show: Any) -> None:
    client = show(board())
    got = client.get("/offers/audience.csv", params={"segment": "laboratories"})
    assert got.headers["content-disposition"] == 'attachment; filename="audience-laboratories-2026-11-24.csv"'
    assert (got.headers["x-takt-people"], got.headers["x-takt-refused"]) == ("2", "1")
    rows = list(csv.DictReader(io.StringIO(got.content.decode("utf-8-sig"), newline="")))
    assert [(r["company"], r["email"], r["offer"], r["consent"]) for r in rows] == [
        ("'=HYPERLINK(1)", "dana@hartwell.example", "pilot", "no refusal on record"),
        ("Sørensen & Sons", "cfo@sorensen.example", "list price", "no refusal on record"),
    ]
    book = load_workbook(io.BytesIO(client.get("/offers/audience.xlsx", params={"segment": "laboratories"}).content))
    assert book["audience"]["B2"].data_type == "s"
    left_out = pd.DataFrame(book["left out"].values)
    assert left_out.iloc[4].tolist() == ["people left out because they asked not to be contacted", 1]
    only = client.get("/offers/audience.csv", params={"segment": "laboratories", "offer": "O1"})
    assert only.headers["x-takt-people"] == "1"
    for query, known in (({"segment": "nix"}, "laboratories, no segment"), ({"offer": "O9"}, "O0, O1, O2")):
        missing = client.get("/offers/audience.xlsx", params=query)
        assert missing.status_code == 404
        assert known in missing.json()["detail"]


def test_the_api_tells_the_same_and_an_unknown_segment_is_a_problem(show: Any) -> None:
    client = show(board())
    told = client.get("/v1/segments/laboratories/offers").json()
    assert (told["recommended"], told["strength"], told["open"]) == ("O1", "better", 40)
    pilot = told["offers"][1]
    assert (pilot["basis"], pilot["effect"], pilot["low"], pilot["n"]) == ("uplift", 0.06, 0.02, 100)
    assert (pilot["stages"][0]["says"], pilot["stages"][0]["share"]) == ("few", None)
    assert client.get("/v1/segments/O'Neil%20%26%20%3Ci%3E/offers").json()["strength"] == "few"
    missing = client.get("/v1/segments/nix/offers")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert "There are: all segments, laboratories" in missing.json()["detail"]


def test_the_example_in_the_openapi_description_has_the_shape_of_an_answer() -> None:
    from serving.routes.segments import EXAMPLE, SegmentOffersOut

    assert SegmentOffersOut.model_validate(EXAMPLE).offers[0].effect == 0.06
