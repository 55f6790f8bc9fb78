"""The flow of prospects through the stages: throughput, work in progress, age, lead time, yield, takt, bottleneck.

Everything is computed from the moves that were known at a moment, so the board of last Tuesday can be drawn today and
shows what was seen on Tuesday.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from features.errors import TaktError
from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.flow_measures import ALL_STAGES, ageing, first_pass, lead_times, weekly
from features.flow_stages import Journeys, journeys
from features.flow_takt import Window, bottleneck, takt
from features.flow_words import ALL, beat, lead, notes, slow, stuck
from features.time.asof import grid, moment

WINDOW_DAYS: Final = 28
WEEK: Final = 7
NOT_FILLED: Final = "(not filled)"
BY: Final = ("segment", "territory", "owner_id", "source")


class NoFlow(TaktError):
    """The flow cannot be computed: no stages are defined, or none of them is in the log; the text says what to do."""


@dataclass(frozen=True)
class Flow:
    """The board of one moment. `group` is "all", or the value of the column `by`; "(not filled)" where it is missing.

    Attributes
    ----------
    weekly : DataFrame
        As `flow_measures.weekly`, whole weeks only, the last one ending at the day of `as_of` (company time zone); the
        stage "all stages" is the whole way.
    ageing, lead_time, first_pass : DataFrame
        As the functions of `flow_measures`.
    takt, bottleneck : DataFrame
        As the functions of `flow_takt`, over the last days.
    words : tuple of str
        The same in sentences, what was left out first.
    """

    as_of: pd.Timestamp
    by: str | None
    weekly: pd.DataFrame
    ageing: pd.DataFrame
    lead_time: pd.DataFrame
    first_pass: pd.DataFrame
    takt: pd.DataFrame
    bottleneck: pd.DataFrame
    words: tuple[str, ...]


def flow(
    facts: Facts, definitions: Definitions, as_of: pd.Timestamp, *, by: str | None = None, days: int = WINDOW_DAYS
) -> Flow:
    """Answer how prospects flow through the stages, as it was known at `as_of`.

    Parameters
    ----------
    facts : Facts
        May hold facts recorded at or after `as_of`; they are not looked at. Prospects created before the definitions'
        `cohort_from` are left out: their outcomes are not fully recorded.
    as_of : Timestamp
        UTC.
    by : {"segment", "territory", "owner_id", "source"}, optional
        Make every table per value of this column of prospects, as last known.
    days : int
        Days before `as_of` that figures per day and the bottleneck's arrivals are made of; less where the history is
        shorter.

    Raises
    ------
    NoFlow
        No stages are defined, no prospect was known, no move to one of the stages was, or `by` is no such column.
    """
    known = _known(facts.visible(as_of), definitions)
    found = _found(known, definitions, as_of, by)
    owned = current(known.prospects, TABLES["prospects"].key).set_index("prospect_id")
    people = found.people.assign(group=_groups(owned, found, by), owner_id=_column(owned, found, "owner_id"))
    stays = found.visits.merge(people[["prospect_id", "group"]], on="prospect_id")
    window = _window(people, as_of, definitions, days)
    ages, times = ageing(stays, as_of), lead_times(people)
    beats, stages = takt(people, known, window=window, definitions=definitions, by=by), bottleneck(ages, stays, window)
    said = (*notes(found), *stuck(stages, window), *slow(ages), *lead(times, people), *beat(beats, definitions))
    return Flow(
        as_of,
        by,
        weekly=weekly(pd.concat([stays, _whole(people)]), _weeks(people, as_of, definitions)),
        ageing=ages,
        lead_time=times,
        first_pass=first_pass(stays),
        takt=beats,
        bottleneck=stages,
        words=said,
    )


def _window(people: pd.DataFrame, as_of: pd.Timestamp, definitions: Definitions, days: int) -> Window:
    zone = definitions.zone
    begin = moment(as_of.tz_convert(zone).date() - dt.timedelta(days=days), zone)
    return Window.of(max(begin, people["created_at"].min()), as_of, definitions)


def _known(facts: Facts, definitions: Definitions) -> Facts:
    if definitions.cohort_from is None:
        return facts
    prospects = facts.prospects
    since = prospects["created_at"] >= moment(definitions.cohort_from, definitions.zone)
    return replace(facts, prospects=prospects[since])


def _found(known: Facts, definitions: Definitions, as_of: pd.Timestamp, by: str | None) -> Journeys:
    if not definitions.stages:
        raise NoFlow("definitions.yaml names no stages; list them in their order, for example stages: [new, offer].")
    if by is not None and by not in BY:
        raise NoFlow(f"by: {by!r} is not a column that flow can be split by; expected one of {', '.join(BY)}.")
    found = journeys(known, stages=definitions.stages, as_of=as_of, max_age_days=definitions.max_age_days)
    if found.people.empty:
        raise NoFlow(f"no prospect was known before {as_of}; name a later moment.")
    if found.moves == 0:
        raise NoFlow(
            f"no move to {', '.join(definitions.stages)} was known before {as_of}; map the changes of stage to touches "
            'of kind "stage" (touches.sql), each with its stage.'
        )
    return found


def _column(owned: pd.DataFrame, found: Journeys, column: str) -> pd.Series:
    return owned[column].reindex(found.people["prospect_id"]).reset_index(drop=True)


def _groups(owned: pd.DataFrame, found: Journeys, by: str | None) -> pd.Series:
    if by is None:
        return pd.Series(ALL, index=found.people.index, dtype="str")
    return _column(owned, found, by).fillna(NOT_FILLED).astype("str")


def _whole(people: pd.DataFrame) -> pd.DataFrame:
    """Return the way from creation to the end as one stay."""
    stays = people.rename(columns={"created_at": "entered_at", "ended_at": "left_at", "end": "exit"})
    return stays[["prospect_id", "group", "entered_at", "left_at", "exit"]].assign(stage=ALL_STAGES, place=1_000_000)


def _weeks(people: pd.DataFrame, as_of: pd.Timestamp, definitions: Definitions) -> pd.DatetimeIndex:
    zone = definitions.zone
    first, last = (t.tz_convert(zone).date() for t in (people["created_at"].min(), as_of))
    # one week more than whole ones, so that the first prospects' week is in it
    return grid(first - dt.timedelta(days=WEEK - 1), last, days=WEEK, zone=zone)
