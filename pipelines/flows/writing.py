"""The task that writes a published list back into the CRM that `TAKT_WRITE_BACK` names."""

from __future__ import annotations

import pandas as pd
from prefect import task

from pipelines.flows import common
from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.writing import back
from pipelines.writing.sending import Report


@task(name="write-back", **common.TRY_AGAIN)
def write_back(home: Home, run_id: str) -> Report | None:
    """Write what changed; safe to repeat, and the list stays published whatever comes of it."""
    report = back.after_publishing(home, run_id, PipelineSettings())
    if report is not None and report.counts:
        rows = [(kind, state, n) for (kind, state), n in sorted(report.counts.items())]
        table = pd.DataFrame(rows, columns=["rows", "became", "count"])
        common.table_artifact("write-back", table, f"Written back: {report.words}")
    return report
