"""`takt up --now`: the deployments one after the other, without waiting for their time."""

from __future__ import annotations

import time
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
_AGAIN: Final = 5.0


class RunFailed(TaktError):
    """A run did not complete; the text says why and where its log is."""


def run_now(company: Company, client: SyncPrefectClient, flow: str) -> FlowRun:
    """Ask for one run of a deployment now, and wait for its end.

    A run that is not let in, because one of the schedule is under way, is asked for again when that may have ended.

    Raises
    ------
    RunFailed
        It failed, crashed, was cancelled, or has not ended within `LONGEST` seconds.
    """
    deployment, until = client.read_deployment_by_name(f"{flow}/{company.name}"), time.monotonic() + LONGEST
    asked = client.create_flow_run_from_deployment(deployment.id)
    while time.monotonic() < until:
        run = client.read_flow_run(asked.id)
        state = run.state
        if state is not None and state.is_completed():
            return run
        if _not_let_in(run):
            time.sleep(_AGAIN)
            asked = client.create_flow_run_from_deployment(deployment.id)
        elif state is not None and state.is_final():
            raise RunFailed(
                f"{flow} {str(state.name).lower()}: {state.message or 'no reason given'}. What it said is in "
                f"{company.home / 'logs' / 'worker.log'}."
            )
        time.sleep(_LOOK)
    raise RunFailed(f"{flow} has not ended within {LONGEST:.0f} s; it goes on, look at `takt status`.")


def _not_let_in(run: FlowRun) -> bool:
    """Say whether Prefect cancelled a run because as many as may run at once do."""
    state = run.state
    return state is not None and state.is_cancelled() and "concurrency limit" in (state.message or "").lower()
