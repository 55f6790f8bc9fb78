"""The board of offers: what is known of each offer in each segment, and what may be recommended from it.

A share is a number between 0 and 1; an effect of 0.06 is six points. Nothing is said of fewer than `LEAST` cases, and
an effect only of offers that chance chose: the shapes below refuse anything else, so that no page can show it.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from serving.boards.board import Board
from serving.boards.filed import Filed

LEAST: Final = 20
"""Cases below which no share and no effect is said, only the counts."""
ALL: Final = "all segments"
NO_SEGMENT: Final = "no segment"
"""Stands for prospects whose segment is not known."""

Basis = Literal["uplift", "control", "association", "none"]
Says = Literal["figure", "few", "never", "elsewhere", "expired", "not yet"]
Strength = Literal["better", "unclear", "present", "association", "few", "nothing", "not offered"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(_Part):
    """One offer in one segment, over all stages (`stage` None) or at one.

    Attributes
    ----------
    basis : str
        "uplift": drawn by chance and compared with the control; "control": what the others are compared with;
        "association": how often it was answered with yes, whoever got it; "none": never made anywhere.
    says : str
        "figure"; or why there is none: "few" (fewer than `LEAST` cases here), "never" (never made here), "elsewhere"
        (not meant for this segment or stage), "expired", "not yet" (its first day is to come).
    n, accepted : int
        Draws for "uplift" and "control", all that were made for "association"; yes among them.
    effect, low, high : float or None
        The effect against the control and its 95 % interval; of "uplift" with a figure only.
    share, share_low, share_high : float or None
        accepted / n with its Wilson interval; with a figure only.
    """

    segment: str
    stage: str | None
    offer_id: str
    basis: Basis
    says: Says
    n: int
    accepted: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None

    @model_validator(mode="after")
    def _honest(self) -> Self:
        figures = (self.effect, self.low, self.high, self.share, self.share_low, self.share_high)
        if self.n < LEAST and any(f is not None for f in figures):
            raise ValueError(f"{self.segment}, {self.offer_id}: a figure from {self.n} cases, fewer than {LEAST}")
        if self.basis != "uplift" and any(f is not None for f in figures[:3]):
            raise ValueError(f"{self.segment}, {self.offer_id}: an effect on the basis {self.basis!r}")
        return self


class Offered(_Part):
    """An offer of the catalogue; `valid_to` is the first day on which it may not be made any more."""

    offer_id: str
    name: str
    description: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    segments: tuple[str, ...]
    stages: tuple[str, ...]


class Base(_Part):
    """How those of a segment who were open `days` ago ended, by one measure of an experiment."""

    measure: Literal["won", "positive_reply", "meeting_booked"]
    days: int
    n: int
    successes: int


class Segment(_Part):
    """A segment of the open prospects.

    Attributes
    ----------
    open : int
        Open prospects today; `stages` the same by stage ("" where not known).
    weekly : float
        Prospects of the segment that came in a week, on average over the last 12.
    recommended : str or None
        offer_id; None where nothing is known of any offer that may be made here.
    strength : str
        How sure: "better" (the interval lies above 0), "unclear" (it does not), "present" (the control, no other did
        better), "association", "few", "nothing" (never made), "not offered" (no offer may be made here now).
    said : str
        The reason in a sentence.
    suggested : dict of offer_id to int
        What the day's lists suggest, by how many open prospects.
    """

    name: str
    open: int
    stages: dict[str, int]
    weekly: float
    recommended: str | None
    strength: Strength
    said: str
    suggested: dict[str, int]
    bases: tuple[Base, ...]


class Offers(Board):
    """All of it; `later` says in words whether choosing by these effects was measured on later offers."""

    control: str | None = None
    horizon_days: int = 0
    note: str = ""
    later: str = ""
    offers: tuple[Offered, ...] = ()
    stages: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    cells: tuple[Cell, ...] = ()
    filed: tuple[Filed, ...] = ()

    def cell(self, segment: str, offer_id: str, stage: str | None = None) -> Cell | None:
        """Return one cell; None where the board has none."""
        wanted = (segment, offer_id, stage)
        return next((c for c in self.cells if (c.segment, c.offer_id, c.stage) == wanted), None)

    def offer(self, offer_id: str | None) -> Offered | None:
        """Return an offer by its id."""
        return next((o for o in self.offers if o.offer_id == offer_id), None)

    def segment(self, name: str | None) -> Segment | None:
        """Return a segment by its name."""
        return next((s for s in self.segments if s.name == name), None)

    @property
    def randomised(self) -> bool:
        """Whether chance chose enough offers for an effect to be told at all."""
        return self.control is not None
