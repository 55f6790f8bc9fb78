"""Brings a store to the tables this version of Takt knows; called at every start and before publishing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from serving.errors import StoreUnusable
from serving.store.engine import writing


def upgrade(engine: Engine) -> None:
    """Create or upgrade the store's tables, in one transaction; an up-to-date store is left alone.

    Raises
    ------
    StoreUnusable
        The file is no database, cannot be written, or was written by a newer Takt.
    """
    if _is_current(engine):
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    try:
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreUnusable(
            f"the store {engine.url!r} is at a revision this Takt does not know ({error}): it was written by "
            "a newer one. Upgrade Takt, or point TAKT_HOME to another folder."
        ) from error
    except DBAPIError as error:
        raise StoreUnusable(
            f"the store {engine.url!r} cannot be used: {error.orig}. If the file is no store, move it away; "
            "the next `takt run` makes a new one."
        ) from error


def _is_current(engine: Engine) -> bool:
    """Say whether the store is at the newest revision: then Alembic, which takes long to import, can stay away."""
    newest = max(path.name[:4] for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text("select version_num from alembic_version"))) == [(newest,)]
    except DBAPIError:
        return False
