"""`takt assess`: from a source to an assessment, a table of findings, and one page of HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from features.flow import flow
from features.readiness.assess import assess
from features.readiness.assessment import PRINCIPLES, Assessment, judge, unknown
from pipelines.home import Home, Ingested
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import find
from pipelines.sources.mapped import Mapped
from pipelines.sources.mapping import map_source
from pipelines.steps.assessing import RUNGS, assess_source, to_frame, to_html
from pipelines.steps.pulling import NoData, map_and_check, write

FOUND = Assessment.of(
    "A <b>company</b>",
    pd.Timestamp("2026-01-05", tz="UTC"),
    [
        judge("flow", "Stages", met=0.4, evidence="2 of 5 <stages> & more.", action="Map the others."),
        judge("person", "Contacts", met=0, evidence="None.", action="Map contacts.", blocks=True),
        judge("place", "Channels", met=1.0, evidence="All.", action="Nothing."),
        unknown("offer", "Offers", evidence="Not known."),
    ],
)


class Page(HTMLParser):
    """Collects tags and what they load, and whether every tag is closed."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.links += [given["href"]] if tag == "a" else []
        self.loads += [v for k, v in given.items() if k in ("src", "srcset") or (k == "href" and tag != "a")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def company(small_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    return assess_source("simulated", small_company, Home(tmp_path_factory.mktemp("assessed")), day="2026-06-01")


def test_a_source_is_assessed_from_its_files_and_nothing_is_stored(small_company, tmp_path):
    home = Home(tmp_path / "home")
    found = assess_source("simulated", small_company, home, day="2026-06-01")
    assert found.as_of == pd.Timestamp("2026-05-31 22:00", tz="UTC")
    assert set(found.scores) == set(PRINCIPLES)
    assert not home.path.exists()


def test_the_ladder_of_this_version_is_the_one_that_is_asked_for(company):
    (wins,) = (f for f in company.findings if f.title == "Wins")
    assert all(name in wins.evidence for name in RUNGS)


def test_without_files_the_facts_of_the_last_ingest_are_looked_at(company, small_company, tmp_path):
    home, source = Home(tmp_path / "home"), find("simulated")
    write(map_and_check(source, small_company), small_company, home, source="simulated", run_id="r")
    found = assess_source("simulated", None, home, day="2026-06-01")
    quarantine = [f for f in company.findings if f.title == "Rows keep the contract"]
    assert [f for f in company.findings if f not in quarantine] == list(found.findings)


def test_the_ingest_of_another_source_is_not_taken_for_this_one(tmp_path):
    home = Home(tmp_path)
    home.note_ingested(Ingested("maven", "somewhere", {}, "0"))
    with pytest.raises(NoData, match="say where they are: --data DIR"):
        assess_source("olist", None, home)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("nowhere", SourceError, "no source 'nowhere'"),
        ("uci_bank_marketing", NoData, "is read from its file; say where"),
    ],
)
def test_what_cannot_be_assessed_says_what_to_do(source, error, message, tmp_path):
    with pytest.raises(error, match=message):
        assess_source(source, None, Home(tmp_path))


def test_a_frame_has_one_row_per_finding_and_the_score_of_its_principle():
    frame = to_frame(FOUND)
    assert frame["title"].tolist() == ["Contacts", "Channels", "Offers", "Stages"]
    assert frame["score"].tolist()[:2] == [0, 100]
    assert frame["score"].isna().tolist() == [False, False, True, False]
    assert to_frame(Assessment("x", None, ())).columns.tolist() == frame.columns.tolist()


def test_a_page_is_whole_and_loads_nothing(company):
    for found in (FOUND, company, Assessment("nothing", None, ())):
        page = Page(to_html(found))
        assert page.open == []
        assert page.loads == []
        assert "script" not in page.tags
        assert {link.removeprefix("#") for link in page.links} == set(page.ids) == set(PRINCIPLES)
    assert not re.search(r"url\(|@import|https?:", to_html(company))


def test_what_stands_in_the_data_cannot_become_html():
    text = to_html(FOUND)
    assert "<b>company" not in text
    assert "2 of 5 &lt;stages&gt; &amp; more." in text


def test_a_page_says_every_finding_what_to_do_first_and_what_was_not_judged(company):
    text = to_html(FOUND)
    first = text.index("<strong>Contacts:</strong> Map contacts.")
    assert first < text.index("<strong>Stages:</strong> Map the others.")
    assert "Right offer: not judged" in text
    assert "Flow: 40" in text
    page = to_html(company)
    assert page.count("<article") == len(company.findings)
    assert "prefers-color-scheme: dark" in page
    assert "Nothing: all that could be judged is in place." in to_html(Assessment("nothing", None, ()))


MARCH = pd.Timestamp("2012-03-01", tz="UTC").as_unit("us")


@pytest.fixture(scope="module")
def loans(data_dir: Path) -> Mapped:
    return map_source(find("bpic2012"), data_dir / "bpic2012")


@pytest.mark.real_data
def test_the_board_of_a_real_log_shows_who_waits_where_as_counted_from_its_raw_events(loans, data_dir):
    board = flow(loans.facts(), loans.definitions, MARCH)
    events = pd.read_parquet(data_dir / "bpic2012" / "bpic2012_events.parquet")
    events = events[events["time:timestamp"] < MARCH].rename(
        columns={"case:concept:name": "who", "concept:name": "name"}
    )
    over = ["O_ACCEPTED", "A_APPROVED", "A_REGISTERED", "A_ACTIVATED", "A_DECLINED", "A_CANCELLED"]
    waits = events[~events["who"].isin(events.loc[events["name"].isin(over), "who"])]
    steps = waits[waits["name"].isin(loans.definitions.stages)].sort_values(["who", "event_nr"])
    counted = steps.groupby("who")["name"].last().value_counts()
    waiting = board.ageing.set_index("stage")["waiting"]
    assert waiting[waiting > 0].to_dict() == counted.to_dict()
    assert waiting["O_SENT"] == counted.max()
    assert board.words[0].startswith(f"The bottleneck is O_SENT: {counted.max()} wait there")


@pytest.mark.real_data
def test_a_real_log_is_told_what_it_lacks(loans):
    found = assess(loans.facts(), loans.definitions, MARCH, rungs=RUNGS)
    assert {name for name, score in found.scores.items() if score == 0} == {"person", "place"}
    assert "0 were answered" in found.of_principle("place")[0].evidence
