"""The picture of an experiment: the effect and its interval over the looks, or the present one."""

from __future__ import annotations

from typing import Final

from serving.boards.experiments import Contrast, Experiment
from serving.pages.experiment_words import ExperimentWords
from serving.pages.pictures import ACCENT, FAINT, INK, SOFT, Picture, draw

_FEWEST: Final = 2
"""Looks that make a line."""


def effects(one: Experiment, words: ExperimentWords) -> tuple[Picture, ...]:
    """Draw every comparison of which an effect can be told."""
    return tuple(_over_looks(one, contrast, words) for contrast in one.contrasts if contrast.looks)


def _over_looks(one: Experiment, contrast: Contrast, words: ExperimentWords) -> Picture:
    import altair as alt  # noqa: PLC0415  the server must start fast

    rows = [
        {"day": look.day.isoformat(), "effect": 100 * look.effect, "low": 100 * look.low, "high": 100 * look.high}
        for look in contrast.looks
    ]
    x = alt.X(
        "day:T", title=None, axis=alt.Axis(format="%d %b", grid=False, tickCount=min(5, len(rows)), labelBound=True)
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=x)
    between = base.encode(y=alt.Y("low:Q", title="points"), y2="high:Q")
    line = base.encode(y="effect:Q")
    many = len(rows) >= _FEWEST
    span = between.mark_area(color=FAINT) if many else between.mark_rule(color=ACCENT, strokeWidth=3)
    shown = line.mark_line(color=ACCENT, strokeWidth=2) if many else line.mark_point(color=INK, filled=True, size=70)
    marks = [
        alt.Chart(alt.InlineData(values=[{"at": 100 * at}])).mark_rule(color=colour, strokeDash=dash).encode(y="at:Q")
        for at, colour, dash in ((0.0, SOFT, [1, 0]), (one.worthwhile, INK, [5, 3]))
    ]
    over = "over the looks so far" if many else "at the present look"
    return draw(
        alt.layer(span, *marks, shown).properties(height=200),
        title=f"{contrast.arm} against {contrast.against}",
        words=f"The effect and its interval {over}. Solid line: no difference; dashed line: "
        f"{words.points(one.worthwhile)}, the least worth having.",
        columns=("look on", "cases", "effect", "from", "to"),
        rows=[
            (words.day(look.day), words.say.number(look.n), *map(words.points, (look.effect, look.low, look.high)))
            for look in contrast.looks
        ],
    )
