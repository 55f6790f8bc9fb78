"""What the flow board says in sentences, for one reader; every figure in them stands in a table of the page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from babel.dates import format_date
from babel.numbers import format_percent

from serving.boards.flow import FEW, FlowBoard, Group, Stage, Takt
from serving.pages.words import Words

TOO_FEW: Final = "too few to say"
NOT_KNOWN: Final = "not known"
SLOW: Final = 0.85
"""The share whose bound is told beside the middle."""
STATES: Final = {
    "kept": ("good", "the team keeps the beat"),
    "ahead": ("warn", "faster than the team"),
    "wrong": ("warn", "more calls made than the capacity says"),
}
"""Takt time against capacity: how it looks and what it is called."""


def _overrun(takt: Takt) -> bool:
    made, most = takt.calls_per_day, takt.capacity_per_day
    return made is not None and most is not None and made > most


@dataclass(frozen=True)
class FlowWords:
    """Writes the figures of one board; times below a working day in hours and minutes of the office."""

    say: Words
    board: FlowBoard | None

    def days(self, value: float | None) -> str:
        """Write days of 24 hours: "12.4 days", "3.1 hours", "under a minute"."""
        if value is None:
            return NOT_KNOWN
        if value >= 1:
            return f"{self._number(value)} days"
        minutes = value * 24 * 60
        return f"{self._number(minutes / 60)} hours" if minutes >= 90 else self._minutes(minutes)

    def every(self, value: float | None) -> str:
        """Write working days between two events: "every 1.1 working days", "every 12 office minutes"."""
        if value is None:
            return "not once"
        hours = self.board.office_hours if self.board is not None else 0
        if value >= 1 or not hours:
            return f"every {self._number(value)} working days"
        minutes = value * hours * 60
        if minutes >= 90:
            return f"every {self._number(minutes / 60)} office hours"
        return f"every {'office minute' if round(minutes) == 1 else self._minutes(minutes, 'office minutes')}"

    def share(self, value: float | None) -> str:
        """Write a share, or that nobody can be counted."""
        return TOO_FEW if value is None else self.say.percent(value)

    def figure(self, value: float | None) -> str:
        """Write a figure with one digit, or that there are too few."""
        return TOO_FEW if value is None else self._number(value)

    def yield_(self, stage: Stage) -> str:
        """Write first-pass yield with its interval."""
        if stage.passed is None or stage.passed_low is None or stage.passed_high is None:
            return f"{TOO_FEW} ({self.say.number(stage.decided)} decided)"
        low, high = self.say.percent(stage.passed_low), self.say.percent(stage.passed_high)
        return self.say.percent(stage.passed) + (f" ({low} to {high})" if low != high else "")

    def bottleneck(self, group: Group) -> str:
        """Say which stage holds the others up, or why that cannot be said."""
        if group.few:
            ever = f"{self.say.number(group.people)} {'prospect' if group.people == 1 else 'prospects'}"
            return f"Too few to say: only {ever} ever came here, {FEW} are needed."
        stage = group.bottleneck
        if stage is None:
            return "Nobody waits at any stage, so there is no bottleneck."
        waiting = "1 prospect waits" if stage.waiting == 1 else f"{self.say.number(stage.waiting)} prospects wait"
        part = "" if stage.waiting_share is None else f", {self.say.percent(stage.waiting_share)} of all waiting"
        moved = f"In the last {self._number(group.takt.days)} days {self.say.number(stage.arrived)} came"
        return (
            f"{waiting} there, together {self.say.number(round(stage.waited))} days{part}. "
            f"{moved} and {self.say.number(stage.left)} left.{self._filling(stage)}"
        )

    def beat(self, takt: Takt) -> str:
        """Say how often a prospect comes and one is won: takt time."""
        if not takt.working_days:
            return f"There was no working day in the last {self._number(takt.days)} days, so there is no takt time."
        return (
            f"In the last {self._number(takt.days)} days ({self.say.number(takt.working_days)} working days) "
            f"a prospect came {self.every(takt.every)} (the takt time) and one was won {self.every(takt.every_win)}."
        )

    def verdict(self, takt: Takt) -> str:
        """Say what takt time against capacity means; empty where it says nothing."""
        if not takt.working_days or not takt.arrived:
            return ""
        if takt.capacity_per_day is None:
            return "Callers are shared between the groups, so capacity is only said of everybody."
        if not takt.calls_per_prospect or takt.needed_per_day is None:
            return "No call to those who ended is in the log, so it is not known how many calls the beat asks for."
        calls = (
            f"At {self._number(takt.calls_per_prospect)} calls each, the beat asks for "
            f"{self._number(takt.needed_per_day)} calls a working day; there are {self._number(takt.capacity_per_day)}"
        )
        if takt.load is None or takt.pace is None:
            return f"{calls}."
        return f"{self._made(takt)}{calls} ({self._whole(takt.load)} of capacity). {self._means(takt)}"

    @property
    def most(self) -> str:
        """Write the share of the slow ones' bound."""
        return self.say.percent(SLOW)

    def state(self, takt: Takt) -> str:
        """Name what takt time against capacity comes to: one of the keys of `STATES`, empty where nothing is known."""
        if takt.load is None or takt.pace is None:
            return ""
        return "wrong" if _overrun(takt) else "ahead" if takt.load > 1 else "kept"

    def short(self, day: dt.date) -> str:
        """Write a day shortly, for tables."""
        return format_date(day, format="medium", locale=self.say.locale)

    def _means(self, takt: Takt) -> str:
        load, pace = takt.load or 0.0, self.every(takt.pace)
        if load <= 1:
            return f"The team can take one up {pace}, so it keeps the beat."
        short = self._number((takt.needed_per_day or 0.0) - (takt.capacity_per_day or 0.0))
        return (
            f"The team can take one up only {pace}: the beat is faster than the team. {short} calls a day are missing, "
            "so more wait each week, whatever the order of the list. It takes more callers, fewer calls per "
            "prospect, or fewer prospects let in."
        )

    def _made(self, takt: Takt) -> str:
        if not _overrun(takt) or takt.calls_per_day is None or takt.capacity_per_day is None:
            return ""
        return (
            f"{self._number(takt.calls_per_day)} calls a working day were made, more than the "
            f"{self._number(takt.capacity_per_day)} that the definitions call the capacity: correct it first. By the "
            "definitions: "
        )

    def _filling(self, stage: Stage) -> str:
        if stage.left < stage.arrived:
            return " It is filling up."
        return " It is emptying." if stage.left > stage.arrived else ""

    def _minutes(self, minutes: float, unit: str = "minutes") -> str:
        return f"{self.say.number(round(minutes))} {unit}" if minutes >= 1.5 else f"under 2 {unit}"

    def _whole(self, share: float) -> str:
        """Write a share that may lie above 1."""
        return format_percent(share, locale=self.say.locale)

    def _number(self, value: float) -> str:
        return self.say.number(round(value, 1) if value < 100 else round(value))
