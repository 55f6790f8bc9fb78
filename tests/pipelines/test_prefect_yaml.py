"""What runs when: `prefect.yaml`, what `takt up` deploys, and both across clock changes."""

from __future__ import annotations

import datetime as dt
import inspect
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from anyio.from_thread import start_blocking_portal
from prefect.server.schemas.schedules import CronSchedule

from pipelines.running.company import Company, company
from pipelines.running.deployments import Planned, parameters, planned
from tests.conftest import ROOT

FILE: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
CHANGES = ("2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31")
"""Days on which the clocks change in Berlin; all are Sundays."""


def at_work(timezone: str = "Europe/Berlin", working_days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)) -> Company:
    return Company(Path("/takt/northwind"), "simulated", None, timezone, working_days)


def plan(flow: str, of: Company) -> Planned:
    return next(p for p in planned(of) if p.flow == flow)


def moments(of: Planned, start: str, days: int) -> list[dt.datetime]:
    """When Prefect's own schedule fires on these days of the schedule's zone, in that zone."""
    zone = ZoneInfo(of.timezone)
    begin = dt.datetime.fromisoformat(start).replace(tzinfo=zone)
    end = (dt.datetime.fromisoformat(start) + dt.timedelta(days=days)).replace(tzinfo=zone)
    schedule = CronSchedule(cron=of.cron, timezone=of.timezone)
    with start_blocking_portal() as portal:
        found = portal.call(schedule.get_dates, 1000, begin, end)
    plain = [dt.datetime.fromtimestamp(when.timestamp(), zone) for when in found]
    return [when for when in plain if when < end]


@pytest.mark.parametrize("day", CHANGES)
def test_the_list_is_made_at_five_local_time_once_on_the_days_around_a_clock_change(day: str) -> None:
    before = str(dt.date.fromisoformat(day) - dt.timedelta(days=1))
    fired = moments(plan("daily", at_work()), before, 3)
    assert [(w.hour, w.minute) for w in fired] == [(5, 0)] * 3
    assert [(w.date() - dt.date.fromisoformat(day)).days for w in fired] == [-1, 0, 1]
    assert len({w.utcoffset() for w in fired}) == 2


@pytest.mark.parametrize("day", CHANGES)
def test_facts_come_in_every_hour_of_a_clock_change(day: str) -> None:
    fired = moments(plan("ingest", at_work()), day, 2)
    apart = {b.timestamp() - a.timestamp() for a, b in pairwise(fired)}
    assert apart == {3600.0}


@pytest.mark.parametrize("day", CHANGES)
def test_a_training_is_neither_skipped_nor_repeated_by_a_clock_change(day: str) -> None:
    (fired,) = moments(plan("train", at_work()), day, 1)
    assert (fired.hour, fired.minute) == (6, 0)


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", "America/Santiago", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu"],
)
def test_there_is_one_list_a_day_wherever_a_company_is(zone: str) -> None:
    fired = moments(plan("daily", at_work(zone)), "2027-01-01", 365)
    assert [w.date() for w in fired] == [dt.date(2027, 1, 1) + dt.timedelta(days=d) for d in range(365)]
    assert {(w.hour, w.minute) for w in fired} == {(5, 0)}


@pytest.mark.parametrize("days", [(1, 2, 3, 4, 5), (7, 1, 2, 3, 4), (6,)])
def test_there_is_a_list_on_working_days_and_on_no_other(days: tuple[int, ...]) -> None:
    fired = moments(plan("daily", at_work(working_days=days)), "2026-11-02", 14)
    assert [w.isoweekday() for w in fired] == [d for d in (1, 2, 3, 4, 5, 6, 7) * 2 if d in days]


def test_the_file_says_what_takt_up_deploys() -> None:
    """For the simulated company, which is what the file is written for."""
    of = company(Path(".takt/simulated"), "simulated", None)
    said = {d["entrypoint"].rpartition(":")[2]: d for d in FILE["deployments"]}
    assert set(said) == {p.flow for p in planned(of)}
    for made in planned(of):
        (schedule,) = said[made.flow]["schedules"]
        assert (schedule["cron"], schedule["timezone"]) == (made.cron, made.timezone), made.flow
        assert said[made.flow]["description"] == made.says
        limit = said[made.flow]["concurrency_limit"]
        assert limit == {"limit": 1, "collision_strategy": "ENQUEUE" if made.queue else "CANCEL_NEW"}, made.flow
        assert set(said[made.flow]["parameters"]) == set(parameters(of, made)), made.flow


@pytest.mark.parametrize("deployment", FILE["deployments"], ids=lambda d: d["name"])
def test_the_file_leads_to_flows_that_take_what_it_gives_them(deployment: dict[str, Any]) -> None:
    file, name = deployment["entrypoint"].split(":")
    flow = getattr(import_module(file.removesuffix(".py").replace("/", ".")), name)
    inspect.signature(flow.fn).bind(**deployment["parameters"])


def test_the_company_is_said_in_one_place_of_the_file() -> None:
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert text.count("Europe/Berlin") == 1
    assert text.count("source: simulated") == 1


def test_a_source_of_files_gives_its_folder_to_the_pull_alone() -> None:
    of = Company(Path("/takt/olist"), "olist", Path("/data/olist"), "America/Sao_Paulo", (1, 2, 3, 4, 5))
    assert parameters(of, plan("ingest", of)) == {"home": "/takt/olist", "source": "olist", "data": "/data/olist"}
    assert parameters(of, plan("daily", of)) == {"home": "/takt/olist", "source": "olist"}
