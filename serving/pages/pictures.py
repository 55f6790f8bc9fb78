"""Pictures on a page: an Altair chart as SVG that follows the page's colours, with its numbers as a table.

Drawn inside this process by vl-convert: no browser, no network, no script. What comes out is rewritten: the colours
below become the stylesheet's variables (light, dark and print are the page's affair), nothing that could act or
load is left, and the size is the reader's. Altair and vl-convert are imported by whoever draws first.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from xml.etree import ElementTree

from markupsafe import Markup

INK: Final = "#1c2320"
SOFT: Final = "#58625c"
LINE: Final = "#e3e0d7"
ACCENT: Final = "#0f6b57"
FAINT: Final = "#dcece6"
"""Colours that become the page's own, in light, dark and print."""
VARIABLES: Final = {
    INK: "var(--ink)", SOFT: "var(--soft)", LINE: "var(--line)", ACCENT: "var(--accent)", FAINT: "var(--accent-faint)",
}  # fmt: skip
WIDTH: Final = 340
"""Units of a picture that does not say its own width: at 360 px a letter then has its natural size."""
WIDE: Final = 480
"""Units beyond which a picture keeps a readable size and is scrolled on a phone."""
KEPT: Final = 128
"""Pictures kept; each is some 10 KB."""
_ALLOWED: Final = frozenset(
    ("svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath", "linearGradient", "stop")
)
_DROPPED: Final = frozenset(("class", "role", "pointer-events", "style", "font-family", "aria-hidden", "version"))
_EMPTY: Final = frozenset(("g", "defs"))
_GEOMETRY: Final = frozenset(("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"))
_LONG: Final = re.compile(r"-?\d+\.\d{2,}")
"""A tenth of a unit is less than can be seen."""


@dataclass(frozen=True)
class Picture:
    """A picture and its numbers; `words` says in a sentence what is to be seen."""

    title: str
    words: str
    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: bool = False


def draw(
    chart: Any, *, title: str, words: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> Picture:  # fmt: skip
    """Turn an Altair chart into a picture that follows the page.

    Parameters
    ----------
    chart : altair chart of any kind
        Colours by the constants of this module; no title of its own (the figure has one). Without a width of its own
        a single or layered chart is `WIDTH` units wide, axes included.
    title, words : str
        What the picture is called, and in a sentence what is to be seen: read out instead of the picture.
    columns, rows : sequences of str
        Its numbers as a table, as the reader's locale writes them; the first column names the row.

    Notes
    -----
    The same chart is drawn once: the last `KEPT` pictures are kept by their content. Texts of the chart come from
    outside; they can only become text.
    """
    spec = json.dumps(chart.to_dict(validate=False), sort_keys=True, default=str)
    svg, width = _drawn(spec, f"{title}. {words}")
    return Picture(
        title, words, Markup(svg), tuple(columns), tuple(tuple(row) for row in rows), wide=width > WIDE
    )  # fmt: skip


@lru_cache(maxsize=KEPT)
def _drawn(spec: str, label: str) -> tuple[str, float]:
    import vl_convert  # noqa: PLC0415  a server without pictures never loads it

    chart = json.loads(spec)
    chart["config"] = _merged(_look(), chart.get("config", {}))
    if not {"hconcat", "vconcat", "concat", "facet", "repeat"} & chart.keys():
        chart.setdefault("width", WIDTH)
        chart.setdefault("autosize", {"type": "fit-x", "contains": "padding"})
    raw: str = vl_convert.vegalite_to_svg(chart, allowed_base_urls=[])
    return _rewritten(raw, label)


def _look() -> dict[str, Any]:
    """Return how every picture looks: the page's letters and lines, no frame, nothing for a mouse."""
    return {
        "background": None,
        "aria": False,
        "padding": 2,
        "font": "sans-serif",
        "view": {"stroke": None, "continuousHeight": 200},
        "axis": {
            "labelColor": SOFT, "titleColor": SOFT, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE,
            "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 150,
        },
        "legend": {
            "labelColor": SOFT, "titleColor": SOFT, "labelFontSize": 12, "titleFontSize": 12, "orient": "top",
            "titleFontWeight": "normal", "symbolStrokeColor": SOFT,
        },
        "header": {"labelColor": INK, "titleColor": SOFT, "labelFontSize": 12, "titleFontSize": 12},
        "title": {"color": INK, "subtitleColor": SOFT, "fontSize": 13, "anchor": "start"},
        "text": {"color": INK, "fontSize": 12},
        "mark": {"color": ACCENT},
        "rule": {"color": SOFT},
        "line": {"color": ACCENT},
        "range": {"category": [ACCENT, SOFT, INK, LINE], "ramp": [FAINT, ACCENT]},
    }  # fmt: skip


def _merged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    both = {**ours, **theirs}
    for key in ours.keys() & theirs.keys():
        if isinstance(ours[key], dict) and isinstance(theirs[key], dict):
            both[key] = _merged(ours[key], theirs[key])
    # what altair puts into every chart is its own default, not the drawer's wish
    if both.get("view") == {"continuousWidth": 300, "continuousHeight": 300}:
        both["view"] = ours["view"]
    return both


def _rewritten(raw: str, label: str) -> tuple[str, float]:
    root = ElementTree.fromstring(raw)
    prefix = hashlib.sha256(raw.encode()).hexdigest()[:8]
    _clean(root, prefix)
    width, height = float(root.attrib.pop("width")), float(root.attrib.pop("height"))
    root.attrib.update({"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": label})
    return ElementTree.tostring(root, encoding="unicode"), width


def _clean(element: ElementTree.Element, prefix: str) -> None:
    """Keep shapes and texts and what they look like; everything else goes."""
    element.tag = element.tag.rpartition("}")[2]
    element.attrib = {name: _value(name, value, prefix) for name, value in element.attrib.items() if _kept(name, value)}
    for child in list(element):
        _clean(child, prefix)
        nothing = child.tag in _EMPTY and not len(child)
        unseen = child.tag == "path" and not child.get("d") or child.get("display") == "none"
        bare = child.tag == "path" and not (child.get("fill") or child.get("stroke")) and "h0v0h0" in child.get("d", "")
        if child.tag not in _ALLOWED or nothing or unseen or bare:
            element.remove(child)


def _kept(name: str, value: str) -> bool:
    local = name.rpartition("}")[2]
    return not (
        local in _DROPPED or local.startswith(("on", "aria-")) or local == "href" or (local, value) == ("opacity", "1")
    )


def _value(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return prefix + value
    if value.startswith("url(#"):
        return f"url(#{prefix}{value[5:]}"
    if name in _GEOMETRY:
        return _LONG.sub(lambda found: f"{float(found[0]):.1f}", value)
    return VARIABLES.get(value.lower(), value)
