"""The board of the flow: how prospects go through the stages, of everybody and by segment and territory.

Days are of 24 hours, weeks whole ones that end at the run's day. A figure that is not known, or would be said of fewer
than `FEW` prospects, is None.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.boards.board import Board
from serving.errors import Unknown

FEW: Final = 10
"""Prospects below which nothing but counts is said."""
By = Literal["segment", "territory"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(_Part):
    """One stage, as it stands."""

    name: str
    waiting: int = Field(description="Prospects at the stage now: its work in progress.")
    arrived: int = Field(description="In the last `days` days.")
    left: int = Field(description="In the last `days` days, whichever way.")
    per_week: float | None = Field(description="Prospects that went on or were won a week, last whole weeks.")
    age_usual: float | None = Field(description="Days that the middle one of the waiting has been there.")
    age_slow: float | None = Field(description="85 % of the waiting have been there at most so many days.")
    age_longest: float | None
    took_usual: float | None = Field(description="Days at the stage of the middle one of those who left.")
    took_slow: float | None = Field(description="85 % of those who left had gone after so many days.")
    overdue: float | None = Field(description="Share of the waiting who are older than `took_slow`.")
    waited: float = Field(description="Days that those who wait have waited, together.")
    waiting_share: float | None = Field(description="Share of `waited` in all waiting of the group.")
    decided: int = Field(description="Prospects whose first stay here is over.")
    passed: float | None = Field(description="First-pass yield: share of them that went on at once.")
    passed_low: float | None
    passed_high: float | None
    bottleneck: bool


class Week(_Part):
    """A whole week of the group; `last` is its last day."""

    last: dt.date
    arrived: int
    ended: int
    won: int
    open: int = Field(description="Work in progress at the end of the week.")


class Lead(_Part):
    """Days from creation to the outcome; those still open are not in it."""

    result: Literal["won", "lost"]
    n: int
    usual: float | None
    slow: float | None = Field(description="85 % took at most so many days.")


class Takt(_Part):
    """The beat of the last `days` days against the calls there are; times in working days.

    `capacity_per_day` is None where the group shares its callers with others.
    """

    days: float
    working_days: int
    arrived: int
    won: int
    every: float | None = Field(description="Takt time: working days between two prospects that arrive.")
    every_win: float | None
    calls_per_day: float | None = Field(description="Calls made a working day.")
    calls_per_prospect: float | None = Field(description="Calls to those who ended, per prospect.")
    needed_per_day: float | None = Field(description="Calls a day that the arrivals ask for.")
    capacity_per_day: float | None
    load: float | None = Field(description="Needed over capacity; above 1 the work piles up.")

    @property
    def pace(self) -> float | None:
        """Working days in which the team can work one prospect through; None where that is not known."""
        if not self.calls_per_prospect or not self.capacity_per_day:
            return None
        return self.calls_per_prospect / self.capacity_per_day


class Group(_Part):
    """A group of prospects; `people` ever came, `open` are on their way."""

    name: str
    people: int
    open: int
    few: bool = Field(description="Fewer than 10 prospects: only counts are said.")
    stages: tuple[Stage, ...]
    weeks: tuple[Week, ...]
    lead: tuple[Lead, ...]
    takt: Takt

    @property
    def bottleneck(self) -> Stage | None:
        """The stage that holds the others up; None where nobody waits."""
        return next((stage for stage in self.stages if stage.bottleneck), None)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.few != (self.people < FEW):
            raise ValueError(f"{self.name}: few is {self.few} of {self.people} prospects, the limit is {FEW}")
        if self.few and (self.bottleneck or any(s.passed is not None or s.age_usual is not None for s in self.stages)):
            raise ValueError(f"{self.name}: a figure from {self.people} prospects, fewer than {FEW}")
        return self


class Split(_Part):
    """The same by one column; `unsaid` groups with `unsaid_open` open prospects, the smallest, are not shown."""

    by: By
    groups: tuple[Group, ...]
    unsaid: int = 0
    unsaid_open: int = 0

    def group(self, name: str) -> Group | None:
        """Return one group by its name."""
        return next((group for group in self.groups if group.name == name), None)


class FlowBoard(Board):
    """All of it; `left_out` says in words what is in no figure, `office_hours` how long a working day is."""

    all: Group | None = None
    splits: tuple[Split, ...] = ()
    left_out: tuple[str, ...] = ()
    office_hours: int = 0

    def split(self, by: By) -> Split | None:
        """Return the groups by one column; None where it says nothing here."""
        return next((split for split in self.splits if split.by == by), None)


def find(board: FlowBoard, *, by: By | None, group: str | None) -> Group:
    """Return the group asked for, everybody where none is.

    Raises
    ------
    Unknown
        The board has no such split or group; the text names those that there are.
    """
    if board.all is None:
        raise Unknown(board.refused or "This run has no flow board; type `takt daily`.")
    split = None if by is None else board.split(by)
    if by is not None and split is None:
        there = ", ".join(s.by for s in board.splits) or "none"
        raise Unknown(f"The flow is not split by {by} here: its prospects have one value or none. Splits: {there}.")
    if group is None:
        return board.all
    if split is None:
        raise Unknown(f"Say of which column {group!r} is a group: add by=segment or by=territory.")
    found = split.group(group)
    if found is None:
        there = ", ".join(g.name for g in split.groups)
        raise Unknown(f"No group {group!r} by {by} on this day's board; there are: {there}.")
    return found
