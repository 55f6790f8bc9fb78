"""What the pipelines take from the environment, and the defaults they give to the libraries they drive.

This is sales data: no library here reports home unless somebody asks for it. Every default can be overridden by the
environment variable of the same name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_QUIET: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # LightGBM's threads spin while they wait, which on a shared machine costs tenfold
    "OMP_WAIT_POLICY": "PASSIVE",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # the temporary server took up to 22 s to start on a loaded machine; the default gives up after 20
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


class PipelineSettings(BaseSettings):
    """Settings from `TAKT_...`.

    Attributes
    ----------
    root : Path
        Folder in which each source gets a home of its own.
    mlflow_url : str
        Tracking server; empty means SQLite in the home.
    store_url : str
        Serving store; empty means SQLite in the home.
    threads : int
        Threads for training.
    smtp_url : str
        Mail server for the morning's lists: `smtp://`, `starttls://` or `smtps://`, then `user:password@host:port`
        (percent-encoded; all but the host may be left out). Empty, the default: nothing is sent.
    mail_from : str
        Address of the sender; empty means the user of `smtp_url`, or takt at its host.
    retry_seconds : tuple of float
        Waits before a pull that failed is tried again, as JSON (`[10, 60, 300]`); a fifth of each is left to chance.
    url : str
        Where people open the app, for the links of the mail; empty leaves them out.
    write_back : str
        The CRM that each new list is written back into by the daily flow, such as `hubspot`. It stands in the
        environment with that CRM's credentials: a copy of the home elsewhere writes into nothing. Empty: none.
    webhook_url : str
        Where alerts of the watch are posted as `{"text": ...}`, as Slack and others take it. Empty, the default:
        nowhere. The address is a secret.
    lake : str
        Where the facts lie, such as `s3://bucket/prefix`, each home's below its name; empty: in the home.
        Credentials and the endpoint are read from the store's own variables (`AWS_...`).
    dask : str
        Scheduler of a Dask cluster (`tcp://host:8786`, `tls://...`) whose workers build the features; empty: threads
        of this process.
    shards : int
        Into how many parts the prospects are dealt; 0: 16 on a cluster, and no parts on threads.
    """

    model_config = SettingsConfigDict(env_prefix="TAKT_", frozen=True, env_ignore_empty=True, extra="ignore")

    root: Path = Path(".takt")
    mlflow_url: str = ""
    store_url: str = Field(default="", repr=False)
    threads: Annotated[int, Field(ge=1)] = 2
    smtp_url: SecretStr = SecretStr("")
    webhook_url: SecretStr = SecretStr("")
    mail_from: str = ""
    retry_seconds: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (10.0, 60.0, 300.0)
    url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    write_back: str = ""
    lake: Annotated[str, Field(pattern=r"^([a-z0-9]+://\S+)?$")] = ""
    dask: Annotated[str, Field(pattern=r"^((tcp|tls)://\S+)?$")] = ""
    shards: Annotated[int, Field(ge=0)] = 0


def quiet_defaults(prefect_home: Path) -> None:
    """Set the defaults in this process; call it before prefect, mlflow or lightgbm is imported.

    Prefect's temporary server does not start where the folder above its home is absent, so it is made.
    """
    prefect_home.mkdir(parents=True, exist_ok=True)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PREFECT_HOME", str(prefect_home.absolute()))
