"""What the watch saw, look by look: appended by the monitor and the daily run, read by the pages; never changed."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from serving.boards.watch import Watch
from serving.store.engine import writing
from serving.store.migrations import upgrade
from serving.store.tables import Look


def keep_look(engine: Engine, seen: Watch) -> None:
    """Append one look."""
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(insert(Look).values(at=seen.looked_at, content=seen.model_dump(mode="json")))


def last_look(store: Session) -> Watch | None:
    """Return the newest look; None where there is none, or another version of Takt wrote it."""
    content = store.scalar(select(Look.content).order_by(Look.number.desc()).limit(1))
    try:
        return None if content is None else Watch.model_validate(content)
    except ValidationError:
        return None


def last_number(store: Session) -> int:
    """Return the number of the newest look, 0 where nobody looked yet: while it stays, so does `last_look`."""
    return store.scalar(select(func.max(Look.number))) or 0
