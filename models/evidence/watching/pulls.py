"""Whether pulls go through, and how many of their rows had to be set aside."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State
from models.evidence.watching.watched import Watched
from models.measures.likeness import wilson

WARN_P: Final = 1e-3
NEAR: Final = 0.5
"""Share of `max_quarantine` from which on it alarms: beyond the whole the pull itself is refused."""
PULLS_BACK: Final = 20
HOURS: Final = 12
"""Hours without a good pull, while pulls fail, after which a list would be made of yesterday's world."""


def set_aside(given: Watched) -> tuple[Measure, ...]:
    """Answer for each table of the last good pull which share of its rows broke the contract."""
    good = given.pulls[given.pulls["ok"] & (given.pulls["table"] != "")]
    if good.empty:
        raise CannotTell("no pull has been noted yet; the next `takt ingest` is")
    last = good["at"].max()
    before = good[good["at"] < last]
    rows = good[(good["at"] == last) & (good["rows"] > 0)]
    if rows.empty:
        raise CannotTell("the last pull brought no rows at all")
    return tuple(_aside(row, before[before["table"] == row["table"]], given) for row in rows.to_dict("records"))


def _aside(row: dict[str, object], before: pd.DataFrame, given: Watched) -> Measure:
    name, n, bad = str(row["table"]), int(float(str(row["rows"]))), int(float(str(row["quarantined"])))
    share, most = bad / n, given.definitions.max_quarantine
    earlier = before.tail(PULLS_BACK)
    usual = float((earlier["quarantined"] / earlier["rows"].where(earlier["rows"] > 0)).median()) if len(earlier) else 0
    usual = 0.0 if np.isnan(usual) else usual
    # half a row more than usual: a first bad row in a table that never had one is not a landslide
    surely = float(stats.binom.sf(bad - 1, n, max(usual, 0.5 / n))) < WARN_P
    state = State.GOOD
    if surely and share > usual:
        state = State.ALARMS if share > NEAR * most else State.WARNS
    low, high = wilson(np.array([bad]), np.array([n]))
    says = (
        f"{name}: {bad:,} of {n:,} rows set aside ({share:.2%}), usual {usual:.2%}; a pull is refused above {most:.2%}"
    )
    return Measure(
        name, says, state, value=share, usual=usual, low=float(low[0]), high=float(high[0]), n=n, unit="%",
    )  # fmt: skip


def broken(given: Watched) -> tuple[Measure, ...]:
    """Answer whether pulls go through, and for how many hours none has."""
    if given.pulls.empty:
        raise CannotTell("no pull has been noted yet; the next `takt ingest` is")
    tries = given.pulls.groupby("at", sort=True)["ok"].all()
    good = tries[tries]
    failing = int((~tries[::-1]).cummin().sum())
    since = good.index[-1] if len(good) else tries.index[0]
    hours = max(0.0, (given.looked_at - since) / pd.Timedelta(hours=1))
    usual = float((good.index.to_series().diff() / pd.Timedelta(hours=1)).median()) if len(good) > 1 else None
    state = State.GOOD
    says = f"the last pull went through; {hours:,.1f} hours ago"
    if failing:
        state = State.ALARMS if hours > HOURS else State.WARNS
        times = "pull" if failing == 1 else f"{failing} pulls"
        last = "none ever went through" if good.empty else f"the last good one was {hours:,.1f} hours ago"
        says = f"the last {times} failed; {last}"
    return (
        Measure(
            "hours since a good pull", says, state, value=hours, usual=usual, high=float(HOURS), n=len(tries),
            unit="hours", detail=given.last_pull_failed,
        ),
    )  # fmt: skip


RULES: Final = (
    Rule(
        "TW004", "Rows are set aside", Action.TELL,
        "Warns when a table of the last pull has a larger share of rows that broke the contract than usual, beyond "
        f"chance; alarms when that is more than {100 * NEAR:.0f} % of `max_quarantine`, at which pulls are refused.",
        "Read the reasons: `takt ingest` prints them, and the table `quarantine` of the lake keeps the rows. A kind "
        "that was never seen belongs into `kinds` of definitions.yaml; all else is corrected in the source.",
        set_aside, of_data=True,
    ),
    Rule(
        "TW005", "Pulls break", Action.HOLD,
        f"Warns when the last pull failed; alarms when pulls fail and none has gone through for {HOURS} hours.",
        "Read the message (below, or run `takt ingest`): it says which source, what was got and what to do. Nothing of "
        "a broken pull is used; the list stays that of the last good one.",
        broken, of_data=True,
    ),
)  # fmt: skip
