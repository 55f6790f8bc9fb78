"""What the words mean in the data: who they apply to, and what their SQL must not do."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.errors import DefinitionsError
from features.facts.contract import check
from features.facts.definitions import REQUIRED_TERMS, Definitions, parse
from features.facts.evidence import counts, who
from features.facts.ledger import Facts


def day(n: int) -> pd.Timestamp:
    return pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=n - 1)


def definitions(**evidence: str) -> Definitions:
    """Return definitions in which a term holds for nobody, unless its evidence is given."""
    nobody = "select prospect_id from prospects where false"
    terms = {
        name: {
            "means": f"what {name} means",
            "evidence": evidence.get(name, nobody),
            "owner": "sales",
            "since": "2026-01-01",
        }
        for name in dict.fromkeys([*REQUIRED_TERMS, *evidence])
    }
    return parse({"company": "test", "recorded_at": "column", "horizon_days": 30, "terms": terms})


@pytest.fixture
def facts() -> Facts:
    """p1 moved from small to large on day 9 and was won on day 20; p2 answered a call; p3 did nothing."""
    prospects = pd.DataFrame(
        {
            "prospect_id": ["p2", "p1", "p1", "p3"],
            "created_at": [day(1)] * 4,
            "recorded_at": [day(1), day(9), day(1), day(1)],
            "segment": ["small", "large", "small", None],
        }
    )
    touches = pd.DataFrame(
        {
            "touch_id": ["t1", "t2"], "prospect_id": ["p2", "p2"], "kind": ["call", "call"],
            "direction": ["outbound"] * 2, "result": ["answered", "no_answer"],
            "occurred_at": [day(3), day(4)], "recorded_at": [day(3), day(4)],
        }
    )  # fmt: skip
    outcomes = pd.DataFrame(
        {"prospect_id": ["p1"], "occurred_at": [day(20)], "recorded_at": [day(20)], "result": ["won"]}
    )
    given = {"prospects": prospects, "touches": touches, "outcomes": outcomes}
    return Facts.of({name: check(name, frame).good for name, frame in given.items()})


def test_a_term_names_its_prospects_once_each_and_sorted(facts: Facts) -> None:
    words = definitions(contacted="select prospect_id from touches union all select prospect_id from outcomes")
    found = who(words, facts, "contacted")
    assert found.tolist() == ["p1", "p2"]
    assert (found.name, str(found.dtype)) == ("prospect_id", "str")


def test_evidence_sees_the_last_version_of_a_row_only(facts: Facts) -> None:
    words = definitions(qualified="select prospect_id from prospects where segment = 'small'")
    assert who(words, facts, "qualified").tolist() == ["p2"]
    assert who(words, facts.visible(day(9)), "qualified").tolist() == ["p1", "p2"]


def test_a_missing_value_is_null_in_sql(facts: Facts) -> None:
    words = definitions(qualified="select prospect_id from prospects where segment is null")
    assert who(words, facts, "qualified").tolist() == ["p3"]


def test_ids_of_nobody_and_missing_ids_are_left_out(facts: Facts) -> None:
    words = definitions(lost="select * from (values ('p1'), ('p9'), (null)) as t(prospect_id)")
    assert who(words, facts, "lost").tolist() == ["p1"]


def test_evidence_over_no_facts_finds_nobody() -> None:
    found = who(definitions(won="select prospect_id from outcomes where result = 'won'"), Facts.of({}), "won")
    assert (len(found), str(found.dtype)) == (0, "str")


def test_times_are_utc_whatever_the_machine_says(facts: Facts) -> None:
    words = definitions(won="select prospect_id from outcomes where strftime(occurred_at, '%H:%M') = '00:00'")
    assert who(words, facts, "won").tolist() == ["p1"]


def test_counts_say_how_many_of_all_prospects_each_term_holds_for(facts: Facts) -> None:
    words = definitions(
        prospect="select prospect_id from prospects",
        contacted="select prospect_id from touches",
        won="select prospect_id from outcomes where result = 'won'",
    )
    table = counts(words, facts)
    assert list(table.columns) == ["term", "means", "prospects", "share"]
    assert table[["term", "prospects", "share"]].to_numpy().tolist() == [
        ["prospect", 3, 1.0], ["contacted", 1, 1 / 3], ["qualified", 0, 0.0],
        ["won", 1, 1 / 3], ["lost", 0, 0.0], ["receptive", 0, 0.0],
    ]  # fmt: skip
    assert table["means"].tolist()[0] == "what prospect means"


def test_a_share_of_no_prospects_is_missing() -> None:
    table = counts(definitions(), Facts.of({}))
    assert table["prospects"].tolist() == [0] * 6
    assert table["share"].isna().all()


# --- refused


def test_a_term_that_is_not_defined_is_refused(facts: Facts) -> None:
    with pytest.raises(DefinitionsError, match=r"terms\.hot: not defined; there are \['contacted'"):
        who(definitions(), facts, "hot")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec prospect_id", r"terms\.won\.evidence: Parser Error: syntax error(?s:.*)SQL: selec"),
        ("select prospect_id from deals", r"terms\.won\.evidence: Catalog Error: .*deals"),
        ("select result from outcomes", r"expected a text column prospect_id, got result VARCHAR"),
        ("select 7 as prospect_id", r"expected a text column prospect_id, got prospect_id INTEGER"),
        ("select prospect_id from prospects where prospect_id::int = 1", r"Conversion Error(?s:.*)SQL: "),
        ("drop table prospects", r"expected one SELECT, got 'drop table prospects'"),
        ("select 1; select prospect_id from prospects", r"expected one SELECT"),
        ("-- nothing", r"expected one SELECT"),
    ],
)
def test_evidence_that_is_no_select_of_prospects_is_refused_with_its_sql(facts: Facts, sql: str, message: str) -> None:
    with pytest.raises(DefinitionsError, match=message):
        who(definitions(won=sql), facts, "won")


@pytest.mark.parametrize("clock", ["now()", "current_date", "CURRENT_TIMESTAMP", "today ( )", "random() * 2"])
def test_evidence_that_answers_differently_every_time_is_refused(facts: Facts, clock: str) -> None:
    words = definitions(won=f"select prospect_id from outcomes where {clock} is not null")
    with pytest.raises(DefinitionsError, match=r"terms\.won\.evidence: .* gives another answer every time"):
        who(words, facts, "won")


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select content as prospect_id from read_text('/etc/passwd')",
        "select file as prospect_id from glob('/etc/*')",
        "select * from '/etc/passwd'",
        "select * from read_parquet('https://example.com/x.parquet')",
        "select name as prospect_id from duckdb_secrets()",
        "select * from outside",
    ],
)
def test_evidence_reads_nothing_but_the_contract_tables(facts: Facts, sql: str) -> None:
    outside = facts.prospects  # DuckDB would find a DataFrame by the name of a Python variable
    assert len(outside)
    with pytest.raises(DefinitionsError, match=r"terms\.won\.evidence: (Permission|Catalog) Error"):
        who(definitions(won=sql), facts, "won")


@pytest.mark.parametrize(
    "sql",
    [
        "copy prospects to '{place}/out.csv'",
        "attach '{place}/out.db' as out",
        "export database '{place}/out'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "set temp_directory = '{place}'",
        "create table won as select 1",
    ],
)
def test_evidence_writes_nothing_and_changes_no_setting(facts: Facts, sql: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionsError, match="expected one SELECT"):
        who(definitions(won=sql.format(place=tmp_path)), facts, "won")
    assert list(tmp_path.iterdir()) == []
