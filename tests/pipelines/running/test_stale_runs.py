"""Runs that nobody works on any more, and runs that would only repeat each other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from prefect.client.schemas.objects import StateType

from pipelines.running.stale import CRASHED, LEFT_OUT, sweep

NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
DAILY, INGEST = uuid4(), uuid4()


def run(state: str, due: str, of: UUID = DAILY) -> Any:
    when = dt.datetime.fromisoformat(due).replace(tzinfo=dt.UTC)
    return SimpleNamespace(id=uuid4(), type=state, deployment_id=of, expected_start_time=when)


@dataclass
class Server:
    """What the sweep asks of Prefect's client: runs by state, and their new states."""

    runs: list[Any]
    told: dict[UUID, tuple[str, str]] = field(default_factory=dict)

    def read_flow_runs(self, *, flow_run_filter: Any, work_pool_filter: Any) -> list[Any]:
        assert work_pool_filter.name.any_ == ["takt-north"]
        wanted = set(flow_run_filter.state.type.any_)
        return [r for r in self.runs if StateType(r.type) in wanted]

    def set_flow_run_state(self, run_id: UUID, state: Any, *, force: bool) -> None:
        assert force
        self.told[run_id] = (state.name, state.message)


def swept(*runs: Any) -> dict[UUID, tuple[str, str]]:
    server = Server(list(runs))
    sweep(server, "takt-north", now=NOW)  # type: ignore[arg-type]
    return server.told


def test_a_run_under_way_is_crashed_for_nobody_is_left_who_works_on_it() -> None:
    stuck = [run(s, "2026-11-23T05:00") for s in ("RUNNING", "PENDING", "CANCELLING")]
    assert swept(*stuck) == {r.id: ("Crashed", CRASHED) for r in stuck}


def test_after_a_weekend_without_power_one_list_is_made() -> None:
    saturday, sunday, monday = (run("SCHEDULED", f"2026-11-{d}T04:00") for d in (21, 22, 23))
    assert swept(saturday, monday, sunday) == {r.id: ("Cancelled", LEFT_OUT) for r in (saturday, sunday)}


def test_the_latest_of_each_flow_is_kept() -> None:
    assert swept(run("SCHEDULED", "2026-11-23T04:00"), run("SCHEDULED", "2026-11-23T03:45", INGEST)) == {}


def test_what_is_not_due_yet_and_what_has_ended_stays_as_it_is() -> None:
    assert swept(run("SCHEDULED", "2026-11-23T08:45"), run("COMPLETED", "2026-11-22T04:00")) == {}
