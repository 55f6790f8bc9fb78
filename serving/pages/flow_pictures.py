"""The two pictures of the flow board: what came in and went out, and how long people wait."""

from __future__ import annotations

from typing import Any, Final

from serving.boards.flow import Group
from serving.pages.flow_words import FlowWords
from serving.pages.pictures import ACCENT, FAINT, INK, SOFT, Picture, draw

_LINES: Final = {"came": -5, "ended": 7, "won": 1}
"""The lines, and how far below its line each name stands at the end."""


def pictures(group: Group, words: FlowWords) -> tuple[Picture, ...]:
    """Draw both; the first needs two weeks at least."""
    drawn = [through(group, words)] if len(group.weeks) > 1 else []
    return (*drawn, ageing(group, words))


def through(group: Group, words: FlowWords) -> Picture:
    """Draw how many came and how many ended, added up over the weeks: the gap is the work in progress."""
    import altair as alt  # noqa: PLC0415  the server must start fast

    say, total = words.say, _before(group)
    rows: list[dict[str, Any]] = []
    table: list[tuple[str, ...]] = []
    came, ended, won = total, 0, 0
    for week in group.weeks:
        came, ended, won = came + week.arrived, ended + week.ended, won + week.won
        for line, value in (("came", came), ("ended", ended), ("won", won)):
            rows.append({"week": week.last.isoformat(), "line": line, "prospects": value})
        counts = (week.arrived, came, week.ended, ended, week.won, won, week.open)
        table.append((words.short(week.last), *(say.number(n) for n in counts)))
    # room for the names at the end of the lines
    end = group.weeks[-1].last + (group.weeks[-1].last - group.weeks[0].last) / 6
    span = alt.Scale(domain=[group.weeks[0].last.isoformat(), end.isoformat()])
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "week:T", title=None, scale=span, axis=alt.Axis(format="%d %b", grid=False, tickCount=5, labelBound=True)
        ),
        y=alt.Y("prospects:Q", title="prospects, added up"),
        color=alt.Color("line:N", legend=None, scale=alt.Scale(domain=list(_LINES), range=[INK, SOFT, ACCENT])),
    )
    dashes = alt.Scale(domain=list(_LINES), range=[[1, 0], [6, 3], [1, 0]])
    lines = base.mark_line(strokeWidth=2).encode(strokeDash=alt.StrokeDash("line:N", legend=None, scale=dashes))
    labels = [
        base.properties(data=alt.InlineData(values=[row]))
        .mark_text(align="left", dx=4, dy=_LINES[row["line"]])
        .encode(text="line:N")
        for row in rows[-len(_LINES) :]
    ]
    open_now = group.weeks[-1].open
    return draw(
        alt.layer(lines, *labels).properties(height=220),
        title="Through, week by week",
        words=f"Where the upper two lines drift apart, more come than end. The gap is the work in progress: "
        f"{say.number(total)} at the beginning of these {say.number(len(group.weeks))} weeks, "
        f"{say.number(open_now)} at their end.",
        columns=("week to", "came", "together", "ended", "together", "won", "together", "open then"),
        rows=table,
    )


def ageing(group: Group, words: FlowWords) -> Picture:
    """Draw how long those who wait have been at their stage, beside how long it took those who left."""
    import altair as alt  # noqa: PLC0415  the server must start fast

    order, most = [stage.name for stage in group.stages], words.most
    rows = [
        {"stage": s.name, "slow": s.age_slow, "usual": s.age_usual, "took": s.took_slow}
        for s in group.stages
    ]  # fmt: skip
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("stage:N", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False))
    )
    days = alt.X("slow:Q", title="days at the stage")
    bars = base.mark_bar(height=16, color=FAINT).encode(x=days)
    usual = base.mark_tick(color=ACCENT, thickness=3, size=16).encode(x="usual:Q")
    took = base.mark_point(shape="diamond", color=INK, filled=True, size=60, opacity=1).encode(x="took:Q")
    layers: list[Any] = [bars, usual, took]
    return draw(
        alt.layer(*layers).properties(height=alt.Step(34)),
        title="How long they wait",
        words=f"The bar reaches as far as {most} of those who wait have waited, the line in it is the middle one. The "
        f"diamond is where {most} of those who left had gone: a bar beyond it is work that lies too long.",
        columns=("stage", "waiting", "middle", f"{most} at most", "longest", "left took, middle", f"left took, {most}"),
        rows=[
            (s.name, words.say.number(s.waiting), *map(words.days, (s.age_usual, s.age_slow, s.age_longest)),
             *map(words.days, (s.took_usual, s.took_slow)))
            for s in group.stages
        ],
    )  # fmt: skip


def _before(group: Group) -> int:
    first = group.weeks[0]
    return first.open - first.arrived + first.ended
