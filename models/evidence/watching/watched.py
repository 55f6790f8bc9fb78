"""What the watch looks at: facts, pulls, published lists, what was tapped, the champion and its promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import pandas as pd

from features.facts.definitions import Definitions
from features.facts.ledger import Facts
from features.matrix import Matrix
from models.bundle import Bundle
from models.evidence.watching.workdays import Calendar
from models.measures.ranking import Floats

PULLS: Final = ("at", "ok", "table", "rows", "quarantined")
LISTED: Final = ("prospect_id", "as_of", "chance", "bundle")
TAPPED: Final = ("prospect_id", "as_of", "kind")
SPREAD: Final = ("as_of", "bundle", "chance", "n")
LISTS: Final = ("as_of", "bundle", "listed", "expected")


@dataclass(frozen=True)
class Limits:
    """What a company may set otherwise; shares from 0 to 1.

    Attributes
    ----------
    least_coverage : float
        Share of listed calls that should get a tap.
    least_adherence : float
        Share of listed prospects that should be called on the day, and of calls that should be to listed ones.
    """

    least_coverage: float = 0.5
    least_adherence: float = 0.5


@dataclass(frozen=True)
class Later:
    """Every snapshot of the training grid up to now, with the labels that are known by now (NaN: not yet).

    Attributes
    ----------
    capacity : int
        Calls that the team makes on a day.
    """

    matrix: Matrix
    label: Floats
    capacity: int


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Everything that a rule may look at; times are UTC. What is None or empty makes rules that need it untellable.

    Attributes
    ----------
    looked_at : Timestamp
        The moment of looking. Nothing recorded at it or later is in `facts`.
    complete_until : Timestamp
        Until when what was recorded is known: the last good pull, or the last row that was ever delivered. A day that
        was not over by then says nothing about how much comes on a day.
    live : bool
        Whether the source was fresh when it was pulled: only then does silence since mean anything, and only then
        does somebody work with the lists. A file that ended in 2018 is not late.
    pulls : DataFrame of `PULLS`
        Every try to pull: one row per table, or one with `ok` False and table "" for a try that failed; first first.
    listed : DataFrame of `LISTED`
        Calls of the published lists: the list that counted on each day. `chance` may be missing.
    tapped : DataFrame of `TAPPED`
        What was said about a list's call (`as_of` of that list) and not taken back.
    spread : DataFrame of `SPREAD`
        Chances of each list's whole cohort, rounded, with how many prospects had each.
    lists : DataFrame of `LISTS`
        Each day's list: its calls, and the sum of their chances (wins to be expected; missing without chances).
    bundle : Bundle or None
        The champion.
    promise : mapping or None
        Its `evidence.json`: what its training measured on later days.
    later : Later or None
        See there; None where no snapshot could be made, and `no_later` says why.
    last_pull_failed : str
        Message of the last try, if it failed; for the app only.
    """

    looked_at: pd.Timestamp
    complete_until: pd.Timestamp
    live: bool
    facts: Facts
    definitions: Definitions
    pulls: pd.DataFrame = field(default_factory=lambda: nothing(PULLS))
    listed: pd.DataFrame = field(default_factory=lambda: nothing(LISTED))
    tapped: pd.DataFrame = field(default_factory=lambda: nothing(TAPPED))
    spread: pd.DataFrame = field(default_factory=lambda: nothing(SPREAD))
    lists: pd.DataFrame = field(default_factory=lambda: nothing(LISTS))
    bundle: Bundle | None = None
    promise: Mapping[str, Any] | None = None
    later: Later | None = None
    no_later: str = "no snapshot of open prospects could be made"
    last_pull_failed: str = ""
    limits: Limits = Limits()
    seed: int = 7
    threads: int = 1

    @cached_property
    def calendar(self) -> Calendar:
        """The company's working days: those declared on which the source usually records something."""
        return Calendar.of(self.facts, self.definitions, self.looked_at)

    @property
    def horizon(self) -> pd.Timedelta:
        """H of the label's window `[as_of, as_of + H)`."""
        return pd.Timedelta(days=self.definitions.horizon_days)


def nothing(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table of these columns without rows."""
    times = {"at", "as_of"}
    numbers = {"chance", "n", "rows", "quarantined", "listed", "expected"}
    types = {
        c: "datetime64[us, UTC]" if c in times else "float64" if c in numbers else "bool" if c == "ok" else "str"
        for c in columns
    }
    return pd.DataFrame({c: pd.Series([], dtype=t) for c, t in types.items()})
