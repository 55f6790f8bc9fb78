"""Alerts by mail and webhook, against a real SMTP server and a real HTTP server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from pipelines.settings import PipelineSettings
from pipelines.steps import alerting_webhook
from pipelines.steps.alerting import advance
from pipelines.steps.alerting_channels import channels, tell
from pipelines.steps.alerting_webhook import WebhookDown, post
from serving.boards.watch import Alert, Hold
from tests.pipelines.monitoring.hook import Hook, hooked
from tests.pipelines.monitoring.looks import MORNING, look, rule
from tests.pipelines.test_mailing import Post, free_port

OPS = ["ops@northwind.example", "gone@northwind.example"]
HOLD = Hold(code="TW002", title="Rows are missing", since=MORNING, says="x", day=MORNING.date(), run_id="r")


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with hooked() as one:
        yield one


@pytest.fixture(autouse=True)
def at_once(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    hook.texts.clear()
    hook.answers.clear()
    hook.tries = 0
    monkeypatch.setattr(alerting_webhook, "WAITS", (0.0, 0.0))


@pytest.fixture
def office() -> Iterator[tuple[Post, str]]:
    post_office = Post()
    controller = Controller(post_office, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield post_office, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def alerts() -> tuple[Alert, ...]:
    rules = rule("TW001", "warns"), rule("TW002", "alarms", detail="Mr Smith's token was refused")
    return advance(None, rules, MORNING)


def told(given: tuple[Alert, ...], settings: PipelineSettings, mail: list[str] = OPS) -> tuple[Alert, ...]:
    return tell(given, [HOLD], company="Northwind", mail=mail, settings=settings, at=MORNING)


def test_both_are_told_once_with_what_to_do_and_without_what_only_the_app_may_show(
    hook: Hook, office: tuple[Post, str]
) -> None:
    box, smtp = office
    settings = PipelineSettings(smtp_url=smtp, webhook_url=hook.url, url="https://takt.northwind.example/")
    assert channels(settings, OPS) == ("mail", "webhook")
    known = told(alerts(), settings)
    (text,), (mail,) = hook.texts, box.mails
    assert mail["Subject"] == "Takt at Northwind: ALARM: Title of TW002 and 1 more"
    assert mail["To"] == "ops@northwind.example"
    for words in (text, mail.get_content()):
        assert words.index("TW002 ALARM") < words.index("TW001 warns")
        assert "What to do: do TW002" in words
        assert 'takt monitor --release TW002 --why "..."' in words
        assert "https://takt.northwind.example/watch" in words
        assert "Smith" not in words
    assert {(a.told["mail"].state, a.told["webhook"].state) for a in known} == {
        ("warns", "warns"), ("alarms", "alarms"),
    }  # fmt: skip
    assert known[0].told["mail"].failed == "gone@northwind.example: 550 no such mailbox"
    assert told(known, settings) == known
    over = advance(look(alerts=known), [rule("TW002", "good")], MORNING)
    told(over, settings)
    assert "TW002 resolved: Title of TW002 (since 2026-05-04 05:00 UTC)" in hook.texts[1]
    assert box.mails[1]["Subject"] == "Takt at Northwind: resolved: Title of TW002"
    assert box.mails[0]["Message-ID"] != box.mails[1]["Message-ID"]


def test_without_server_hook_or_address_nobody_is_told_and_the_alerts_stay(hook: Hook) -> None:
    assert channels(PipelineSettings(), OPS) == ()
    assert channels(PipelineSettings(smtp_url="smtp://127.0.0.1:1"), []) == ()
    assert told(alerts(), PipelineSettings()) == alerts()
    assert hook.tries == 0


def test_a_mail_server_or_a_hook_that_is_down_is_kept_with_the_alert_and_keeps_the_other_from_nothing(
    hook: Hook,
) -> None:
    settings = PipelineSettings(smtp_url=f"smtp://127.0.0.1:{free_port()}", webhook_url=hook.url)
    known = told(alerts(), settings)
    assert "cannot be used" in known[0].told["mail"].failed
    assert known[0].told["webhook"].state == "warns"
    hook.answers[:] = [500] * 3
    away = told(alerts(), settings)
    assert away[0].told["webhook"].failed.startswith("the webhook answered 500")


def test_a_hook_that_is_busy_is_tried_again_and_one_that_refuses_is_not(hook: Hook) -> None:
    hook.answers[:] = [503, 429]
    post(hook.url, "hello")
    assert (hook.texts, hook.tries) == (["hello"], 3)
    hook.answers[:] = [404]
    with pytest.raises(WebhookDown, match="answered 404 Not Found; check TAKT_WEBHOOK_URL"):
        post(hook.url, "hello")
    assert hook.tries == 4


def test_no_message_repeats_the_address_of_the_hook(hook: Hook) -> None:
    for url in (f"http://127.0.0.1:{free_port()}/services/secret", "ht!tp://secret", "http://[::1/secret"):
        with pytest.raises(WebhookDown) as refused:
            post(url, "hello")
        assert "secret" not in str(refused.value)
    assert "secret" not in repr(PipelineSettings(webhook_url=hook.url))
