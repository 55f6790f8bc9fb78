from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pandas as pd
import pytest

from models.evidence.peers import PEERS
from pipelines.home import Home
from pipelines.sources.evaluated import Evaluated, evaluated
from pipelines.sources.folders import find
from pipelines.steps import results
from pipelines.steps.results import BadResults, Section, render, sections_of, write

DAY = dt.date(2026, 12, 1)
VERSIONS = {"takt": "0.1.0", "Python": "3.11"}
TABLE = pd.DataFrame(
    [
        ("timing", "takt", "concordance", 0.7126, 0.69, 0.73, 400.0, ""),
        ("timing", "Cox", "concordance", 0.7001, 0.68, 0.72, 400.0, "penalty 0.1"),
        ("offers", "takt", "policy value", 1234.5, 1100.0, None, None, "one | bar"),
        ("offers", "takt", "qini", None, None, None, 12.0, "too few"),
    ],
    columns=list(results.COLUMNS),
)


def test_a_table_is_cut_into_sections_and_shown_as_it_is() -> None:
    page = render(sections_of(TABLE, {"timing": ["Split: forward."]}), day=DAY, versions=VERSIONS)
    assert page.startswith("# Results\n\nMeasured on 2026-12-01 with takt 0.1.0, Python 3.11.")
    timing, offers = page.split("\n## ")[1:]
    assert timing.splitlines() == [
        "timing",
        "",
        "- Split: forward.",
        "",
        "| model | metric | figure | interval | n | note |",
        "|---|---|---:|---|---:|---|",
        "| takt | concordance | 0.713 | [0.690, 0.730] | 400 |  |",
        "| Cox | concordance | 0.700 | [0.680, 0.720] | 400 | penalty 0.1 |",
    ]
    assert "| takt | policy value | 1,234 |  |  | one / bar |" in offers
    assert "| takt | qini | unknown |  | 12 | too few |" in offers


def test_the_same_sections_and_day_give_the_same_page() -> None:
    once, again = (render(sections_of(TABLE), day=DAY, versions=VERSIONS) for _ in range(2))
    assert once == again


def test_a_table_may_come_without_n_and_note_but_not_without_a_figure() -> None:
    given = pd.DataFrame({"model": ["takt"], "metric": ["auc"], "value": [0.5]})
    assert Section.of("ranks", given).table["note"].tolist() == [""]
    with pytest.raises(BadResults, match=r"ranks: columns \['value'\] are absent and \['wert'\] are strange"):
        Section.of("ranks", given.rename(columns={"value": "wert"}))
    with pytest.raises(BadResults, match="no column section"):
        sections_of(given)


def test_two_sections_of_one_title_are_refused() -> None:
    one = Section.of("timing", TABLE.drop(columns="section"))
    with pytest.raises(BadResults, match=r"twice: \['timing'\]"):
        render([one, one], day=DAY, versions=VERSIONS)


def test_a_section_without_figures_says_why_and_has_no_table() -> None:
    empty = Section.of("olist", results._nothing(), ["Not measured: no folder."])
    page = render([empty], day=DAY, versions=VERSIONS)
    assert page.endswith("## olist\n\n- Not measured: no folder.\n")
    assert "|" not in page


def test_the_page_is_replaced_as_a_whole(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "RESULTS.md"
    write(page, "first\n")
    write(page, "second\n")
    assert page.read_text(encoding="utf-8") == "second\n"
    assert [p.name for p in page.parent.iterdir()] == ["RESULTS.md"]


def test_the_versions_are_those_that_are_installed() -> None:
    found = results.versions()
    assert set(found) == {"Python", *results.PACKAGES}
    assert re.match(r"\d+\.\d+", found["lightgbm"])


def test_a_data_set_that_is_not_there_is_named_not_left_out(tmp_path: Path) -> None:
    one = Evaluated(find("olist"), tmp_path / "olist_files", times=True, truth=False)
    section = results.forward(one, Home(tmp_path), threads=1)
    assert section.about == ("Not measured: no folder olist_files in the data directory.",)
    assert section.table.empty


def test_every_source_with_times_is_a_section_and_the_others_come_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Section.of("measured", TABLE.drop(columns="section").head(1))
    monkeypatch.setattr(
        results, "forward", lambda one, _, threads: Section.of(one.source.name, told.table, [f"{threads}"])
    )
    page = tmp_path / "RESULTS.md"
    found = results.evaluate_all(tmp_path, Home(tmp_path), day=DAY, page=page, threads=1, others=[told])
    with_times = [e.source.name for e in evaluated(tmp_path) if e.times]
    assert [s.title for s in found] == [*with_times, "measured"]
    assert page.read_text(encoding="utf-8").count("\n## ") == len(found)


@pytest.mark.real_data
def test_a_real_source_is_measured_beside_its_peers(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts here is that every figure is there, and where it is from; the page holds the figures."""
    for slow in ("HistGradientBoosting", "random forest", "naive Bayes"):
        monkeypatch.delitem(PEERS, slow)
    one = next(e for e in evaluated(data_dir) if e.source.name == "olist")
    section = results.forward(one, Home(tmp_path), threads=1, draws=10)
    assert section.title == "olist: chance to win, forward in time"
    assert any(line.startswith("Split, test: snapshots 2018-") for line in section.about)
    table = section.table.set_index(["model", "metric"])
    assert {m for m, _ in table.index} == {"takt", *PEERS}
    assert table.loc[("takt", "auc_over logistic regression"), "low"] > -0.05
