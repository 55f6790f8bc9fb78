"""The pictures of the page of the model: wins at capacity, periods, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from serving.boards.model import Evidence, Figure, Period
from serving.pages.model_words import ANY, LOWEST, calibration, figure, own, short
from serving.pages.pictures import ACCENT, INK, LINE, SOFT, Picture, draw
from serving.pages.words import Words

if TYPE_CHECKING:
    import datetime as dt

HUNDRED: Final = 100.0
KINDS: Final = {"before": "before the test", "test": "test"}


def pictures(evidence: Evidence, say: Words, dates: dict[dt.date, str]) -> dict[str, Picture]:
    """Draw what there is to draw; `dates` are the days of the periods as the reader writes them."""
    made = {}
    if own(evidence) is not None:
        made["capacity"] = _capacity(evidence, say)
    if any(period.models for period in evidence.periods):
        made["periods"] = _periods(evidence, say, dates)
    if evidence.calibration:
        made["calibration"] = _calibration(evidence, say)
    return made


def _capacity(evidence: Evidence, say: Words) -> Picture:
    import altair as alt

    found = own(evidence)
    held = {} if found is None else found.lists
    rows = [
        {"order": short(name), "value": h.calls_to_winners.value, "low": h.calls_to_winners.low,
         "high": h.calls_to_winners.high, "kept": name == evidence.kept}
        for name, h in held.items()
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(rows))
    order = alt.Y("order:N", sort=[short(name) for name in held], title=None)
    colour = alt.condition("datum.kept", alt.value(ACCENT), alt.value(SOFT))
    title = "calls of a morning that went to a winner"
    chart = alt.layer(
        base.mark_bar(height={"band": 0.55}).encode(
            x=alt.X("value:Q", title=title, axis=alt.Axis(tickCount=5)), y=order, color=colour
        ),
        base.mark_rule(color=INK, strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=order),
    ).properties(height=36 * max(len(rows), 2))
    cells = [
        (f"{say.number(one.calls)} calls, {short(name)}", figure(h.calls_to_winners, say), _one(h.prospects, say))
        for one in evidence.at_capacity
        for name, h in one.lists.items()
    ]
    return draw(
        chart,
        title="What the calls of a morning found",
        words="Lines are 95 % intervals. The numbers also say what half and twice the calls would have found.",
        columns=("List", "Calls to winners", "Winning prospects on it"),
        rows=cells,
    )


def _periods(evidence: Evidence, say: Words, dates: dict[dt.date, str]) -> Picture:
    import altair as alt

    shown = [name for name in (evidence.kept, evidence.refused, LOWEST) if name is not None]
    names = list(dict.fromkeys(shown))
    rows = [
        {"period": _name(period, dates), "order": short(name), **_times(order.precision_at_capacity)}
        for period in evidence.periods
        for name, order in period.models.items()
        if name in names
    ]
    rows += [{"period": _name(p, dates), "order": ANY, **_times(p.base_rate)} for p in evidence.periods]
    sort = [short(name) for name in [*names, ANY]]
    colours = [ACCENT if name == evidence.kept else SOFT for name in names] + [LINE]
    base = alt.Chart(alt.InlineData(rows))
    places = {
        "x": alt.X("period:N", sort=[_name(p, dates) for p in evidence.periods], title=None, axis=_axis(alt)),
        "xOffset": alt.XOffset("order:N", sort=sort),
        "color": alt.Color("order:N", sort=sort, scale=alt.Scale(domain=sort, range=colours), title=None),
    }
    value = alt.Y("value:Q", title="of 100 calls", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5))
    chart = alt.layer(
        base.mark_rule(strokeWidth=2).encode(**places, y="low:Q", y2="high:Q"),
        base.mark_point(filled=True, size=55, opacity=1).encode(
            **places, y=value, shape=alt.Shape("order:N", sort=sort, title=None)
        ),
    ).properties(height=220)
    return draw(
        chart,
        title="Period by period",
        words="Of 100 calls from the day's list, those to prospects who then signed. Lines are 95 % intervals.",
        columns=("Period", "Part", "Prospects", "Signed", "Order", "Of 100 calls", "AUC"),
        rows=_period_rows(evidence, say, dates),
    )


def _period_rows(evidence: Evidence, say: Words, dates: dict[dt.date, str]) -> list[tuple[str, ...]]:
    rows = []
    for period in evidence.periods:
        head = (_name(period, dates), KINDS[period.part], say.number(period.prospects), say.number(period.won))
        for name, order in period.models.items():
            found = figure(order.precision_at_capacity, say, times=HUNDRED), figure(order.auc, say, digits=2)
            rows.append((*head, short(name), *found))
        rows.append((*head, ANY, figure(period.base_rate, say, times=HUNDRED), period.why))
    return rows


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


def _name(period: Period, dates: dict[dt.date, str]) -> str:
    return f"{dates[period.first]} to {dates[period.last]}"


def _times(one: Figure) -> dict[str, float | None]:
    """Return a share as calls of a hundred."""
    parts = {"value": one.value, "low": one.low, "high": one.high}
    return {name: None if part is None else HUNDRED * part for name, part in parts.items()}


def _one(value: float, say: Words) -> str:
    return say.number(round(value, 1))


def _axis(alt: Any) -> Any:
    """Write a period in two lines: its first day, and its last."""
    return alt.Axis(labelExpr="split(datum.label, ' to ')", labelAngle=0)
