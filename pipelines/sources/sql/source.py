"""Pull from a database: the rows that are new or changed since the last pull, and which are gone.

`TAKT_SQL_URL` says where it is (any SQLAlchemy URL whose driver is installed), tables.yaml beside this file what is
read.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.sources.connected.landed import Landed
from pipelines.sources.sql import tables
from pipelines.sources.sql.reading import SqlSettings, read_database


def pull(raw: Path, settings: SqlSettings | None = None) -> Landed:
    """Bring the raw log in `raw` up to what the database holds now.

    Raises
    ------
    SourceError
        A named outcome for whatever went wrong; the raw files are those of the last complete pull.
    """
    place = Path(__file__).with_name(tables.FILE)
    return read_database(raw, tables.read(place), settings or SqlSettings(), place=place)
