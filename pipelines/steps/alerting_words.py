"""How alerts are told outside the app: a letter, and a few lines for a webhook. Counts and rules, never a person."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from pipelines.steps.alerting import News
from serving.boards.watch import Hold

STATE: Final = {"warns": "warns", "alarms": "ALARM", "resolved": "resolved"}
ORDER: Final = ("alarms", "warns", "resolved")


def ordered(news: Sequence[News]) -> list[News]:
    """Return news with alarms first and what is over last."""
    return sorted(news, key=lambda one: (ORDER.index(one.state), one.alert.code))


def subject(news: Sequence[News], company: str) -> str:
    """Return the subject of a letter: the worst first, and how many more."""
    first, *rest = ordered(news)
    more = f" and {len(rest)} more" if rest else ""
    return f"Takt at {company}: {STATE[first.state]}: {first.alert.title}{more}"


def lines(news: Sequence[News], holds: Sequence[Hold], *, company: str, url: str) -> str:
    """Return the text of a letter or a message."""
    parts = [f"Takt at {company}"]
    parts += [_told(one) for one in ordered(news)]
    if holds:
        codes = ", ".join(hold.code for hold in holds)
        parts.append(
            f"The list of {holds[0].day} is held until this is gone ({codes}), or released: "
            f'takt monitor --release {holds[0].code} --why "..."'
        )
    if url:
        parts.append(f"{url.rstrip('/')}/watch")
    return "\n\n".join(parts)


def letter(
    news: Sequence[News], holds: Sequence[Hold], *, company: str, url: str, sender: Address, to: str, at: dt.datetime
) -> EmailMessage:  # fmt: skip
    """Return the mail to one address."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = " ".join(subject(news, company).split())
    mail["From"], mail["To"] = sender, Address(addr_spec=to)
    mail["Date"] = format_datetime(at)
    name = "\x1f".join([to, *(f"{n.alert.code} {n.alert.since} {n.state}" for n in ordered(news))])
    mail["Message-ID"] = f"<{hashlib.sha256(name.encode()).hexdigest()[:32]}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(lines(news, holds, company=company, url=url) + "\n\n-- \nTakt\n")
    return mail


def _told(one: News) -> str:
    alert = one.alert
    if one.state == "resolved":
        return f"{alert.code} resolved: {alert.title} (since {alert.since:%Y-%m-%d %H:%M} UTC)"
    done = f"\nDone: {alert.done}" if alert.done else ""
    return f"{alert.code} {STATE[one.state]}: {alert.title}\n{alert.says}.\nWhat to do: {alert.do}{done}"
