"""What each acquisition channel contributes."""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args

from babel.numbers import format_percent
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from serving.boards.where import Channel, Credit, Rule, Where
from serving.deps import Day, RunDep, StoreDep
from serving.pages import boards
from serving.pages.offer_pictures import PADDING
from serving.pages.pictures import ACCENT, Picture, draw
from serving.pages.words import CHANNELS, Words, preferred_locale
from serving.routes.conditional import Conditional

router = APIRouter(include_in_schema=False, route_class=Conditional, default_response_class=HTMLResponse)
RULES: Final[tuple[Rule, ...]] = get_args(Rule)
MEANS: Final = {
    "first touch": "Each win is booked to the first thing that is known of the prospect: how it came.",
    "last touch": "Each win is booked to the last touch before it was won.",
    "removal effect": (
        "Each channel gets the part of the chance to win that would be missing if every journey ended at its door, "
        "scaled so that all parts make up all wins (Markov chain of the steps)."
    ),
}
MOST: Final = 15
"""Channels in a picture."""
STEP: Final = 28


@router.get("/where")
def where_page(
    request: Request, store: StoreDep, run: RunDep, *, day: Day = None, by: Annotated[Rule, Query()] = "first touch"
) -> HTMLResponse:
    """Show the channels by one rule."""
    board = boards.read(store, run, "where", Where)
    context: dict[str, Any] = {"heading": "Where wins come from", "day": day}
    if board is None or board.refused is not None:
        return boards.render(request, run, "where.html", board, context)
    say = Words(preferred_locale(request.headers.get("accept-language", "")))
    credited = [(channel, credit) for channel in board.channels if (credit := channel.credit(by)) is not None]
    booked = sorted((pair for pair in credited if pair[1].share > 0), key=lambda pair: (-pair[1].share, pair[0].name))
    counted = {id(channel) for channel, _ in booked}
    context |= {
        "rule": by, "rules": RULES, "means": MEANS[by], "booked": booked, "label": label, "share": share,
        "others": [c for c in board.channels if id(c) not in counted], "picture": _picture(booked, say, rule=by),
    }  # fmt: skip
    return boards.render(request, run, "where.html", board, context)


def label(channel: Channel) -> str:
    """Return a channel as people say it."""
    if channel.kind in ("inbound", "outbound"):
        name = CHANNELS.get(channel.name, channel.name.replace("_", " "))
        return f"{name}, {'from them' if channel.kind == 'inbound' else 'from us'}"
    return channel.name


def share(value: float, say: Words) -> str:
    """Write a share to a tenth of a per cent: the intervals of this bookkeeping are narrow."""
    written: str = format_percent(round(value, 3), locale=say.locale, decimal_quantization=False)
    return written


def _picture(booked: list[tuple[Channel, Credit]], say: Words, *, rule: str) -> Picture | None:
    if not booked:
        return None
    import altair as alt  # noqa: PLC0415  a server that draws nothing starts without it

    shown = booked[:MOST]
    marks = [
        {
            "label": label(channel), "share": round(100 * credit.share, 1),
            "low": None if credit.low is None else round(100 * credit.low, 1),
            "high": None if credit.high is None else round(100 * credit.high, 1),
        }
        for channel, credit in shown
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(values=marks)).encode(
        y=alt.Y(
            "label:N",
            sort=[label(channel) for channel, _ in shown],
            title=None,
            axis=alt.Axis(ticks=False, domain=False),
        )
    )
    bar = base.mark_bar(color=ACCENT, opacity=0.35, height=14).encode(
        x=alt.X("share:Q", title="% of wins", axis=alt.Axis(tickCount=5))
    )
    interval = base.mark_rule(color=ACCENT, strokeWidth=3, strokeCap="round").encode(x="low:Q", x2="high:Q")
    first, credit = shown[0]
    words = f"Most wins are booked to {label(first)}: {share(credit.share, say)}. Lines are 95 % intervals."
    more = f" The first {MOST} of {len(booked)} channels." if len(booked) > MOST else ""
    return draw(
        alt.layer(bar, interval).properties(height=STEP * len(marks), padding=PADDING),
        title=f"Share of wins by {rule}", words=words + more,
        columns=("Channel", "% of wins", "From", "To"),
        rows=[(str(m["label"]), *(_said(m[k], say) for k in ("share", "low", "high"))) for m in marks],
    )  # fmt: skip


def _said(value: Any, say: Words) -> str:
    return "not known" if value is None else say.number(float(value))
