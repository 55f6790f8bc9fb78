"""Every bad file and every wrong .sql, as the person who made it is told."""

from __future__ import annotations

import pandas as pd
import pytest

from features.errors import ContractError
from pipelines.sources.errors import SourceError
from pipelines.sources.mapping import map_source
from tests.pipelines.sources.test_workbooks import book

OUTCOMES = """
select id as prospect_id, cast(closed as timestamptz) as occurred_at, cast(closed as timestamptz) as recorded_at,
  'won' as result, cast(amount as double) as amount
from deals
"""


def refused(make_source, raw, **outcomes):
    with pytest.raises(ContractError) as caught:
        map_source(make_source(outcomes), raw)
    return str(caught.value)


def test_a_missing_file_is_named_with_the_sql_that_asks_for_it(make_source, raw):
    text = refused(make_source, raw, outcomes=OUTCOMES)
    assert "no file for the table 'deals' that shop/outcomes.sql reads" in text
    assert "Found: leads.csv (table leads)" in text


def test_a_missing_folder_is_named(make_source, tmp_path):
    with pytest.raises(SourceError, match=r"elsewhere: no such folder; expected the folder that holds the raw files"):
        map_source(make_source(), tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"deals.csv: the file is empty \(0 bytes\)"),
        (b"id,closed,amount\na,2026-02-01Z,M\xfcnz\n", r"deals.csv, row 2: not UTF-8 text .*CSV UTF-8"),
        (b"id,closed\na,2026-02-01Z,5\n", r"deals.csv: cannot be read as a table"),
    ],
)
def test_an_unreadable_file_stops_the_mapping(make_source, raw, content, message):
    (raw / "deals.csv").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        map_source(make_source({"outcomes": OUTCOMES}), raw)


def test_a_line_over_the_limit_stops_the_mapping(make_source, raw):
    with pytest.raises(SourceError, match=r"leads.csv, row 2: the line is longer than 10 bytes"):
        map_source(make_source(), raw, max_line_bytes=10)


def test_a_file_that_no_sql_names_is_not_opened(make_source, raw):
    (raw / "broken.csv").write_bytes(b"\xff\xff")
    (raw / "broken.xlsx").write_bytes(b"\xff\xff")
    assert len(map_source(make_source(), raw).facts().prospects) == 2


def test_a_wrong_column_name_is_shown_with_the_columns_of_the_file(make_source, raw):
    (raw / "deals.csv").write_text("id,closing_day,amount\na,2026-02-01Z,5\n")
    text = refused(make_source, raw, outcomes=OUTCOMES)
    assert "shop/outcomes.sql: asks for the column 'closed', which is not there" in text
    assert "deals.csv has id, closing_day, amount" in text


@pytest.mark.parametrize(
    "sql",
    [
        "select d.closed from deals d",
        "select * exclude (closed) from deals",
        "select * replace (1 as closed) from deals",
    ],
)
def test_a_wrong_column_is_found_however_it_is_asked_for(make_source, raw, sql):
    (raw / "deals.csv").write_text("id,amount\na,5\n")
    assert "asks for the column 'closed'" in refused(make_source, raw, outcomes=sql)


def test_a_wrong_value_in_a_csv_is_shown_with_file_row_and_column(make_source, raw):
    (raw / "deals.csv").write_text(
        'id,closed,amount\na,2026-02-01 10:00Z,5\n"b",2026-02-02 10:00Z,"a\nlot"\na,2026-02-03 10:00Z,"1.234,5"\n'
    )
    text = refused(make_source, raw, outcomes=OUTCOMES.replace("cast(amount", "cast(nullif(amount, 'a\nlot')"))
    assert "deals.csv, row 5, column amount: got '1.234,5', expected DOUBLE (shop/outcomes.sql)" in text


def test_a_value_is_shown_in_the_column_that_was_cast(make_source, raw):
    (raw / "deals.csv").write_text("id,closed,amount\nmany,2026-02-01 10:00Z,5\nb,2026-02-01 10:00Z,many\n")
    assert "deals.csv, row 3, column amount: got 'many'" in refused(make_source, raw, outcomes=OUTCOMES)


def test_a_wrong_value_in_a_workbook_is_shown_with_its_sheet(make_source, raw):
    book(raw / "deals.xlsx", Q1=[["id", "closed", "amount"], ["a", "2026-02-01 10:00Z", 5], [], ["b", "soon", 5]])
    text = refused(make_source, raw, outcomes=OUTCOMES)
    assert "deals.xlsx, sheet Q1, row 4, column closed: got 'soon', expected timestamp" in text


def test_a_wrong_value_in_parquet_is_shown_with_its_row(make_source, raw):
    deals = pd.DataFrame({"id": ["a", "b"], "closed": ["2026-02-01 10:00Z", "2026-02-31 10:00Z"], "amount": [1.0, 2.0]})
    deals.to_parquet(raw / "deals.parquet")
    text = refused(make_source, raw, outcomes=OUTCOMES)
    assert "deals.parquet, row 2, column closed: got '2026-02-31 10:00Z', expected timestamp" in text


def test_a_day_in_another_form_is_shown_with_the_form_asked_for(make_source, raw):
    (raw / "deals.csv").write_text("id,closed,amount\na,1/2/2026,5\n")
    sql = "select id as prospect_id, strptime(closed, '%d.%m.%Y') as occurred_at from deals"
    text = refused(make_source, raw, outcomes=sql)
    assert "deals.csv, row 2, column closed: got '1/2/2026', expected \"%d.%m.%Y\"" in text


def test_a_value_that_the_sql_computed_is_said_to_be_computed(make_source, raw):
    (raw / "deals.csv").write_text("id,closed,amount\na,x,5\n")
    text = refused(make_source, raw, outcomes="select cast('day ' || closed as date) as occurred_at from deals")
    assert "a computed value: got 'day x', expected date" in text


def test_a_text_time_without_a_zone_is_shown_with_what_to_write(make_source, raw):
    (raw / "deals.csv").write_text("id,closed,amount\na,2026-02-01 10:00,5\n")
    text = refused(make_source, raw, outcomes="select instant(closed) as occurred_at from deals")
    assert "deals.csv, row 2, column closed: got '2026-02-01 10:00', expected a time with its zone" in text
    assert "say in shop/outcomes.sql which clock it is: `timezone('Europe/Berlin'" in text


def test_a_typed_time_without_a_zone_names_the_sql(make_source, raw):
    (raw / "deals.csv").write_text("id,closed,amount\na,2026-02-01 10:00,5\n")
    text = refused(make_source, raw, outcomes=OUTCOMES.replace("timestamptz", "timestamp"))
    assert "shop/outcomes.sql" in text
    assert "a time without a time zone" in text


def test_a_mapping_that_reaches_for_a_file_is_refused(make_source, raw):
    text = refused(make_source, raw, outcomes="select * from read_csv('/etc/hosts')")
    assert "shop/outcomes.sql: a mapping may read only the tables of the data folder" in text


def test_other_errors_of_the_sql_name_the_sql(make_source, raw):
    text = refused(make_source, raw, outcomes="select nofunction(id) from leads")
    assert text.startswith("shop/outcomes.sql: Catalog Error: Scalar Function with name nofunction does not exist")


def test_an_unknown_zone_names_the_sql_and_shows_no_internals(make_source, raw):
    sql = "select timezone('Europe/Berln', cast('2026-02-01' as timestamp)) as occurred_at from leads"
    text = refused(make_source, raw, outcomes=sql)
    assert text.startswith("shop/outcomes.sql: Not implemented Error: Unknown TimeZone 'Europe/Berln'")
    assert "__duckdb" not in text
