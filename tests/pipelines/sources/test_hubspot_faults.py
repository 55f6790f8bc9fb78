"""Each way in which a pull from HubSpot can go wrong: a named outcome, and the raw files of the last complete pull."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from pipelines.sources.connected import landed
from pipelines.sources.connected.errors import (
    SourceChanged,
    SourceLoops,
    SourceRefused,
    SourceRevoked,
    SourceUnavailable,
)
from pipelines.sources.errors import SourceError
from pipelines.sources.folders import find
from pipelines.sources.hubspot import properties
from tests.conftest import ROOT
from tests.pipelines.sources.hubspot_company import Company, begun, files, mapped, pull, settings, table
from tests.pipelines.sources.hubspot_server import TOKEN, too_many, wrong
from tests.pipelines.sources.loopback import loopback

OURS = ROOT / "pipelines" / "sources" / "hubspot" / "properties.yaml"


@pytest.fixture(scope="module")
def company() -> Company:
    return begun()


@pytest.fixture(scope="module")
def url(company: Company) -> Iterator[str]:
    with loopback(company.crm.app) as address:
        yield address


@pytest.fixture(scope="module")
def raw(company: Company, url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw folder after a complete pull, with a deal that was changed since."""
    place = tmp_path_factory.mktemp("hubspot") / "raw"
    pull(url, place)
    company.crm.at("2026-03-10 09:00").update("deals", company["renewal"], amount="900")
    return place


@pytest.fixture
def fault(company: Company) -> Iterator[Callable[[Callable[[str, int], Response | None]], None]]:
    """Switch a fault on: what it returns for a path and the number of the request is answered instead."""

    def switch_on(answer: Callable[[str, int], Response | None]) -> None:
        company.crm.asked.clear()
        company.crm.fault = answer

    yield switch_on
    company.crm.fault, company.crm.token = None, TOKEN


def refused(url: str, raw: Path, kind: type[SourceError], match: str, **more: Any) -> None:
    """Pull and expect that outcome, and that nothing was taken."""
    before = files(raw)
    with pytest.raises(kind, match=match) as raised:
        pull(url, raw, **more)
    assert TOKEN not in str(raised.value)
    assert files(raw) == before


def test_without_a_token_it_says_how_to_get_one(url, raw):
    refused(url, raw, SourceRefused, "no token. Make a private app.*TAKT_HUBSPOT_TOKEN", token=SecretStr(""))


def test_a_wrong_token_is_refused(url, raw):
    refused(url, raw, SourceRefused, "answered 401.*credentials not found", token=SecretStr("pat-wrong"))


def test_a_token_without_a_scope_is_refused_with_the_name_of_the_scope(url, raw, fault):
    scope = wrong(403, "requires [crm.objects.companies.read]", "MISSING_SCOPES")
    fault(lambda path, _: scope if "companies/search" in path else None)
    refused(url, raw, SourceRefused, "403.*crm.objects.companies.read.*what it is allowed to read")


def test_a_token_that_is_revoked_in_the_middle_of_a_pull_is_its_own_outcome(url, raw, company, fault):
    def revoke(_: str, request: int) -> None:
        if request == 15:
            company.crm.token = "pat-another"

    fault(revoke)
    refused(url, raw, SourceRevoked, "401 after 14 good answers.*make a new one")


def test_the_calls_of_the_day_used_up_are_not_waited_for(url, raw, company, fault):
    fault(lambda _, request: too_many("DAILY") if request >= 9 else None)
    refused(url, raw, SourceUnavailable, "calls of this day are used up; they begin anew at midnight")
    assert len(company.crm.asked) == 9


def test_a_server_error_that_stays_is_unavailable(url, raw, fault):
    fault(lambda path, _: wrong(502, "bad gateway", "X") if "search" in path else None)
    refused(url, raw, SourceUnavailable, "502.*Given up after 3 attempts")


def test_a_page_that_comes_again_for_ever_is_not_read_for_ever(url, raw, fault):
    row = {"id": "1", "properties": {}, "updatedAt": "2026-03-01T09:00:00Z"}
    page = {"results": [row], "paging": {"next": {"after": "1"}}}
    fault(lambda path, _: JSONResponse(page) if "companies/search" in path else None)
    refused(url, raw, SourceLoops, "companies/search gave a page a second time")


def test_a_renamed_property_is_named_with_the_one_that_is_like_it(url, raw, company):
    types = company.crm.properties["deals"]
    types["deal_type"] = types.pop("dealtype")
    try:
        refused(url, raw, SourceChanged, r"no property deals.dealtype \(there is deal_type\).*properties.yaml")
    finally:
        types["dealtype"] = types.pop("deal_type")


def test_a_copy_of_the_folder_reads_the_properties_that_stand_in_it(url, raw, tmp_path):
    copy = Path(shutil.copytree(OURS.parent, tmp_path / "ours"))
    (copy / "properties.yaml").write_text(OURS.read_text().replace("  - dealtype\n", "  - dealtype\n  - our_own\n"))
    with pytest.raises(SourceChanged, match=r"no property deals.our_own.*ours/properties.yaml"):
        find(str(copy)).pull(raw, settings=settings(url))


def test_a_page_of_html_is_a_changed_system(url, raw, fault):
    fault(lambda path, _: Response("<html>", media_type="text/html") if "companies/search" in path else None)
    refused(url, raw, SourceChanged, "expected a JSON object")


def test_other_properties_than_the_log_was_begun_with_are_refused(url, raw, tmp_path):
    other = tmp_path / "properties.yaml"
    other.write_text(OURS.read_text().replace("  - dealtype\n", "  - dealtype\n  - description\n"))
    refused(url, raw, SourceChanged, r"new: \['description'\].*Move that folder away", properties=str(other))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("deals: [amount]", "expected a list of properties for each of .'calls'"),
        ("deals: [", "not readable as UTF-8 YAML"),
        (OURS.read_text().replace("dealtype", "Deal Type"), "internal names such as dealstage, got deals: 'Deal Type'"),
    ],
)
def test_a_wrong_file_of_properties_is_refused_before_anything_is_asked(tmp_path, text, words):
    path = tmp_path / "properties.yaml"
    path.write_text(text)
    with pytest.raises(SourceError, match=words):
        properties.read(path)


def test_after_all_that_the_next_pull_takes_what_is_new_although_it_is_told_to_wait(url, raw, company, fault):
    tried: list[int] = []

    def busy(path: str, request: int) -> Response | None:
        if "deals/batch" in path and len(tried) < 2:
            tried.append(request)
            return too_many("TEN_SECONDLY_ROLLING", Retry_After="0") if len(tried) == 1 else wrong(500, "oh", "X")
        return None

    fault(busy)
    pull(url, raw)
    assert len(tried) == 2
    changes = table(mapped(raw), "attribute_changes", "id", "name", "recorded_at", "value")
    assert (company["renewal"], "amount", "03-10 09:00", "900") in changes


def test_five_megabytes_in_one_field_are_cut_and_counted_and_bodies_of_notes_are_not_read(url, company, tmp_path):
    other = tmp_path / "properties.yaml"
    other.write_text(OURS.read_text().replace("  - dealtype\n", "  - dealtype\n  - description\n"))
    five = "x" * 5_000_000
    company.crm.update("deals", company["renewal"], description=five)
    company.crm.create("notes", {"deals": [company["renewal"]]}, hs_timestamp="2026-03-10T09:00:00Z", hs_note_body=five)
    pull(url, tmp_path / "raw", properties=str(other))
    brought = landed.last(tmp_path / "raw")
    assert brought is not None
    assert {n: k for n, k in brought.cut.items() if k} == {"deals": 1}
    assert sum(p.stat().st_size for p in (tmp_path / "raw").glob("*.parquet")) < 100_000
    assert mapped(tmp_path / "raw").summary()["quarantined"].sum() == 0


def test_a_pull_killed_while_it_reads_and_one_that_dies_while_it_stores_are_as_if_they_had_not_been(
    url, company, fault, tmp_path, monkeypatch
):
    place, killed = tmp_path / "raw", list[int]()
    environment = {**os.environ, "TAKT_HUBSPOT_URL": url, "TAKT_HUBSPOT_TOKEN": TOKEN}
    command = (
        f"import sys, pathlib; from pipelines.sources.hubspot.source import pull; pull(pathlib.Path({str(place)!r}))"
    )

    def kill(path: str, _: int) -> None:
        if "meetings/search" in path and not killed:
            killed.append(child.pid)
            os.kill(child.pid, signal.SIGKILL)

    fault(kill)
    child = subprocess.Popen([sys.executable, "-c", command], env=environment, cwd=ROOT)
    assert child.wait(120) == -signal.SIGKILL
    with monkeypatch.context() as patched:
        patched.setattr("dlt.load.load.Load.load_single_package", _full)
        with pytest.raises(SourceError, match=r"kept \(OSError: no space left.*pull again"):
            pull(url, place)
    assert not list(place.glob("*.parquet"))
    sent = company.crm.sent
    pull(url, place)
    assert company.crm.sent == sent, "what had been read is not read again"
    pull(url, tmp_path / "undisturbed")
    one, other = mapped(place), mapped(tmp_path / "undisturbed")
    assert all(one.checked[name].good.equals(other.checked[name].good) for name in one.checked)


def _full(*_: Any) -> None:
    raise OSError("no space left on device")


def test_two_pulls_at_once_into_one_folder_are_refused(url, raw):
    import duckdb

    with duckdb.connect(str(raw / "landing.duckdb")):
        other = subprocess.run(
            [sys.executable, "-c", f"from pipelines.sources.connected.parquet import counts; from pathlib import Path; "
             f"counts(Path({str(raw / 'landing.duckdb')!r}))"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "SourceError" in other.stderr
    assert "another pull of this source running" in other.stderr
