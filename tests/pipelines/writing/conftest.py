"""A home with a published list of three kinds of CRM, each a server on loopback, behind one way of looking at them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import SecretStr

from pipelines.home import Home
from pipelines.settings import PipelineSettings
from pipelines.writing import back
from pipelines.writing.fields import FIELDS, NAMES
from pipelines.writing.hubspot import Hubspot, HubspotWriting
from pipelines.writing.pipedrive import Pipedrive, PipedriveWriting
from pipelines.writing.plan import Plan
from pipelines.writing.salesforce import Salesforce
from pipelines.writing.salesforce_setup import SalesforceWriting, name_of
from pipelines.writing.sending import Report
from pipelines.writing.target import Target
from serving.store.engine import open_store
from serving.store.publish import PublishedRun, publish
from tests.pipelines.sources.loopback import loopback
from tests.pipelines.writing.crm import TOKEN, Crm
from tests.pipelines.writing.hubspot_writes import HubspotWrites
from tests.pipelines.writing.pipedrive_writes import PipedriveWrites
from tests.pipelines.writing.salesforce_writes import SalesforceWrites
from tests.serving.conftest import IDS, run

PATIENCE: dict[str, Any] = {"attempts": 3, "backoff_s": 0.0, "longest_wait_s": 2.0}


@dataclass
class Side:
    """One CRM with Takt's fields in it, and the home that is written back."""

    crm: Crm
    target: Target
    home: Home
    settings: PipelineSettings = field(default_factory=lambda: PipelineSettings(url="https://takt.company.example"))

    def id_of(self, prospect: str) -> str:
        number = 100 + int(prospect[1:])
        return f"006{number:0>12}AAA" if self.target.name == "salesforce" else str(number)

    def key_of(self, name: str) -> str:
        of = next(one for one in FIELDS if one.name == name)
        sha1 = hashlib.sha1(of.label.encode(), usedforsecurity=False).hexdigest()
        return {"hubspot": f"takt_{name}", "salesforce": name_of(of), "pipedrive": sha1}[self.target.name]

    def said(self, prospect: str) -> dict[str, Any]:
        """Return what stands in Takt's fields of a record, by Takt's names."""
        has = self.crm.takt[self.id_of(prospect)]
        return {name: has.get(self.key_of(name)) for name in NAMES}

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return title, text, owner and day of each task, by the prospect it stands with."""
        names = {
            "hubspot": ("hs_task_subject", "hs_task_body", "hubspot_owner_id", "hs_timestamp"),
            "salesforce": ("Subject", "Description", "OwnerId", "ActivityDate"),
            "pipedrive": ("subject", "note", "owner_id", "due_date"),
        }[self.target.name]
        told = {one: dict(zip(("title", "body", "owner", "due"), (t[n] for n in names), strict=True))
                for one, t in self.crm.tasks.items()}  # fmt: skip
        back_to = {self.id_of(prospect): prospect for prospect in IDS}
        return {back_to[self._record(one)]: task for one, task in told.items()}

    def _record(self, task: str) -> str:
        if isinstance(self.crm, HubspotWrites):
            return next(one for to, of, one in self.crm.tied if of == task and to == "deals")
        told = self.crm.tasks[task]
        return str(told["WhatId"] if self.target.name == "salesforce" else told["deal_id"])

    def complete(self, prospect: str) -> None:
        done = {"hubspot": {"hs_task_status": "COMPLETED"}, "salesforce": {"IsClosed": True},
                "pipedrive": {"done": True}}[self.target.name]  # fmt: skip
        for one in self.crm.tasks:
            if self._record(one) == self.id_of(prospect):
                self.crm.tasks[one] |= done

    def publish(self, made: PublishedRun) -> PublishedRun:
        engine = open_store(self.home.store)
        publish(engine, made)
        engine.dispose()
        return made

    def made(self, run_id: str = "run-1", **changes: Any) -> PublishedRun:
        """Return the run of `tests/serving/conftest.py` in this CRM's ids; p3 is of the pool, p4 beyond capacity."""
        given = {"simulated": False, **changes}
        plain = run(run_id, **given)
        tables = ("receipts", "call_list", "left_out", "prospects", "contacts", "timeline")
        ids = {prospect: self.id_of(prospect) for prospect in IDS}
        told = {name: _renamed(getattr(plain, name), ids) for name in tables}
        return run(run_id, **{**given, **told})

    def write(self) -> tuple[Plan, Report]:
        _, plan, report = back.write_back(self.home, self.target, self.settings)
        return plan, report


def _renamed(frame: pd.DataFrame, ids: dict[str, str]) -> pd.DataFrame:
    return frame.assign(prospect_id=frame["prospect_id"].map(ids).astype(frame["prospect_id"].dtype))


def _hubspot(url: str) -> Target:
    return Hubspot(HubspotWriting(url=url, token=SecretStr(TOKEN), **PATIENCE))


def _salesforce(url: str) -> Target:
    app: dict[str, Any] = {"client_id": "app", "client_secret": SecretStr("shh"), "objects": ("Opportunity",)}
    return Salesforce(SalesforceWriting(url=url, **app, **PATIENCE))


def _pipedrive(url: str) -> Target:
    return Pipedrive(PipedriveWriting(url=url, token=SecretStr(TOKEN), **PATIENCE))


KINDS: dict[str, tuple[type[Crm], Callable[[str], Target]]] = {
    "hubspot": (HubspotWrites, _hubspot),
    "salesforce": (SalesforceWrites, _salesforce),
    "pipedrive": (PipedriveWrites, _pipedrive),
}


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Callable[[str], Side]]:
    """Return what makes a CRM with five records and without Takt's fields."""
    with ExitStack() as running:

        def make(name: str) -> Side:
            kind, opened = KINDS[name]
            crm = kind()
            side = Side(crm, opened(running.enter_context(loopback(crm.app))), Home(tmp_path / name))
            crm.add(*(side.id_of(prospect) for prospect in IDS))
            return side

        yield make


SET_UP = ("properties", "unique", "groups", "visible", "made")
Kept = dict[str, tuple[Path, dict[str, Any]]]


@pytest.fixture(scope="session")
def kept() -> Kept:
    """Hold the store with the list and the prepared fields of each kind of CRM: they are made once."""
    return {}


@pytest.fixture(params=list(KINDS))
def side(request: pytest.FixtureRequest, bare: Callable[[str], Side], kept: Kept, tmp_path_factory: Any) -> Side:
    """Return a prepared CRM and a home with a published list."""
    name = str(request.param)
    made = bare(name)
    if name not in kept:
        made.target.prepare()
        maker = replace(made, home=Home(tmp_path_factory.mktemp(name)))
        maker.publish(maker.made())
        set_up = {n: deepcopy(getattr(made.crm, n)) for n in SET_UP if hasattr(made.crm, n)}
        kept[name] = (maker.home.path / "store.db", set_up)
    store, set_up = kept[name]
    made.crm.__dict__.update(deepcopy(set_up))
    made.home.path.mkdir()
    shutil.copy(store, made.home.path / "store.db")
    return made


only_hubspot = pytest.mark.parametrize("side", ["hubspot"], indirect=True)
"""For what the core does before, after or without the CRM."""
