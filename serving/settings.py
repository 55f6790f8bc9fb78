"""Where the server finds its data and who may reach it: read from the environment once, checked before start."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Final

from limits import parse_many
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET: Final = 16
SHORTEST_KEY: Final = 32


class Settings(BaseSettings):
    """The server's settings, from environment variables `TAKT_...` (for example `TAKT_PORT=8080`).

    Attributes
    ----------
    home : Path
        Folder of one company: `store.db` and `champion/` lie in it.
    store_url : str
        SQLAlchemy URL of the store; empty means SQLite in `home/store.db`.
    host, port
        Where to listen. Any host but loopback needs a secret, or a key for sessions.
    public_url : str
        Address as people type it, where that is another one (behind a proxy); https makes cookies secure.
    trusted_proxies : str
        Addresses, with commas between, of the proxies whose word (`X-Forwarded-For`) is taken for where a request comes
        from; empty, the default: nobody's.
    secret : str
        When set, every request but `/healthz` must present it (`Authorization: Bearer`, or as the password
        a browser asks for), a token, or a session. Empty, the default, is accepted on loopback only.
    session_key : str
        What sessions are signed with; without it the secret, and without that a key kept in `home/session.key`. With it
        and no secret nobody but users and tokens come in.
    sign_in_limit, score_limit : str
        How often wrong passwords, secrets and tokens may be tried for one account and from one address, and how often
        one viewer may score, such as "10/minute; 100/hour"; empty: as often as one likes. Each server counts alone.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    home: Path = Path(".takt/simulated")
    store_url: str = Field(default="", repr=False)
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: str = ""
    trusted_proxies: str = ""
    secret: SecretStr = SecretStr("")
    session_key: SecretStr = SecretStr("")
    sign_in_limit: str = "10/minute; 100/hour"
    score_limit: str = "1200/minute"

    @property
    def store(self) -> str:
        """URL of the store, the default filled in."""
        return self.store_url or f"sqlite:///{self.home / 'store.db'}"

    @property
    def champion(self) -> Path:
        """Folder of the promoted bundle."""
        return self.home / "champion"

    @property
    def guarded(self) -> bool:
        """Say whether one has to say who one is, whatever the store holds."""
        keys = self.secret.get_secret_value() or self.session_key.get_secret_value()
        return bool(keys) or not is_loopback(self.host)

    @field_validator("sign_in_limit", "score_limit")
    @classmethod
    def _a_limit(cls, text: str) -> str:
        if text.strip():
            parse_many(text)
        return text.strip()

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        for name, shortest in (("secret", SHORTEST_SECRET), ("session_key", SHORTEST_KEY)):
            length = len(getattr(self, name).get_secret_value())
            if 0 < length < shortest:
                raise ValueError(f"TAKT_{name.upper()} has {length} characters; expected at least {shortest}")
        if not is_loopback(self.host) and not (self.secret.get_secret_value() or self.session_key.get_secret_value()):
            raise ValueError(
                f"TAKT_HOST={self.host} can be reached from other machines, and no TAKT_SECRET is set: anyone "
                f"could read the call list. Set TAKT_SECRET to {SHORTEST_SECRET} or more characters (or, where users "
                f"and tokens are made, TAKT_SESSION_KEY to {SHORTEST_KEY} or more), or listen on 127.0.0.1"
            )
        return self


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach `host`; a name other than localhost counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
