"""Brings a store to the tables this version of Takt knows; called at every start and before publishing."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine
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
