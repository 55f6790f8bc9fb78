"""The mail server: named by a URL, spoken to by SMTP, its troubles named."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from features.errors import TaktError

PORTS: Final[Mapping[str, int]] = {"smtp": 25, "starttls": 587, "smtps": 465}
"""Ways to speak to a server, with their usual ports. `smtp` encrypts where the server offers it, the others must."""
SECONDS: Final = 30


class BadServer(TaktError):
    """TAKT_SMTP_URL is not one, or would send a password unencrypted."""


class ServerDown(TaktError):
    """The mail server cannot be reached, or does not let us in; nothing more can be sent now."""


@dataclass(frozen=True)
class Server:
    """Where mail is handed over; the password is not shown."""

    way: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """The server as written in messages, without its password."""
        return f"{self.way}://{self.host}:{self.port}"

    @property
    def domain(self) -> str:
        """The host as an address has it: a number goes into brackets."""
        try:
            return f"[{ipaddress.ip_address(self.host)}]"
        except ValueError:
            return self.host

    @classmethod
    def of(cls, url: str) -> Server:
        """Read TAKT_SMTP_URL.

        Raises
        ------
        BadServer
            It is something else; the text says what is expected and never repeats the password.
        """
        expected = "expected smtp://, starttls:// or smtps://, then user:password@host:port"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadServer(f"TAKT_SMTP_URL cannot be read ({_without(str(error), url)}); {expected}.") from None
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise BadServer(f"TAKT_SMTP_URL begins with {parts.scheme or 'nothing'}://; {expected}.")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.scheme, parts.hostname, port or PORTS[parts.scheme], user, password)

    def open(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in.

        Raises
        ------
        ServerDown
            The server is not there, does not answer in time, cannot be trusted, or refuses the password.
        BadServer
            The password would go over an open line.
        """
        trust = ssl.create_default_context()
        try:
            if self.way == "smtps":
                line: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=trust)
            else:
                line = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
            return self._signed_in(line, trust)
        except (OSError, smtplib.SMTPException) as error:
            raise ServerDown(
                f"the mail server {self.name} cannot be used: {said(error)}. Check TAKT_SMTP_URL and the server; "
                "`takt mail` then sends what is missing."
            ) from error

    def _signed_in(self, line: smtplib.SMTP, trust: ssl.SSLContext) -> smtplib.SMTP:
        try:
            encrypted = self.way == "smtps"
            line.ehlo()
            # a server on this machine has no certificate that anybody else could confirm
            if not encrypted and (self.way == "starttls" or (line.has_extn("starttls") and not _local(self.host))):
                line.starttls(context=trust)
                line.ehlo()
                encrypted = True
            if self.user:
                if not encrypted and not _local(self.host):
                    raise BadServer(
                        f"{self.name} offers no encryption, the password would be readable on its way; "
                        "write starttls:// or smtps:// in TAKT_SMTP_URL."
                    )
                line.login(self.user, self.password)
        except BaseException:
            line.close()
            raise
        return line


def said(error: Exception) -> str:
    """Return what a server or the network answered, in a line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_answer(code, text) for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return " ".join(str(error).split()) or type(error).__name__


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"


def _local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without(words: str, url: str) -> str:
    """Leave the password out of a message that may repeat a part of the URL."""
    rest = url.rpartition("@")[0]
    return "an impossible port or host" if rest and any(p in words for p in rest.split(":") if p) else words
