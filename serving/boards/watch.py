"""What the watch saw at one look: every rule with its measures, the alerts that stand, and whether the list is held."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from serving.boards.board import Board

State = Literal["cannot tell yet", "good", "warns", "alarms"]
Action = Literal["tell", "retrain", "hold"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measure(_Row):
    """One figure; `says` is the sentence with it, `detail` what is shown here and sent nowhere."""

    name: str
    says: str
    state: State
    value: float | None = None
    usual: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    detail: str = ""


class Rule(_Row):
    """One rule as it stood when it was last looked at."""

    code: str
    title: str
    state: State
    action: Action
    when: str
    do: str
    looked_at: AwareDatetime
    measures: tuple[Measure, ...]


class Told(_Row):
    """What came of telling one channel: the state it knows, and why the last try failed (empty: it did not)."""

    state: Literal["", "warns", "alarms", "resolved"] = ""
    at: AwareDatetime | None = None
    failed: str = ""


class Alert(_Row):
    """A rule that warns or alarms, from its first look until it is good again.

    `state` is the worst so far; `done` says what was started because of it, empty where nothing was. An alert that is
    over stands until every channel knows.
    """

    code: str
    title: str
    state: Literal["warns", "alarms"]
    since: AwareDatetime
    says: str
    do: str
    action: Action
    done: str = ""
    over: AwareDatetime | None = None
    told: dict[str, Told] = {}


class Hold(_Row):
    """Why the list of `day` stays published although newer ones could be made; until the alarm is gone or released."""

    code: str
    title: str
    since: AwareDatetime
    says: str
    day: dt.date
    run_id: str


class Release(_Row):
    """A person's word that lists are made all the same, for as long as the alert that began at `since` stands."""

    code: str
    since: AwareDatetime
    at: AwareDatetime
    why: str
    by: str


class Watch(Board):
    """All of it, as of one look.

    Attributes
    ----------
    live : bool
        Whether the source was fresh when it was pulled; only then is an old list a reason to worry.
    day : date
        The day that a list would have been made for.
    working_days : tuple of int
        ISO weekdays on which the source usually records something.
    """

    looked_at: AwareDatetime
    day: dt.date
    live: bool
    working_days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    holidays: tuple[dt.date, ...] = ()
    rules: tuple[Rule, ...] = ()
    alerts: tuple[Alert, ...] = ()
    holds: tuple[Hold, ...] = ()
    releases: tuple[Release, ...] = ()

    @property
    def standing(self) -> tuple[Alert, ...]:
        """The alerts that are not over, alarms first."""
        return tuple(sorted((a for a in self.alerts if a.over is None), key=lambda a: (a.state != "alarms", a.code)))

    @property
    def alarms(self) -> bool:
        """Whether any rule alarms."""
        return any(rule.state == "alarms" for rule in self.rules)
