"""The morning's mail: each salesperson's list, sent once, after it was published.

What was handed over stands in a note per run (`mail/` in the home), written after the server accepted it: the same run
again sends only what is missing. (Killed between the two, one letter may go out twice; it then has the same
Message-ID.) Mail is a convenience: whatever happens to it, the list stays published.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import os
import smtplib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from pathlib import Path
from typing import Final

from features.errors import TaktError
from features.facts.definitions import Definitions
from pipelines.home import Home
from pipelines.progress import stage
from pipelines.settings import PipelineSettings
from pipelines.steps import moments
from pipelines.steps.mail_letters import Letter, letters, no_list
from pipelines.steps.mail_server import BadServer, Server, ServerDown, said
from pipelines.steps.publishing import engine_of
from serving.store import queries
from serving.store.engine import reading
from serving.store.migrations import upgrade

FOLDER: Final = "mail"


class MailFailed(TaktError):
    """Some of the mail was not sent; the text says whose and why, and that the list is published."""


class NoAddresses(TaktError):
    """Nobody to write to, or no server to hand it to; the text says where both are named."""


@dataclass
class Outcome:
    """What became of each owner's letter."""

    sent: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The counts in words."""
        told = [f"{len(self.sent)} sent"]
        told += [f"{len(self.before)} sent before"] if self.before else []
        return ", ".join(told + ([f"{len(self.failed)} failed"] if self.failed else []))


def after_publishing(home: Home, run_id: str, definitions: Definitions, settings: PipelineSettings) -> Outcome:
    """Send the letters of a run that was just published; nothing where it is not set up, or a later day is out.

    Raises
    ------
    MailFailed
        See `send`.
    """
    if not definitions.mail and not settings.smtp_url.get_secret_value():
        return Outcome()
    with stage("sending the morning's mail") as told:
        lacking = _lacking(definitions, settings)
        if lacking:
            told.found = f"nothing sent: {lacking}"
            return Outcome()
        day, written = _written(home, definitions, settings)
        if any(letter.key != run_id for letter in written):
            told.found = f"nothing sent: the latest list is that of {day}, and it is another one"
            return Outcome()
        outcome = send(written, home, settings)
        told.found = outcome.words
    return _complete(outcome, f"The list of {day} is published")


def no_list_made(home: Home, why: str, definitions: Definitions, settings: PipelineSettings) -> Outcome:
    """Tell everybody that there is no list today and why, once for each reason; nothing where it is not set up.

    Does not raise for what happens to the mail: the reason itself is what the caller has to raise.
    """
    if _lacking(definitions, settings):
        return Outcome()
    key = "none-" + hashlib.sha256(f"{moments.today()}\x1f{why}".encode()).hexdigest()[:20]
    with stage("telling by mail that there is no list") as told:
        outcome = send(no_list(key, why, definitions.mail, url=settings.url), home, settings)
        told.found = "; ".join([outcome.words, *outcome.failed.values()])
    return outcome


def send_now(
    home: Home, definitions: Definitions, settings: PipelineSettings, *, day: dt.date | None = None
) -> tuple[dt.date, Outcome]:
    """Send what was not sent yet of the list of a day (default: the latest).

    Raises
    ------
    NoAddresses
        It is not set up.
    MailFailed
        See `send`.
    """
    lacking = _lacking(definitions, settings)
    if lacking:
        raise NoAddresses(f"nothing can be sent: {lacking}.")
    of, written = _written(home, definitions, settings, day=day)
    return of, _complete(send(written, home, settings), f"The list of {of} is published")


def preview(
    home: Home, definitions: Definitions, settings: PipelineSettings, *, day: dt.date | None = None
) -> list[Letter]:
    """Return the letters of a day as they would be sent, to nobody; without addresses those of everybody listed."""
    return _written(home, definitions, settings, day=day, everybody=not definitions.mail)[1]


def send(written: Sequence[Letter], home: Home, settings: PipelineSettings) -> Outcome:
    """Hand letters to the mail server, each once; what fails is reported and does not stop the rest.

    Returns
    -------
    Outcome
        `failed` holds why by owner: refused by the server, or all that are left where it cannot be reached.
    """
    outcome = Outcome()
    with _one_at_a_time(home):
        missing = [letter for letter in written if letter.owner not in _note(home, letter.key)]
        outcome.before += [letter.owner for letter in written if letter not in missing]
        if missing:
            _hand_over(missing, home, settings, outcome)
    return outcome


def _hand_over(missing: Sequence[Letter], home: Home, settings: PipelineSettings, outcome: Outcome) -> None:
    line: smtplib.SMTP | None = None
    try:
        server = Server.of(settings.smtp_url.get_secret_value())
        sender = sender_of(settings, server)
        for letter in missing:
            line = line or server.open()
            try:
                line.send_message(letter.message(sender, at=moments.now()), sender.addr_spec, [letter.to])
            except (smtplib.SMTPException, OSError) as error:
                outcome.failed[letter.owner] = f"{letter.to}: {said(error)}"
                if not isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                    line.close()
                    line = None  # the line is broken: a new one for the next letter
            else:
                _take_down(home, letter)
                outcome.sent.append(letter.owner)
    except (BadServer, ServerDown) as error:
        left = [m for m in missing if m.owner not in outcome.sent and m.owner not in outcome.failed]
        outcome.failed |= {letter.owner: str(error) for letter in left}
    finally:
        if line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                line.quit()


def _complete(outcome: Outcome, standing: str) -> Outcome:
    if not outcome.failed:
        return outcome
    why = dict.fromkeys(outcome.failed.values())
    raise MailFailed(
        f"{standing}; its mail was not sent to {', '.join(sorted(outcome.failed))} ({outcome.words}):\n"
        + "\n".join(f"  {words}" for words in why)
        + "\n`takt mail` sends what is missing, to nobody twice."
    )


def _written(
    home: Home, definitions: Definitions, settings: PipelineSettings, *, day: dt.date | None = None,
    everybody: bool = False,
) -> tuple[dt.date, list[Letter]]:  # fmt: skip
    engine = engine_of(home, settings)
    try:
        upgrade(engine)
        with reading(engine) as store:
            run = queries.find_run(store, day=day)
            named = [o.owner_id for o in queries.owners(store, run) if o.owner_id is not None]
            addresses = {owner: "nobody@example.invalid" for owner in named} if everybody else definitions.mail
            return run.day, letters(store, run, addresses, url=settings.url)
    finally:
        engine.dispose()


def _lacking(definitions: Definitions, settings: PipelineSettings) -> str:
    """Say what is missing to send anything; empty when nothing is."""
    if not definitions.mail:
        return "definitions.yaml names no address; write `mail: {owner: address}`"
    if not settings.smtp_url.get_secret_value():
        return "TAKT_SMTP_URL is not set; write for example starttls://user:password@mail.company.example"
    return ""


def sender_of(settings: PipelineSettings, server: Server) -> Address:
    """Return the sender of everything that is mailed: TAKT_MAIL_FROM, else the user or the host of the server."""
    wanted = settings.mail_from or (server.user if "@" in server.user else f"takt@{server.domain}")
    try:
        return Address("Takt", addr_spec=wanted)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise BadServer(f"{wanted!r} is no sender's address ({error}); set TAKT_MAIL_FROM.") from error


def _place(home: Home, key: str) -> Path:
    return home.path / FOLDER / f"{key}.json"


def _note(home: Home, key: str) -> dict[str, str]:
    try:
        note: dict[str, str] = json.loads(_place(home, key).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return note


def _take_down(home: Home, letter: Letter) -> None:
    """Note in one step that a letter was handed over."""
    note = _note(home, letter.key) | {letter.owner: letter.to}
    place = _place(home, letter.key)
    with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as scratch:
        scratch.write(json.dumps(note, indent=1, sort_keys=True))
        scratch.flush()
        os.fsync(scratch.fileno())
    Path(scratch.name).replace(place)


@contextlib.contextmanager
def _one_at_a_time(home: Home) -> Iterator[None]:
    """Wait until nobody else sends from this home."""
    folder = home.path / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
