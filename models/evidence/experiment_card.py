"""Plan: a card says what is tried on whom, and what will count as success, before the first prospect joins.

It is a promise: hypothesis, arms with their chances, one measure, a last day, and the rule by which the change is kept.
An arm is drawn by SHA-256 of experiment, seed and prospect: the same prospect has the same arm on every day, on every
machine, and in a replay.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Annotated, Any, Final, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import TaktError
from features.facts.definitions import Definitions
from features.time.asof import moment

LEVERS: Final = ("offer_id", "channel", "rule")
"""What an arm may change."""


class ExperimentError(TaktError):
    """A card contradicts itself, or its SQL does not run; the text says where."""


class _Card(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Card):
    """One way of doing it. Without `offer_id`, `channel` and `rule` it is done as usual; `says` is for people."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    chance: Annotated[float, Field(gt=0, lt=1)]
    says: str = ""
    offer_id: str | None = None
    channel: str | None = None
    rule: Literal["never_listed", "always_listed"] | None = None


class Measure(_Card):
    """What counts as success, in `[first seen, first seen + days)`.

    `won`; `positive_reply` (an outbound touch was answered with interest or a meeting); `meeting_booked` (a touch
    with that result, or a meeting that took place).
    """

    kind: Literal["won", "positive_reply", "meeting_booked"]
    days: Annotated[int, Field(ge=1, le=730)]


class Card(_Card):
    """An experiment.

    Attributes
    ----------
    eligible : str
        SQL over the contract tables that returns prospect_id, as the evidence of a term in definitions.yaml. It is
        asked of what is known at the start of each day, and of open prospects only.
    arms : tuple of Arm
        The first is the control, to which each other one is compared. Chances sum to 1.
    start, stop : date
        Prospects join on days in `[start, stop)`, in the company's time zone.
    worthwhile : float
        Smallest difference of shares that would be worth the trouble; the comparison is sharpest for it.
    keep_above : float
        Keep rule: the interval of the difference must lie above this; below 0 it asks for "not much worse".
    alpha : float
        Chance of a wrong keep, over all looks and all arms together.
    stopped : date or None
        The day on which somebody ended it early: nobody joins from then on, and nobody is treated any more.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
    hypothesis: Annotated[str, Field(min_length=10)]
    changes: Annotated[str, Field(min_length=5)]
    owner: str
    unit: Literal["prospect"] = "prospect"
    eligible: Annotated[str, Field(min_length=6)] = "select prospect_id from prospects"
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=8)]
    measure: Measure
    start: dt.date
    stop: dt.date
    worthwhile: Annotated[float, Field(gt=0, lt=1)]
    keep_above: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    alpha: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    seed: Annotated[int, Field(ge=0)] = 0
    stopped: dt.date | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Card:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"arms: two have the same name among {names}")
        total = sum(arm.chance for arm in self.arms)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"arms: the chances sum to {total:g}, not to 1")
        if self.stop <= self.start:
            raise ValueError(f"stop: {self.stop} is not after the start {self.start}; nobody could join")
        if self.keep_above >= self.worthwhile:
            raise ValueError("keep_above: must be below worthwhile, the smallest difference worth the trouble")
        return self

    @property
    def levers(self) -> frozenset[str]:
        """What some arm changes, of `LEVERS`."""
        return frozenset(lever for arm in self.arms for lever in LEVERS if getattr(arm, lever) is not None)

    def begins(self, definitions: Definitions) -> pd.Timestamp:
        """Return the first moment at which prospects join (UTC)."""
        return moment(self.start, definitions.zone)

    def ends(self, definitions: Definitions) -> pd.Timestamp:
        """Return the moment from which on nobody joins any more (UTC)."""
        return moment(self.stop if self.stopped is None else min(self.stop, self.stopped), definitions.zone)

    def arm_of(self, prospect_id: str) -> Arm:
        """Return the arm of a prospect: the same one always and everywhere."""
        text = "\x1f".join((self.name, str(self.seed), prospect_id))
        place = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2.0**64
        edge = 0.0
        for arm in self.arms:
            edge += arm.chance
            if place < edge:
                return arm
        return self.arms[-1]


def parse_card(raw: Any, *, origin: str = "card") -> Card:
    """Check a card given as a mapping (from YAML).

    Raises
    ------
    ExperimentError
        It is no mapping, or breaks a rule; the text names field and rule.
    """
    if not isinstance(raw, dict):
        raise ExperimentError(f"{origin}: expected a mapping of fields, got {type(raw).__name__}.")
    try:
        return Card.model_validate(raw)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'card'}: {e['msg']}" for e in error.errors()]
        raise ExperimentError(f"{origin}: {len(lines)} thing(s) to correct\n" + "\n".join(lines)) from error
