"""The board of the team: how even the lists are, and what came of them; never what came of one person's calls.

What a list holds is work that was dealt out, and is told by salesperson, in the order of the names. What came of it is
told of the team and of groups of at least `LEAST_PEOPLE`, and only where the rest of the team is as large or empty, so
that nobody's result can be had by subtraction. The shapes below refuse anything else.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.boards.board import Board

LEAST_PEOPLE: Final = 5
"""Salespeople below whom a group's outcomes are not told."""
RULE: Final = (
    f"What came of the calls is shown for the team, or for groups of at least {LEAST_PEOPLE} people whose rest has as "
    "many; never for one person, and nobody is ranked. The table of lists shows what was dealt out, not what somebody "
    "made of it."
)
"""The rule, as the page says it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dealt(_Part):
    """One salesperson's list of the day; `owner_id` None is the team's pool."""

    owner_id: str | None
    calls: int
    places: int = Field(description="Calls that could be made today; 0 for those who are away.")
    value: float | None = Field(description="Expected value of all calls together.")
    per_call: float | None
    against_team: float | None = Field(description="Value per call over the team's, minus 1.")
    value_share: float | None = Field(description="Share of the team's expected value.")


class Outcome(_Part):
    """What came of the calls of a group (`group` None: of the whole team), each prospect counted once."""

    group: str | None
    people: int
    n: int = Field(description="Prospects whose horizon has passed.")
    won: int
    share: float | None
    low: float | None
    high: float | None
    waiting: int

    @model_validator(mode="after")
    def _no_one(self) -> Self:
        if self.group is not None and self.people < LEAST_PEOPLE:
            raise ValueError(f"{self.group}: outcomes of {self.people} people, fewer than {LEAST_PEOPLE}")
        return self


class Judged(_Part):
    """What came of those whom people judged otherwise than the list, beside the list of the same weeks."""

    group: str
    n: int
    won: int
    share: float | None
    low: float | None
    high: float | None
    waiting: int


class HeldOut(_Part):
    """What the lists are worth: prospects that could be listed beside those held out by lot.

    `difference` is the share won of the first minus that of the second, from `low` to `high` (95 %); None where there
    are too few to say.
    """

    share: float
    n: int
    won: int
    held_n: int
    held_won: int
    waiting: int
    difference: float | None
    low: float | None
    high: float | None


class TeamBoard(Board):
    """All of it; `band` is how far value per call may lie from the team's, None where none is set."""

    lists: tuple[Dealt, ...] = ()
    in_money: bool = False
    band: float | None = None
    left_out: dict[str, int] = {}
    horizon_days: int = 0
    first_list: dt.date | None = None
    outcomes: tuple[Outcome, ...] = ()
    judged: tuple[Judged, ...] = ()
    judged_said: str = ""
    held_out: HeldOut | None = None

    @model_validator(mode="after")
    def _nobody_by_subtraction(self) -> Self:
        team = sum(outcome.people for outcome in self.outcomes if outcome.group is None)
        rest = team - sum(outcome.people for outcome in self.outcomes if outcome.group is not None)
        if any(outcome.group is not None for outcome in self.outcomes) and 0 < rest < LEAST_PEOPLE:
            raise ValueError(f"outcomes of groups leave {rest} people, whose own could be had by subtraction")
        return self

    @property
    def calls(self) -> int:
        """Calls of all lists."""
        return sum(dealt.calls for dealt in self.lists)

    @property
    def places(self) -> int:
        """Calls that could be made today."""
        return sum(dealt.places for dealt in self.lists)

    @property
    def spread(self) -> float | None:
        """The largest distance of a list's value per call from the team's, as a share of it."""
        return max((abs(d.against_team) for d in self.lists if d.against_team is not None), default=None)
