"""What the buttons of one prospect need: the key under which a tap is kept, and the list one comes back to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from serving.store.remark import LONGEST_WAIT_DAYS
from serving.store.tables import Run
from serving.store.workday import next_keys


@dataclass(frozen=True)
class TapForm:
    """The hidden fields of a tap, and the days that may be named: `first` to `last`, both included."""

    key: str
    run: str
    prospect: str
    owner: str | None
    pool: bool
    day: str | None
    first: dt.date
    last: dt.date


def tap_forms(
    store: Session, run: Run, prospects: Sequence[str], *, owner: str | None = None, pool: bool = False,
    day: dt.date | None = None,
) -> dict[str, TapForm]:  # fmt: skip
    """Return the form of each prospect, for a page with the list of `owner` (None is everybody's) or of the pool."""
    first, last = run.day + dt.timedelta(days=1), run.day + dt.timedelta(days=LONGEST_WAIT_DAYS)
    shown = None if day is None else day.isoformat()
    return {
        who: TapForm(key, run.run_id, who, owner, pool, shown, first, last)
        for who, key in next_keys(store, run, prospects).items()
    }
