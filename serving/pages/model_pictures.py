"""The pictures of the page of the model: wins at capacity, periods, calibration."""

from __future__ import annotations

import datetime as dt
from typing import Final

from babel.dates import format_date, format_skeleton

from serving.boards.model import Evidence, Figure, Period
from serving.pages.model_words import ANY, calibration, figure, orders, own
from serving.pages.pictures import ACCENT, INK, SOFT, WIDTH, Picture, draw
from serving.pages.words import Words

HUNDRED: Final = 100.0
FEW: Final = 5
WIDER: Final = 440
"""Units of a picture of more than `FEW` periods, whose labels would overlap."""
KINDS: Final = {"before": "before the test", "test": "test"}
SHAPES: Final = {"this model": "circle", "recency": "square", "refused model": "triangle-up", ANY: "diamond"}


def pictures(evidence: Evidence, say: Words) -> dict[str, Picture]:
    """Draw what there is to draw."""
    made = {}
    if own(evidence) is not None:
        made["capacity"] = _capacity(evidence, say)
    if any(period.models for period in evidence.periods):
        made["periods"] = _periods(evidence, say)
    if evidence.calibration:
        made["calibration"] = _calibration(evidence, say)
    if evidence.gains:
        made["gains"] = _gains(evidence, say)
    return made


def _capacity(evidence: Evidence, say: Words) -> Picture:
    import altair as alt

    found, names = own(evidence), orders(evidence)
    held = {} if found is None else {name: found.lists[name].calls_to_winners for name in names if name in found.lists}
    rows = [
        {"order": names[name], **one.model_dump(), "kept": name == evidence.kept} for name, one in held.items()
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(rows))
    # room for the names: a browser's letters are wider than those the picture is measured with
    order = alt.Y("order:N", sort=[names[name] for name in held], title=None, axis=alt.Axis(minExtent=95))
    colour = alt.condition("datum.kept", alt.value(ACCENT), alt.value(SOFT))
    chart = alt.layer(
        base.mark_bar(height={"band": 0.55}).encode(
            x=alt.X("value:Q", title="calls that went to a winner", axis=alt.Axis(tickCount=5)), y=order, color=colour
        ),
        base.mark_rule(color=INK, strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=order),
    ).properties(height=36 * max(len(rows), 2))
    cells = [
        (
            f"{say.number(one.calls)} calls, {words}", figure(one.lists[name].calls_to_winners, say),
            say.number(round(one.lists[name].prospects, 1)),
        )
        for one in evidence.at_capacity
        for name, words in names.items()
        if name in one.lists
    ]  # fmt: skip
    return draw(
        chart,
        title="What the calls of a morning found",
        words="Lines are 95 % intervals. The numbers also say what half and twice the calls would have found.",
        columns=("List", "Calls to winners", "Winning prospects on it"),
        rows=cells,
    )


def _periods(evidence: Evidence, say: Words) -> Picture:
    import altair as alt

    names = orders(evidence)
    labels = [_label(period, say) for period in evidence.periods]
    rows = [
        {"period": label, "order": names[name], **_times(order.precision_at_capacity)}
        for period, label in zip(evidence.periods, labels, strict=True)
        for name, order in period.models.items()
        if name in names
    ]
    rows += [
        {"period": label, "order": ANY, **_times(period.base_rate)}
        for period, label in zip(evidence.periods, labels, strict=True)
    ]
    sort = list(names.values())
    colours = [ACCENT if name == evidence.kept else SOFT for name in names]
    base = alt.Chart(alt.InlineData(rows))
    places = {
        "x": alt.X(
            "period:N", sort=labels, title=None, axis=alt.Axis(labelExpr="split(datum.label, '|')", labelAngle=0)
        ),
        "xOffset": alt.XOffset("order:N", sort=sort),
        "color": alt.Color("order:N", sort=sort, scale=alt.Scale(domain=sort, range=colours), title=None),
    }
    shape = alt.Scale(domain=sort, range=[SHAPES[words] for words in sort])
    value = alt.Y("value:Q", title="of 100 calls", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5))
    chart = alt.layer(
        base.mark_rule(strokeWidth=2).encode(**places, y="low:Q", y2="high:Q"),
        base.mark_point(filled=True, size=55, opacity=1).encode(
            **places, y=value, shape=alt.Shape("order:N", sort=sort, scale=shape, title=None)
        ),
    ).properties(height=220, width=WIDTH if len(labels) <= FEW else WIDER)
    return draw(
        chart,
        title="Period by period",
        words="Of 100 calls from the day's list, those to prospects who then signed. Lines are 95 % intervals.",
        columns=("Period", "Part", "Prospects", "Signed", "Order", "Of 100 calls", "AUC"),
        rows=_period_rows(evidence, say),
    )


def _period_rows(evidence: Evidence, say: Words) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for period in evidence.periods:
        days = f"{_day(period.first, say)} to {_day(period.last, say)}"
        head = (days, KINDS[period.part], say.number(period.prospects), say.number(period.won))
        for name, words in orders(evidence).items():
            order = period.models.get(name)
            if order is not None:
                found = figure(order.precision_at_capacity, say, times=HUNDRED), figure(order.auc, say, digits=2)
                rows.append((*head, words, *found))
        rows.append((*head, ANY, figure(period.base_rate, say, times=HUNDRED), period.why))
    return rows


def _gains(evidence: Evidence, say: Words) -> Picture:
    import altair as alt

    names = {name: words for name, words in orders(evidence).items() if name in evidence.gains}
    rows = [{"called": x, "found": y, "order": names[name]} for name in names for x, y in evidence.gains[name]]
    sort = list(names.values())
    colours = [ACCENT if name == evidence.kept else SOFT for name in names]
    share = alt.Axis(format="%", tickCount=5)
    chart = alt.layer(
        alt.Chart(alt.InlineData([{"at": 0.0}, {"at": 1.0}]))
        .mark_line(color=SOFT, strokeDash=[4, 4])
        .encode(x="at:Q", y="at:Q"),
        alt.Chart(alt.InlineData(rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("called:Q", title="share called, best first", axis=share),
            y=alt.Y("found:Q", title="share of all wins found", axis=share),
            color=alt.Color("order:N", scale=alt.Scale(domain=sort, range=colours), title=None),
        ),
    ).properties(height=240)
    curves = zip(*(evidence.gains[name] for name in names), strict=True)
    return draw(
        chart,
        title="How far down a list goes",
        words="Of all wins of the test period, the share that is found among those called first. Dashed: any order.",
        columns=("Called first", *sort),
        rows=[(say.percent(points[0][0]), *(say.percent(y) for _, y in points)) for points in curves],
    )


def _calibration(evidence: Evidence, say: Words) -> Picture:
    import altair as alt

    rows = [one.model_dump() for one in evidence.calibration]
    top = max(max(one.foretold, one.high) for one in evidence.calibration)
    share = alt.Axis(format="%", tickCount=5)
    foretold = alt.X("foretold:Q", title="chance that was said", axis=share)
    base = alt.Chart(alt.InlineData(rows))
    chart = alt.layer(
        alt.Chart(alt.InlineData([{"at": 0.0}, {"at": top}]))
        .mark_line(color=SOFT, strokeDash=[4, 4])
        .encode(x="at:Q", y="at:Q"),
        base.mark_rule(color=ACCENT, strokeWidth=2).encode(x=foretold, y="low:Q", y2="high:Q"),
        base.mark_point(color=ACCENT, filled=True, size=55, opacity=1).encode(
            x=foretold, y=alt.Y("observed:Q", title="share that signed", axis=share)
        ),
    ).properties(height=240)
    cells = [
        (say.percent(one.foretold), f"{say.percent(one.observed)} ({say.percent(one.low)} to {say.percent(one.high)})",
         say.number(one.prospects))
        for one in evidence.calibration
    ]  # fmt: skip
    return draw(
        chart,
        title="Chances that were said, and what came",
        words=f"On the dashed line they agree. {calibration(evidence, say)}",
        columns=("Chance said", "Signed", "Prospects"),
        rows=cells,
    )


def _day(day: dt.date, say: Words) -> str:
    return format_date(day, format="medium", locale=say.locale)


def _label(period: Period, say: Words) -> str:
    """Write a period in three short lines, with a bar between them: first day, last day, year."""
    first, last = (format_skeleton("MMMd", day, locale=say.locale) for day in (period.first, period.last))
    return f"{first}|\N{EN DASH} {last}|{period.last.year}"


def _times(one: Figure) -> dict[str, float | None]:
    """Return a share as calls of a hundred."""
    parts = {"value": one.value, "low": one.low, "high": one.high}
    return {name: None if part is None else HUNDRED * part for name, part in parts.items()}
