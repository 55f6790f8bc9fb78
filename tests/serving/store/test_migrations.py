from __future__ import annotations

import sqlite3
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from serving.errors import StoreUnusable
from serving.store.engine import open_store, writing
from serving.store.migrations import upgrade
from serving.store.tables import Base


def test_the_migrations_build_exactly_the_declared_tables(engine):
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_foreign_keys_and_their_cascades_are_those_declared(engine):
    upgrade(engine)
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        declared = {(tuple(k.column_keys), k.referred_table.name, k.ondelete) for k in table.foreign_key_constraints}
        built = {
            (tuple(k["constrained_columns"]), k["referred_table"], k["options"].get("ondelete"))
            for k in found.get_foreign_keys(table.name)
        }
        assert built == declared, table.name


def test_an_up_to_date_store_is_left_alone(engine, make_run):
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(
            text("insert into feedback (idempotency_key, prospect_id, kind, at) values ('k', 'p', 'won', '2026-01-01')")
        )
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from feedback")) == 1


def test_two_processes_may_upgrade_at_the_same_moment(settings):
    failed: list[BaseException] = []

    def start() -> None:
        engine = open_store(settings.store)
        try:
            upgrade(engine)
        except BaseException as error:
            failed.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_store_of_a_newer_takt_is_refused(engine):
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreUnusable, match="written by a newer one. Upgrade Takt"):
        upgrade(engine)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(settings):
    settings.home.mkdir()
    path = settings.home / "store.db"
    path.write_text("name;phone\nDana;555\n" * 100)
    engine = open_store(settings.store)
    with pytest.raises(StoreUnusable, match="file is not a database"):
        upgrade(engine)
    engine.dispose()
    assert path.read_text().startswith("name;phone")


def test_a_home_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "home").write_text("a file, not a folder")
    with pytest.raises(StoreUnusable, match="the store cannot be opened: .*TAKT_HOME"):
        open_store(f"sqlite:///{tmp_path / 'home' / 'store.db'}")


def test_a_url_without_its_driver_is_said():
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        open_store("nosuchdatabase://host/db")


def test_the_store_is_in_wal_mode_so_that_readers_do_not_wait(engine, settings):
    upgrade(engine)
    with sqlite3.connect(settings.home / "store.db") as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()
