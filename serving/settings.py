"""Where the server finds its data and who may reach it: read from the environment once, checked before start."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET: Final = 16


class Settings(BaseSettings):
    """The server's settings, from environment variables `TAKT_...` (for example `TAKT_PORT=8080`).

    Attributes
    ----------
    home : Path
        Folder of one company: `store.db` and `champion/` lie in it.
    store_url : str
        SQLAlchemy URL of the store; empty means SQLite in `home/store.db`.
    host, port
        Where to listen. Any host but loopback needs a secret.
    secret : str
        When set, every request but `/healthz` must present it (`Authorization: Bearer`, or as the password
        a browser asks for). Empty, the default, is accepted on loopback only.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    home: Path = Path(".takt/simulated")
    store_url: str = Field(default="", repr=False)
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    secret: SecretStr = SecretStr("")

    @property
    def store(self) -> str:
        """URL of the store, the default filled in."""
        return self.store_url or f"sqlite:///{self.home / 'store.db'}"

    @property
    def champion(self) -> Path:
        """Folder of the promoted bundle."""
        return self.home / "champion"

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        length = len(self.secret.get_secret_value())
        if 0 < length < SHORTEST_SECRET:
            raise ValueError(f"TAKT_SECRET has {length} characters; expected at least {SHORTEST_SECRET}")
        if length == 0 and not is_loopback(self.host):
            raise ValueError(
                f"TAKT_HOST={self.host} can be reached from other machines, and no TAKT_SECRET is set: anyone "
                f"could read the call list. Set TAKT_SECRET to {SHORTEST_SECRET} or more characters, "
                "or listen on 127.0.0.1"
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
