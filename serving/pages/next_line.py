"""Where a tap leads: to the next line that is not done, as far down the list as one was."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.errors import NoRun
from serving.pages.pages import address
from serving.routes.call_list import cursor_of
from serving.store import queries
from serving.store.tables import Call, Run
from serving.store.workday import done

PAGE = 60
"""Lines of one page of the list."""


class Tapped(Protocol):
    """The prospect that was tapped, and the list it was tapped on: whose and of which day (empty: all, the latest)."""

    prospect: str
    owner: str
    pool: str
    day: str


def start_of(tap: Tapped) -> str:
    """Return the address of the list that was tapped on."""
    return address("/", day=tap.day or None, owner=tap.owner or None, pool="true" if tap.pool else None)


def after(store: Session, run: Run, tap: Tapped, *, undone: bool) -> str:
    """Return the address of the line to call next; after an undo, of the line that is open again."""
    if run.number != (queries.find_run(store, day=run.day) if tap.day else queries.find_run(store)).number:
        return start_of(tap)
    query = select(Call.position, Call.prospect_id).where(Call.run == run.number).order_by(Call.position)
    if tap.pool:
        query = query.where(Call.owner_id.is_(None))
    elif tap.owner:
        query = query.where(Call.owner_id == tap.owner)
    calls = [(position, who) for position, who in store.execute(query)]
    closed = set(done(store, run)) - ({tap.prospect} if undone else set())
    is_open = [(p, who) for p, who in calls if who not in closed and (undone or who != tap.prospect)]
    here = next((p for p, who in calls if who == tap.prospect), 0)
    below = next((i for i, (p, _) in enumerate(is_open) if p >= here), 0)
    if below == 0:
        return start_of(tap) + "#next"
    position = is_open[below][0]
    cursor = cursor_of(run, position - 1) if below >= PAGE else None
    day = None if cursor else tap.day or None
    path = address("/", day=day, cursor=cursor, owner=tap.owner or None, pool="true" if tap.pool else None)
    return f"{path}#call-{position}"


def moved_to(store: Session, run: Run, prospect_id: str) -> str | None:
    """Return whose list the prospect is on now, when it is another's than when it was tapped; None where it is not."""
    try:
        latest = queries.find_run(store)
    except NoRun:
        return None
    if latest.number == run.number:
        return None
    then, now = (
        store.scalar(select(Call.owner_id).where(Call.run == n, Call.prospect_id == prospect_id))
        for n in (run.number, latest.number)
    )
    return now if now is not None and then is not None and now != then else None
