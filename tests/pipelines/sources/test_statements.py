"""What a .sql file may say, and which raw tables it reads."""

from __future__ import annotations

import pytest

from pipelines.sources.errors import SourceError
from pipelines.sources.statements import read_query


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drop table leads", r"prospects.sql: expected one SELECT that returns the table, got DROP"),
        ("select 1; select 2", r"expected one SELECT that returns the table, got SELECT, SELECT"),
        ("-- nothing yet", r"expected one SELECT that returns the table, got nothing"),
        ("select from where", r"prospects.sql: not readable as SQL: .*syntax error"),
        ("copy (select 1) to 'x.csv'", r"expected one SELECT"),
    ],
)
def test_a_mapping_is_one_select(tmp_path, text, message):
    (tmp_path / "prospects.sql").write_text(text)
    with pytest.raises(SourceError, match=message):
        read_query(tmp_path / "prospects.sql")


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("select * from Leads join deals using (id)", ("deals", "leads")),
        ("with a as (select * from leads) select * from a where id in (select id from deals)", ("deals", "leads")),
        ("with leads as (select * from leads) select * from leads", ("leads",)),
        ("with a as (select 1), b as (select * from a) select * from b", ()),
        ("with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select * from r", ()),
        ("select * from (with a as (select 1) select * from a) x, a", ("a",)),
        ("select * from (values (1)) as t (n), generate_series(1, 2)", ()),
        ('select * from "2026 leads" union all by name select * from x', ("2026 leads", "x")),
    ],
)
def test_a_query_knows_the_raw_tables_that_it_reads(tmp_path, text, tables):
    (tmp_path / "x.sql").write_text(text)
    assert read_query(tmp_path / "x.sql").tables == tables


@pytest.mark.parametrize(
    ("text", "optional"),
    [("-- optional: no file, no rows\nselect 1", True), ("select 1 -- optional", False), ("-- more\nselect 1", False)],
)
def test_the_first_line_says_whether_a_table_is_optional(tmp_path, text, optional):
    (tmp_path / "x.sql").write_text(text)
    assert read_query(tmp_path / "x.sql").optional is optional


@pytest.mark.parametrize("call", ["now()", "current_date", "current_timestamp", "today()", "random()", "uuid()"])
def test_a_mapping_that_depends_on_the_day_or_on_chance_is_refused(tmp_path, call):
    (tmp_path / "x.sql").write_text(f"select id, {call} as x from leads")
    with pytest.raises(SourceError, match=r"x.sql: calls \w+, so that the same files would give other facts tomorrow"):
        read_query(tmp_path / "x.sql")


def test_a_pivot_is_refused_because_its_tables_cannot_be_told(tmp_path):
    (tmp_path / "x.sql").write_text("pivot leads on a using sum(b)")
    with pytest.raises(SourceError, match=r"x.sql: expected"):
        read_query(tmp_path / "x.sql")
