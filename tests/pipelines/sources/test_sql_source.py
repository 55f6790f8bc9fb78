"""A real PostgreSQL as a source: only what is new, versions kept, deletions seen, a name for whatever goes wrong."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from features.errors import TaktError
from pipelines.home import Home
from pipelines.sources.connected.errors import SourceChanged, SourceRefused, SourceUnavailable
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import find
from pipelines.sources.mapping import map_source
from pipelines.sources.sql import tables
from pipelines.sources.sql.reading import SqlSettings, read_database
from pipelines.sources.sql.source import pull
from pipelines.steps import pulling
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]

TABLES = (
    """create table prospects (prospect_id int primary key, created_at timestamptz, recorded_at timestamptz,
       owner_id text, segment text)""",
    """create table touches (touch_id bigint primary key, prospect_id int, kind text, direction text, result text,
       occurred_at timestamptz, recorded_at timestamptz, value numeric(12, 2))""",
    """create table outcomes (prospect_id int, occurred_at timestamptz, result text, amount numeric(12, 2),
       recorded_at timestamptz)""",
    """insert into prospects select n, t, t, 'mira', 'small'
       from (select n, timestamptz '2026-03-01 09:00+01' + n * interval '1 day' t from generate_series(1, 5) n) d""",
    """insert into touches select n, 1 + n % 5, 'call', 'outbound', 'answered', t, t + interval '1 hour', n * 1.25
       from (select n, timestamptz '2026-03-10 09:00+01' + n * interval '1 day' t from generate_series(1, 10) n) d""",
)


@pytest.fixture
def crm(postgres: Postgres) -> Postgres:
    postgres.database("crm")
    postgres.execute(*TABLES, database="crm")
    return postgres


@pytest.fixture
def settings(crm: Postgres) -> SqlSettings:
    return SqlSettings(url=SecretStr(crm.url("crm")))


def of(raw: Path, table: str) -> pd.DataFrame:
    """The good rows of a table of the contract."""
    return map_source(find("sql"), raw).checked[table].good


def test_a_database_is_read_into_the_contract_and_absent_tables_are_empty(
    settings: SqlSettings, tmp_path: Path
) -> None:
    landed = pull(tmp_path / "raw", settings)
    assert dict(landed.new) == {"prospects": 5, "touches": 10, "outcomes": 0, "deletions": 0}
    mapped = map_source(find("sql"), tmp_path / "raw")
    assert mapped.skipped == ("accounts", "contacts")
    first = mapped.checked["touches"].good.iloc[0]
    assert (first["touch_id"], first["prospect_id"], first["value"]) == ("1", "2", 1.25)
    assert first["occurred_at"] == pd.Timestamp("2026-03-11T08:00Z")
    assert first["recorded_at"] == pd.Timestamp("2026-03-11T09:00Z")
    assert sum(len(c.quarantined) for c in mapped.checked.values()) == 0


def test_the_next_pull_takes_what_is_new_a_changed_row_is_another_version_and_a_late_fact_keeps_its_times(
    settings: SqlSettings, crm: Postgres, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    pull(raw, settings)
    again = pull(raw, settings)
    assert set(again.new.values()) == {0}
    assert sum(again.read.values()) < 15, "only the boundary is read again"
    crm.execute(
        "update touches set result = 'meeting_booked', recorded_at = '2026-04-01 10:00Z' where touch_id = 3",
        "insert into touches values (11, 1, 'call', 'inbound', null, '2026-03-02 10:00Z', '2026-04-02 10:00Z', null)",
        database="crm",
    )
    assert pull(raw, settings).new["touches"] == 2
    touches = of(raw, "touches").set_index("touch_id")
    assert touches.loc["3", "result"].tolist() == ["answered", "meeting_booked"]
    assert touches.loc["11", "occurred_at"] == pd.Timestamp("2026-03-02T10:00Z")
    assert touches.loc["11", "recorded_at"] == pd.Timestamp("2026-04-02T10:00Z")


def test_the_same_pull_twice_changes_nothing_in_the_lake(settings: SqlSettings, tmp_path: Path) -> None:
    home, source = Home(tmp_path / "home"), find("sql")

    def ingest() -> str:
        pull(home.raw, settings)
        mapped = pulling.map_and_check(source, home.raw)
        return pulling.write(mapped, home.raw, home, source="sql", run_id="one").data_version

    first = ingest()
    versions = home.lake.versions()
    assert ingest() == first
    assert home.lake.versions() == versions


def test_what_is_gone_is_withdrawn_once_and_counts_again_when_it_comes_back_changed(
    settings: SqlSettings, crm: Postgres, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    pull(raw, settings)
    crm.execute("delete from touches where touch_id in (2, 4)", database="crm")
    assert pull(raw, settings).new["deletions"] == 2
    assert pull(raw, settings).new["deletions"] == 0
    gone = of(raw, "withdrawals")
    assert gone[["table", "id", "reason"]].values.tolist() == [
        ["touches", "2", "deleted"],
        ["touches", "4", "deleted"],
    ]
    crm.execute(
        "insert into touches values (2, 1, 'call', 'inbound', null, '2026-03-12 10:00Z', now() + interval '1 h', null)",
        database="crm",
    )
    pull(raw, settings)
    crm.execute("delete from touches where touch_id = 2", database="crm")
    # its last version lies an hour ahead of our clock: not yet gone by it, and told as soon as that has passed
    assert pull(raw, settings).new["deletions"] == 1


def test_a_pull_that_breaks_leaves_the_raw_files_and_the_next_one_completes_them(
    settings: SqlSettings, crm: Postgres, tmp_path: Path
) -> None:
    raw, whole = tmp_path / "raw", tmp_path / "whole"
    pull(raw, settings)
    before = (raw / "touches.parquet").read_bytes()
    crm.execute(
        "insert into touches values (12, 1, 'call', 'inbound', null, '2026-05-02Z', '2026-05-02Z', null)",
        "alter table outcomes rename to ended", "create view outcomes as select *, 1 / 0 as never from ended",
        "insert into ended values (1, '2026-05-03Z', 'won', 10, '2026-05-03Z')",
        database="crm",
    )  # fmt: skip
    with pytest.raises(TaktError, match="division by zero"):
        pull(raw, settings)
    assert (raw / "touches.parquet").read_bytes() == before
    crm.execute("drop view outcomes", "alter table ended rename to outcomes", database="crm")
    pull(raw, settings)
    pull(whole, settings)
    for name in ("prospects", "touches", "outcomes"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(raw / f"{name}.parquet"), pd.read_parquet(whole / f"{name}.parquet")
        )


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ("drop table prospects", SourceChanged, "no table or view 'prospects'.*there are outcomes, touches"),
        ("alter table touches rename recorded_at to seen", SourceChanged, "touches has no column recorded_at; it has"),
        ("alter table touches rename result to answer", SourceChanged, r"touches\.result was there at the last pull"),
        ("alter table touches alter value type text", SourceChanged, r"touches\.value \(NUMERIC\(12, 2\) before, TEXT"),
        ("update touches set recorded_at = null where touch_id < 4", SourceChanged, "missing in 3 rows of touches"),
    ],
)  # fmt: skip
def test_a_database_that_was_changed_is_refused_by_name(
    change: str, error: type[Exception], said: str, settings: SqlSettings, crm: Postgres, tmp_path: Path
) -> None:
    pull(tmp_path / "raw", settings)
    crm.execute(change, database="crm")
    with pytest.raises(error, match=said):
        pull(tmp_path / "raw", settings)


def test_wrong_credentials_and_a_database_that_is_away_have_names_and_no_password_is_told(
    crm: Postgres, tmp_path: Path
) -> None:
    crm.execute("drop role if exists reader", "create role reader login password 'right'")
    wrong = SqlSettings(url=SecretStr(crm.url("crm", user="reader", password="guessed")))
    with pytest.raises(SourceRefused, match="refused us") as refused:
        pull(tmp_path / "raw", wrong)
    assert "guessed" not in str(refused.value)
    right = SqlSettings(url=SecretStr(crm.url("crm", user="reader", password="right")))
    with pytest.raises(SourceRefused, match="permission denied"):
        pull(tmp_path / "raw", right)
    away = SqlSettings(url=SecretStr("postgresql+psycopg://postgres@127.0.0.1:1/crm"))
    with pytest.raises(SourceUnavailable, match="did not answer"):
        pull(tmp_path / "raw", away)
    with pytest.raises(SourceRefused, match="TAKT_SQL_URL"):
        pull(tmp_path / "raw", SqlSettings())
    with pytest.raises(SourceError, match="driver"):
        pull(tmp_path / "raw", SqlSettings(url=SecretStr("nosuch://host/db")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {table: a, key: [x, y], changed_at: c, deleted: compare}", "needs a single key column"),
        ("a: {table: a, key: [], changed_at: c}", "at least 1 item"),
        ("a: {table: a, key: [x], changed_at: c, without: [c]}", "name a record or its version"),
        ("deletions: {table: a, key: [x], changed_at: c}", "none that is called deletions"),
        ("A b: {table: a, key: [x], changed_at: c}", "A b"),
        ("{}", "at least one table"),
        ("a: [", "not readable"),
    ],
)
def test_tables_yaml_is_checked(text: str, said: str, tmp_path: Path) -> None:
    place = tmp_path / "tables.yaml"
    place.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=said):
        tables.read(place)


def test_the_types_that_were_seen_are_kept_beside_the_raw_files(settings: SqlSettings, tmp_path: Path) -> None:
    pull(tmp_path / "raw", settings)
    seen = json.loads((tmp_path / "raw" / "columns.json").read_text(encoding="utf-8"))
    assert seen["touches"]["occurred_at"] == "TIMESTAMP"


def test_a_column_that_was_dropped_for_good_is_named_and_passed_over(
    settings: SqlSettings, crm: Postgres, tmp_path: Path
) -> None:
    place, told = tmp_path / "tables.yaml", "touches: {table: touches, key: [touch_id], changed_at: recorded_at"
    place.write_text(f"{told}}}", encoding="utf-8")
    read_database(tmp_path / "raw", tables.read(place), settings, place=place)
    crm.execute("alter table touches drop value", database="crm")
    place.write_text(f"{told}, without: [value, result]}}", encoding="utf-8")
    assert read_database(tmp_path / "raw", tables.read(place), settings, place=place).new["touches"] == 0


def test_a_table_that_is_just_being_filled_anew_does_not_withdraw_everybody(
    settings: SqlSettings, crm: Postgres, tmp_path: Path
) -> None:
    crm.execute(
        "insert into touches select n, 1, 'call', 'inbound', null, t, t, null "
        "from (select n, timestamptz '2026-04-01Z' + n * interval '1 hour' t from generate_series(20, 39) n) d",
        database="crm",
    )
    pull(tmp_path / "raw", settings)
    before = (tmp_path / "raw" / "deletions.parquet").read_bytes()
    crm.execute("delete from touches where touch_id > 12", "delete from touches where touch_id < 4", database="crm")
    with pytest.raises(SourceChanged, match=r"23 of 30 records of touches are gone at once.*most_gone"):
        pull(tmp_path / "raw", settings)
    assert (tmp_path / "raw" / "deletions.parquet").read_bytes() == before
    one = tables.Read(table="touches", key=("touch_id",), changed_at="recorded_at", deleted="compare", most_gone=1)
    landed = read_database(tmp_path / "raw", {"touches": one}, settings, place=tmp_path)
    assert landed.new["deletions"] == 23


def test_names_with_spaces_numeric_keys_and_types_of_every_kind_are_read(
    settings: SqlSettings, crm: Postgres, tmp_path: Path
) -> None:
    crm.execute(
        """create table "Leads" ("Lead No" numeric primary key, "Changed At" timestamp, "Größe" text, note jsonb,
           tags text[], waited interval)""",
        """insert into "Leads" values (7, '2026-03-01 10:00', 'L', '{"a": 1}', '{x,y}', '90 minutes'),
           (8, '2026-03-02 10:00', null, null, null, null)""",
        database="crm",
    )
    one = tables.Read(table="Leads", key=("Lead No",), changed_at="Changed At", deleted="compare")
    raw = tmp_path / "raw"
    for new in (2, 0):
        landed = read_database(raw, {"leads": one}, settings, place=tmp_path)
        assert (landed.new["leads"], landed.new["deletions"]) == (new, 0), "7 is the same record as 7.000000000"
    assert pd.read_parquet(raw / "leads.parquet")["waited"].tolist()[0] == 90 * 60
    crm.execute("""delete from "Leads" where "Lead No" = 8""", database="crm")
    assert read_database(raw, {"leads": one}, settings, place=tmp_path).new["deletions"] == 1


def test_any_other_database_is_read_the_same_way(tmp_path: Path) -> None:
    place = tmp_path / "shop.db"
    with closing(sqlite3.connect(place)) as shop:
        shop.execute("create table calls (id integer primary key, note text, changed datetime)")
        shop.execute("insert into calls values (1, 'a', '2026-01-01 10:00:00'), (2, 'b', '2026-01-02 10:00:00')")
        shop.commit()
        settings = SqlSettings(url=SecretStr(f"sqlite:///{place}"))
        one = tables.Read(table="calls", key=("id",), changed_at="changed", deleted="compare")
        read_database(tmp_path / "raw", {"calls": one}, settings, place=place)
        shop.execute("update calls set note = 'c', changed = '2026-01-03 10:00:00' where id = 1")
        shop.execute("delete from calls where id = 2")
        shop.commit()
        landed = read_database(tmp_path / "raw", {"calls": one}, settings, place=place)
    assert dict(landed.new) == {"calls": 1, "deletions": 1}
    assert pd.read_parquet(tmp_path / "raw" / "calls.parquet")["note"].tolist() == ["a", "b", "c"]
