"""Where shards are worked: as Prefect tasks on the flow's own task runner, which is Dask where `TAKT_DASK` says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException

from features.errors import TaktError
from features.matrix import build
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.shards import Builder, Done, Job, Sharded
from pipelines.lake import Lake
from pipelines.settings import PipelineSettings

ON_A_CLUSTER: Final = 16
"""Shards where none are asked for: some for each worker of a small cluster, so that the last one is not waited for."""


def task_runner() -> Any:
    """Return the task runner that flows are declared with: Dask where a scheduler is named, else Prefect's threads.

    A `tls://` address takes its certificates from Dask's own settings, `DASK_DISTRIBUTED__COMM__TLS__...`.
    """
    address = PipelineSettings().dask
    if not address:
        return None
    from prefect_dask import DaskTaskRunner  # a second of imports that only clusters need

    return DaskTaskRunner(address=address)


def builder(lake: Lake, versions: Mapping[str, int], as_of: pd.Timestamp | None) -> Builder:
    """Return how a flow builds its matrices: whole, in this process, or in shards of the lake at these versions.

    Shards are for a cluster, and for threads where `TAKT_SHARDS` asks for them: then no shard's events lie in memory
    longer than it is worked on.
    """
    settings = PipelineSettings()
    shards = settings.shards or (ON_A_CLUSTER if settings.dask else 0)
    return Sharded(lake.root, versions, as_of, mapped_in_flow, shards).build if shards else build


# the work is the same wherever it is done and writes the same; a worker that is lost is no reason to fail
@task(
    name="features-of-a-shard",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=lambda _task, _run, state: not isinstance(state.result(raise_on_failure=False), TaktError),
)
def shard(work: Callable[[Job], Done], job: Job) -> Done:
    """Work one shard, on whatever machine this is."""
    return work(job)


def mapped_in_flow(work: Callable[[Job], Done], jobs: Sequence[Job]) -> list[Done]:
    """Do the work of all jobs on the task runner of the flow that this is called in.

    Raises
    ------
    ClusterError
        A shard's workers died or its machines cannot be reached.
    """
    futures = [shard.submit(work, job) for job in jobs]
    try:
        return [future.result() for future in futures]
    except (OSError, PrefectException, RuntimeError) as error:
        raise ClusterError(
            f"a shard was given up after several tries: {str(error).splitlines()[0]}. If workers were killed for their "
            "memory, set a larger TAKT_SHARDS; look into the workers' logs; then run again, nothing was published."
        ) from error
