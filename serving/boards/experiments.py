"""The board of experiments: every card of the home as plan, do, check and act, as it stood on the run's day.

Shares are between 0 and 1, an effect of 0.06 is six points. What cannot be said is None, and `said` has the reason.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.boards.board import Board
from serving.boards.filed import Filed

State = Literal["planned", "running", "waiting", "finished"]
Decision = Literal["keep", "drop", "go on", "cannot say"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Part):
    """One way of doing it, who is in it, and what came of them; the first arm of a card is the control."""

    name: str
    chance: float = Field(description="With which a prospect that joins is drawn into this arm.")
    says: str
    offer_id: str | None
    channel: str | None
    rule: Literal["never_listed", "always_listed"] | None
    assigned: int
    gone: int = Field(description="No such prospect any more.")
    waiting: int = Field(description="The measure's days have not passed.")
    n: int = Field(description="Known what came of them.")
    successes: int
    share: float | None


class Look(_Part):
    """The effect as it was known on a day, with its interval; `n` cases in the two arms together."""

    day: dt.date
    n: int
    effect: float
    low: float
    high: float


class Contrast(_Part):
    """An arm against the control: share minus share, its always-valid interval, and what follows by the card's rule."""

    arm: str
    against: str
    effect: float | None
    low: float | None
    high: float | None
    p: float | None
    decision: Decision
    said: str
    looks: tuple[Look, ...] = ()


class Experiment(_Part):
    """A card and how it stands; prospects join on days in `[start, stop)`, and until `stopped` where it was ended."""

    name: str
    hypothesis: str
    changes: str
    owner: str
    eligible: str
    measure: Literal["won", "positive_reply", "meeting_booked"]
    days: int
    start: dt.date
    stop: dt.date
    stopped: dt.date | None
    worthwhile: float
    keep_above: float
    alpha: float
    state: State
    decision: Decision
    problem: str
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]


class ExperimentsBoard(Board):
    """All of them, the running ones first; `proposals` are those that were asked for on a page, the earliest first."""

    experiments: tuple[Experiment, ...] = ()
    proposals: tuple[Filed, ...] = ()
