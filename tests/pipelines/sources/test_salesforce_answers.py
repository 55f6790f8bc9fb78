"""Each refusal of Salesforce has its own name, and says what to do; and a query asks for what it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
from pipelines.sources.salesforce import source
from pipelines.sources.salesforce.objects import Object, objects, read_fields
from pipelines.sources.salesforce.session import SalesforceSettings, Session
from pipelines.sources.salesforce.source import FIELDS, pull, soql
from tests.pipelines.sources.loopback import loopback
from tests.pipelines.sources.salesforce_server import Salesforce, limit_exceeded, unavailable

SOQL = "SELECT Id, Name FROM Account"


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, list[Salesforce]]]:
    """One server for all tests; the organisation behind it is a new one for each."""
    now = [Salesforce(page=2)]

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        await now[0].app(scope, receive, send)

    with loopback(app) as url:
        yield url, now


@pytest.fixture
def crm(address) -> Salesforce:
    url, now = address
    now[0] = Salesforce(page=2)
    for name in ("a", "b", "c", "d", "e"):
        now[0].put("Account", "2026-01-01", Id=name, Name=name.upper())
    return now[0]


@pytest.fixture
def settings(address) -> SalesforceSettings:
    return SalesforceSettings(
        url=address[0],
        client_id="takt",
        client_secret=SecretStr("the-secret"),
        backoff_s=0,
        attempts=3,
        longest_wait_s=2,
    )


def names(settings: SalesforceSettings) -> list[str]:
    return [row["Name"] for page in Session(settings).query(SOQL) for row in page]


def an_object(name: str, fields: Path = FIELDS) -> Object:
    return next(o for o in objects(read_fields(fields)) if o.name == name)


def test_pages_follow_each_other_without_the_query(crm, settings):
    assert names(settings) == ["A", "B", "C", "D", "E"]
    assert crm.asked[0] == SOQL
    assert all(locator.startswith("01g") for locator in crm.asked[1:])


def test_a_wrong_secret_is_refused_and_not_told(crm, settings):
    wrong = settings.model_copy(update={"client_secret": SecretStr("guessed")})
    with pytest.raises(SourceRefused, match="gave no token: 400 .*invalid_client.*Check the client id") as refused:
        names(wrong)
    assert "guessed" not in str(refused.value)


def test_without_credentials_the_names_of_the_variables_are_told(monkeypatch, tmp_path):
    monkeypatch.delenv("TAKT_SALESFORCE_URL", raising=False)
    with pytest.raises(SourceRefused, match="TAKT_SALESFORCE_URL, TAKT_SALESFORCE_CLIENT_ID, .*_SECRET not set"):
        pull(tmp_path / "raw", settings=SalesforceSettings())


def test_a_session_that_is_over_is_begun_again_once(crm, settings):
    crm.expire_after = 1
    assert names(settings) == ["A", "B", "C", "D", "E"]


def test_an_app_that_is_disconnected_in_the_middle_of_a_pull_is_revoked(crm, settings):
    crm.expire_after = 1

    def disconnected() -> None:
        for page, _ in enumerate(Session(settings).query(SOQL)):
            crm.revoked = page == 0 or crm.revoked

    with pytest.raises(SourceRevoked, match="expired access/refresh token.*good when this pull began"):
        disconnected()


def test_a_server_that_is_down_for_a_moment_is_asked_again(crm, settings):
    crm.faults = [unavailable(), unavailable()]
    assert len(names(settings)) == 5


def test_used_up_calls_are_not_a_matter_of_credentials_and_are_not_asked_for_again(crm, settings):
    crm.break_after, crm.faults = 1, [limit_exceeded()]
    with pytest.raises(SourceUnavailable, match="REQUEST_LIMIT_EXCEEDED.*Pull less often") as caught:
        names(settings)
    assert caught.value.passes
    assert len(crm.asked) == 2


def test_a_page_that_comes_again_and_again_is_left(crm, settings):
    crm.loops = True
    with pytest.raises(SourceLoops, match="gave a page a second time"):
        names(settings)


def test_a_renamed_custom_field_is_named_with_what_to_do(crm, settings, tmp_path):
    fields = tmp_path / "fields.yaml"
    fields.write_text(FIELDS.read_text(encoding="utf-8").replace("account:", "  product: Product__c\naccount:"))
    asked, state = an_object("Opportunity", fields), {}
    crm.put("Opportunity", "2026-01-02T09:00", Id="o", StageName="Prospecting", Product__c="Pumps")
    assert [row["field_product"] for page in source._rows(asked, Session(settings), state) for row in page] == ["Pumps"]
    crm.rename("Opportunity", "Product__c", "Line__c")
    with pytest.raises(
        SourceChanged, match=r"INVALID_FIELD: .*No such column 'Product__c' on entity 'Opportunity'.*yaml"
    ):
        list(source._rows(asked, Session(settings), state))
    fields.write_text(fields.read_text(encoding="utf-8").replace("Product__c", "Line__c"))
    corrected = an_object("Opportunity", fields)
    rows = [row for page in source._rows(corrected, Session(settings), state) for row in page]
    assert [row["field_product"] for row in rows] == ["Pumps"]
    assert "WHERE" not in crm.asked[-1]  # other fields: read from the beginning


def test_an_object_that_an_organisation_need_not_have_is_left_out_until_it_has_been_seen(crm, settings):
    emails, state = an_object("EmailMessage"), {}
    del crm.fields["EmailMessage"]
    assert list(source._rows(emails, Session(settings), state)) == []
    state["until"] = "2026-01-01T00:00:00+00:00"
    with pytest.raises(SourceChanged, match="INVALID_TYPE: sObject type 'EmailMessage' is not supported"):
        list(source._rows(emails, Session(settings), state))


def test_a_query_reads_ten_minutes_before_the_last_end_again():
    text = soql(an_object("Task"), "2026-01-10T09:00:00.500000+00:00")
    assert text.endswith(" FROM Task WHERE SystemModstamp >= 2026-01-10T08:50:00.500Z ORDER BY SystemModstamp, Id")
    assert "Description" not in text


@pytest.mark.parametrize("text", ["opportunity: {size: Amount}", "opportunity: {Size: Amount}\naccount: {a: B}", "{"])
def test_a_fields_file_that_cannot_be_used_is_named(tmp_path, text):
    path = tmp_path / "fields.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        SourceError, match=r"fields.yaml: (expected account and opportunity|opportunity.Size|not readable)"
    ):
        read_fields(path)
