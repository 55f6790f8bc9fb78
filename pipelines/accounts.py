"""The store in which `takt user` and `takt token` write, opened and brought to the tables of today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from pipelines.options import home_of, out

if TYPE_CHECKING:
    from sqlalchemy import Engine


@contextmanager
def store_of(home: Path | None, source: str | None) -> Iterator[Engine]:
    """Yield the store of a home; `TAKT_STORE_URL` says where it is, if not there."""
    from serving.settings import Settings
    from serving.store.engine import open_store
    from serving.store.migrations import upgrade

    engine = open_store(Settings(home=Path(home_of(home, source))).store)
    try:
        upgrade(engine)
        yield engine
    finally:
        engine.dispose()


def moment(at: dt.datetime | None, otherwise: str = "") -> str:
    """Write a moment as people read it, in UTC."""
    return otherwise if at is None else at.strftime("%Y-%m-%d %H:%M")


def show(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows as a table; texts are shown as they are."""
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*map(Text, row))
    out.print(table)
