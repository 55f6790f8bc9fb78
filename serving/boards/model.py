"""The board of the model: what its training measured on later days, and what may be thought of it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict

from serving.boards.board import Board


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Row):
    """A figure with its 95 % interval; None where it does not exist."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class Order(_Row):
    """How good one order was in one period: wins per call, how much better than any order, and the whole order."""

    auc: Figure
    precision_at_capacity: Figure
    lift_at_capacity: Figure


class Period(_Row):
    """One period later than what was fitted, both days included; `why` says why nothing is known of the orders.

    `part`: "test" for the test part of the model that is kept, "before" for the periods on which the rungs were
    compared. `won` counts prospects.
    """

    part: Literal["before", "test"]
    first: dt.date
    last: dt.date
    snapshots: int
    prospects: int
    won: int
    base_rate: Figure
    models: dict[str, Order]
    why: str


class Held(_Row):
    """What a list by one order held: winning prospects by share of days, and calls of a mean morning that won."""

    prospects: float
    calls_to_winners: Figure


class AtCapacity(_Row):
    """What a morning's list of `calls` would have held in the test part, by rung, "any order" among them.

    `called` is what a mean morning has: fewer than `calls` where fewer are open. `over_recency` is what the kept order
    has more than the one by recency, in winning prospects.
    """

    calls: int
    called: float
    days: int
    won: int
    calls_all: bool
    lists: dict[str, Held]
    over_recency: Figure


class Bin(_Row):
    """Snapshots of like chance: what was foretold, what was observed with its interval, and of how many prospects."""

    foretold: float
    observed: float
    low: float
    high: float
    prospects: int


class Evidence(_Row):
    """What `models.evidence.training_evidence` kept beside the bundle; `served` says of what serves if it differs."""

    kept: str
    served: str
    refused: str | None
    capacity: int
    unmeasured: str
    periods: tuple[Period, ...]
    at_capacity: tuple[AtCapacity, ...]
    calibration: tuple[Bin, ...]
    gains: dict[str, tuple[tuple[float, float], ...]]


class Rung(_Row):
    """One rung of the ladder, with what it gained over the one kept below it, and why it was taken or not."""

    name: str
    words: str
    against: str | None
    gain: Figure
    taken: bool
    serves: bool
    why: str


class Check(_Row):
    """One quality check: when it fires, whether it did at the training, and what to do then."""

    code: str
    title: str
    severity: str
    state: Literal["fires", "quiet", "not applicable"]
    says: str
    do: str
    when: str


class Challenge(_Row):
    """What the last training came to; `serves` says whether the bundle that came of it makes the lists of this run."""

    trained_on: dt.date
    version: int
    words: str
    promoted: bool
    fallback: bool
    serves: bool
    why: str


class Model(Board):
    """All of it. `evidence` is None for a champion of an earlier version, of which none was kept.

    `instead` says in words why a simpler order serves than the one that was learned; empty where none was refused.
    `capacity` is the number of calls a day that models are judged at, `listed` that of the run's own list.
    """

    rung: str = ""
    words: str = ""
    instead: str = ""
    trained_on: dt.date | None = None
    horizon_days: int = 0
    base_rate: float | None = None
    capacity: int = 0
    listed: int = 0
    says_chances: bool = False
    evidence: Evidence | None = None
    ladder: tuple[Rung, ...] = ()
    checks: tuple[Check, ...] = ()
    challenge: Challenge | None = None
    trainings: int = 0
    beware: tuple[str, ...] = ()
    parts: dict[str, str] = {}
    versions: dict[str, str] = {}
    card: str = ""
