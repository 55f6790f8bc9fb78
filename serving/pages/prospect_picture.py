"""Pictures of one prospect: how its reasons lead from the average to its chance, and its earlier chances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from serving.pages.pictures import ACCENT, FAINT, INK, LINE, SOFT, WIDTH, Picture, draw
from serving.pages.words import Words
from serving.store.queries import Detail
from serving.store.tables import Receipt, Run

STEP: Final = 40
"""Units of height of one step: a line of words and a bar."""
LETTERS: Final = 46
"""Letters of a fact that fit in a line; the table has it whole."""
LEAST_GAP: Final = 0.12
"""Share of the width that two chances on the axis keep between them."""


@dataclass(frozen=True)
class Step:
    """One bar: from `start` to `end` in margin; `total` bars are the average and the prospect itself."""

    words: str
    start: float
    end: float
    total: bool = False
    counts: str = ""

    @property
    def effect(self) -> float:
        """What it does to the margin."""
        return self.end - self.start


def reasons_picture(run: Run, receipt: Receipt | None, say: Words) -> Picture | None:
    """Draw what each reason does to a chance; None where nothing was explained.

    The steps add up in margin (log-odds before calibration): the average, the reasons of the receipt, everything that
    it does not name in one bar, the prospect. Of a run published without its `scale` only the reasons are drawn.
    """
    if receipt is None or receipt.chance is None or receipt.margin is None or not receipt.reasons:
        return None
    scale: list[list[float]] = run.summary.get("scale") or []
    steps = _steps(receipt, say, average=scale[0] if scale else None)
    words = "Each bar is what one fact does: to the right it raises the chance, to the left it lowers it."
    if scale:
        words = (
            f"From the average, {say.percent(scale[0][0])}, to this prospect, {say.percent(receipt.chance)}. {words} "
            "Near 0 and near 100 per cent a step of the same length is worth fewer points."
        )
    return draw(
        _waterfall(steps, _axis(steps, scale[1:], say)), title="What moves the chance", words=words,
        columns=("From the average to this prospect", "Effect (log-odds)", "Chance, or won"),
        rows=[(s.words, "" if s.total else _signed(s.effect, say), s.counts) for s in steps],
    )  # fmt: skip


def history_picture(run: Run, detail: Detail, say: Words) -> Picture | None:
    """Draw the chances of earlier days and of this one; None where there are fewer than two."""
    past = [(p.day, p.receipt) for p in reversed(detail.history)]
    if detail.receipt is not None:
        past.append((run.day, detail.receipt))
    told = [(day, r, r.chance) for day, r in past if r.chance is not None]
    if len(told) < 2:
        return None
    marks = [{"day": d.toordinal(), "chance": c, "low": _or(r.low, c), "high": _or(r.high, c)} for d, r, c in told]
    ends = [{"day": d.toordinal(), "label": say.short_day(d, run)} for d, _, _ in (told[0], told[-1])]
    rows = [
        (say.short_day(d, run), "not scored" if r.chance is None else say.percent(r.chance), _between(r, say))
        for d, r in past
    ]
    return draw(
        _line(marks, ends), title="Earlier chances",
        words=(
            f"From {say.percent(told[0][2])} on {say.short_day(told[0][0], run)} to {say.percent(told[-1][2])} on "
            f"{say.short_day(told[-1][0], run)}; the upright lines are the intervals."
        ),
        columns=("List of", "Chance", "Likely between"), rows=rows,
    )  # fmt: skip


def _steps(receipt: Receipt, say: Words, *, average: Sequence[float] | None) -> list[Step]:
    chance, margin = receipt.chance or 0.0, receipt.margin or 0.0
    at = 0.0 if average is None else average[1]
    steps = [] if average is None else [Step("Average of all", at, at, total=True, counts=say.percent(average[0]))]
    for reason in sorted(receipt.reasons, key=lambda r: -abs(r["effect"])):
        start = 0.0 if average is None else at
        at = start + float(reason["effect"])
        steps.append(Step(reason["text"], start, at, counts=_counts(reason, say)))
    if average is not None:
        steps.append(Step("Everything else together", at, margin))
        steps.append(Step("This prospect", margin, margin, total=True, counts=say.percent(chance)))
    return steps


def _axis(steps: Sequence[Step], scale: Sequence[Sequence[float]], say: Words) -> list[dict[str, Any]]:
    """Return the chances to name on the axis: those within the picture that do not run into each other."""
    low, high = _span(steps)
    if not scale:
        return [{"at": 0.0, "label": ""}]
    named: list[dict[str, Any]] = []
    for chance, margin in scale:
        free = not named or margin - named[-1]["at"] >= LEAST_GAP * (high - low)
        if low <= margin <= high and free:
            named.append({"at": margin, "label": say.percent(chance)})
    return named


def _span(steps: Sequence[Step]) -> tuple[float, float]:
    ends = [0.0] if not steps[0].total else []
    ends += [end for s in steps for end in (s.start, s.end)]
    margin = 0.06 * (max(ends) - min(ends)) or 0.5
    return min(ends) - margin, max(ends) + margin


def _waterfall(steps: Sequence[Step], axis: list[dict[str, Any]]) -> Any:
    alt = _altair()
    low, high = _span(steps)
    height = STEP * len(steps) + 22
    marks = [_mark(s, row, wide=(high - low) / 160) for row, s in enumerate(steps)]
    side = {"scale": alt.Scale(domain=[low, high], nice=False, zero=False), "axis": None}
    down = {"scale": alt.Scale(domain=[0, height], reverse=True, nice=False, zero=False), "axis": None}
    ticks = alt.Chart(alt.Data(values=axis))
    bars = alt.Chart(alt.Data(values=marks))
    layers = [
        ticks.mark_rule(color=LINE).encode(x=alt.X("at:Q", **side)),
        ticks.mark_text(color=SOFT, fontSize=12).encode(
            x=alt.X("at:Q", **side), y=alt.value(height - 8), text="label:N"
        ),
        bars.mark_bar(cornerRadius=1).encode(
            x=alt.X("x:Q", **side), x2="x2:Q", y=alt.Y("y:Q", **down), y2="y2:Q",
            color=alt.Color("colour:N", scale=None, legend=None),
        ),
        bars.mark_text(color=INK, fontSize=12, align="left", baseline="middle").encode(
            x=alt.value(2), y=alt.Y("at:Q", **down), text="label:N"
        ),
        bars.mark_text(color=SOFT, fontSize=12, align="right", baseline="middle").encode(
            x=alt.value(WIDTH - 4), y=alt.Y("at:Q", **down), text="side:N"
        ),
    ]  # fmt: skip
    return alt.layer(*layers).properties(height=height)


def _altair() -> Any:
    import altair  # noqa: PLC0415  the server starts without it

    return altair


def _mark(step: Step, row: int, *, wide: float) -> dict[str, Any]:
    top = STEP * row
    start, end = (step.start - wide, step.end + wide) if step.total else (step.start, step.end)
    short = step.words if len(step.words) <= LETTERS else step.words[: LETTERS - 1].rstrip() + "…"
    return {
        "x": min(start, end), "x2": max(start, end), "y": top + 19, "y2": top + 33, "at": top + 9,
        "colour": INK if step.total else ACCENT if step.effect > 0 else SOFT,
        "label": short, "side": step.counts if step.total else "▲" if step.effect > 0 else "▼",
    }  # fmt: skip


def _line(marks: list[dict[str, Any]], ends: list[dict[str, Any]]) -> Any:
    alt = _altair()
    first, last = ends[0]["day"], ends[-1]["day"]
    side = {"scale": alt.Scale(domain=[first - 0.5, last + 0.5], nice=False, zero=False), "axis": None}
    percent = alt.Axis(format=".0%", tickCount=3, title=None, domain=False, ticks=False)
    base = alt.Chart(alt.Data(values=marks)).encode(x=alt.X("day:Q", **side))
    # the first label begins and the last one ends at its point, so that neither is cut off
    labels = [
        alt.Chart(alt.Data(values=[end])).mark_text(color=SOFT, fontSize=12, align=align, baseline="bottom").encode(
            x=alt.X("day:Q", **side), y=alt.value(134), text="label:N"
        )
        for end, align in zip(ends, ("left", "right"), strict=True)
    ]  # fmt: skip
    chance = alt.Y("chance:Q", axis=percent, scale=alt.Scale(zero=True, nice=True))
    layers = [
        base.mark_rule(color=FAINT, strokeWidth=6).encode(y=alt.Y("low:Q", axis=percent), y2="high:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2).encode(y=chance),
        base.mark_point(color=ACCENT, filled=True, size=60, opacity=1).encode(y=chance),
        *labels,
    ]
    return alt.layer(*layers).properties(height=110)


def _or(end: float | None, chance: float) -> float:
    return chance if end is None else end


def _counts(reason: Mapping[str, Any], say: Words) -> str:
    if not reason.get("counts_n"):
        return ""
    return f"{say.number(reason['counts_won'])} of {say.number(reason['counts_n'])}"


def _between(receipt: Receipt, say: Words) -> str:
    if receipt.low is None or receipt.high is None:
        return ""
    return f"{say.percent(receipt.low)} and {say.percent(receipt.high)}"


def _signed(effect: float, say: Words) -> str:
    return ("+" if effect > 0 else "−") + say.number(round(abs(effect), 2))
