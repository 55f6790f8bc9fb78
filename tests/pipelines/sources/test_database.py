"""What the SQL of a source may see, and what its result looks like in pandas."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from pipelines.sources.database import connect, lock, select
from pipelines.sources.errors import SourceError
from pipelines.sources.statements import Query


def ask(text: str, *setup: str) -> pd.DataFrame:
    with connect() as con:
        for statement in setup:
            con.execute(statement)
        lock(con)
        return select(con, Query("shop/x.sql", text, ()))


@pytest.mark.parametrize(
    "text",
    [
        "select * from read_csv('/etc/hosts')",
        "select * from '/etc/hosts.csv'",
        "select * from read_text('/etc/hosts')",
        "select * from glob('/etc/*')",
    ],
)
def test_a_mapping_reads_no_files(text):
    with pytest.raises(duckdb.PermissionException, match="disabled by configuration"):
        ask(text)


def test_a_mapping_reads_no_python_variable():
    leads = pd.DataFrame({"id": [1]})
    with pytest.raises(duckdb.CatalogException, match="leads does not exist"):
        ask("select * from leads")
    assert len(leads) == 1


def test_settings_cannot_be_changed_behind_the_lock():
    with connect() as con:
        lock(con)
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            con.execute("set TimeZone = 'Europe/Berlin'")


def test_results_have_exact_types():
    frame = ask(
        """select 9007199254740993 as big, x.gap, 1.25::decimal(9, 2) as money, sum(1::bigint) over () as total,
        'a' as text, timestamptz '2026-03-01 09:00+01' as at, date '2026-03-01' as day, null::varchar as nothing
        from (values (9007199254740993), (null)) as x (gap)"""
    )
    assert frame.dtypes.astype("str").to_dict() == {
        "big": "int64",
        "gap": "Int64",
        "money": "float64",
        "total": "float64",
        "text": "str",
        "at": "datetime64[us, UTC]",
        "day": "datetime64[ms]",
        "nothing": "str",
    }
    assert frame["gap"].dropna().tolist() == [9007199254740993]
    assert frame["at"][0] == pd.Timestamp("2026-03-01 08:00", tz="UTC")


def test_rows_come_in_the_order_of_their_columns():
    forth = ask("select * from (values (2, 'a'), (1, 'b'), (1, 'a')) as t (n, x)")
    back = ask("select * from (values (1, 'a'), (1, 'b'), (2, 'a')) as t (n, x) order by n desc")
    assert forth.to_numpy().tolist() == [[1, "a"], [1, "b"], [2, "a"]]
    pd.testing.assert_frame_equal(forth, back)


def test_a_column_returned_twice_is_refused():
    with pytest.raises(SourceError, match=r"shop/x.sql: returns the column\(s\) \['a'\] twice"):
        ask("select 1 as a, 2 as a")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01T09:30:00+01:00", "2026-03-01 08:30"),
        ("2026-03-01 09:30Z", "2026-03-01 09:30"),
        ("2026-03-01 09:30:00.5 UTC", "2026-03-01 09:30:00.5"),
        ("2026-03-01 09:30:00-0530", "2026-03-01 15:00"),
        (" 2026-03-01 09:30:00+00 ", "2026-03-01 09:30"),
    ],
)
def test_an_instant_is_read_with_its_zone(text, utc):
    assert ask(f"select instant('{text}') as t")["t"][0] == pd.Timestamp(utc, tz="UTC")


@pytest.mark.parametrize("text", ["2026-03-01 09:30", "2026-03-01", "01.03.2026 09:30", "2026-03-01T09:30:00"])
def test_an_instant_without_a_zone_is_refused(text):
    with pytest.raises(duckdb.InvalidInputException, match=f'time without its zone: "{text}"'):
        ask(f"select instant('{text}') as t")


def test_a_missing_instant_stays_missing_and_a_typed_one_passes():
    frame = ask("select instant(null) as a, instant(timestamptz '2026-03-01 09:30:00.25+01') as b")
    assert frame["a"].isna().all()
    assert frame["b"][0] == pd.Timestamp("2026-03-01 08:30:00.25", tz="UTC")
