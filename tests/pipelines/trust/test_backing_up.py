"""A backup taken under taps has every tap of its moment, a restored home replays its receipts, a broken one is none."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import tarfile
from pathlib import Path
from threading import Event, Thread

import pytest
import sqlalchemy as sa

from models.bundle import Bundle
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps.replaying import replay
from pipelines.trust.backing_up import back_up, restore
from pipelines.trust.errors import BackupError
from serving.store.engine import open_store
from serving.store.feedback import NO_ANSWER, Said, keep

SETTINGS = PipelineSettings()


@pytest.fixture
def small(tmp_path: Path) -> Home:
    """A home of three files, one of them a database and one a secret."""
    home = Home(tmp_path / "small")
    (home.path / "champion").mkdir(parents=True)
    (home.path / "champion" / "bundle.json").write_text("{}", encoding="utf-8")
    (home.path / "session.key").write_text("never-to-leave", encoding="utf-8")
    with sqlite3.connect(home.path / "write_back.db") as book:
        book.execute("create table entries (number integer)")
        book.execute("insert into entries values (41)")
    book.close()
    return home


@pytest.mark.usefixtures("prefect")
def test_a_restored_home_replays_a_receipt_bit_for_bit_also_from_its_registry(
    company_run: Run, company: Home, tmp_path: Path
) -> None:
    manifest = back_up(company, tmp_path / "copy.tar.zst", SETTINGS)
    assert manifest.data_version == company.ingested().data_version
    restore(tmp_path / "copy.tar.zst", tmp_path / "elsewhere")
    found = Home(tmp_path / "elsewhere")
    receipt = company_run.made.run.receipts["receipt_id"].iloc[0]
    assert replay(found, receipt, SETTINGS).same
    assert Bundle.load(found.champion).fingerprint == company_run.made.run.bundle_fingerprint
    with sqlite3.connect(found.path / "mlflow.db") as book:
        dump = "\n".join(book.iterdump())
    book.close()
    assert f"{company.path.as_uri()}/" not in dump
    assert f"{found.path.as_uri()}/" in dump
    shutil.rmtree(found.champion)
    assert replay(found, receipt, SETTINGS).same


@pytest.mark.usefixtures("prefect")
def test_every_tap_that_was_acknowledged_before_the_moment_it_names_is_in_it(
    company_run: Run, company: Home, tmp_path: Path
) -> None:
    busy = Home(tmp_path / company.path.name)
    shutil.copytree(company.path, busy.path)
    who = company_run.made.run.call_list["prospect_id"].iloc[0]
    engine, enough, stop, acknowledged = open_store(busy.store), Event(), Event(), list[tuple[str, dt.datetime]]()

    def tap() -> None:
        while not stop.is_set():
            row = Said(f"tap-{len(acknowledged)}", who, NO_ANSWER, dt.datetime.now(dt.UTC))
            keep(engine, row)
            acknowledged.append((row.key, dt.datetime.now(dt.UTC)))
            if len(acknowledged) == 20:
                enough.set()

    tapping = Thread(target=tap)
    tapping.start()
    try:
        assert enough.wait(60)
        manifest = back_up(busy, tmp_path / "copy.tar", SETTINGS)
    finally:
        stop.set()
        tapping.join()
        engine.dispose()
    restore(tmp_path / "copy.tar", tmp_path / "back")
    restored = sa.create_engine(Home(tmp_path / "back").store)
    with restored.connect() as store:
        kept = set(store.scalars(sa.text("select idempotency_key from feedback")))
    restored.dispose()
    before = {key for key, at in acknowledged if at < dt.datetime.fromisoformat(manifest.at)}
    assert len(before) >= 20
    assert before <= kept


def test_credentials_and_locks_are_named_and_left_out(small: Home, tmp_path: Path) -> None:
    manifest = back_up(small, tmp_path / "copy.tar", SETTINGS)
    assert "session.key" in manifest.left_out
    assert sorted(manifest.files) == ["champion/bundle.json", "write_back.db"]
    assert b"never-to-leave" not in (tmp_path / "copy.tar").read_bytes()
    assert (tmp_path / "copy.tar").stat().st_mode & 0o077 == 0


def test_it_is_a_tar_that_any_tool_reads(small: Home, tmp_path: Path) -> None:
    back_up(small, tmp_path / "copy.tar", SETTINGS)
    with tarfile.open(tmp_path / "copy.tar") as tar:
        assert "champion/bundle.json" in tar.getnames()


@pytest.mark.parametrize("name", ["copy.tar", "copy.tar.zst"])
def test_one_changed_byte_or_a_missing_end_and_nothing_appears(small: Home, tmp_path: Path, name: str) -> None:
    back_up(small, tmp_path / name, SETTINGS)
    whole = (tmp_path / name).read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        (tmp_path / name).write_bytes(bytes(broken))
        try:
            restore(tmp_path / name, tmp_path / "back")
        except BackupError:
            assert not (tmp_path / "back").exists()
        else:  # padding between two files means nothing
            assert (tmp_path / "back" / "champion" / "bundle.json").read_text(encoding="utf-8") == "{}"
            shutil.rmtree(tmp_path / "back")
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError, match="Nothing was restored"):
        restore(tmp_path / name, tmp_path / "back")
    assert not list(tmp_path.glob("*restoring*"))
    assert not list(tmp_path.glob(".*restoring*"))


def test_a_folder_with_something_in_it_is_refused_and_an_empty_one_is_taken(small: Home, tmp_path: Path) -> None:
    back_up(small, tmp_path / "copy.tar", SETTINGS)
    place = tmp_path / "back"
    place.mkdir()
    (place / "mine").touch()
    with pytest.raises(BackupError, match="is not empty"):
        restore(tmp_path / "copy.tar", place)
    (place / "mine").unlink()
    restore(tmp_path / "copy.tar", place)
    assert not (place / "session.key").exists()
    assert (place / "write_back.db").is_file()


def test_a_path_that_leads_out_of_the_home_is_refused(small: Home, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(small.path / "session.key", arcname="../evil")
    with pytest.raises(BackupError, match="no place below a home"):
        restore(tmp_path / "evil.tar", tmp_path / "back")
    assert not (tmp_path / "evil").exists()


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(small: Home, tmp_path: Path) -> None:
    place = small.path / "write_back.db"
    place.write_bytes(place.read_bytes()[:4096] + b"\xa5" * 4096)
    with pytest.raises(BackupError, match=r"write_back.db .*there is no backup"):
        back_up(small, tmp_path / "copy.tar", SETTINGS)
    assert not list(tmp_path.glob("copy*"))


@pytest.mark.parametrize(
    ("to", "why"), [("small/copy.tar", "in the home itself"), ("copy.zip", "ends in .tar"), ("there.tar", "already")]
)
def test_places_that_cannot_be_are_refused(small: Home, tmp_path: Path, to: str, why: str) -> None:
    (tmp_path / "there.tar").touch()
    with pytest.raises(BackupError, match=why):
        back_up(small, tmp_path / to, SETTINGS)
