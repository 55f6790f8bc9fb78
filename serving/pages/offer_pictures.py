"""Pictures of offers: effects with their intervals, and shares of yes where chance did not choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from serving.boards.offers import ALL, Cell, Offers
from serving.pages.pictures import ACCENT, INK, SOFT, Picture, draw
from serving.pages.words import Words

MOST: Final = 24
"""Rows of one picture; of more only all segments together are shown."""
STEP: Final = 30
PADDING: Final = {"left": 18, "right": 8, "top": 2, "bottom": 2}
"""A reader's letters may be wider than those that the picture was laid out with."""


def effects(board: Offers, say: Words, *, segment: str | None) -> Picture | None:
    """Draw the effects of one segment, or of all; None where there is none."""
    cells = [c for c in board.cells if c.stage is None and c.effect is not None and c.says == "figure"]
    cells = _shown(cells, segment)
    control = board.offer(board.control)
    if not cells or control is None:
        return None
    marks = [_mark(board, c, (c.effect, c.low, c.high), segment) for c in cells]
    above, below = sum(m["low"] > 0 for m in marks), sum(m["high"] < 0 for m in marks)
    said = f"{above} of {len(marks)} {'lies' if above == 1 else 'lie'} wholly above 0"
    words = (
        f"What each offer adds to the share of yes against {control.name}, in points, with its 95 % interval; one that "
        f"crosses the line at 0 may as well be no effect. {said}" + (f", {below} below." if below else ".")
    )
    return draw(
        _chart(marks, title=f"points more yes than {control.name}", colour=ACCENT, zero=True),
        title="Effects, from offers drawn by chance", words=words,
        columns=("Offer", "Points", "From", "To", "Draws"), rows=[_row(m, say) for m in marks],
    )  # fmt: skip


def shares(board: Offers, say: Words, *, segment: str | None) -> Picture | None:
    """Draw how often offers were accepted that chance did not choose; None where there is none."""
    cells = [c for c in board.cells if c.stage is None and c.basis == "association" and c.says == "figure"]
    cells = [c for c in cells if c.segment == (segment or ALL)]
    if not cells:
        return None
    marks = [_mark(board, c, (c.share, c.share_low, c.share_high), segment or ALL) for c in cells]
    return draw(
        _chart(marks, title="% said yes", colour=SOFT, zero=False),
        title="Associations, no effects",
        words=(
            "How often each offer was accepted by those who got it, in per cent, with its 95 % interval. Salespeople "
            "chose whom to make it to, so the difference between two offers is not what an offer does."
        ),
        columns=("Offer", "% yes", "From", "To", "Made"), rows=[_row(m, say) for m in marks],
    )  # fmt: skip


def _shown(cells: list[Cell], segment: str | None) -> list[Cell]:
    if segment is not None:
        return [c for c in cells if c.segment == segment]
    return cells if len(cells) <= MOST else [c for c in cells if c.segment == ALL]


def _mark(board: Offers, cell: Cell, figures: Sequence[float | None], segment: str | None) -> dict[str, Any]:
    offer = board.offer(cell.offer_id)
    name = cell.offer_id if offer is None else offer.name
    value, low, high = (100 * (f or 0.0) for f in figures)
    return {
        "label": name if segment is not None else f"{name}, {cell.segment}",
        "value": round(value, 1), "low": round(low, 1), "high": round(high, 1), "n": cell.n,
    }  # fmt: skip


def _chart(marks: list[dict[str, Any]], *, title: str, colour: str, zero: bool) -> Any:
    import altair as alt  # noqa: PLC0415  a server that draws nothing starts without it

    base = alt.Chart(alt.InlineData(values=marks)).encode(
        y=alt.Y("label:N", sort=[m["label"] for m in marks], title=None, axis=alt.Axis(ticks=False, domain=False)),
        x=alt.X("low:Q", title=title, axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=not zero, nice=True)),
    )
    interval = base.mark_rule(color=colour, strokeWidth=3, strokeCap="round").encode(x2="high:Q")
    point = base.mark_point(color=colour, filled=True, size=90, opacity=1).encode(x="value:Q")
    layers = [interval, point]
    if zero:
        line = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color=INK, strokeDash=[3, 3]).encode(x="at:Q")
        layers.insert(0, line)
    return alt.layer(*layers).properties(height=STEP * len(marks), padding=PADDING)


def _row(mark: dict[str, Any], say: Words) -> tuple[str, ...]:
    return (mark["label"], *(say.number(round(mark[k])) for k in ("value", "low", "high")), say.number(mark["n"]))
