"""From a folder of files to facts, and what is said about every row on the way."""

from __future__ import annotations

import pandas as pd
import pytest

from features.errors import ContractError, QuarantineExceeded
from features.facts.contract import TABLES
from pipelines.sources.errors import SourceError
from pipelines.sources.mapping import map_source

OUTCOMES = """
select id as prospect_id, cast(closed as timestamptz) as occurred_at, cast(closed as timestamptz) as recorded_at,
  result
from deals
"""
TOUCHES = """-- optional
select id || closed as touch_id, id as prospect_id, kind, 'inbound' as direction,
  cast(closed as timestamptz) as occurred_at, cast(closed as timestamptz) as recorded_at
from calls
"""
ATTRIBUTES = """
attributes:
  - {name: size, type: number, says: "size {value}"}
"""


def deals(raw, *rows):
    (raw / "deals.csv").write_text("id,closed,result\n" + "".join(f"{r}\n" for r in rows))


def test_all_eight_tables_are_there_and_typed(make_source, raw):
    mapped = map_source(make_source(), raw)
    assert list(mapped.checked) == list(TABLES)
    prospects = mapped.facts().prospects
    assert prospects["prospect_id"].tolist() == ["a", "b"]
    assert prospects.dtypes.astype("str")[["prospect_id", "created_at", "owner_id"]].tolist() == [
        "str",
        "datetime64[us, UTC]",
        "str",
    ]
    assert mapped.facts().outcomes.empty


def test_bad_rows_are_set_aside_with_their_reasons(make_source, raw):
    deals(
        raw,
        "a,2026-02-01 10:00Z,won",
        "a,2026-02-02 10:00Z,perhaps",
        "nobody,2026-02-01 10:00Z,won",
        "b,2026-01-01 10:00Z,won",
    )
    mapped = map_source(make_source({"outcomes": OUTCOMES}), raw)
    summary = mapped.summary().set_index("table").loc["outcomes"]
    assert summary[["rows", "good", "quarantined"]].tolist() == [4, 1, 3]
    assert set(summary["reasons"].split("; ")) == {
        "result: not one of won, lost (1)",
        "prospect_id: unknown id (1)",
        "occurred_at: outcome before its prospect (1)",
    }


def test_too_many_bad_rows_stop_the_run_and_are_shown(make_source, raw):
    deals(raw, *[f"b,2026-02-0{day} 10:00Z,sold" for day in range(1, 6)], "a,2026-02-01 10:00Z,won")
    mapped = map_source(make_source({"outcomes": OUTCOMES}), raw)
    with pytest.raises(QuarantineExceeded) as caught:
        mapped.raise_if_exceeded()
    text = str(caught.value)
    assert "shop: more than 1.00% of a table set aside; nothing is published" in text
    assert "outcomes: 5 of 6 rows (83.33%)" in text
    assert text.count("(got sold)") == 3
    assert "prospect_id=b, occurred_at=2026-02-01 10:00:00+00:00 (got sold)" in text
    assert "raise max_quarantine in definitions.yaml" in text
    mapped.raise_if_exceeded(0.9)


def test_the_limit_of_the_definitions_holds(make_source, raw):
    deals(raw, "a,2026-02-01 10:00Z,won", "b,2026-02-01 10:00Z,sold")
    mapped = map_source(make_source({"outcomes": OUTCOMES}, more="max_quarantine: 0.5"), raw)
    mapped.raise_if_exceeded()
    assert len(mapped.facts().outcomes) == 1


def test_versions_of_a_prospect_are_all_kept(make_source, raw):
    (raw / "leads.csv").write_text("id,created\na,2026-01-05 09:00Z\na,2026-01-06 09:00Z\n")
    assert len(map_source(make_source(), raw).facts().prospects) == 2


def test_further_columns_of_prospects_are_attributes(make_source, raw):
    sql = make_source().tables["prospects"].read_text().replace("select", "select 2.5::decimal(4, 1) as size,", 1)
    facts = map_source(make_source(prospects=sql, more=ATTRIBUTES), raw).facts()
    assert facts.prospects["size"].tolist() == [2.5, 2.5]


def test_a_number_that_comes_as_text_is_refused(make_source, raw):
    sql = make_source().tables["prospects"].read_text().replace("select", "select '2.5' as size,", 1)
    with pytest.raises(SourceError, match=r"attribute 'size' is a number, but .*cast\(size as double\) as size"):
        map_source(make_source(prospects=sql, more=ATTRIBUTES), raw)


def test_an_attribute_that_nothing_delivers_is_refused(make_source, raw):
    with pytest.raises(SourceError, match=r"declares the attribute 'size', which neither prospects.sql nor"):
        map_source(make_source(more=ATTRIBUTES), raw)


def test_an_attribute_may_come_from_changes_alone(make_source, raw):
    changes = """select 'prospect' as entity, id, 'size' as name, '3' as value,
      cast(created as timestamptz) as occurred_at, cast(created as timestamptz) as recorded_at from leads"""
    mapped = map_source(make_source({"attribute_changes": changes}, more=ATTRIBUTES), raw)
    assert len(mapped.facts().attribute_changes) == 2


def test_a_kind_that_the_definitions_add_is_known(make_source, raw):
    (raw / "calls.csv").write_text("id,closed,kind\na,2026-02-01 10:00Z,fair\na,2026-02-02 10:00Z,call\n")
    plain = map_source(make_source({"touches": TOUCHES}), raw)
    added = map_source(make_source({"touches": TOUCHES}, more='kinds: {fair: "met at a fair"}'), raw)
    assert (len(plain.checked["touches"].quarantined), len(added.checked["touches"].quarantined)) == (1, 0)


def test_an_optional_table_without_its_file_is_skipped_and_says_so(make_source, raw):
    mapped = map_source(make_source({"touches": TOUCHES}), raw)
    assert mapped.skipped == ("touches",)
    assert mapped.summary().set_index("table").loc["touches", "left_out"] == "no file"


def test_rows_left_out_on_purpose_are_counted(make_source, raw):
    sql = """select 'prospects' as "table", 'no day' as reason, count(*) as "rows" from leads where id = 'b'
    union all select 'outcomes', 'none at all', 0"""
    mapped = map_source(make_source({"left_out": sql}), raw)
    assert mapped.left_out.to_numpy().tolist() == [["prospects", "no day", 1]]
    assert mapped.summary().set_index("table").loc["prospects", "left_out"] == "no day (1)"


@pytest.mark.parametrize(
    "sql", ["select 'prospects' as t", "select 'leads' as \"table\", 'x' as reason, 1 as \"rows\""]
)
def test_a_count_of_something_else_is_refused(make_source, raw, sql):
    with pytest.raises(SourceError, match=r"left_out.sql: expected the columns table, reason, rows"):
        map_source(make_source({"left_out": sql}), raw)


def test_nobody_to_rank_is_an_error_not_an_empty_list(make_source, raw):
    (raw / "leads.csv").write_text("id,created\n")
    with pytest.raises(SourceError, match=r"shop/prospects.sql: nobody to rank, 0 usable prospects of 0 rows"):
        map_source(make_source(), raw)


def test_nobody_usable_is_an_error_with_the_reasons(make_source, raw):
    (raw / "leads.csv").write_text("id,created\n,2026-01-05 09:00Z\n")
    with pytest.raises(SourceError, match=r"0 usable prospects of 1 rows: prospect_id: missing \(1\)"):
        map_source(make_source(), raw)


def test_a_table_that_breaks_the_contract_names_its_sql(make_source, raw):
    with pytest.raises(ContractError, match=r"table outcomes \(shop/outcomes.sql\): missing column\(s\)"):
        map_source(make_source({"outcomes": "select id as prospect_id from leads"}), raw)


def test_the_order_of_the_rows_in_a_file_does_not_matter(make_source, raw):
    there = map_source(make_source(), raw).facts().prospects
    (raw / "leads.csv").write_text("id,created\nb,2026-01-06 09:00Z\na,2026-01-05 09:00Z\n")
    pd.testing.assert_frame_equal(there, map_source(make_source(), raw).facts().prospects)
