"""Whether the list is worked with: taps on its calls, and calls to those who are on it; and whether there is one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from features.facts.contract import INTERNAL, TABLES
from features.facts.ledger import current
from models.evidence.watching.rule import Action, CannotTell, Measure, Rule, State
from models.evidence.watching.watched import Watched
from models.evidence.watching.workdays import day_of, local_days, said
from models.measures.likeness import wilson

DAYS: Final = 10
"""Lists that are looked at: the last ones whose day is over."""
BEFORE: Final = 20
"""Lists before these that say what is usual."""
LEAST: Final = 20
DAY: Final = pd.Timedelta(days=1)
OLD: Final = 2
"""Working days since the day of the newest list from which on somebody must have noticed."""


def coverage(given: Watched) -> tuple[Measure, ...]:
    """Answer what share of listed calls got a tap."""
    recent, earlier = _lists_that_are_over(given)
    tapped = pd.MultiIndex.from_frame(given.tapped[["prospect_id", "as_of"]])
    return (
        _share(
            "listed calls with a tap", _in(recent, tapped), usual=_in(earlier, tapped),
            least=given.limits.least_coverage, what="calls listed on {lists} have a tap",
            days=recent["as_of"].nunique(),
        ),
    )  # fmt: skip


def adherence(given: Watched) -> tuple[Measure, ...]:
    """Answer what share of listed prospects was called on the day, and of calls made went to listed ones."""
    recent, earlier = _lists_that_are_over(given)
    made = _calls_made(given)
    both = pd.MultiIndex.from_frame(made)
    days = recent["as_of"].nunique()
    called = _share(
        "listed prospects called on the day", _in(recent, both), usual=_in(earlier, both),
        least=given.limits.least_adherence, days=days,
        what="prospects listed on {lists} were spoken or written to on that day",
    )  # fmt: skip
    on = pd.MultiIndex.from_frame(given.listed[["prospect_id", "as_of"]])
    on_list = _share(
        "calls that were on the list", _in(made[made["as_of"].isin(recent["as_of"])], on),
        usual=_in(made[made["as_of"].isin(earlier["as_of"])], on), least=given.limits.least_adherence, days=days,
        what="prospects spoken or written to on the days of {lists} were listed",
    )  # fmt: skip
    return called, on_list


def list_age(given: Watched) -> tuple[Measure, ...]:
    """Answer how many working days old the newest list is."""
    if not given.live:
        raise CannotTell("the source was not fresh when it was last pulled: no list of today is expected")
    if given.lists.empty:
        raise CannotTell("no list has been published yet")
    newest = day_of(given.lists["as_of"].max(), given.calendar.zone)
    age = given.calendar.between(newest, day_of(given.looked_at, given.calendar.zone))
    state = State.ALARMS if age >= OLD else State.WARNS if age else State.GOOD
    says = f"the newest list is that of {said(newest)}; working days since without one: {age}"
    return (
        Measure("working days without a new list", says, state, value=float(age), usual=0.0, high=0.0,
                n=len(given.lists), unit="working days"),
    )  # fmt: skip


def _lists_that_are_over(given: Watched) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the calls of the last lists whose day is over, and of those before."""
    if not given.live:
        raise CannotTell("the source was not fresh when it was last pulled: nobody is expected to work its lists")
    over = given.listed[given.listed["as_of"] + DAY <= given.looked_at]
    days = np.sort(over["as_of"].unique())
    recent = over[over["as_of"].isin(days[-DAYS:])]
    if len(recent) < LEAST:
        raise CannotTell(f"{len(recent)} calls on lists whose day is over, {LEAST} needed")
    return recent, over[over["as_of"].isin(days[-DAYS - BEFORE : -DAYS])]


def _calls_made(given: Watched) -> pd.DataFrame:
    """Return who was spoken or written to by us on the day of which list; once a day, from the source or a tap."""
    touches = current(given.facts.touches, TABLES["touches"].key)
    touches = touches[touches["direction"].eq("outbound") & ~touches["kind"].isin(INTERNAL)]
    days = pd.Series(local_days(touches["occurred_at"], given.calendar.zone), index=touches.index)
    lists = pd.Series(given.listed["as_of"].unique())
    of_day = dict(zip(local_days(lists, given.calendar.zone), lists, strict=True)) if len(lists) else {}
    made = pd.DataFrame({"prospect_id": touches["prospect_id"], "as_of": days.map(of_day)}).dropna()
    rows = [made, given.tapped.loc[~given.tapped["kind"].isin(NO_CALL), ["prospect_id", "as_of"]]]
    whole = pd.concat([part for part in rows if len(part)] or [made])
    return whole.astype({"as_of": "datetime64[us, UTC]"}).drop_duplicates(ignore_index=True)


NO_CALL: Final = ("skip", "snooze", "override_call", "override_leave")
"""What may be tapped without having called."""


def _in(rows: pd.DataFrame, keys: pd.MultiIndex) -> Any:
    return pd.MultiIndex.from_frame(rows[["prospect_id", "as_of"]]).isin(keys)


def _share(name: str, hits: Any, *, usual: Any, least: float, what: str, days: int) -> Measure:
    n, k = len(hits), int(np.sum(hits))
    what = what.format(lists="the last list" if days == 1 else f"the last {days} lists")
    if n < LEAST:
        return Measure(name, f"{n} {what}: too few to say, {LEAST} needed", State.UNKNOWN, n=n)
    low, high = (float(end[0]) for end in wilson(np.array([k]), np.array([n])))
    before = float(np.mean(usual)) if len(usual) >= LEAST else None
    falls = before is not None and high < 0.5 * before
    says = f"{k:,} of {n:,} {what}: {k / n:.0%} [{low:.0%}, {high:.0%}], {least:.0%} is asked for"
    says += "" if before is None else f", {before:.0%} before"
    state = State.WARNS if high < least or falls else State.GOOD
    return Measure(name, says, state, value=k / n, usual=before, low=low, high=high, n=n, unit="%")


RULES: Final = (
    Rule(
        "TW009", "Nobody says what came of the calls", Action.TELL,
        f"Of the calls of the last {DAYS} lists (at least {LEAST}) surely (95 % interval) fewer have a tap than "
        "`least_coverage`, 50 % unless set otherwise, or than half of what was usual. Only warns.",
        "Ask the team why: no time, no signal, or calls that are written into the CRM instead. Without taps the list "
        "learns a day later, from the CRM, and nothing of whom was skipped and why.",
        coverage,
    ),
    Rule(
        "TW010", "The list is not followed", Action.TELL,
        f"On the days of the last {DAYS} lists surely (95 % interval) fewer listed prospects were spoken or written to "
        "on the day than `least_adherence`, 50 % unless set otherwise, or fewer of those who were are on the list, or "
        "either is less than half of the usual. Only warns.",
        "Ask before you blame: a list that nobody follows is too long (`capacity`), at the wrong hour, or wrong. "
        "`takt overrides` says whether people's own choices won more often.",
        adherence,
    ),
    Rule(
        "TW011", "There is no new list", Action.TELL,
        f"Warns when a working day has passed since the day of the newest list, alarms from {OLD} on. Only where the "
        "source was fresh when it was pulled.",
        "See why the daily run did not publish: `takt status`, the run's page in Prefect, or run `takt daily` by hand.",
        list_age,
    ),
)  # fmt: skip
