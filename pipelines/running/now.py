"""`takt up --now`: the deployments one after the other, without waiting for their time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from features.errors import TaktError
from pipelines.running.company import Company

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

ORDER: Final = ("ingest", "train", "daily")
LONGEST: Final = 3600.0
"""Seconds that one run may take before the command stops to wait for it; the run goes on."""
_LOOK: Final = 1.0


class RunFailed(TaktError):
    """A run did not complete; the text says why and where its log is."""


def run_now(company: Company, client: SyncPrefectClient, flow: str) -> FlowRun:
    """Ask for one run of a deployment now, and wait for its end.

    Raises
    ------
    RunFailed
        It failed, crashed, was cancelled, or has not ended within `LONGEST` seconds.
    """
    deployment = client.read_deployment_by_name(f"{flow}/{company.name}")
    asked = client.create_flow_run_from_deployment(deployment.id)
    for run in _until_ended(lambda: client.read_flow_run(asked.id)):
        if run.state is not None and run.state.is_final():
            if run.state.is_completed():
                return run
            raise RunFailed(
                f"{flow} {str(run.state.name).lower()}: {run.state.message or 'no reason given'}. What it said is in "
                f"{company.home / 'logs' / 'worker.log'}."
            )
    raise RunFailed(f"{flow} has not ended within {LONGEST:.0f} s; it goes on, look at `takt status`.")


def _until_ended(look: Callable[[], FlowRun]) -> Iterator[FlowRun]:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        yield look()
        time.sleep(_LOOK)
