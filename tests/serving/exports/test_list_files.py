"""The list as CSV, XLSX and calendar, read back by the programs that would open it."""

from __future__ import annotations

import csv
import datetime as dt
import io

import icalendar
import openpyxl
import pytest

from serving.exports.rows import COLUMNS
from serving.store.publish import publish

FORMULA = '=HYPERLINK("http://evil.example","x")'
HEADINGS = [column.heading for column in COLUMNS]


@pytest.fixture
def files(client, engine, make_run):
    """A list in which names try to act, the phone is called and the e-mail written."""
    made = make_run()
    prospects = made.prospects.assign(
        name=["Hartwell Optics", FORMULA, "@SUM(A1)", "-2+3", "+cmd"], segment="\tlaboratories"
    )  # fmt: skip
    contacts = made.contacts.assign(timezone=["America/New_York", None, None])
    call_list = made.call_list.assign(hours=["people answered 3 of 4 on Tuesdays 13 to 15", None, None], value=1234.5)
    publish(engine, make_run(prospects=prospects, contacts=contacts, call_list=call_list))
    return client


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_opens_in_a_spreadsheet_with_accents_and_without_formulas(files):
    answer = files.get("/call-list.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    rows = read_csv(answer.content)
    assert [r["Prospect"] for r in rows] == ["Hartwell Optics", f"'{FORMULA}", "'@SUM(A1)"]
    assert rows[0]["Phone"] == "'+49 30 555 010"
    assert rows[0]["Segment"] == "'\tlaboratories"
    assert (rows[0]["Chance"], rows[0]["Value of the call"], rows[0]["Rank"]) == ("0.38", "1234.5", "1")
    assert rows[0]["Last touch"] == "2026-11-12 10:30"  # Berlin
    assert rows[0]["Speaks for it"] == "2 meetings in the last 30 days (12 of 30 like it won)"
    assert (rows[2]["Salesperson"], rows[2]["Person"]) == ("", "")


def test_xlsx_holds_real_numbers_and_dates_a_frozen_heading_and_no_formula(files):
    content = files.get("/call-list.xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [c.value for c in sheet[1]] == HEADINGS
    assert sheet.freeze_panes == "E2"
    assert sheet.column_dimensions["D"].width == 28
    values = {h: c for h, c in zip(HEADINGS, sheet[2], strict=True)}
    assert (values["Day"].value.isoformat(), values["Day"].is_date) == ("2026-11-24T00:00:00", True)
    assert (values["Chance"].value, values["Chance"].number_format) == (0.38, "0%")
    assert values["Value of the call"].value == 1234.5
    assert values["Last touch"].value.isoformat() == "2026-11-12T10:30:00"
    assert values["Phone"].value == "+49 30 555 010"
    assert (sheet["D3"].value, sheet["D3"].data_type, sheet["D3"].quotePrefix) == (FORMULA, "s", True)
    assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert content == files.get("/call-list.xlsx").content


def test_the_calendar_has_one_event_per_call_that_a_second_import_replaces(files, engine, make_run):
    def events() -> dict[str, icalendar.Event]:
        calendar = icalendar.Calendar.from_ical(files.get("/call-list.ics").content)
        return {str(e["uid"]): e for e in calendar.walk("VEVENT")}

    first = events()
    assert len(first) == 3
    assert not [alarm for e in first.values() for alarm in e.walk("VALARM")]
    dana = next(e for e in first.values() if "Dana Ito" in e["summary"])
    assert dana["summary"] == "Call Dana Ito, Hartwell Optics"
    assert dana["location"] == "+49 30 555 010"
    # 13:00 on a Tuesday in New York, where she is
    assert dana.decoded("dtstart") == dt.datetime(2026, 11, 24, 18, tzinfo=dt.UTC)
    for told in ("13:00 for them (America/New_York)", "+ 2 meetings in the last 30 days", "– no proposal so far"):
        assert told in dana["description"]
    publish(engine, make_run("at noon"))
    second = events()
    assert second.keys() == first.keys()
    assert all(second[uid]["sequence"] > first[uid]["sequence"] for uid in first)


def test_the_file_of_one_owner_has_the_owners_calls_and_a_safe_name(files, engine, make_run):
    assert [r["Prospect id"] for r in read_csv(files.get("/call-list.csv?owner=mira").content)] == ["p1", "p2"]
    assert [r["Prospect id"] for r in read_csv(files.get("/call-list.csv?pool=true").content)] == ["p3"]
    nasty = files.get("/call-list.csv", params={"owner": '../../Zoë"\r\nX: y'})
    assert read_csv(nasty.content) == []
    assert nasty.headers["content-disposition"] == (
        'attachment; filename="calls-2026-11-24-.._.._Zo__X_y.csv"; '
        "filename*=UTF-8''calls-2026-11-24-.._.._Zo%C3%AB_X_y.csv"
    )
    page = files.get("/?owner=mira", headers={"Accept": "text/html"}).text
    assert 'href="/call-list.xlsx?owner=mira"' in page


def test_a_file_has_its_tag_its_day_and_the_guard_of_every_answer(files, client):
    for ending in ("csv", "xlsx", "ics"):
        answer = files.get(f"/call-list.{ending}")
        again = files.get(f"/call-list.{ending}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert answer.headers["x-takt-run"] == "run-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert files.get(f"/call-list.{ending}?day=1999-01-01").status_code == 404
