"""Each refusal of Pipedrive has its own name, and says what to do; and the history of deals is read by and by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.sources.connected.errors import (
    SourceChanged,
    SourceLoops,
    SourceRefused,
    SourceRevoked,
    SourceUnavailable,
)
from pipelines.sources.errors import SourceError
from pipelines.sources.pipedrive import rows as shaped
from pipelines.sources.pipedrive.client import Api, PipedriveSettings
from pipelines.sources.pipedrive.fields import found, read_fields
from pipelines.sources.pipedrive.source import FIELDS, histories, pull
from tests.pipelines.sources.loopback import loopback
from tests.pipelines.sources.pipedrive_server import PRODUCT, Pipedrive, over_limit, unavailable


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, list[Pipedrive]]]:
    """One server for all tests; the company behind it is a new one for each."""
    now = [Pipedrive(page=2)]

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        await now[0].app(scope, receive, send)

    with loopback(app) as url:
        yield url, now


@pytest.fixture
def crm(address) -> Pipedrive:
    _, now = address
    now[0] = Pipedrive(page=2)
    for day in (1, 2, 3, 4, 5):
        now[0].put("deals", f"2026-01-0{day}", title=str(day))
    return now[0]


@pytest.fixture
def settings(address) -> PipedriveSettings:
    return PipedriveSettings(url=address[0], token=SecretStr("the-token"), backoff_s=0, attempts=3, longest_wait_s=2)


def titles(settings: PipedriveSettings) -> list[str]:
    return [row["title"] for page in Api(settings).listed("/api/v2/deals") for row in page]


def test_pages_follow_each_other_by_their_cursor(crm, settings):
    assert titles(settings) == ["1", "2", "3", "4", "5"]
    assert len(crm.asked) == 3


def test_pages_of_version_1_follow_each_other_by_their_start_and_no_data_is_an_empty_list(crm, settings):
    api = Api(settings)
    pages = api.offset("/v1/recents", since_timestamp="2026-01-01 00:00:00", items="deal")
    assert [row["id"] for page in pages for row in page] == [1, 2, 3, 4, 5]
    assert list(api.offset("/v1/recents", since_timestamp="2027-01-01 00:00:00", items="deal")) == [[]]


def test_a_wrong_token_is_refused_and_not_told(crm, settings):
    wrong = settings.model_copy(update={"token": SecretStr("guessed")})
    with pytest.raises(SourceRefused, match="answered 401: .*unauthorized access.*Check the token") as refused:
        titles(wrong)
    assert "guessed" not in str(refused.value)


def test_without_a_token_the_name_of_the_variable_is_told(tmp_path):
    with pytest.raises(SourceRefused, match="TAKT_PIPEDRIVE_TOKEN is not set"):
        pull(tmp_path / "raw", settings=PipedriveSettings(token=None))


def test_a_token_that_is_revoked_in_the_middle_of_a_pull_is_revoked(crm, settings):
    crm.revoke_after = 2
    with pytest.raises(SourceRevoked, match="401 after 2 good answers"):
        titles(settings)


def test_who_asks_too_often_waits_as_long_as_is_said(crm, settings):
    crm.break_after, crm.faults = 1, [over_limit(0), over_limit(1)]
    assert len(titles(settings)) == 5


def test_a_budget_that_is_used_up_for_the_day_is_not_waited_for(crm, settings):
    crm.faults = [over_limit(40_000)]
    with pytest.raises(SourceUnavailable, match="request over limit.*asks to wait 40000 s"):
        titles(settings)
    assert len(crm.asked) == 1


def test_a_server_that_is_down_for_a_moment_is_asked_again(crm, settings):
    crm.faults = [unavailable(), unavailable()]
    assert len(titles(settings)) == 5


def test_a_page_that_comes_again_and_again_is_left(crm, settings):
    crm.loops = True
    with pytest.raises(SourceLoops, match="gave a page a second time"):
        titles(settings)


def asked(tmp_path: Path, product: str) -> dict[str, dict[str, str]]:
    path = tmp_path / "fields.yaml"
    path.write_text(
        FIELDS.read_text(encoding="utf-8").replace("organization:", f"  product: {product}\norganization:"),
        encoding="utf-8",
    )
    return read_fields(path)


def test_a_custom_field_asked_for_by_its_name_is_named_when_it_was_renamed(crm, settings, tmp_path):
    by_name, by_code = asked(tmp_path, "Product line"), asked(tmp_path, PRODUCT)
    assert {f.code: f.attribute for f in found(Api(settings), by_name)["deal"]}[PRODUCT] == "product"
    crm.deal_fields[-1]["field_name"] = "Product family"
    with pytest.raises(
        SourceChanged, match=rf"0 fields of deal are called 'Product line'.*Product family \({PRODUCT}\)"
    ):
        found(Api(settings), by_name)
    assert {f.code: f.attribute for f in found(Api(settings), by_code)["deal"]}[PRODUCT] == "product"


def test_a_name_that_stands_twice_is_refused(crm, settings, tmp_path):
    crm.deal_fields.append({**crm.deal_fields[-1], "field_code": "0" * 40})
    with pytest.raises(SourceChanged, match="2 fields of deal are called 'Product line', expected one"):
        found(Api(settings), asked(tmp_path, "Product line"))


@pytest.mark.parametrize("text", ["deal: {a: value}", "deal: {Size: value}\norganization: {a: b}", "{"])
def test_a_fields_file_that_cannot_be_used_is_named(tmp_path, text):
    path = tmp_path / "fields.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"fields.yaml: (expected deal and organization|deal.Size|not readable)"):
        read_fields(path)


def read(settings: PipedriveSettings, state: dict[str, Any]) -> list[str]:
    return [row["deal_id"] for rows in histories(Api(settings), settings.changelogs, state) for row in rows]


def test_the_histories_that_one_pull_does_not_reach_come_with_the_next_ones(crm, settings):
    for deal in (1, 2, 3):
        crm.change("deals", deal, f"2026-01-1{deal}", stage_id=2)
    crm.delete("deals", 5, "2026-01-20")
    state: dict[str, Any] = {}
    few = settings.model_copy(update={"changelogs": 2})
    assert [read(few, state), read(few, state), read(few, state)] == [["1"], ["2", "3"], []]
    assert sum("changelog" in q for q in crm.asked) == 4  # deal 4 has none, the deleted deal 5 is not asked for
    crm.change("deals", 1, "2026-01-21", stage_id=1)
    assert read(few, state) == ["1", "1"]


def test_of_two_changes_of_a_field_in_one_second_the_last_counts_from_the_first_value(crm):
    one = {"field_key": "value", "time": "2026-01-05 10:00:00"}
    told = [one | {"old_value": "2", "new_value": "3"}, one | {"old_value": "1", "new_value": "2"}]
    assert [(r["old_value"], r["new_value"]) for r in shaped.changes("7", told)] == [("1", "3")]
