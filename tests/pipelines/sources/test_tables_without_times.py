"""Tables that have no times: what their table.yaml may say, and what two real ones must be told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.readiness.assessment import Assessment, Finding
from features.readiness.table import assess_table
from pipelines.home import Home
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import BUILT_IN, built_in, find
from pipelines.sources.raw_table import FILE, built_in_tables, find_table, read_rows, read_words
from pipelines.steps.assessing import assess_source, to_html

SHOP = """
company: A shop
means: One lead of the shop as exported.
table: our_leads
target: Sold
positive: "yes"
order: time
ids: ["No"]
known_only_after: [Invoice]
"""


def one(found: Assessment, title: str) -> Finding:
    (finding,) = (f for f in found.findings if f.title == title)
    return finding


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / FILE).write_text(SHOP, encoding="utf-8")
    rows = [f"{i};{'yes' if i % 4 == 0 else 'no'};{i * 7 % 11};{'R1' if i % 4 == 0 else ''}" for i in range(200)]
    (tmp_path / "Our leads.csv").write_text("\n".join(["No;Sold;Size;Invoice", *rows]), encoding="utf-8")
    return folder


def test_a_folder_with_a_table_yaml_is_assessed_and_its_rows_keep_their_order(shop, tmp_path):
    rows = read_rows(read_words(shop / FILE), tmp_path)
    assert rows["No"].tolist() == [str(i) for i in range(200)]
    found = assess_source(str(shop), tmp_path, Home(tmp_path / "home"))
    assert (found.subject, found.as_of) == ("A shop", None)
    assert "Invoice (alone AUC 1.00)" in one(found, "Columns known only after the outcome are named").evidence
    assert one(found, "No column knows the outcome").severity == "good"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("target: Sold", "aim: Sold", r"2 thing\(s\) to correct\n  target: Field required\n  aim: Extra"),
        ('"yes"', "yes", "positive: Input should be a valid string; write it in quotes"),
        ("order: time", "order: random", r"order: Input should be 'time' or 'none'"),
        ("table: our_leads", "table: Our Leads.csv", "table: String should match"),
        ("company: A shop", "company: [", "not readable as UTF-8 YAML"),
        ("table: our_leads", "table: their_leads", "no file for the table 'their_leads' that table.yaml reads"),
    ],
)
def test_a_table_yaml_that_is_wrong_names_what_to_correct(shop, tmp_path, old, new, message):
    (shop / FILE).write_text(SHOP.replace(old, new), encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        assess_source(str(shop), tmp_path, Home(tmp_path))


def test_a_table_without_times_is_no_source_that_could_be_trained_on():
    assert built_in_tables() == ["uci_bank_marketing", "x_education_leads"]
    assert not set(built_in_tables()) & set(built_in())
    for name in built_in_tables():
        assert [p.name for p in (BUILT_IN / name).iterdir()] == [FILE]
        with pytest.raises(SourceError, match="is a table without times: `takt assess` says what it is good for"):
            find(name)
    assert find_table("bpic2012") is None


@pytest.fixture(scope="module")
def education(data_dir: Path) -> Assessment:
    return assess_source("x_education_leads", data_dir / "x_education_leads", Home(Path("unused")))


@pytest.fixture(scope="module")
def bank(data_dir: Path) -> Assessment:
    return assess_source("uci_bank_marketing", data_dir / "uci_bank_marketing", Home(Path("unused")))


@pytest.mark.real_data
def test_x_education_is_told_that_it_has_no_times(education):
    times = one(education, "Times")
    assert times.severity == "blocks"
    assert times.evidence.startswith("No times: 9,240 rows and 34 columns, none of them a time.")
    assert "Any figure from a random split is not a forecast" in times.evidence
    assert education.scores["time"] == 0.0
    assert one(education, "Wins").evidence.startswith("3,561 of 9,240 rows won (38.5%).")


@pytest.mark.real_data
def test_x_education_names_the_columns_that_sales_filled_in_and_the_word_select(education):
    declared = one(education, "Columns known only after the outcome are named").evidence
    assert declared.startswith("9 columns are declared as known only after the outcome: Tags (alone AUC 0.9")
    assert (
        "How did you hear about X Education ('Select' in 5,043 rows)"
        in one(education, "What is missing is empty").evidence
    )
    assert "12 of 34 columns have one value" in one(education, "Columns say something").evidence


@pytest.mark.real_data
def test_x_education_is_warned_of_leaks_also_where_nobody_declared_them(data_dir):
    words = read_words(BUILT_IN / "x_education_leads" / FILE)
    rows = read_rows(words, data_dir / "x_education_leads")
    found = assess_table(rows, target=words.target, positive=words.positive, ids=words.ids)
    said = " ".join(f.evidence for f in found.of_principle("words") if f.severity in ("blocks", "weakens"))
    assert one(found, "No column knows the outcome").severity == "blocks"
    for column in words.known_only_after:
        # the last notable activity has AUC 0.698 alone, as honest columns have too: only a person can tell
        assert (column in said) == (column != "Last Notable Activity"), column


@pytest.mark.real_data
def test_uci_bank_marketing_is_told_that_its_base_rate_moves(bank):
    rate = one(bank, "Steady base rate")
    assert rate.severity == "weakens"
    assert rate.evidence.startswith("The base rate moves along the rows: 6.4% won in the first three quarters")
    assert "25.8% in the last quarter" in rate.evidence
    times = one(bank, "Times")
    assert (times.severity, "a forward test by position is possible" in times.evidence) == ("weakens", True)


@pytest.mark.real_data
def test_uci_bank_marketing_reads_its_rows_in_the_order_of_the_file(data_dir):
    place = data_dir / "uci_bank_marketing"
    rows = read_rows(read_words(BUILT_IN / "uci_bank_marketing" / FILE), place)
    pd.testing.assert_frame_equal(
        rows, pd.read_csv(place / "bank-additional-full.csv", sep=";", dtype="str"), check_dtype=False
    )


@pytest.mark.real_data
def test_uci_bank_marketing_knows_which_columns_tell_the_period(bank):
    said = one(bank, "Columns tell the prospect, not the period").evidence
    economy = ("emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")
    assert all(column in said for column in economy)
    assert "duration (alone AUC 0.82)" in one(bank, "Columns known only after the outcome are named").evidence
    assert "25.8% in the last quarter" in to_html(bank)
