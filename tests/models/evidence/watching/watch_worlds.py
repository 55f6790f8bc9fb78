"""What the watch is given in tests: a feed of so many rows on every working day, lists, pulls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.facts.contract import check
from features.facts.ledger import Facts
from models.evidence.watching.rule import Judged, Rule
from models.evidence.watching.run import RULES
from models.evidence.watching.watched import Watched
from tests.features.worlds import definitions

MONDAY = pd.Timestamp("2026-05-04T05:00", tz="UTC").as_unit("us")
"""The morning of looking; the last working day before it is Friday, 1 May."""
DAY = pd.Timedelta(days=1)
CODES = {rule.code: rule for rule in RULES}
WORDS = definitions(working_days=[1, 2, 3, 4, 5])
HEAD = pd.Timestamp("2025-01-01", tz="UTC").as_unit("us")


def rule(code: str) -> Rule:
    return CODES[code]


def judged(code: str, given: Watched) -> Judged:
    return rule(code).judge(given)


def working_days(n: int, last: str = "2026-05-01") -> pd.DatetimeIndex:
    return pd.bdate_range(end=last, periods=n, tz="UTC")


def touches(per_day: dict[pd.Timestamp, int], *, kind: str = "call", prefix: str = "t") -> pd.DataFrame:
    """So many touches of p1 on each day, at ten in the morning, recorded at once."""
    when = pd.Series(np.repeat(list(per_day), list(per_day.values()))) + pd.Timedelta(hours=10)
    when = pd.to_datetime(when, utc=True).astype("datetime64[us, UTC]")
    return pd.DataFrame(
        {"touch_id": [f"{prefix}{n}" for n in range(len(when))], "prospect_id": "p1", "kind": kind, "channel": "phone",
         "direction": "outbound", "occurred_at": when, "recorded_at": when}
    )  # fmt: skip


def facts(*rows: pd.DataFrame, **tables: pd.DataFrame) -> Facts:
    prospects = pd.DataFrame({"prospect_id": ["p1"], "created_at": [HEAD], "recorded_at": [HEAD]})
    given: dict[str, pd.DataFrame] = {"prospects": prospects, "touches": pd.concat(rows), **tables}
    checked = {name: check(name, frame) for name, frame in given.items()}
    assert all(part.quarantined.empty for part in checked.values())
    return Facts.of({name: part.good for name, part in checked.items()})


def steady(days: int = 60, per_day: int = 40, **changed: int) -> dict[pd.Timestamp, int]:
    """The same number of rows on each of the last working days; `changed` by day, such as `d2026_05_01=20`."""
    rows = dict.fromkeys(working_days(days), per_day)
    return rows | {pd.Timestamp(day[1:].replace("_", "-"), tz="UTC"): n for day, n in changed.items()}


def watched(known: Facts | None = None, **changes: Any) -> Watched:
    given = {
        "looked_at": MONDAY, "complete_until": MONDAY, "live": True, "definitions": WORDS,
        "facts": known or facts(touches(steady())),
    }  # fmt: skip
    return Watched(**(given | changes))


def pulls(*tries: tuple[str, bool, int, int]) -> pd.DataFrame:
    """(when, whether it went through, rows of touches, rows set aside)."""
    rows = [(pd.Timestamp(at, tz="UTC"), ok, "touches" if ok else "", float(n), float(bad)) for at, ok, n, bad in tries]
    return pd.DataFrame(rows, columns=["at", "ok", "table", "rows", "quarantined"])


def outcomes_of(prospects: pd.Series, won_at: pd.Series) -> Facts:
    """Facts in which these prospects won, and somebody is heard of on the morning of looking."""
    ids = pd.Series(["p1", *prospects]).drop_duplicates()
    known = pd.DataFrame({"prospect_id": ids, "created_at": HEAD, "recorded_at": HEAD})
    won = pd.DataFrame({"prospect_id": prospects, "occurred_at": won_at, "recorded_at": won_at, "result": "won"})
    last = touches({MONDAY.normalize(): 1})
    tables = {"prospects": known, "touches": last} | ({"outcomes": won} if len(won) else {})
    return Facts.of({name: check(name, frame).good for name, frame in tables.items()})
