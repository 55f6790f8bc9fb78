"""Whether the data are fresh: working days without a single row, against the longest such silence so far."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State
from models.evidence.watching.watched import Watched
from models.evidence.watching.workdays import Calendar, day_of, delivered, local_days, said

ALL: Final = "all tables together"
LOOK_BACK: Final = 90
"""Days in which the longest silence is looked for."""
OFTEN: Final = 0.5
"""Share of the working days with rows below which a table is too rare to alarm."""
LEAST_DAYS: Final = 15
"""Days with rows below which nothing is usual yet."""


def silence(given: Watched) -> tuple[Measure, ...]:
    """Answer for the whole source and for each table how many working days have passed without a row."""
    if not given.live:
        raise CannotTell(
            "the source was not fresh when it was last pulled, or was never pulled: nobody expects rows of today"
        )
    zone, calendar = given.calendar.zone, given.calendar
    today = day_of(given.looked_at, zone)
    days = {name: np.unique(local_days(t["recorded_at"], zone)) for name, t in delivered(given.facts).items() if len(t)}
    if not days:
        raise CannotTell("there are no facts at all")
    days = {ALL: np.unique(np.concatenate(list(days.values())))} | days
    whole = calendar.between(days[ALL][-1], today)
    return tuple(_measure(name, of, today, calendar, 0 if name == ALL else whole) for name, of in days.items())


def _measure(name: str, days: Any, today: np.datetime64, calendar: Calendar, whole: int) -> Measure:
    """Take one measure; what the whole source is silent for (`whole`) is not counted against a table once more."""
    last = days[-1]
    age = calendar.between(last, today)
    recent = days[days >= last - np.timedelta64(LOOK_BACK, "D")]
    since = f"last row on {said(last)}"
    if len(recent) < LEAST_DAYS:
        why = f"{name}: {since}; rows on only {len(recent)} days, {LEAST_DAYS} needed to say what is usual"
        return Measure(name, why, State.UNKNOWN, value=float(age), n=len(recent), unit="working days")
    longest = int(calendar.gaps(recent).max())
    often = len(recent) >= OFTEN * calendar.between(recent[0] - np.timedelta64(1, "D"), last + np.timedelta64(1, "D"))
    says = (
        f"{name}: {since}, {age} working {'day' if age == 1 else 'days'} ago without a row since; "
        f"at most {longest} in the {LOOK_BACK} days before"
    )
    return Measure(
        name, says, _state(name, age - whole, longest, often=often), value=float(age),
        usual=float(np.median(calendar.gaps(recent))), high=float(longest), n=len(recent), unit="working days",
    )  # fmt: skip


def _state(name: str, age: int, longest: int, *, often: bool) -> State:
    if often and age > (longest if name == ALL else 2 * longest + 1):
        return State.ALARMS
    return State.WARNS if age > longest else State.GOOD


RULES: Final = (
    Rule(
        "TW001", "Data are too old", Action.HOLD,
        f"Warns when a table has been silent for more working days than ever in the {LOOK_BACK} days before; alarms "
        "when all tables together have, or one table for more than twice as long and a day, if it has rows on "
        f"{100 * OFTEN:.0f} % of the working days. A working day is a "
        "declared one on which the source usually records something. Needs rows on "
        f"{LEAST_DAYS} days, and a source that was fresh when it was pulled.",
        "See whether the pull runs (`takt status`) and whether people can still write into the source. Pull again: "
        "`takt ingest`. A holiday that everybody takes belongs into `holidays` of definitions.yaml.",
        silence, of_data=True,
    ),
)  # fmt: skip
