"""Runs that cannot be under way any more, and runs that would only repeat each other.

Prefect leaves a run RUNNING when its process is killed together with its worker: nobody is left who could tell, and
its place under the concurrency limit stays taken. Whoever starts the only worker of a pool knows better: nothing
of that pool runs.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

CRASHED: Final = (
    "The worker or the machine ended while this run was under way. "
    "What it had written is whole; the next run completes it."
)
LEFT_OUT: Final = "Takt was not running when this was due; a later run that is due too does the same."


def sweep(client: SyncPrefectClient, pool: str, *, now: dt.datetime | None = None) -> tuple[int, int]:
    """Put the runs of a pool in order, before its worker starts.

    Runs under way are marked crashed, which gives their places back. Of each deployment's runs that are overdue
    only the latest is kept: after a weekend without power one list is made, and not one for each day that passed.

    Returns
    -------
    (int, int)
        How many were marked crashed, and how many were left out.
    """
    from prefect.states import Cancelled, Crashed

    now = now or dt.datetime.now(dt.UTC)
    stuck = _runs(client, pool, ("RUNNING", "PENDING", "CANCELLING"))
    for run in stuck:
        client.set_flow_run_state(run.id, Crashed(message=CRASHED), force=True)
    waiting = [r for r in _runs(client, pool, ("SCHEDULED",)) if (r.expected_start_time or now) < now]
    latest = {r.deployment_id: r.id for r in sorted(waiting, key=lambda r: r.expected_start_time or now)}
    skipped = [r for r in waiting if latest[r.deployment_id] != r.id]
    for run in skipped:
        client.set_flow_run_state(run.id, Cancelled(message=LEFT_OUT), force=True)
    return len(stuck), len(skipped)


def _runs(client: SyncPrefectClient, pool: str, types: tuple[str, ...]) -> list[FlowRun]:
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
        WorkPoolFilter,
        WorkPoolFilterName,
    )
    from prefect.client.schemas.objects import StateType

    return list(
        client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType(t) for t in types]))
            ),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        )
    )
