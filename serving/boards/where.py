"""The board of channels: on which channels won prospects were seen, by three rules of bookkeeping."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from serving.boards.board import Board

Rule = Literal["first touch", "last touch", "removal effect"]


class Credit(BaseModel):
    """What one rule books to a channel: a share of all wins with its 95 % interval, the wins and value that this is.

    `value` is None where no amount of a win is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Rule
    share: float
    low: float | None
    high: float | None
    wins: float
    value: float | None


class Channel(BaseModel):
    """One step of journeys: `kind` is "source" (how they came), "inbound" (from them), "outbound" (from us) or "none".

    `n` counts the prospects at which it was seen; `credits` has one entry per rule.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["source", "inbound", "outbound", "none"]
    name: str
    n: int
    credits: tuple[Credit, ...]

    def credit(self, rule: str) -> Credit | None:
        """Return what a rule books to it; None where nothing was won."""
        return next((c for c in self.credits if c.rule == rule), None)


class Where(Board):
    """All channels, the largest removal effect first.

    Attributes
    ----------
    journeys, wins : int
        Prospects that are decided or old enough to count as not won, and those won among them.
    value : float or None
        What those wins were worth together; None where no amount is known.
    priced : int
        Wins whose amount is known.
    """

    journeys: int = 0
    wins: int = 0
    value: float | None = None
    priced: int = 0
    horizon_days: int = 0
    channels: tuple[Channel, ...] = ()
