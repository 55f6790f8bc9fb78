"""What the flows share: where the home is, which failures are worth another try, and artifacts for the Prefect page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from features.errors import TaktError
from pipelines.home import Home
from pipelines.settings import PipelineSettings


def worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """Answer whether a failed task may succeed next time: an error in data or words is the same every time."""
    return not isinstance(state.result(raise_on_failure=False), TaktError)


ONCE: Final[dict[str, Any]] = {"cache_policy": NO_CACHE}
"""Tasks that pass tables in memory: hashing them for a cache would cost more than the work."""
TRY_AGAIN: Final[dict[str, Any]] = {
    **ONCE, "retries": 2, "retry_delay_seconds": [2, 10], "retry_condition_fn": worth_retrying
}  # fmt: skip
"""Tasks that touch files or servers; all of them are safe to repeat."""


def home_of(home: str | None, source: str | None) -> Home:
    """Return the home named, or the default one of the source."""
    return Home(Path(home) if home else PipelineSettings().root / Path(source or "simulated").name)


def path(data: str | None) -> Path | None:
    """Return a path, or None where none was given."""
    return None if data is None else Path(data)


def table_artifact(key: str, table: pd.DataFrame, description: str) -> None:
    """Put a table on the run's page."""
    rows = table.astype("object").where(table.notna(), None).map(str).to_dict("records")
    create_table_artifact(key=key, table=rows, description=description)


def text_artifact(key: str, text: str, description: str) -> None:
    """Put Markdown on the run's page."""
    create_markdown_artifact(key=key, markdown=text, description=description)
