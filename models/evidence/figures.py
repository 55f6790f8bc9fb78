"""Pictures of the evidence, as SVG: is the chance right, is the order worth following, was the step up earned.

Drawn with Altair and turned into SVG by vl-convert inside this process: no browser, no network, nothing loaded
from elsewhere. A figure of simulated data says so in its title.
"""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd
import vl_convert

from features.errors import NotEnoughHistory
from models.heads.ladder import step_level
from models.heads.rehearsal import LIKELY, SURE
from models.measures.likeness import wilson

Numbers = npt.NDArray[np.float64]

BINS: Final = 10
POINTS: Final = 200
"""Points of a curve; more cannot be seen."""
INK: Final = "#1f6f6b"
GREY: Final = "#8a8f98"
WIDTH: Final = 360
HEIGHT: Final = 280
_SHARE: Final = alt.Axis(format="%", tickCount=6)


def calibration(label: Numbers, chance: Numbers, *, prospects: pd.Series[Any], simulated: bool) -> bytes:
    """Draw foretold against observed share of wins, in bins of equal size, with 95 % Wilson intervals.

    Parameters
    ----------
    label, chance : float64 arrays, shape (n,)
        1.0 won, 0.0 not; both from data later than the training.
    prospects : Series of str, shape (n,)
        Whose snapshots they are; see `reliability`.

    Raises
    ------
    NotEnoughHistory
        There is no row to draw.
    """
    bins = reliability(label, chance, prospects=prospects)
    base = alt.Chart(bins)
    foretold = alt.X("foretold:Q", title="foretold chance", axis=_SHARE)
    diagonal = pd.DataFrame({"at": [0.0, float(bins[["foretold", "high"]].to_numpy().max())]})
    chart = alt.layer(
        alt.Chart(diagonal).mark_line(color=GREY, strokeDash=[4, 4]).encode(x="at:Q", y="at:Q"),
        base.mark_rule(color=INK).encode(x=foretold, y="low:Q", y2="high:Q"),
        base.mark_point(color=INK, filled=True, size=50).encode(
            x=foretold, y=alt.Y("observed:Q", title="share that won", axis=_SHARE)
        ),
    )
    words = f"{prospects.nunique()} prospects in {len(label)} snapshots; bars are 95 % intervals"
    return _svg(chart, "Calibration", words, simulated)


def gains(label: Numbers, chance: Numbers, *, simulated: bool) -> bytes:
    """Draw which share of all wins is found among the prospects called first, against calling at random.

    Raises
    ------
    NotEnoughHistory
        There is no win to find.
    """
    curve = cumulative_gains(label, chance)
    chart = alt.layer(
        alt.Chart(curve).mark_line(color=GREY, strokeDash=[4, 4]).encode(x="called:Q", y="called:Q"),
        alt.Chart(curve)
        .mark_line(color=INK)
        .encode(
            x=alt.X("called:Q", title="share of prospects called, best first", axis=_SHARE),
            y=alt.Y("found:Q", title="share of all wins among them", axis=_SHARE),
        ),
    )
    tenth = float(np.interp(0.1, curve["called"], curve["found"]))
    words = f"the first 10 % hold {tenth:.0%} of the wins (lift {tenth / 0.1:.1f}); dashed: any order"
    return _svg(chart, "Cumulative gains", words, simulated)


def ladder(table: pd.DataFrame, *, simulated: bool) -> bytes:
    """Draw what each rung gained over the one kept below it, with the interval by which its step was judged.

    Parameters
    ----------
    table : DataFrame
        `rung`, `against`, `metric`, `gain`, `low`, `high`, `taken` (bool) as the ladder returns them; rungs that were
        not compared (no gain) are named without a bar.
    """
    shown = table.reindex(columns=["rung", "against", "metric", "gain", "low", "high", "taken"])
    metric = next(iter(shown["metric"].dropna()), "any metric")
    shown["verdict"] = np.where(shown["taken"].astype("bool"), "taken", "not taken")
    rung = alt.Y("rung:N", sort=list(shown["rung"]), title=None)
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=["taken", "not taken"], range=[INK, GREY]), title=None)
    gain = alt.X("gain:Q", title=f"gain in {metric} over the rung below")
    base = alt.Chart(shown)
    chart = alt.layer(
        alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=GREY, strokeDash=[4, 4]).encode(x="zero:Q"),
        base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q", y=rung, color=colour),
        base.mark_point(filled=True, size=60).encode(x=gain, y=rung, color=colour),
    )
    return _svg(chart, "Which model was earned", _levels(shown), simulated, height=30 * max(len(shown), 2))


def _levels(shown: pd.DataFrame) -> str:
    """Say of which level the intervals are: a step that keeps the rung below as a part is judged by a narrower one."""
    compared = shown.dropna(subset=["gain"])
    levels = [
        step_level(str(rung), str(below)) for rung, below in zip(compared["rung"], compared["against"], strict=True)
    ]
    likely = [str(rung) for rung, level in zip(compared["rung"], levels, strict=True) if level < SURE]
    other = f" ({', '.join(likely)}: {LIKELY:.0%})".replace("%", " %") if likely else ""
    return f"bars are {SURE:.0%}".replace("%", " %") + f" intervals on later data{other}"


def reliability(label: Numbers, chance: Numbers, *, prospects: pd.Series[Any]) -> pd.DataFrame:
    """Return `foretold`, `observed`, `low`, `high`, `prospects` for up to `BINS` bins of equal size, by chance.

    The interval of a bin counts its prospects, not its snapshots: one prospect on ten Mondays is not ten trials.
    """
    if not len(label):
        raise NotEnoughHistory("calibration: no labelled snapshot on later data, so nothing to draw.")
    rows = pd.DataFrame({"foretold": chance, "observed": label, "prospect": prospects.to_numpy()})
    rows = rows.sort_values("foretold", kind="stable", ignore_index=True)
    bins = rows.groupby(rows.index * min(BINS, len(rows)) // len(rows))
    out = bins.agg(foretold=("foretold", "mean"), observed=("observed", "mean"), prospects=("prospect", "nunique"))
    low, high = wilson(out["observed"].to_numpy() * out["prospects"].to_numpy(), out["prospects"].to_numpy())
    return out.assign(low=low, high=high)


def cumulative_gains(label: Numbers, chance: Numbers) -> pd.DataFrame:
    """Return `called` and `found`, shares from 0 to 1, at most `POINTS` + 1 rows; ties count as if in random order."""
    wins = float(label.sum()) if len(label) else 0.0
    if not wins:
        raise NotEnoughHistory(f"gains: no win among {len(label)} labelled snapshots, so nothing to find.")
    order = np.argsort(-chance, kind="stable")
    # one straight piece per distinct chance: within a tie the order is arbitrary and must not look like skill
    last = np.flatnonzero(np.append(np.diff(chance[order]) != 0, True))
    called = np.append(0.0, (last + 1) / len(order))
    found = np.append(0.0, np.cumsum(label[order])[last] / wins)
    at = np.linspace(0, 1, POINTS + 1) if len(called) > POINTS else called
    return pd.DataFrame({"called": at, "found": np.interp(at, called, found)})


def _svg(chart: Any, title: str, subtitle: str, simulated: bool, *, height: int = HEIGHT) -> bytes:
    heading = title + (" (simulated data)" if simulated else "")
    titled = chart.properties(
        title=alt.TitleParams(heading, subtitle=subtitle, anchor="start"), width=WIDTH, height=height
    ).configure_view(stroke=None)
    svg: str = vl_convert.vegalite_to_svg(titled.to_json(), allowed_base_urls=[])
    return svg.encode()
