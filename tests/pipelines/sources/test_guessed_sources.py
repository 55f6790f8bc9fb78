"""A source folder guessed from a sample export: what is recognised, what is left open, and what is refused."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.facts.definitions import load
from pipelines.cli import app
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import BUILT_IN, GUESS, OpenGuesses, built_in, find, open_guesses, read_folder
from pipelines.sources.guessed.names import words
from pipelines.sources.guessed.profile import look_at
from pipelines.sources.guessed.write import new_source
from pipelines.sources.mapping import map_source
from pipelines.steps.pulling import check_place

ENGLISH = {
    "deals.csv": """Deal ID,Company ID,Deal owner,Create Date,Close Date,Deal Stage,Amount,Lead Source,Last Modified
D1,C1,dana,2026-01-05 09:00:00,2026-01-20 10:00:00,Closed Won,1200.50,Web,2026-01-20 11:00:00
D2,C2,mira,2026-01-06 09:00:00,2026-01-21 10:00:00,Closed Lost,800,Fair,2026-01-21 11:00:00
D3,C1,dana,2026-01-07 09:00:00,,Proposal,500,Web,2026-01-22 11:00:00
D4,C2,mira,2026-01-08 09:00:00,,Proposal,700,Web,2026-01-23 11:00:00
""",
    "companies.csv": "Company ID,Name,Industry,Employees\nC1,Firm 1,Retail,10\nC2,Firm 2,Bank,20\nC3,Firm 3,Bank,20\n",
    "contacts.csv": "Contact ID,Company ID,Full Name,Email\nP1,C1,Ann,ann@x.example\nP2,C2,Bob,bob@x.example\n",
    "activities.csv": """Activity ID,Deal ID,Contact ID,Type,Direction,Activity Date
A1,D1,P1,Call,Outbound,2026-01-05T12:00:00Z
A2,D1,P1,Email,Inbound,2026-01-06T12:00:00Z
A3,D2,P2,Lunch,Outbound,2026-01-07T12:00:00+01:00
""",
}
GERMAN = {
    "Verkaufschancen.csv": """Verkaufschancen-ID;Firma;Besitzer;Erstellt am;Abgeschlossen am;Status;Betrag;Herkunft
1;Bau AG;Müller;05.01.2026 09:00;20.01.2026;Gewonnen;1.200,50 €;Messe
2;Holz KG;Meier;06.07.2026 09:00;21.07.2026;Verloren;800,00 €;Web
3;Bau AG;Meier;7.7.2026 09:00;;Offen;500,00 €;Web
""",
    "Aktivitaeten.csv": """Verkaufschancen-ID;Aktivitätstyp;Richtung;Zeitpunkt
1;Anruf;ausgehend;05.01.2026 14:00
1;E-Mail;eingehend;06.01.2026 08:00
3;Termin;ausgehend;08.07.2026 10:30
""",
}


def sample(place: Path, files: dict[str, str]) -> Path:
    place.mkdir()
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


def confirmed(folder: Path) -> Path:
    """Delete every line with a mark, as a person does who agrees with all of them."""
    for path in folder.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if GUESS not in line), encoding="utf-8")
    return folder


def mapped(tmp_path: Path, files: dict[str, str]) -> tuple[dict[str, pd.DataFrame], Path]:
    data = sample(tmp_path / "sample", files)
    folder = confirmed(new_source("acme", data, tmp_path).path)
    found = map_source(read_folder(folder), data)
    assert found.summary()["quarantined"].sum() == 0
    return {name: checked.good for name, checked in found.checked.items()}, folder


def test_an_english_export_becomes_five_tables(tmp_path: Path):
    tables, _ = mapped(tmp_path, ENGLISH)
    prospects = tables["prospects"].set_index("prospect_id")
    assert prospects.loc["D1", ["account_id", "owner_id", "source"]].tolist() == ["C1", "dana", "Web"]
    assert prospects.loc["D1", "created_at"] == pd.Timestamp("2026-01-05 09:00Z")
    outcomes = tables["outcomes"].set_index("prospect_id")
    assert outcomes["result"].to_dict() == {"D1": "won", "D2": "lost"}
    assert outcomes.loc["D1", "amount"] == 1200.5
    assert outcomes["amount"].isna().to_dict() == {"D1": False, "D2": True}
    assert outcomes.loc["D1", "recorded_at"] == pd.Timestamp("2026-01-20 11:00Z")
    assert tables["accounts"]["industry"].tolist() == ["Retail", "Bank", "Bank"]
    assert tables["contacts"][["contact_id", "account_id", "email"]].to_numpy().tolist() == [
        ["P1", "C1", "ann@x.example"], ["P2", "C2", "bob@x.example"],
    ]  # fmt: skip
    touches = tables["touches"].set_index("touch_id")
    assert touches["kind"].to_dict() == {"A1": "call", "A2": "email", "A3": "lunch"}
    assert touches["contact_id"].to_dict() == {"A1": "P1", "A2": "P1", "A3": "P2"}
    assert touches.loc["A3", "occurred_at"] == pd.Timestamp("2026-01-07 11:00Z")


def test_a_german_export_is_read_with_its_dates_decimal_comma_and_zone(tmp_path: Path):
    tables, folder = mapped(tmp_path, GERMAN)
    prospects = tables["prospects"].set_index("prospect_id")
    assert prospects["created_at"].to_dict() == {
        "1": pd.Timestamp("2026-01-05 08:00Z"),  # winter time in Berlin
        "2": pd.Timestamp("2026-07-06 07:00Z"),  # and summer time
        "3": pd.Timestamp("2026-07-07 07:00Z"),
    }
    assert prospects["owner_id"].tolist() == ["Müller", "Meier", "Meier"]
    assert tables["accounts"]["account_id"].tolist() == ["Bau AG", "Holz KG"]  # no file has them: those that are named
    outcomes = tables["outcomes"].set_index("prospect_id")
    assert outcomes["result"].to_dict() == {"1": "won", "2": "lost"}
    assert outcomes.loc["1", "amount"] == 1200.5
    assert sorted(zip(tables["touches"]["kind"], tables["touches"]["direction"], strict=True)) == [
        ("call", "outbound"), ("email", "inbound"), ("meeting", "outbound"),
    ]  # fmt: skip
    definitions = load(folder / "definitions.yaml")
    assert (definitions.company, definitions.timezone, definitions.currency) == ("acme", "Europe/Berlin", "EUR")
    assert {"status", "betrag", "abgeschlossen_am"} <= set(definitions.known_only_after)


def test_each_guess_says_what_was_seen_and_each_gap_what_is_needed(tmp_path: Path):
    folder = new_source("acme", sample(tmp_path / "sample", GERMAN), tmp_path).path
    text = (folder / "prospects.sql").read_text(encoding="utf-8")
    assert '  -- GUESS: prospect_id is "Verkaufschancen-ID" (unique, 3 of 3)\n' in text
    assert "it has no zone, Europe/Berlin is assumed" in text
    assert "counts as known too early" in text
    assert "  -- needed: territory: no column of such a name was found; may stay empty\n" in text


def test_a_field_filled_on_the_way_to_the_end_is_no_attribute(tmp_path: Path):
    rows = "".join(
        f"L{i},2026-01-{1 + i % 28:02d},{'won' if i % 2 else 'open'},{'2026-03-01' if i % 2 else ''},"
        f"{'VAT' if i % 2 else ''},{'web' if i % 3 else 'fair'},{'a' if i % 5 else 'b'}\n"
        for i in range(60)
    )
    files = {"leads.csv": f"Lead ID,Created,Status,Closed,Tax form,Source,Product\n{rows}"}
    _, folder = mapped(tmp_path, files)
    definitions = load(folder / "definitions.yaml")
    assert [a.name for a in definitions.attributes] == ["source", "product"]
    assert set(definitions.known_only_after) == {"status", "closed", "tax_form"}


def test_rows_without_a_time_are_left_out_and_counted(tmp_path: Path):
    files = {"leads.csv": "Lead ID,Created,Status,Closed\n1,2026-01-05,won,2026-02-01\n2,,open,\n3,2026-01-06,lost,\n"}
    data = sample(tmp_path / "sample", files)
    found = map_source(read_folder(confirmed(new_source("acme", data, tmp_path).path)), data)
    assert found.left_out.set_index("table")["rows"].to_dict() == {"prospects": 1, "outcomes": 1}


def test_touches_of_prospects_that_are_not_in_the_sample_are_left_out_and_counted(tmp_path: Path):
    calls = "Deal ID,Type,Date\n1,Call,2026-01-07\n2,Call,2026-01-08\n9,Call,2026-01-08\n2,,2026-01-09\n1,Call,\n"
    files = {"deals.csv": "Deal ID,Created\n1,2026-01-05\n2,2026-01-05\n", "calls.csv": calls}
    data = sample(tmp_path / "sample", files)
    found = map_source(read_folder(confirmed(new_source("acme", data, tmp_path).path)), data)
    assert found.checked["touches"].good["prospect_id"].tolist() == ["1", "2"]
    assert dict(zip(found.left_out["reason"], found.left_out["rows"], strict=True)) == {
        "of no prospect that is taken": 1, "no time": 1, "no kind": 1,
    }  # fmt: skip


def test_wins_of_another_file_are_the_outcomes(tmp_path: Path):
    files = {
        "leads.csv": "lead_id,first_contact,origin\na,2026-01-05,web\nb,2026-01-06,fair\n",
        "closed.csv": "lead_id,won_date,segment\na,2026-02-01,pet\n",
    }
    tables, folder = mapped(tmp_path, files)
    assert tables["outcomes"][["prospect_id", "result"]].to_numpy().tolist() == [["a", "won"]]
    assert "leads_segment" in load(folder / "definitions.yaml").known_only_after


def test_the_sheets_of_a_workbook_are_read_as_tables(tmp_path: Path):
    data = tmp_path / "sample"
    data.mkdir()
    book = openpyxl.Workbook()
    book.active.title = "Deals"
    for row in (["Deal ID", "Created"], ["x", "2026-01-05"], ["y", "2026-01-06"]):
        book.active.append(row)
    book.create_sheet("Notes").append(["about"])
    book.save(data / "Export.xlsx")
    folder = confirmed(new_source("acme", data, tmp_path).path)
    assert map_source(read_folder(folder), data).checked["prospects"].good["prospect_id"].tolist() == ["x", "y"]


def test_the_parts_of_a_folder_that_grows_are_one_table_and_no_month_of_it_is_lost(tmp_path: Path):
    data = sample(
        tmp_path / "sample",
        {
            "crm_deals-2026-01.csv": "Deal ID,Created\n1,2026-01-05\n2,2026-01-06\n",
            "crm_deals-2026-02.csv": "Deal ID,Created\n3,2026-02-05\n",
            "crm_old_1.csv": "Word\nx\n",
            "crm_old_2.csv": "Text\ny\n",
        },
    )
    sample(data / "Calls", {"north.csv": "Deal ID,Type,Date\n1,Call,2026-01-07\n"})
    (data / "Calls" / "south.csv").write_text("Deal ID,Type,Date\n3,Call,2026-02-07\n", encoding="utf-8")
    made = new_source("acme", data, tmp_path)
    assert dict(made.tables) == {
        "prospects": "crm_deals-2026-01.csv to crm_deals-2026-02.csv", "touches": "north.csv to south.csv",
    }  # fmt: skip
    assert [line.split(":")[0] for line in made.open if "no .sql reads it" in line] == [
        "crm_old_1.csv (1 rows)", "crm_old_2.csv (1 rows)",
    ]  # fmt: skip
    checked = map_source(read_folder(confirmed(made.path)), data).checked
    assert sorted(checked["prospects"].good["prospect_id"]) == ["1", "2", "3"]
    assert sorted(checked["touches"].good["prospect_id"]) == ["1", "3"]


def test_a_part_whose_columns_do_not_fit_the_others_is_refused_and_not_passed_over(tmp_path: Path):
    month = "Deal ID,Created\n{},2026-01-05\n"
    files = {f"deals-2026-0{n}.csv": month.format(n) for n in (1, 2)} | {"deals-2026-03.csv": "Deal ID,Made\n3,x\n"}
    with pytest.raises(SourceError, match=r"deals-2026-03\.csv: as a part of the table 'deals' .*lacks Created"):
        new_source("acme", sample(tmp_path / "sample", files), tmp_path)


def test_a_word_that_only_winners_have_is_no_touch(tmp_path: Path):
    ids = range(60)
    deals = "".join(f"{i},2026-01-01,{'won' if i < 30 else 'lost'},2026-03-01\n" for i in ids)
    log = "".join(
        f"{i},{word},2026-02-0{day}\n"
        for i in ids
        for day, (word, has) in enumerate((("Call", i % 2), ("Stamped", i < 30), ("Demo", i < 10)), start=1)
        if has
    )
    files = {"deals.csv": f"Deal ID,Created,Status,Closed\n{deals}", "log.csv": f"Deal ID,Type,Date\n{log}"}
    data = sample(tmp_path / "sample", files)
    folder = new_source("acme", data, tmp_path).path
    assert "30 of 30 prospects with 'Stamped' were won: they tell" in (folder / "touches.sql").read_text("utf-8")
    found = map_source(read_folder(confirmed(folder)), data)
    assert found.checked["touches"].good["kind"].value_counts().to_dict() == {
        "call": 30,
        "demo": 10,
    }  # 10 may be chance
    assert found.left_out.to_numpy().tolist() == [["touches", "words that tell the outcome", 30]]


def test_names_that_sql_and_yaml_would_stumble_over_are_quoted(tmp_path: Path):
    head = """"Lead ""ID""\",Created,Status,Closed,Group,Se'gment,日本,本日,日,1st"""
    rows = [
        "a'b,1/2/2026 9:05 AM,Won ,1/13/2026 1:00 PM,x,s'1,k,k,k,p",
        "b,1/3/2026 1:05 PM,Lost,1/14/2026 1:00 PM,y,u,l,l,l,q",
    ]
    rows.append("c,1/4/2026 9:05 AM,open,,x,u,k,k,k,p")
    tables, folder = mapped(tmp_path, {"2026 Select.csv": "\n".join([head, *rows]) + "\n"})
    assert tables["outcomes"]["result"].to_list() == ["won", "lost"]
    assert tables["prospects"]["created_at"].max() == pd.Timestamp("2026-01-04 09:05Z")
    names = [a.name for a in load(folder / "definitions.yaml").attributes]
    assert names == [
        "group", "se_gment", "field_", "field_2026_select_field", "field_2026_select_field_2", "field_1st",
    ]  # fmt: skip


def test_a_sample_without_times_still_becomes_a_folder_that_says_what_is_needed(tmp_path: Path):
    made = new_source("acme", sample(tmp_path / "s", {"leads.csv": "Lead ID,Source\n1,web\n2,fair\n"}), tmp_path)
    assert any(line.startswith("prospects.sql: created_at: when the prospect came to be") for line in made.open)
    assert list(read_folder(made.path).tables) == ["prospects"]


def test_a_sample_without_prospects_is_refused_with_what_was_seen(tmp_path: Path):
    data = sample(tmp_path / "sample", {"prices.csv": "product,price\na,1\nb,2\n"})
    with pytest.raises(SourceError, match=r"no table looks like prospects.*Seen: prices \(prices.csv, 2 rows: product"):
        new_source("acme", data, tmp_path)
    assert not (tmp_path / "acme").exists()


def test_a_folder_that_exists_is_not_overwritten(tmp_path: Path):
    data = sample(tmp_path / "sample", ENGLISH)
    (tmp_path / "acme").mkdir()
    with pytest.raises(SourceError, match="exists already and is not overwritten"):
        new_source("acme", data, tmp_path)
    assert list((tmp_path / "acme").iterdir()) == []


@pytest.mark.parametrize(("name", "why"), [("maven", "comes with Takt"), ("../x", "plain name"), ("", "plain name")])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str, why: str):
    with pytest.raises(SourceError, match=why):
        new_source(name, sample(tmp_path / "sample", ENGLISH), tmp_path)


def test_nothing_is_ingested_while_a_guess_is_open(tmp_path: Path):
    data = sample(tmp_path / "sample", ENGLISH)
    folder = new_source("acme", data, tmp_path).path
    with pytest.raises(
        OpenGuesses, match=r"guesses are not confirmed yet:\n  definitions.yaml:\d+ timezone(.|\n)*`GUESS:`"
    ):
        check_place(find(str(folder)), data)
    check_place(find(str(confirmed(folder))), data)


def test_no_built_in_source_has_an_open_guess():
    assert {name: open_guesses(read_folder(BUILT_IN / name)) for name in built_in()} == dict.fromkeys(built_in(), [])


def test_the_command_says_what_it_made_and_what_comes_next(tmp_path: Path):
    data = sample(tmp_path / "sample", GERMAN)
    said = CliRunner().invoke(app, ["source", "new", "acme", "--from", str(data), "--into", str(tmp_path)])
    assert said.exit_code == 0, said.output
    assert "prospects.sql from Verkaufschancen.csv" in said.output
    assert "takt source check" in said.output


@pytest.mark.parametrize(
    ("name", "plain"), [("LeadID", "lead id"), ("Änderungs-Datum", "aenderungs datum"), ("close_date", "close date")]
)
def test_names_are_compared_as_plain_words(name: str, plain: str):
    assert words(name) == plain


@pytest.mark.parametrize(
    ("values", "times", "number"),
    [
        (["2026-01-05"], ("%Y-%m-%d",), ""),
        (["2026-01-05T09:00:00Z"], ("zone",), ""),
        (["05.01.2026 09:30"], ("%d.%m.%Y %H:%M",), ""),
        (["05/01/2026", "13/01/2026"], ("%d/%m/%Y",), ""),
        (["01/05/2026", "01/13/2026"], ("%m/%d/%Y",), ""),
        (["12.5", "7"], (), "plain"),
        (["1,200.50"], (), "point"),
        (["1.200,50", "3"], (), "comma"),
        (["1.200"], (), "either"),
        (["12 Monkeys"], (), ""),
    ],
)
def test_the_form_of_a_column_is_seen_in_its_values(tmp_path: Path, values: list[str], times, number: str):
    lines = "\n".join(f'"{v}"' for v in values)
    with look_at(sample(tmp_path / "sample", {"x.csv": f"c\n{lines}\n"})) as seen:
        column = seen.tables[0].columns[0]
    assert (column.times, column.number) == (times, number)
