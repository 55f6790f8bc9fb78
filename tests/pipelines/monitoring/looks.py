"""Looks written out as small values."""

from __future__ import annotations

import datetime as dt
from typing import Any

from serving.boards.watch import Measure, Rule, State, Watch

MORNING = dt.datetime(2026, 5, 4, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def rule(code: str, state: State, *, action: Any = "tell", says: str = "12 rows, usual 40", **more: Any) -> Rule:
    measure = Measure(name="touches", says=says, state=state, **more)
    return Rule(
        code=code, title=f"Title of {code}", state=state, action=action, when="when", do=f"do {code}",
        looked_at=MORNING, measures=(measure,),
    )  # fmt: skip


def look(**more: Any) -> Watch:
    given = {"looked_at": MORNING, "day": MORNING.date(), "live": True}
    return Watch(**(given | more))
