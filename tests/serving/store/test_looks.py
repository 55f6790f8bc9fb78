from __future__ import annotations

import datetime as dt

from sqlalchemy import insert

from serving.boards.watch import Watch
from serving.store.engine import reading, writing
from serving.store.looks import keep_look, last_look, last_number
from serving.store.migrations import upgrade
from serving.store.tables import Look

AT = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)


def test_looks_are_appended_and_the_newest_is_read_back_as_it_was(engine):
    first, second = (Watch(looked_at=AT + dt.timedelta(hours=k), day=AT.date(), live=True) for k in (0, 1))
    for look in (first, second):
        keep_look(engine, look)
    with reading(engine) as store:
        assert (last_look(store), last_number(store)) == (second, 2)


def test_nobody_looked_or_another_version_did(engine):
    upgrade(engine)
    with reading(engine) as store:
        assert (last_look(store), last_number(store)) == (None, 0)
    with writing(engine) as connection:
        connection.execute(insert(Look).values(at=AT, content={"of": "another version"}))
    with reading(engine) as store:
        assert last_look(store) is None
