from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest
from jinja2 import Environment, FileSystemLoader

from serving.pages import pictures
from serving.pages.pages import ROOT, STYLE
from serving.pages.pictures import ACCENT, FAINT, INK, LINE, SOFT, Picture, draw

NASTY = '<script>alert("1")</script>'
ROWS = [[NASTY, "1.5"], ["b & c", "2"]]


def chart(names: list[str] | None = None, *, value: float = 1.5) -> Any:
    rows = pd.DataFrame({"name": names or [NASTY, "b & c"], "value": [value, 2.0], "low": [1.0, 1.5]})
    base = alt.Chart(rows)
    return alt.layer(
        base.mark_bar(color=ACCENT).encode(x=alt.X("value:Q", title="calls"), y=alt.Y("name:N", title=None)),
        base.mark_rule(color=INK).encode(x="low:Q", x2="value:Q", y="name:N"),
        base.mark_text(color=SOFT, clip=True).encode(x="value:Q", y="name:N", text="name:N"),
    )


def drawn(of: Any = None, title: str = "Calls <b>", **more: Any) -> Picture:
    of = chart() if of is None else of
    return draw(of, title=title, words="Two of them.", columns=("who", "calls"), rows=more.pop("rows", ROWS))


@pytest.fixture(scope="module")
def picture() -> Picture:
    return drawn()


@pytest.fixture(scope="module")
def shown(picture: Picture) -> str:
    pages = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True)
    return pages.from_string('{% import "pictures.html" as pictures %}{{ pictures.show(p) }}').render(p=picture)


def attributes(svg: str) -> list[tuple[str, str, str]]:
    return [(e.tag, name, value) for e in ElementTree.fromstring(svg).iter() for name, value in e.attrib.items()]


def test_a_name_from_outside_becomes_text_and_nothing_else(picture: Picture, shown: str) -> None:
    assert "<script" not in picture.svg
    assert "&lt;script&gt;" in picture.svg
    assert "<script" not in shown
    assert "<b>. Two" not in shown
    tags = {element.tag for element in ElementTree.fromstring(picture.svg).iter()}
    assert tags <= {"svg", "g", "path", "line", "rect", "text", "defs", "clipPath"}


def test_every_colour_is_one_of_the_pages_own(picture: Picture) -> None:
    style = (STYLE / "0-base.css").read_text(encoding="utf-8")
    painted = {v for _, name, v in attributes(picture.svg) if name in ("fill", "stroke") and v != "none"}
    assert {"var(--accent)", "var(--ink)", "var(--soft)", "var(--line)"} <= painted
    for value in pictures.VARIABLES.values():
        name = value.removeprefix("var(").removesuffix(")")
        assert style.count(f"{name}:") >= 3, f"{name} has a value for light, dark and print"
    assert painted <= set(pictures.VARIABLES.values())
    assert set(pictures.VARIABLES) == {INK, SOFT, LINE, ACCENT, FAINT}


def test_nothing_acts_loads_or_breaks_the_content_security_policy(picture: Picture) -> None:
    names = {name for _, name, _ in attributes(picture.svg)}
    assert not names & {"style", "href", "class", "font-family"}
    assert not any(name.startswith("on") for name in names)
    assert "http" not in picture.svg


def test_it_says_what_it_shows_and_takes_the_width_it_gets(picture: Picture) -> None:
    root = ElementTree.fromstring(picture.svg)
    assert root.attrib == {
        "viewBox": root.get("viewBox"), "role": "img", "aria-label": "Calls <b>. Two of them.",
    }  # fmt: skip
    assert str(root.get("viewBox")).startswith(f"0 0 {pictures.WIDTH} ")
    assert not picture.wide


def test_its_numbers_are_a_table_with_heads_for_rows_and_columns(shown: str) -> None:
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["who", "calls"]
    assert re.findall(r'<th scope="row" dir="auto">(.*?)</th>', shown)[1] == "b &amp; c"
    assert "<summary>The numbers</summary>" in shown
    assert '<caption class="vh">Calls &lt;b&gt;</caption>' in shown


def test_a_picture_of_several_charts_keeps_its_size_and_is_scrolled() -> None:
    rows = pd.DataFrame({"side": ["a", "b"], "value": [1, 2]})
    both = alt.Chart(rows).mark_bar().encode(x="value:Q").properties(width=260).facet("side:N")
    assert drawn(both).wide


def test_the_same_chart_is_drawn_once_and_two_on_a_page_share_no_name(picture: Picture) -> None:
    before = pictures._drawn.cache_info().misses
    assert drawn().svg == picture.svg
    assert pictures._drawn.cache_info().misses == before
    other = drawn(chart(value=1.7))
    ids = [re.findall(r'id="([^"]+)"', svg) for svg in (picture.svg, other.svg)]
    assert ids[0]
    assert ids[1]
    assert not set(ids[0]) & set(ids[1])
    assert all(f"url(#{name})" in picture.svg for name in ids[0])


def test_the_server_starts_without_the_drawing_libraries() -> None:
    text = Path(pictures.__file__).read_text(encoding="utf-8")
    assert not re.search(r"^(import|from) (altair|vl_convert)", text, flags=re.MULTILINE)
