"""What runs when: the flows as Prefect deployments, made from the company's own time zone and working days.

`prefect.yaml` says the same for people who run Prefect themselves; a test holds the two together.

Times, with the reason for each:

- `ingest` at a quarter to every hour, so that the list of five o'clock is made from facts of the same morning. In UTC:
  a cron in local time pauses for two hours when clocks are set back (Prefect fires at the first 02:45 only).
- `daily` at 05:00 of the company, on its working days; no time zone changes its clocks between 05:00 and 06:00.
- `monitor` at 05:30, when the list is out or is missing; every day, for data age on Sundays too.
- `train` on Sundays at 06:00: after that day's list, and never in an hour that a clock change skips or repeats.
"""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from features.errors import TaktError
from pipelines.running.company import Company

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

SUNDAY: Final = 7


class PoolTaken(TaktError):
    """The Prefect server has a work pool of this name that belongs to another home."""


@dataclass(frozen=True)
class Planned:
    """One flow and its time.

    Attributes
    ----------
    flow : str
        Name of the flow, and of the function in `pipelines/flows/<flow>.py`.
    cron, timezone : str
        When it runs.
    says : str
        What it does, for Prefect's pages.
    queue : bool
        Whether a run that is due while the last one still works waits for it; else it is left out.
    parameters : tuple of str
        Which of home, source and data the flow is given.
    """

    flow: str
    cron: str
    timezone: str
    says: str
    queue: bool = True
    parameters: tuple[str, ...] = ("home", "source")


def planned(company: Company) -> tuple[Planned, ...]:
    """Return what runs for a company, and when."""
    days = ",".join(str(d % SUNDAY) for d in sorted(company.working_days)) or "*"
    every_day = len(set(company.working_days)) == SUNDAY
    zone = company.timezone
    return (
        Planned("ingest", "45 * * * *", "UTC", "Pull what is new and merge it into the lake.", False,
                ("home", "source", "data")),
        Planned("daily", f"0 5 * * {'*' if every_day else days}", zone,
                "Publish the day's call list before anybody is at work."),
        Planned("monitor", "30 5 * * *", zone, "Look whether what Takt does is still good, and tell people."),
        Planned("train", "0 6 * * 0", zone, "Train a challenger and let it face the champion."),
    )  # fmt: skip


def register(company: Company, client: SyncPrefectClient) -> list[str]:
    """Make or renew the work pool and the deployments of a company; return the deployments' full names.

    Raises
    ------
    PoolTaken
        Another home of the same folder name is scheduled at this server.
    """
    _pool(company, client)
    names = []
    for plan in planned(company):
        deployment = _deployment(company, plan)
        deployment.apply()
        names.append(f"{plan.flow}/{company.name}")
    return names


def parameters(company: Company, plan: Planned) -> dict[str, Any]:
    """Return what a flow is called with."""
    known = {k: v for k, v in company.to_json().items() if v is not None}
    return {name: known[name] for name in plan.parameters if name in known}


def command(python: str = sys.executable) -> str:
    """Return how a run is started.

    Said in words, although it is Prefect's own command: with a command of its own a run belongs to the worker's
    process group, and whoever ends that group ends the runs too. Without, each has a session of its own and
    outlives a worker that was killed.
    """
    return shlex.join([python, "-m", "prefect.engine"])


def _deployment(company: Company, plan: Planned) -> Any:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    flow = getattr(importlib.import_module(f"pipelines.flows.{plan.flow}"), plan.flow)
    strategy = ConcurrencyLimitStrategy.ENQUEUE if plan.queue else ConcurrencyLimitStrategy.CANCEL_NEW
    return flow.to_deployment(
        company.name,
        description=plan.says,
        schedules=[Cron(plan.cron, timezone=plan.timezone, slug=plan.flow)],
        parameters=parameters(company, plan),
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=strategy),
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=company.pool,
        job_variables={"command": command(), "working_dir": str(company.home)},
    )


def _pool(company: Company, client: SyncPrefectClient) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    belongs = f"Takt's runs for {company.home}"
    try:
        found = client.read_work_pool(company.pool)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=company.pool, type="process", description=belongs))
        return
    if found.description != belongs:
        raise PoolTaken(
            f"the Prefect server has a work pool {company.pool} already ({found.description or 'not by Takt'}), so "
            f"the runs of {company.home} would be mixed with it. Give the home's folder another name."
        )


def main(words: Sequence[str]) -> None:
    """Register and sweep in a process of its own (`python -c ...`): importing the flows takes 400 MB for good."""
    import json

    from pipelines.running.prefect_client import connected
    from pipelines.running.stale import sweep

    kept, url = words
    company = Company.from_json(json.loads(kept))
    with connected(url) as client:
        register(company, client)
        sweep(client, company.pool)
