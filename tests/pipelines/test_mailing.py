"""The morning's mail, against a real SMTP server on loopback."""

from __future__ import annotations

import email.policy
import json
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from features.facts.definitions import Definitions, parse
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.steps import mailing
from pipelines.steps.mail_server import BadServer, Server
from serving.store.engine import open_store
from serving.store.publish import PublishedRun, publish
from tests.serving.conftest import DEFINITIONS, nobody_listed, run

NASTY = 'Ødegård & <b>"Sons"</b>\r\nBcc: everybody@northwind.example'

FACTS = (
    "Hartwell Optics", "Dana Ito", "operations lead", "+49 30 555 010", "2 meetings in the last 30 days",
    "12 of 30 like it won", "13 to 15", "38%", "https://takt.northwind.example/prospects/p1",
)  # fmt: skip


class Post:
    """Takes mail for everybody but those whose address begins with "gone"."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("gone"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.recipients.append(envelope.rcpt_tos)
        parsed = message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def post() -> Iterator[tuple[Post, PipelineSettings]]:
    office = Post()
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    url = f"smtp://127.0.0.1:{controller.port}"
    yield office, PipelineSettings(smtp_url=url, url="https://takt.northwind.example")
    controller.stop()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def words(**addresses: str) -> Definitions:
    return parse({**DEFINITIONS, "mail": {who: f"{name}@northwind.example" for who, name in addresses.items()}})


def published(home: Home, made: PublishedRun) -> PublishedRun:
    engine = open_store(home.store)
    publish(engine, made)
    engine.dispose()
    return made


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


def test_each_owner_gets_the_own_calls_as_text_and_html_and_nobody_twice(home, post):
    office, settings = post
    call_list = run().call_list.assign(hours="people answered 3 of 4 on Tuesdays 13 to 15", offer_words="the pilot")
    made = published(home, run(call_list=call_list))
    outcome = mailing.after_publishing(home, made.run_id, words(mira="mira"), settings)
    assert (outcome.sent, outcome.failed) == (["mira"], {})
    (mail,) = office.mails
    assert mail["Subject"] == "2 calls for Tuesday, November 24, 2026, simulated data"
    assert (mail["To"], mail["From"]) == ("mira@northwind.example", "Takt <takt@[127.0.0.1]>")
    text, html = parts(mail)
    for told in (text, html):
        for fact in FACTS:
            assert fact in told
        assert "p3" not in told  # the pool's
    assert "Sørensen &amp; Sons" in html
    assert "Sørensen & Sons" in text
    again = mailing.after_publishing(home, made.run_id, words(mira="mira"), settings)
    assert (again.sent, again.before, len(office.mails)) == ([], ["mira"], 1)
    assert json.loads((home.path / "mail" / f"{made.run_id}.json").read_text()) == {"mira": "mira@northwind.example"}


def test_names_from_outside_can_neither_add_a_header_nor_markup(home, post):
    office, settings = post
    contacts = run().contacts.assign(name=[NASTY, NASTY, NASTY], role=NASTY)
    prospects = run().prospects.assign(name=NASTY)
    published(home, run(company=NASTY, prospects=prospects, contacts=contacts))
    mailing.send_now(home, words(mira="mira"), settings)
    (mail,) = office.mails
    assert office.recipients == [["mira@northwind.example"]]
    assert mail["Bcc"] is None
    text, html = parts(mail)
    assert "<b>&#34;Sons" not in html
    assert '<b>"Sons"' not in html
    assert "&lt;b&gt;" in html
    assert not any(line.startswith("Bcc:") for line in text.splitlines())


def test_a_refused_address_is_reported_and_the_others_get_theirs_then_and_only_then(home, post):
    office, settings = post
    published(home, run())
    people = words(ben="gone", mira="mira", zoe="zoe")
    with pytest.raises(
        mailing.MailFailed, match=r"not sent to ben \(2 sent, 1 failed\)(.|\n)*gone@.*550 no such"
    ) as err:
        mailing.send_now(home, people, settings)
    assert "The list of 2026-11-24 is published" in str(err.value)
    assert [m["To"] for m in office.mails] == ["mira@northwind.example", "zoe@northwind.example"]
    with pytest.raises(mailing.MailFailed, match="0 sent, 2 sent before, 1 failed"):
        mailing.send_now(home, people, settings)
    mailing.send_now(home, words(ben="ben", mira="mira", zoe="zoe"), settings)
    assert [m["To"] for m in office.mails][2:] == ["ben@northwind.example"]


def test_who_has_no_call_is_told_why(home, post):
    office, settings = post
    published(home, nobody_listed(summary={"refused": "Nobody was open on 2026-11-24."}))
    mailing.send_now(home, words(mira="mira"), settings)
    published(home, nobody_listed("second"))
    mailing.send_now(home, words(mira="mira"), settings)
    assert {m["Subject"] for m in office.mails} == {"No calls for Tuesday, November 24, 2026, simulated data"}
    refused, left_out = (parts(m) for m in office.mails)
    for told in refused:
        assert "No list was made today. Nobody was open on 2026-11-24." in told
    for told in left_out:
        assert "1 beyond today" in told  # p4 is hers, p5 is nobody's


def test_that_no_list_could_be_made_is_told_once(home, post):
    office, settings = post
    why = "the champion was trained with other definitions. Run `takt train`."
    for _ in range(2):
        mailing.no_list_made(home, why, words(mira="mira"), settings)
    (mail,) = office.mails
    assert mail["Subject"] == "No call list was made this morning"
    for told in parts(mail):
        assert "the champion was trained with other definitions" in told


def test_a_server_that_is_down_is_named_without_its_password_and_the_list_stays(home):
    made = published(home, run())
    port = free_port()
    settings = PipelineSettings(smtp_url=f"smtp://mira:s3cret@127.0.0.1:{port}")
    with pytest.raises(
        mailing.MailFailed, match=rf"published; .*not sent to mira.*\n.*smtp://127.0.0.1:{port}"
    ) as error:
        mailing.after_publishing(home, made.run_id, words(mira="mira"), settings)
    assert "s3cret" not in str(error.value)
    assert "s3cret" not in repr(settings)
    (letter,) = mailing.preview(home, words(mira="mira"), settings)
    assert "Hartwell Optics" in letter.text
    assert mailing.no_list_made(home, "why", words(mira="mira"), settings).failed.keys() == {"mira"}  # does not raise


def test_nothing_is_sent_for_a_day_that_is_over_or_where_nothing_is_set_up(home, post):
    office, settings = post
    earlier = published(home, run("earlier"))
    published(home, run("later", "2026-11-25T06:00:00+00:00"))
    assert mailing.after_publishing(home, earlier.run_id, words(mira="mira"), settings).sent == []
    assert mailing.after_publishing(home, "later", words(), settings).sent == []
    assert mailing.after_publishing(home, "later", words(mira="mira"), PipelineSettings(smtp_url="")).sent == []
    with pytest.raises(mailing.NoAddresses, match="write `mail: {owner: address}`"):
        mailing.send_now(home, words(), settings)
    assert office.mails == []
    assert [letter.owner for letter in mailing.preview(home, words(), settings)] == ["mira"]


@pytest.mark.parametrize(
    ("url", "way", "host", "port", "user"),
    [
        ("smtp://mail.example", "smtp", "mail.example", 25, ""),
        ("starttls://mira%40x.example:p%3Aw@mail.example", "starttls", "mail.example", 587, "mira@x.example"),
        ("smtps://u:p@mail.example:4465", "smtps", "mail.example", 4465, "u"),
    ],
)
def test_a_server_is_named_by_its_url(url, way, host, port, user):
    server = Server.of(url)
    assert (server.way, server.host, server.port, server.user) == (way, host, port, user)
    assert "p:w" not in repr(server)


@pytest.mark.parametrize(
    "url", ["http://u:s3cret@x", "smtp://u:s3cret@x:y", "s3cret", "smtp://", "smtp://x/s3cret?a=1"]
)
def test_another_url_is_refused_without_repeating_the_password(url):
    with pytest.raises(BadServer, match="expected smtp://, starttls:// or smtps://") as error:
        Server.of(url)
    assert "s3cret" not in str(error.value)


def test_a_password_never_goes_over_an_open_line(monkeypatch, post: tuple[Post, PipelineSettings]):
    _, settings = post
    port = Server.of(settings.smtp_url.get_secret_value()).port
    monkeypatch.setattr("pipelines.steps.mail_server._local", lambda _host: False)  # as if it were another machine
    with pytest.raises(BadServer, match="would be readable on its way"):
        Server("smtp", "127.0.0.1", port, "mira", "s3cret").open()
