"""Where alerts go: each channel that is set up is told what it does not know yet; what fails is kept and told later."""

from __future__ import annotations

import contextlib
import datetime as dt
import smtplib
from collections.abc import Callable, Sequence
from email.headerregistry import Address

from pipelines.settings import PipelineSettings
from pipelines.steps.alerting import Came, News, after_telling, news
from pipelines.steps.alerting_webhook import WebhookDown, post
from pipelines.steps.alerting_words import letter, lines
from pipelines.steps.mail_server import BadServer, Server, ServerDown, said
from pipelines.steps.mailing import sender_of
from serving.boards.watch import Alert, Hold

MAIL, WEBHOOK = "mail", "webhook"


def channels(settings: PipelineSettings, mail: Sequence[str]) -> tuple[str, ...]:
    """Return the channels that are set up."""
    return (*((MAIL,) if mail and settings.smtp_url.get_secret_value() else ()),
            *((WEBHOOK,) if settings.webhook_url.get_secret_value() else ()))  # fmt: skip


def tell(
    alerts: tuple[Alert, ...], holds: Sequence[Hold], *, company: str, mail: Sequence[str],
    settings: PipelineSettings, at: dt.datetime,
) -> tuple[Alert, ...]:  # fmt: skip
    """Tell every channel its news; return the alerts with what came of it. Raises nothing for what fails."""
    send: dict[str, Callable[[tuple[News, ...]], Came]] = {
        MAIL: lambda given: _mail(given, holds, company=company, to=mail, settings=settings, at=at),
        WEBHOOK: lambda given: _webhook(given, holds, company=company, settings=settings),
    }
    for channel in channels(settings, mail):
        given = news(alerts, channel)
        if given:
            alerts = after_telling(alerts, channel, given, send[channel](given), at)
    return alerts


def _webhook(given: tuple[News, ...], holds: Sequence[Hold], *, company: str, settings: PipelineSettings) -> Came:
    try:
        post(settings.webhook_url.get_secret_value(), lines(given, holds, company=company, url=settings.url))
    except WebhookDown as error:
        return Came(False, str(error))
    return Came(True)


def _mail(
    given: tuple[News, ...], holds: Sequence[Hold], *, company: str, to: Sequence[str], settings: PipelineSettings,
    at: dt.datetime,
) -> Came:  # fmt: skip
    """Send a letter to each address."""
    failed = []
    try:
        server = Server.of(settings.smtp_url.get_secret_value())
        sender: Address = sender_of(settings, server)
        line = server.open()
    except (BadServer, ServerDown) as error:
        return Came(False, str(error))
    try:
        for address in to:
            text = letter(given, holds, company=company, url=settings.url, sender=sender, to=address, at=at)
            try:
                line.send_message(text, sender.addr_spec, [address])
            except (smtplib.SMTPException, OSError) as error:
                failed.append(f"{address}: {said(error)}")
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            line.quit()
    # somebody knows: sending all of it again would tell the others twice
    return Came(len(failed) < len(to), "; ".join(failed))
