"""The morning's letters: one owner's calls of a run as HTML and text, or in a few lines why there are none."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import jinja2
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from serving.exports.rows import lines, reasons, way
from serving.pages import words
from serving.pages.pages import address
from serving.pages.words import CHANNELS, GRADES, LEFT_OUT, Words
from serving.store.tables import LeftOut, Prospect, Run

MOST: Final = 40
"""Calls in one letter; mail programs cut off what is longer than some 100 KB."""


@dataclass(frozen=True)
class Letter:
    """What one owner is told. `key` names the occasion: for one key nobody is written to twice."""

    key: str
    owner: str
    to: str
    subject: str
    text: str
    html: str

    def message(self, sender: Address, *, at: dt.datetime) -> EmailMessage:
        """Return the mail with both parts; `at` is the moment of sending."""
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = _line(self.subject)
        mail["From"], mail["To"] = sender, Address(addr_spec=self.to)
        mail["Date"] = format_datetime(at)
        # the same letter has the same name: should it be sent twice after all, mail programs can see it
        named = hashlib.sha256(f"{self.key}\x1f{self.owner}".encode()).hexdigest()[:32]
        mail["Message-ID"] = f"<{named}@{sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text)
        mail.add_alternative(self.html, subtype="html")
        return mail


def letters(store: Session, run: Run, addresses: dict[str, str], *, url: str) -> list[Letter]:
    """Write to each owner who has an address; `url` is where the app is opened, empty for no links."""
    return [_letter(store, run, owner, to, url=url) for owner, to in sorted(addresses.items())]


def no_list(key: str, why: str, addresses: dict[str, str], *, url: str) -> list[Letter]:
    """Write to everybody that no list was made, and why."""
    given = {"url": url.rstrip("/"), "why": why}
    text, html = (_template(name).render(given) for name in ("mail_none_text.j2", "mail_none_html.j2"))
    subject = "No call list was made this morning"
    return [Letter(key, owner, to, subject, text, html) for owner, to in sorted(addresses.items())]


def _letter(store: Session, run: Run, owner: str, to: str, *, url: str) -> Letter:
    say = Words()
    calls = list(lines(store, run, owner=owner, pool=False))
    n = f"{say.number(len(calls))} {'call' if len(calls) == 1 else 'calls'}" if calls else "No calls"
    subject = f"{n} for {say.day(run.day)}{', simulated data' if run.simulated else ''}"
    given = {
        "say": say, "run": run, "owner": owner, "calls": calls[:MOST], "total": len(calls), "heading": f"{n} for you",
        "url": url.rstrip("/"), "left_out": _left_out(store, run, owner) if not calls else [],
    }  # fmt: skip
    text, html = (_template(name).render(given) for name in ("mail_text.j2", "mail_html.j2"))
    return Letter(run.run_id, owner, to, subject, text, html)


def _left_out(store: Session, run: Run, owner: str) -> list[tuple[int, str]]:
    """Count the owner's prospects that were left out, with the words for why, the most frequent first."""
    query = (
        select(LeftOut.reason, func.count())
        .join(Prospect, Prospect.prospect_id == LeftOut.prospect_id)
        .where(LeftOut.run == run.number, Prospect.owner_id == owner)
        .group_by(LeftOut.reason)
    )
    return sorted(((n, LEFT_OUT.get(r, r.replace("_", " "))) for r, n in store.execute(query)), reverse=True)


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape="html" in name,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(address=address, channels=CHANNELS, grades=GRADES, reasons=reasons, way=way)
    environment.filters.update(person=words.person, dial=words.dial, mailto=words.mail, line=_line)
    return environment.get_template(name)


def _line(text: Any) -> str:
    """Make one line of a text from outside: a line's end in a name must not begin another header or paragraph."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
