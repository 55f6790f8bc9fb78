"""What an experiment in a segment may expect: how earlier prospects ended, and how many new ones come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

import pandas as pd

from features.facts.contract import TABLES
from features.facts.ledger import current
from features.time.cohort import cohort
from features.time.labels import observed_until
from models.evidence.experiment_card import Card
from models.evidence.experiment_results import success
from pipelines.steps.boards.day import Day
from serving.boards.offers import ALL, NO_SEGMENT, Base

WEEKS: Final = 12
Kind = Literal["won", "positive_reply", "meeting_booked"]


def bases(day: Day, segments: Sequence[str]) -> dict[str, tuple[Base, ...]]:
    """Count, by segment and measure, who was open H days before the end of what is known, and succeeded since."""
    days = day.definitions.horizon_days
    until = observed_until(day.facts, day.as_of, definitions=day.definitions)
    before = until - pd.Timedelta(days=days)
    keys = cohort(day.facts, before, definitions=day.definitions).rename(columns={"as_of": "first_seen"})
    segment = _segments(day).reindex(keys["prospect_id"]).fillna(NO_SEGMENT).to_numpy()
    out: dict[str, tuple[Base, ...]] = dict.fromkeys((ALL, *segments), ())
    for kind in get_args(Kind):
        ended = pd.DataFrame({"segment": segment, "success": success(_asked(kind, days), keys, day.facts, until)})
        for name in out:
            here = ended if name == ALL else ended[ended["segment"] == name]
            found = Base(measure=kind, days=days, n=len(here), successes=int(here["success"].sum()))
            out[name] = (*out[name], found)
    return out


def weekly(day: Day, segments: Sequence[str]) -> dict[str, float]:
    """Return how many prospects of each segment came in a week, on average over the last `WEEKS`."""
    rows = current(day.facts.prospects, TABLES["prospects"].key)
    rows = rows[rows["created_at"] >= day.as_of - pd.Timedelta(weeks=WEEKS)]
    counts = rows["segment"].fillna(NO_SEGMENT).value_counts()
    return {name: float(len(rows) if name == ALL else counts.get(name, 0)) / WEEKS for name in (ALL, *segments)}


def _segments(day: Day) -> pd.Series[Any]:
    return current(day.facts.prospects, TABLES["prospects"].key).set_index("prospect_id")["segment"]


def _asked(kind: Kind, days: int) -> Card:
    """Make a card that asks for nothing but a measure."""
    raw = {
        "name": "base-rate", "hypothesis": "how it ends as usual", "changes": "nothing", "owner": "nobody",
        "arms": [{"name": "as usual", "chance": 0.5}, {"name": "the same", "chance": 0.5}],
        "measure": {"kind": kind, "days": days}, "start": "2000-01-01", "stop": "2000-01-02", "worthwhile": 0.05,
    }  # fmt: skip
    return Card.model_validate(raw)
