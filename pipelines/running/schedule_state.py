"""What the schedule did last and does next, as Prefect's server knows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.running.company import Company
from pipelines.running.deployments import Planned, planned

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

OVERDUE: Final = dt.timedelta(minutes=10)
"""How long a run may be late before somebody should know; starting one takes ten seconds."""


@dataclass(frozen=True)
class Scheduled:
    """One flow of a company; moments are ISO 8601 in UTC, empty where there is none.

    Attributes
    ----------
    last, last_at, took_s, message
        How its last run ended (Prefect's word: Completed, Failed, Crashed), when, after how long, and what it said.
    running_since : str
        When the run that is under way began.
    next_at : str
        When it runs next.
    trouble : str
        What is wrong, in words; empty: nothing.
    """

    flow: str
    last: str = ""
    last_at: str = ""
    took_s: float | None = None
    message: str = ""
    running_since: str = ""
    next_at: str = ""
    trouble: str = ""


def scheduled(company: Company, client: SyncPrefectClient, now: dt.datetime) -> tuple[Scheduled, ...]:
    """Ask the server about every flow that `takt up` has deployed for a company."""
    return tuple(_one(company, client, plan, now) for plan in planned(company))


def _one(company: Company, client: SyncPrefectClient, plan: Planned, now: dt.datetime) -> Scheduled:
    from prefect.exceptions import ObjectNotFound

    try:
        deployment = client.read_deployment_by_name(f"{plan.flow}/{company.name}")
    except ObjectNotFound:
        return Scheduled(plan.flow, trouble="is not registered; `takt down`, then `takt up`")
    ended = _newest(client, deployment.id, ("COMPLETED", "FAILED", "CRASHED"), "END_TIME_DESC")
    working = _newest(client, deployment.id, ("RUNNING",), "START_TIME_DESC")
    coming = _newest(client, deployment.id, ("SCHEDULED",), "EXPECTED_START_TIME_ASC")
    due = None if coming is None else coming.expected_start_time
    return Scheduled(
        plan.flow,
        last="" if ended is None or ended.state is None else str(ended.state.name),
        last_at=_iso(None if ended is None else ended.end_time),
        took_s=None if ended is None else round(ended.total_run_time.total_seconds(), 1),
        message="" if ended is None or ended.state is None else (ended.state.message or ""),
        running_since=_iso(None if working is None else working.start_time),
        next_at=_iso(due),
        trouble=_trouble(ended, working, due, paused=bool(deployment.paused), now=now),
    )


def _trouble(
    ended: FlowRun | None, working: FlowRun | None, due: dt.datetime | None, *, paused: bool, now: dt.datetime
) -> str:
    if paused:
        return "is paused in Prefect"
    if due is None:
        return "has no next run: Prefect's scheduler does not plan"
    if working is None and now - due > OVERDUE:
        return f"was due at {_iso(due)} and has not begun"
    if ended is not None and ended.state is not None and not ended.state.is_completed():
        return f"the last run {str(ended.state.name).lower()}: {ended.state.message or 'no reason given'}"
    return ""


def _newest(client: SyncPrefectClient, deployment: object, types: tuple[str, ...], order: str) -> FlowRun | None:
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    found = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType(t) for t in types]))
        ),
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        sort=FlowRunSort(order),
        limit=1,
    )
    return found[0] if found else None


def _iso(moment: dt.datetime | None) -> str:
    return "" if moment is None else moment.astimezone(dt.UTC).isoformat(timespec="seconds")
