"""What an assessment looks at, prepared once for all principles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from features.facts.contract import TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from features.time.asof import DAY, micros, moment
from features.time.labels import observed_until


@dataclass(frozen=True)
class Given:
    """The facts visible at `as_of`, the last version of each row, and what else the principles ask for.

    Attributes
    ----------
    facts : Facts
        Visible at `as_of`; all versions.
    rungs : mapping of str to int
        Winning prospects that each rung of the ladder needs; empty where it is not known.
    set_aside : mapping of str to (int, int)
        For each table that was mapped: rows in quarantine, and rows in all.
    """

    facts: Facts
    definitions: Definitions
    as_of: pd.Timestamp
    rungs: Mapping[str, int] = field(default_factory=dict)
    set_aside: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def last(self, table: str) -> pd.DataFrame:
        """Return the last version of each row of a table."""
        return current(self.facts.tables()[table], TABLES[table].key)

    @cached_property
    def people(self) -> pd.DataFrame:
        """Prospects, with `result` ("won", "lost", missing: open) and `ended_at` of their first outcome."""
        ends = self.last("outcomes").sort_values("occurred_at", kind="stable").drop_duplicates("prospect_id")
        ends = ends[["prospect_id", "result", "occurred_at"]].rename(columns={"occurred_at": "ended_at"})
        return self.last("prospects").merge(ends, on="prospect_id", how="left").reset_index(drop=True)

    @cached_property
    def until(self) -> pd.Timestamp:
        """End of what is known about outcomes."""
        return observed_until(self.facts, self.as_of, definitions=self.definitions)

    @cached_property
    def since(self) -> pd.Timestamp | None:
        """Begin of what is known: the first prospect, or `cohort_from` if that is later; None without prospects."""
        if self.people.empty:
            return None
        first: pd.Timestamp = self.people["created_at"].min()
        start = self.definitions.cohort_from
        return first if start is None else max(first, moment(start, self.definitions.zone))

    @cached_property
    def outbound(self) -> pd.DataFrame:
        """Touches by which we tried to reach somebody."""
        touches = self.last("touches")
        return touches[touches["direction"].eq("outbound") & ~touches["kind"].isin(("task", "stage"))]

    def labels(self) -> pd.DataFrame:
        """Return prospects created in `[since, until - H)` by creation: created_at, won (1.0 within H of it)."""
        horizon = pd.Timedelta(days=self.definitions.horizon_days)
        known = self.people[self.people["created_at"] + horizon <= self.until]
        known = known[known["created_at"] >= (self.since or self.as_of)].sort_values(["created_at", "prospect_id"])
        within = (micros(known["ended_at"]) - micros(known["created_at"])) / DAY < self.definitions.horizon_days
        won = (known["result"].eq("won") & known["ended_at"].notna() & within).astype(np.float64)
        return pd.DataFrame({"created_at": known["created_at"], "won": won}).reset_index(drop=True)


def filled(column: pd.Series) -> float:
    """Return the share of a column that is filled; NaN of an empty one."""
    return float(column.notna().mean()) if len(column) else float("nan")


def listed(names: list[str], *, most: int = 4) -> str:
    """Write names in a row, the first few of many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
