"""What every connected source takes from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConnectionSettings(BaseSettings):
    """Where a system is and how patient we are with it; a source adds its credentials and an `env_prefix`.

    Attributes
    ----------
    url : str
        Address of the API, without a slash at the end.
    timeout_s : float
        Seconds until an answer must have begun.
    attempts : int
        How often one request is sent before the pull gives up.
    backoff_s : float
        Seconds before the second attempt; doubled for each further one.
    longest_wait_s : float
        Longest pause between two attempts. A system that asks for a longer one ends the pull.
    """

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    url: Annotated[str, Field(pattern=r"^(https?://\S+[^/\s])?$")] = ""
    timeout_s: Annotated[float, Field(gt=0)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 6
    backoff_s: Annotated[float, Field(ge=0)] = 1
    longest_wait_s: Annotated[float, Field(ge=0)] = 120
