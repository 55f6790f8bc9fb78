"""The template source: a folder of files that already have the contract's columns, in any of three formats."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from features.errors import ContractError
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import find, read_folder
from pipelines.sources.mapping import map_source

AT = "2026-01-05T09:00:00+01:00"
TABLES = {
    "prospects": pd.DataFrame(
        {"prospect_id": ["007", "8"], "account_id": ["A", None], "created_at": AT, "recorded_at": AT, "industry": "x"}
    ),
    "accounts": pd.DataFrame({"account_id": ["A"], "recorded_at": [AT], "size": ["12"]}),
    "contacts": pd.DataFrame(
        {"contact_id": ["c"], "prospect_id": ["007"], "recorded_at": [AT], "do_not_contact_since": [AT]}
    ),
    "attribute_changes": pd.DataFrame(
        {"entity": ["account"], "id": ["A"], "name": ["size"], "value": ["13"], "occurred_at": AT, "recorded_at": AT}
    ),
    "touches": pd.DataFrame(
        {
            "touch_id": ["t1", "t2"],
            "prospect_id": ["007", "8"],
            "kind": "call",
            "direction": ["outbound", "inbound"],
            "occurred_at": AT,
            "recorded_at": AT,
            "duration_s": ["61.5", None],
        }
    ),
    "offers": pd.DataFrame({"offer_id": ["o"], "name": ["Pilot"], "valid_from": [AT]}),
    "offers_made": pd.DataFrame(
        {"prospect_id": ["8"], "offer_id": ["o"], "occurred_at": AT, "recorded_at": AT, "propensity": ["0.25"]}
    ),
    "outcomes": pd.DataFrame(
        {"prospect_id": ["007"], "occurred_at": AT, "recorded_at": AT, "result": "won", "amount": ["1200"]}
    ),
    "withdrawals": pd.DataFrame(
        {"table": ["touches"], "id": ["gone"], "recorded_at": [AT], "reason": ["deleted"], "happened_at": [None]}
    ),
}


def write(frame: pd.DataFrame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False, sep=";")
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        book = openpyxl.Workbook()
        for row in [list(frame.columns), *frame.astype("object").where(frame.notna(), None).to_numpy().tolist()]:
            book.active.append(row)
        book.save(path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_a_folder_in_the_shape_of_the_contract_is_read_in_each_format(tmp_path, suffix):
    for name, frame in TABLES.items():
        write(frame, tmp_path / f"{name}{suffix}")
    mapped = map_source(find("files"), tmp_path)
    mapped.raise_if_exceeded(0)
    facts = mapped.facts()
    assert {n: len(t) for n, t in facts.tables().items()} == {n: len(t) for n, t in TABLES.items()}
    assert facts.prospects[["prospect_id", "industry"]].to_numpy().tolist() == [["007", "x"], ["8", "x"]]
    assert facts.prospects["created_at"].eq(pd.Timestamp("2026-01-05 08:00", tz="UTC")).all()
    assert facts.touches["duration_s"].iloc[0] == 61.5
    assert facts.offers_made["propensity"].tolist() == [0.25]
    assert facts.outcomes["amount"].tolist() == [1200.0]


def test_typed_parquet_columns_pass_as_they_are(tmp_path):
    at = pd.Series(pd.to_datetime([AT, "2026-02-01T10:00:00.123456Z"], utc=True, format="ISO8601"))
    frame = pd.DataFrame({"prospect_id": [7, 8], "created_at": at, "recorded_at": at, "employees": [1.5, None]})
    frame.to_parquet(tmp_path / "prospects.parquet")
    prospects = map_source(find("files"), tmp_path).facts().prospects
    assert prospects["prospect_id"].tolist() == ["7", "8"]
    assert prospects["created_at"].tolist() == at.tolist()
    assert prospects["employees"].tolist()[0] == 1.5


def test_the_three_formats_may_be_mixed_and_absent_tables_are_skipped(tmp_path):
    for name, suffix in (("prospects", ".csv"), ("touches", ".parquet"), ("offers", ".xlsx")):
        write(TABLES[name].drop(columns="account_id", errors="ignore"), tmp_path / f"{name}{suffix}")
    mapped = map_source(find("files"), tmp_path)
    assert mapped.skipped == ("accounts", "contacts", "attribute_changes", "offers_made", "outcomes", "withdrawals")
    assert {n: len(t) for n, t in mapped.facts().tables().items() if len(t)} == {
        "prospects": 2,
        "touches": 2,
        "offers": 1,
    }


def test_without_prospects_there_is_nothing_to_do(tmp_path):
    write(TABLES["touches"], tmp_path / "touches.csv")
    with pytest.raises(SourceError, match=r"no file for the table 'prospects' that files/prospects.sql reads"):
        map_source(find("files"), tmp_path)


def test_a_time_without_a_zone_is_refused_with_its_row(tmp_path):
    write(TABLES["prospects"].assign(created_at=[AT, "2026-01-05 09:00"]), tmp_path / "prospects.csv")
    with pytest.raises(
        SourceError, match=r"prospects.csv, row 3, column created_at: got '2026-01-05 09:00', expected a"
    ):
        map_source(find("files"), tmp_path)


def test_a_workbook_date_is_refused_because_excel_has_no_zones(tmp_path):
    write(
        TABLES["prospects"].assign(created_at=pd.Timestamp("2026-01-05 09:00").to_pydatetime()),
        tmp_path / "prospects.xlsx",
    )
    with pytest.raises(SourceError, match=r"sheet Sheet, row 2, column created_at: got '2026-01-05 09:00:00'"):
        map_source(find("files"), tmp_path)


def test_an_unknown_column_is_refused_where_the_contract_takes_none(tmp_path):
    write(TABLES["prospects"].drop(columns="account_id"), tmp_path / "prospects.csv")
    write(TABLES["touches"].assign(mood="good"), tmp_path / "touches.csv")
    with pytest.raises(ContractError, match=r"files/touches.sql.*unknown column\(s\) \['mood'\]"):
        map_source(find("files"), tmp_path)


def test_a_copy_of_the_template_is_a_source(tmp_path):
    template = find("files")
    for file in template.path.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    assert list(read_folder(tmp_path).tables) == list(TABLES)
