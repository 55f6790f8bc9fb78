"""The daily flow ends with the morning's mail, and `takt mail` sends what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from features.facts.definitions import Definitions
from pipelines.flows.daily import daily
from pipelines.flows.run import Run
from pipelines.home import Home
from pipelines.steps import pulling
from pipelines.steps.listing import StaleModel
from pipelines.steps.mailing import MailFailed
from tests.pipelines.test_mailing import Post, free_port

pytestmark = [pytest.mark.usefixtures("prefect")]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, company_run: Run, company: Home) -> Iterator[Post]:
    """A mail server, and an address for the first salesperson of the company."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=free_port())
    controller.start()
    first = company_run.made.run.call_list["owner_id"].dropna().iloc[0]
    words = pulling.words(company).model_copy(update={"mail": {first: "first@northwind.example"}})
    monkeypatch.setattr(pulling, "words", lambda *_: words)
    monkeypatch.setenv("TAKT_SMTP_URL", f"smtp://127.0.0.1:{controller.port}")
    yield post
    controller.stop()


def test_the_day_is_mailed_after_it_is_published_and_the_same_day_again_is_not(
    office: Post, company_run: Run, company: Home
) -> None:
    day = str(company_run.made.run.day)
    first, again = (daily(home=str(company.path), day=day) for _ in range(2))
    assert (first["mailed"], again["mailed"]) == (1, 0)
    (mail,) = office.mails
    assert str(mail["Subject"]).split()[1] in ("call", "calls")


def test_a_day_without_a_list_is_mailed_with_the_reason_and_still_fails(
    office: Post, company_run: Run, company: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*_: Any, **__: Any) -> None:
        raise StaleModel("the champion was trained with other definitions")

    monkeypatch.setattr("pipelines.steps.listing.champion", stale)
    with pytest.raises(StaleModel, match="other definitions"):
        daily(home=str(company.path), day=str(company_run.made.run.day))
    (mail,) = office.mails
    assert mail["Subject"] == "No call list was made this morning"


def test_a_server_that_is_down_fails_the_flow_by_name_with_the_list_published(
    office: Post, company_run: Run, company: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: Definitions = pulling.words(company)
    monkeypatch.setattr(pulling, "words", lambda *_: words.model_copy(update={"mail": {"S99": "s@northwind.example"}}))
    monkeypatch.setenv("TAKT_SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    with pytest.raises(MailFailed, match=r"is published; its mail was not sent to S99"):
        daily(home=str(company.path), day=str(company_run.made.run.day))
